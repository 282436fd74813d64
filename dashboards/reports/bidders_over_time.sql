-- report: Bidders of outside demand over time: how often each was asked, answered, won and was too late, how fast it was, and what it brought. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param bidder_id text = : One bidder; empty: all.
-- param bucket_seconds integer 10..86400 = 3600 : Length of a bucket, seconds.
-- param limit integer 1..10000 = 10000 : Most rows.
-- column at time : Start of the bucket, by selection time, UTC.
-- column bidder_id text : Bidder.
-- column currency text : Of all amounts in the row.
-- column eligible integer : Ads for whose slot its line item was eligible.
-- column solicited integer : Of these, it was asked.
-- column responded integer : Of these, it answered in time with a bid that could be used.
-- column participating integer : Of these, the bid stood in the ranking.
-- column won integer : Of these, it won.
-- column win_rate ratio : Won ÷ responded.
-- column timeouts integer : It was asked and was not there in time.
-- column latency_p95_us integer : 95th percentile of the time of its answers, µs; null without any.
-- column timeout_p50_us integer : Median of the time that it was given, µs; null if it was not asked.
-- column revenue_micros micros : What the ads that it won and that began to render were sold for, micros.
WITH
  asked AS (
    SELECT
      toStartOfInterval(selected_at, toIntervalSecond({bucket_seconds:UInt32})) AS bucket, selection_id, currency, price_micros,
      arrayJoin(JSONExtract(bidders,
        'Array(Tuple(bidder_id String, outcome String, reason String, timeout_us Int64, latency_us Int64))')) AS one,
      tupleElement(one, 'bidder_id') AS bidder, tupleElement(one, 'outcome') AS outcome, tupleElement(one, 'reason') AS reason,
      outcome IN ('bid', 'no_bid', 'invalid') AS answered
    FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
    WHERE NOT test AND bidders != '' AND bidders != '[]'
  ),
  rendered AS (
    SELECT DISTINCT selection_id
    FROM adtally.impressions_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
    -- Only these are asked for below; without copies or with.
    WHERE selection_id IN (
      SELECT selection_id FROM adtally.ad_selected
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND position(bidders, 'won') > 0)
  )
SELECT
  toDateTime64(bucket, 3) AS at, bidder AS bidder_id, currency,
  count() AS eligible,
  countIf(outcome != 'not_asked') AS solicited,
  countIf(outcome = 'bid') AS responded,
  countIf(outcome = 'bid' AND reason IN ('won', 'outbid', 'lost_tie')) AS participating,
  countIf(outcome = 'bid' AND reason = 'won') AS won,
  if(responded = 0, NULL, round(won / responded, 6)) AS win_rate,
  countIf(outcome IN ('timed_out', 'late')) AS timeouts,
  if(countIf(answered) = 0, NULL, toInt64(quantileExactIf(0.95)(tupleElement(one, 'latency_us'), answered))) AS latency_p95_us,
  if(solicited = 0, NULL, toInt64(quantileExactIf(0.5)(tupleElement(one, 'timeout_us'), outcome != 'not_asked'))) AS timeout_p50_us,
  sumIf(toInt128(price_micros),
    outcome = 'bid' AND reason = 'won' AND selection_id IN (SELECT selection_id FROM rendered)) AS revenue_micros
FROM asked
WHERE {bidder_id:String} = '' OR bidder = {bidder_id:String}
GROUP BY bucket, bidder, currency
ORDER BY bucket, bidder, currency
LIMIT {limit:UInt32}
