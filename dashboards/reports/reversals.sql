-- report: What was taken back, before certification (void) and after it (reverse, adjust), by service and posting period: what changes a statement, and which.
-- param from time = -7d : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param campaign_id text = : One campaign; empty: all.
-- column service_period text : YYYY-MM in which it was delivered, by the advertiser's calendar.
-- column posting_period text : YYYY-MM in which it was taken back.
-- column taken_back text : before certification or after it.
-- column kind text : void, reverse, adjust or absorb_void.
-- column reference text : Rule of the verdict, or reason of the adjustment.
-- column currency text : ISO 4217.
-- column selections integer : Selections.
-- column amount_micros micros : Taken back.
SELECT
  service_period, posting_period,
  if(kind IN ('void'), 'before', 'after') AS taken_back,
  kind, reference, currency,
  uniqExact(selection_id) AS selections,
  sum(toInt128(amount_micros)) AS amount_micros
FROM (
  SELECT service_period, posting_period, kind, reference, currency, selection_id, entry.amount_micros
  FROM adtally.taken_back_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS entry
  WHERE {campaign_id:String} = '' OR campaign_id = {campaign_id:String}
)
GROUP BY service_period, posting_period, taken_back, kind, reference, currency
ORDER BY service_period, posting_period, taken_back, kind, reference, currency
