-- report: From selected to billed: how many selections reached each truth, and with how much money. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param campaign_id text = : One campaign; empty: all.
-- column currency text : ISO 4217.
-- column step integer : Place in the funnel, from 1.
-- column stage text : selected, returned, impression, viewable, click, billable, absorbed, voided, final or reversed.
-- column selections integer : Selections that reached it.
-- column amount_micros micros : Prices of these selections up to `billable`; from `absorbed` on what the ledgers booked.
SELECT
  currency,
  indexOf(['selected', 'returned', 'impression', 'viewable', 'click', 'billable', 'absorbed', 'voided', 'final', 'reversed'], fact) AS step,
  fact AS stage,
  uniqExact(selection_id) AS selections,
  sum(amount) AS amount_micros
FROM (
  SELECT 'selected' AS fact, selection_id, campaign_id, currency, test, toInt128(price_micros) AS amount
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'returned', selection_id, campaign_id, currency, test, toInt128(price_micros)
  FROM adtally.returns_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'impression', selection_id, campaign_id, currency, test, toInt128(price_micros)
  FROM adtally.impressions_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'viewable', selection_id, campaign_id, currency, test, toInt128(price_micros)
  FROM adtally.viewables_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'click', selection_id, campaign_id, currency, test, toInt128(price_micros)
  FROM adtally.clicks_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'billable', selection_id, campaign_id, currency, test, toInt128(price_micros)
  FROM adtally.charges_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT if(state = 'certified', 'final', state), selection_id, campaign_id, currency, false, amount_micros
  FROM adtally.movements_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE state IN ('absorbed', 'voided', 'certified', 'reversed')
)
WHERE NOT test AND ({campaign_id:String} = '' OR campaign_id = {campaign_id:String})
GROUP BY currency, fact
ORDER BY currency, step
