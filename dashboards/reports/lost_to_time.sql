-- report: What was lost to time-outs, by estimate: what bidders of outside demand that were not there in time would have won, if they had bid as they did in the answers that came. Test selections, and requests without any ad, are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param bidder_id text = : One bidder; empty: all.
-- column bidder_id text : Bidder.
-- column currency text : Of all amounts in the row.
-- column timed_out integer : Ads for which its own time-out passed.
-- column late integer : Ads for which the time of the auction was over first.
-- column not_awaited integer : Ads that were settled without it on purpose.
-- column known integer : Answers in the range on which the estimate stands; with fewer than 16 there is none.
-- column would_have_won integer : Of timed out and late, by estimate: its bid would have been above what won and the floor.
-- column lost_micros micros : By how much more these ads would have been sold, by estimate, if all of them had begun to render, micros.
-- column not_awaited_micros micros : The same of those that were settled without it.
WITH
  asked AS (
    SELECT
      currency, if(fallback, 0, auction_ecpm_micros) AS best, greatest(best, auction_floor_micros) AS least,
      arrayJoin(JSONExtract(bidders, 'Array(Tuple(bidder_id String, outcome String, bid_micros Int64))')) AS one,
      tupleElement(one, 'bidder_id') AS bidder, tupleElement(one, 'outcome') AS outcome, tupleElement(one, 'bid_micros') AS bid
    FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
    WHERE NOT test AND bidders != '' AND bidders != '[]'
  ),
  usual AS (
    -- Twenty equal parts of what it bid: 0 where it did not.
    SELECT
      bidder, currency, count() AS known,
      quantilesExact(0.025, 0.075, 0.125, 0.175, 0.225, 0.275, 0.325, 0.375, 0.425, 0.475,
        0.525, 0.575, 0.625, 0.675, 0.725, 0.775, 0.825, 0.875, 0.925, 0.975)(bid) AS bids
    FROM asked
    WHERE outcome IN ('bid', 'no_bid', 'invalid')
    GROUP BY bidder, currency
  )
SELECT
  missed.bidder AS bidder_id, missed.currency AS currency,
  countIf(missed.outcome = 'timed_out') AS timed_out,
  countIf(missed.outcome = 'late') AS late,
  countIf(missed.outcome = 'not_awaited') AS not_awaited,
  max(usual.known) AS known,
  if(known < 16, NULL, toInt64(round(
    sumIf(arrayCount(bid -> bid > missed.least, usual.bids), missed.outcome != 'not_awaited') / 20))) AS would_have_won,
  if(known < 16, NULL, intDiv(sumIf(arraySum(bid -> if(bid > missed.least, toInt128(bid - missed.best), 0), usual.bids),
    missed.outcome != 'not_awaited'), 20000)) AS lost_micros,
  if(known < 16, NULL, intDiv(sumIf(arraySum(bid -> if(bid > missed.least, toInt128(bid - missed.best), 0), usual.bids),
    missed.outcome = 'not_awaited'), 20000)) AS not_awaited_micros
FROM (SELECT bidder, currency, outcome, best, least FROM asked WHERE outcome IN ('timed_out', 'late', 'not_awaited')) AS missed
LEFT JOIN usual ON usual.bidder = missed.bidder AND usual.currency = missed.currency
WHERE {bidder_id:String} = '' OR missed.bidder = {bidder_id:String}
GROUP BY bidder_id, currency
ORDER BY bidder_id, currency
