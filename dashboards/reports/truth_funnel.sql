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
  tupleElement(row, 1) AS step,
  tupleElement(row, 2) AS stage,
  tupleElement(row, 3) AS selections,
  tupleElement(row, 4) AS amount_micros
FROM (
  SELECT currency, [
    (1, 'selected', sum(tally.selections), sum(tally.selected_micros)),
    (2, 'returned', sum(tally.returned), sum(tally.returned_micros)),
    (3, 'impression', sum(tally.impressions), sum(tally.impression_micros)),
    (4, 'viewable', sum(tally.viewables), sum(tally.viewable_micros)),
    (5, 'click', sum(tally.clicks), sum(tally.click_micros)),
    (6, 'billable', sum(tally.charges), sum(tally.charged_micros)),
    (7, 'absorbed', sum(tally.absorbed_selections), sum(tally.absorbed_micros)),
    (8, 'voided', sum(tally.voided_selections), sum(tally.voided_micros)),
    (9, 'final', sum(tally.certified_selections), sum(tally.certified_micros)),
    (10, 'reversed', sum(tally.reversed_selections), sum(tally.reversed_micros))
  ] AS rows
  FROM adtally.tallies_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS tally
  WHERE {campaign_id:String} = '' OR campaign_id = {campaign_id:String}
  GROUP BY currency
)
ARRAY JOIN rows AS row
WHERE selections > 0
ORDER BY currency, step
