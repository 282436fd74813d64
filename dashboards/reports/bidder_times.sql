-- report: The distribution of the times of a bidder's answers beside that of the time that it was given, by range: where a time-out would cut. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param bidder_id text = : One bidder; empty: all.
-- column bidder_id text : Bidder.
-- column from_us integer : At least so long, µs.
-- column below_us integer : And less than this, µs; -1: however long.
-- column answers integer : Answers in time that took so long.
-- column bids integer : Of these, with a bid that could be used.
-- column won integer : Of these, it won.
-- column given_up integer : It was given up after so long: timed out, late or not awaited.
-- column timeouts integer : Requests for which it was given so long.
WITH
  [0, 2000, 5000, 10000, 15000, 20000, 30000, 40000, 50000, 75000, 100000, 150000, 200000, 300000, 500000] AS bounds,
  asked AS (
    SELECT
      arrayJoin(JSONExtract(bidders,
        'Array(Tuple(bidder_id String, outcome String, reason String, timeout_us Int64, latency_us Int64))')) AS one,
      tupleElement(one, 'bidder_id') AS bidder, tupleElement(one, 'outcome') AS outcome, tupleElement(one, 'reason') AS reason,
      arrayJoin([('took', tupleElement(one, 'latency_us')), ('given', tupleElement(one, 'timeout_us'))]) AS time,
      tupleElement(time, 1) AS what,
      bounds[arrayCount(bound -> bound <= greatest(0, tupleElement(time, 2)), bounds)] AS from_us
    FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
    WHERE NOT test AND bidders != '' AND bidders != '[]'
  )
SELECT
  bidder AS bidder_id, from_us,
  if(from_us = 500000, -1, bounds[indexOf(bounds, from_us) + 1]) AS below_us,
  countIf(what = 'took' AND outcome IN ('bid', 'no_bid', 'invalid')) AS answers,
  countIf(what = 'took' AND outcome = 'bid') AS bids,
  countIf(what = 'took' AND outcome = 'bid' AND reason = 'won') AS won,
  countIf(what = 'took' AND outcome IN ('timed_out', 'late', 'not_awaited')) AS given_up,
  countIf(what = 'given') AS timeouts
FROM asked
WHERE outcome != 'not_asked' AND ({bidder_id:String} = '' OR bidder = {bidder_id:String})
GROUP BY bidder, from_us
HAVING answers + given_up + timeouts > 0
ORDER BY bidder, from_us
