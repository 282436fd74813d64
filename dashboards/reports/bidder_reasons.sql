-- report: Where bidders of outside demand fell out between eligible and won, and why. Each ad for whose slot a bidder was eligible is in one row. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param bidder_id text = : One bidder; empty: all.
-- column bidder_id text : Bidder.
-- column step text : not_asked; no_bid: it answered that it does not bid; in_time: it was not there, or not waited for; fault: what came was no answer, or nothing of it could be used; no_part: its bid took no part in the ranking; lost; or won.
-- column reason text : Why.
-- column ads integer : Ads.
-- column share ratio : Of all ads for which it was eligible.
WITH asked AS (
  SELECT
    arrayJoin(JSONExtract(bidders, 'Array(Tuple(bidder_id String, outcome String, reason String))')) AS one,
    tupleElement(one, 'bidder_id') AS bidder, tupleElement(one, 'outcome') AS outcome, tupleElement(one, 'reason') AS code
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE NOT test AND bidders != '' AND bidders != '[]'
)
SELECT
  bidder AS bidder_id,
  multiIf(
    outcome = 'bid' AND code = 'won', 'won',
    outcome = 'bid' AND code IN ('outbid', 'lost_tie'), 'lost',
    outcome = 'bid', 'no_part',
    outcome IN ('timed_out', 'late', 'not_awaited'), 'in_time',
    outcome IN ('not_asked', 'no_bid'), outcome,
    'fault'
  ) AS step,
  if(step IN ('in_time', 'no_bid') OR code = '', outcome, code) AS reason,
  count() AS ads,
  round(ads / sum(count()) OVER (PARTITION BY bidder), 6) AS share
FROM asked
WHERE {bidder_id:String} = '' OR bidder = {bidder_id:String}
GROUP BY bidder, step, reason
ORDER BY bidder, indexOf(['not_asked', 'in_time', 'fault', 'no_bid', 'no_part', 'lost', 'won'], step), ads DESC, reason
