-- report: What became of bidders of outside demand behind the selections: eligible, solicited, responded, participating, won, how long they took and what they brought. Requests without any ad leave no record; /metrics counts them. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param bidder_id text = : One bidder; empty: all.
-- column bidder_id text : Bidder.
-- column currency text : Of all amounts in the row.
-- column eligible integer : Ads for whose slot its line item was eligible.
-- column solicited integer : Of these, it was asked.
-- column responded integer : Of these, it answered in time with a bid that could be used.
-- column participating integer : Of these, the bid stood in the ranking.
-- column won integer : Of these, it won.
-- column timeouts integer : It was asked and was not there in time.
-- column not_awaited integer : It was asked, and the auction was settled without it because it could not be expected to win.
-- column failed integer : It was asked, and what came was no answer, or nothing of it could be used.
-- column not_asked text : Why it was not asked and how often, the most frequent first.
-- column faults text : What was wrong and how often, the most frequent first.
-- column latency_p50_us integer : Median time of its answers, µs; null without any.
-- column latency_p95_us integer : 95th percentile, µs.
-- column impressions integer : Of what it won, ads that began to render.
-- column revenue_micros micros : What these were sold for, micros.
WITH
  asked AS (
    SELECT
      selection_id, currency, price_micros,
      arrayJoin(JSONExtract(bidders,
        'Array(Tuple(bidder_id String, outcome String, reason String, latency_us Int64))')) AS one,
      tupleElement(one, 'outcome') AS outcome, tupleElement(one, 'reason') AS reason
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
  tupleElement(one, 'bidder_id') AS bidder_id, currency,
  count() AS eligible,
  countIf(outcome != 'not_asked') AS solicited,
  countIf(outcome = 'bid') AS responded,
  countIf(outcome = 'bid' AND reason IN ('won', 'outbid', 'lost_tie')) AS participating,
  countIf(outcome = 'bid' AND reason = 'won') AS won,
  countIf(outcome IN ('timed_out', 'late')) AS timeouts,
  countIf(outcome = 'not_awaited') AS not_awaited,
  countIf(outcome NOT IN ('not_asked', 'bid', 'no_bid', 'timed_out', 'late', 'not_awaited')) AS failed,
  arrayStringConcat(arrayMap(
    pair -> concat(pair.1, ' ', toString(pair.2)),
    arraySort(pair -> (-toInt64(pair.2), pair.1), arrayZip(
      (sumMap([reason], [toUInt64(outcome = 'not_asked')]) AS unasked).1, unasked.2
    ))
  ), ', ') AS not_asked,
  arrayStringConcat(arrayMap(
    pair -> concat(pair.1, ' ', toString(pair.2)),
    arraySort(pair -> (-toInt64(pair.2), pair.1), arrayZip(
      (sumMap([if(reason = '', outcome, reason)],
        [toUInt64(outcome NOT IN ('not_asked', 'bid', 'no_bid', 'not_awaited'))]) AS wrong).1, wrong.2
    ))
  ), ', ') AS faults,
  if(countIf(outcome IN ('bid', 'no_bid', 'invalid')) = 0, NULL,
    toInt64(quantileExactIf(0.5)(tupleElement(one, 'latency_us'), outcome IN ('bid', 'no_bid', 'invalid')))) AS latency_p50_us,
  if(countIf(outcome IN ('bid', 'no_bid', 'invalid')) = 0, NULL,
    toInt64(quantileExactIf(0.95)(tupleElement(one, 'latency_us'), outcome IN ('bid', 'no_bid', 'invalid')))) AS latency_p95_us,
  countIf(outcome = 'bid' AND reason = 'won' AND selection_id IN (SELECT selection_id FROM rendered)) AS impressions,
  sumIf(toInt128(price_micros),
    outcome = 'bid' AND reason = 'won' AND selection_id IN (SELECT selection_id FROM rendered)) AS revenue_micros
FROM asked
WHERE {bidder_id:String} = '' OR bidder_id = {bidder_id:String}
GROUP BY bidder_id, currency
ORDER BY bidder_id, currency
