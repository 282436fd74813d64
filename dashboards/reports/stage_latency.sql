-- report: How long each stage of a decision took, and how often it was over its share or skipped; `answer` is the whole, ingress to the socket. Test selections are in it.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param tier text = : One inventory tier; empty: all.
-- column stage text : ingress, enrichment, targeting, pacing, bidding, auction, response, or answer.
-- column samples integer : Selections with a time for it.
-- column skipped integer : Of these, skipped on purpose (0 µs).
-- column over_share integer : Of these, longer than the stage's share of the deadline.
-- column p50_us integer : Median of those not skipped, µs.
-- column p95_us integer : 95th percentile, µs.
-- column p99_us integer : 99th percentile, µs.
-- column max_us integer : Longest, µs.
WITH times AS (
  SELECT part.stage AS stage, part.took_us AS took_us, part.share_us AS share_us
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS selection
  ARRAY JOIN stages AS part
  WHERE {tier:String} = '' OR selection.tier = {tier:String}
  UNION ALL
  SELECT 'answer', elapsed_us, 2147483647
  FROM adtally.returns_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE {tier:String} = '' OR selection_id IN (
    SELECT selection_id FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) WHERE tier = {tier:String}
  )
)
SELECT
  stage,
  count() AS samples,
  countIf(took_us = 0) AS skipped,
  countIf(took_us > share_us) AS over_share,
  toInt64(quantileExactIf(0.5)(took_us, took_us > 0)) AS p50_us,
  toInt64(quantileExactIf(0.95)(took_us, took_us > 0)) AS p95_us,
  toInt64(quantileExactIf(0.99)(took_us, took_us > 0)) AS p99_us,
  toInt64(max(took_us)) AS max_us
FROM times
GROUP BY stage
ORDER BY indexOf(['ingress', 'enrichment', 'targeting', 'pacing', 'bidding', 'auction', 'response', 'answer'], stage), stage
