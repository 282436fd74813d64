-- report: How long each bidder of outside demand took, against the time that it was given: whether its time-out fits. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param bidder_id text = : One bidder; empty: all.
-- column bidder_id text : Bidder.
-- column solicited integer : Ads for whose slot it was asked.
-- column answered integer : Of these, it answered in time: a bid, none, or one that could not be used.
-- column p50_us integer : Median time of its answers, µs; null without any.
-- column p95_us integer : 95th percentile, µs.
-- column p99_us integer : 99th percentile, µs.
-- column max_us integer : Longest, µs.
-- column timeout_least_us integer : Least time that it was given, µs.
-- column timeout_p50_us integer : Median of the time that it was given, µs.
-- column timeout_most_us integer : Most time that it was given, µs.
-- column used_p95 ratio : 95th percentile of the time of an answer ÷ the time given for it.
-- column timed_out integer : Its own time-out passed.
-- column late integer : The time of the auction was over first.
-- column not_awaited integer : The auction was settled without it, since it could not be expected to win.
-- column in_time ratio : Answered ÷ (answered + timed out + late).
WITH asked AS (
  SELECT
    arrayJoin(JSONExtract(bidders,
      'Array(Tuple(bidder_id String, outcome String, timeout_us Int64, latency_us Int64))')) AS one,
    tupleElement(one, 'bidder_id') AS bidder, tupleElement(one, 'outcome') AS outcome,
    tupleElement(one, 'timeout_us') AS timeout_us, tupleElement(one, 'latency_us') AS latency_us,
    outcome IN ('bid', 'no_bid', 'invalid') AS is_answer
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE NOT test AND bidders != '' AND bidders != '[]'
)
SELECT
  bidder AS bidder_id,
  count() AS solicited,
  countIf(is_answer) AS answered,
  if(answered = 0, NULL, toInt64(quantileExactIf(0.5)(latency_us, is_answer))) AS p50_us,
  if(answered = 0, NULL, toInt64(quantileExactIf(0.95)(latency_us, is_answer))) AS p95_us,
  if(answered = 0, NULL, toInt64(quantileExactIf(0.99)(latency_us, is_answer))) AS p99_us,
  if(answered = 0, NULL, toInt64(maxIf(latency_us, is_answer))) AS max_us,
  toInt64(min(timeout_us)) AS timeout_least_us,
  toInt64(quantileExact(0.5)(timeout_us)) AS timeout_p50_us,
  toInt64(max(timeout_us)) AS timeout_most_us,
  if(answered = 0, NULL, round(quantileExactIf(0.95)(latency_us / greatest(1, timeout_us), is_answer), 6)) AS used_p95,
  countIf(outcome = 'timed_out') AS timed_out,
  countIf(outcome = 'late') AS late,
  countIf(outcome = 'not_awaited') AS not_awaited,
  if(answered + timed_out + late = 0, NULL, round(answered / (answered + timed_out + late), 6)) AS in_time
FROM asked
WHERE outcome != 'not_asked' AND ({bidder_id:String} = '' OR bidder = {bidder_id:String})
GROUP BY bidder
ORDER BY bidder
