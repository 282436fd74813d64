-- report: What each publisher earned by day, as the final ledger booked it: its share, ours and what rounding left. Names are those that held when the hour of selection ended.
-- param from time = -7d : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param publisher_id text = : One publisher; empty: all.
-- param limit integer 1..10000 = 1000 : Most rows.
-- column day time : Start of the day of selection, UTC.
-- column publisher_id text : Publisher.
-- column publisher text : Its name then.
-- column currency text : ISO 4217.
-- column impressions integer : Selections that began to render.
-- column certified_micros micros : Certified.
-- column reversed_micros micros : Taken back after that.
-- column absorbed_micros micros : Not billed to anybody; the publisher has its share all the same. Less what verdicts took back of it.
-- column publisher_micros micros : The publisher's share of certified − reversed + absorbed.
-- column platform_micros micros : Ours.
-- column rounding_micros micros : What rounding left: publisher + platform + rounding = certified − reversed + absorbed.
-- column share ratio : Publisher ÷ the three.
SELECT
  toStartOfDay(tally.hour) AS day, tally.publisher_id AS publisher_id, publisher.name AS publisher, tally.currency AS currency,
  sum(tally.impressions) AS impressions,
  sum(tally.certified_micros) AS certified_micros,
  sum(tally.reversed_micros) AS reversed_micros,
  sum(tally.absorbed_micros) - sum(tally.absorbed_voided_micros) AS absorbed_micros,
  sum(tally.publisher_micros) AS publisher_micros,
  sum(tally.platform_micros) AS platform_micros,
  sum(tally.rounding_micros) AS rounding_micros,
  if(publisher_micros + platform_micros + rounding_micros = 0, NULL,
    round(publisher_micros / (publisher_micros + platform_micros + rounding_micros), 6)) AS share
FROM (
  SELECT *, toDateTime64(hour + toIntervalHour(1), 3) AS named_at
  FROM adtally.tallies_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
) AS tally
ASOF LEFT JOIN (SELECT id, name, held_from FROM adtally.names WHERE kind = 'publisher') AS publisher
  ON publisher.id = tally.publisher_id AND publisher.held_from <= tally.named_at
WHERE {publisher_id:String} = '' OR tally.publisher_id = {publisher_id:String}
GROUP BY day, publisher_id, publisher, currency
ORDER BY day, publisher_id, currency, publisher
LIMIT {limit:UInt32}
