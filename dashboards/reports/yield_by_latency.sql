-- report: What decisions earned by how long their answers took, by tier and plan of degradation, and what was done without: whether time is well spent. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param tier text = : One inventory tier; empty: all.
-- param plan text = : One plan; empty: all.
-- column currency text : Of all amounts in the row.
-- column tier text : Inventory tier.
-- column plan text : Plan of degradation that was followed; `full` does without nothing.
-- column from_us integer : Answers that took at least so long, ingress to the socket, µs; -1: never handed to a socket.
-- column below_us integer : And less than this; -1: however long.
-- column selections integer : Ads chosen.
-- column sold integer : Of these, not house ads.
-- column fill ratio : Sold ÷ selections. Slots without any ad leave no record; `/metrics` counts them.
-- column ecpm_micros micros : Mean eCPM of all of them, house ads with 0, micros for a thousand.
-- column degraded integer : Ads for which something was done without.
-- column lost_micros micros : What that is estimated to have cost, micros.
-- column done_without text : By which stage, why and how often, the most frequent first.
-- column over_share text : Stages that took longer than their share and how often, the most frequent first: those that took slack.
-- column p50_us integer : Median time of the answers, µs; null if none was handed to a socket.
-- column p99_us integer : 99th percentile, µs.
-- column spare_p50_us integer : Median of what was left of the deadline, µs.
WITH
  [0, 1000, 2000, 5000, 10000, 20000, 50000, 100000] AS bounds,
  answers AS (
    SELECT selection_id, toInt64(elapsed_us) AS answer_us
    FROM adtally.returns_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  ),
  rows AS (
    SELECT
      selection.currency AS currency, selection.tier AS tier, selection.plan AS plan, selection.fallback AS fallback,
      selection.auction_ecpm_micros AS row_ecpm, selection.deadline_us AS deadline_us,
      arrayFilter(one -> one.reason != 'overran', selection.degradations) AS without,
      arrayFilter(one -> one.reason = 'overran', selection.degradations) AS late,
      if(answer.selection_id = '', -1, answer.answer_us) AS took_us,
      if(took_us < 0, -1, bounds[arrayCount(bound -> bound <= took_us, bounds)]) AS from_us
    FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS selection
    LEFT JOIN answers AS answer ON answer.selection_id = selection.selection_id
    WHERE NOT selection.test
      AND ({tier:String} = '' OR selection.tier = {tier:String})
      AND ({plan:String} = '' OR selection.plan = {plan:String})
  )
SELECT
  currency, tier, plan, from_us,
  if(from_us < 0 OR from_us = 100000, -1, bounds[indexOf(bounds, from_us) + 1]) AS below_us,
  count() AS selections,
  countIf(NOT fallback) AS sold,
  round(sold / selections, 6) AS fill,
  intDiv(sum(toInt128(if(fallback, 0, row_ecpm))), count()) AS ecpm_micros,
  countIf(notEmpty(without)) AS degraded,
  sum(arraySum(one -> toInt128(one.cost_micros), without)) AS lost_micros,
  arrayStringConcat(arrayMap(
    pair -> concat(pair.1, ' ', toString(pair.2)),
    arraySort(pair -> (-toInt64(pair.2), pair.1), arrayZip(
      (sumMap(arrayMap(one -> concat(one.stage, '/', one.reason), without), arrayMap(one -> toUInt64(1), without)) AS reasons).1, reasons.2
    ))
  ), ', ') AS done_without,
  arrayStringConcat(arrayMap(
    pair -> concat(pair.1, ' ', toString(pair.2)),
    arraySort(pair -> (-toInt64(pair.2), pair.1), arrayZip(
      (sumMap(arrayMap(one -> one.stage, late), arrayMap(one -> toUInt64(1), late)) AS stages_late).1, stages_late.2
    ))
  ), ', ') AS over_share,
  if(from_us < 0, NULL, toInt64(quantileExact(0.5)(took_us))) AS p50_us,
  if(from_us < 0, NULL, toInt64(quantileExact(0.99)(took_us))) AS p99_us,
  if(from_us < 0, NULL, toInt64(quantileExact(0.5)(deadline_us - took_us))) AS spare_p50_us
FROM rows
GROUP BY currency, tier, plan, from_us
ORDER BY currency, indexOf(['premium', 'standard', 'remnant'], tier), plan, from_us
