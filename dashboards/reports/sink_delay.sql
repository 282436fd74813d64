-- report: How long records took from the log to the reports, by topic: freshness. Records from before the console last started are not in it.
-- param from time = -1h : First moment at which they were sunk.
-- param to time = now : First moment that is no longer in it.
-- column topic text : Topic; `all` is all of them.
-- column records integer : Records sunk.
-- column p50_ms integer : Median, ms, rounded up to 50 ms.
-- column p95_ms integer : 95th percentile, ms: at most 5,000.
-- column p99_ms integer : 99th percentile, ms.
-- column max_ms integer : Longest, ms.
SELECT
  arrayJoin(['all', delay.topic]) AS topic,
  sum(delay.records) AS records,
  quantileExactWeighted(0.5)(delay_ms, delay.records) AS p50_ms,
  quantileExactWeighted(0.95)(delay_ms, delay.records) AS p95_ms,
  quantileExactWeighted(0.99)(delay_ms, delay.records) AS p99_ms,
  max(delay_ms) AS max_ms
FROM adtally.sink_delays AS delay
WHERE at >= {from:DateTime64(3)} AND at < {to:DateTime64(3)}
GROUP BY topic
ORDER BY topic != 'all', topic
