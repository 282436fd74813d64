-- report: What came from one network, user agent or person, over time. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param by text = network : What tells sources apart: network (/24 or /48), agent (user agent as declared) or person (random key).
-- param source text = : The network, agent or key.
-- param bucket_seconds integer 10..86400 = 3600 : Length of a bucket, seconds.
-- param limit integer 1..10000 = 10000 : Most rows.
-- column at time : Start of the bucket, by selection time, UTC.
-- column selections integer : Selections with a record from it.
-- column impressions integer : Of these, seen from it.
-- column clicks integer : Of these, clicked from it.
-- column verdicts integer : Of the selections, invalidated by a rule at least.
WITH
  seen AS (
    SELECT
      sighting.selection_id AS selection_id, sighting.kind AS kind, sighting.at AS at,
      sighting.selected_at AS selected_at,
      multiIf({by:String} = 'network', sighting.network, {by:String} = 'agent', sighting.user_agent, person.user_key) AS source
    FROM adtally.sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS sighting
    LEFT JOIN (
      SELECT selection_id, assumeNotNull(user_key) AS user_key
      FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
      WHERE {by:String} = 'person' AND user_key IS NOT NULL AND user_key = {source:String}
    ) AS person ON person.selection_id = sighting.selection_id
  )
SELECT
  toDateTime64(toStartOfInterval(one.chosen_at, toIntervalSecond({bucket_seconds:UInt32})), 3) AS at,
  count() AS selections,
  countIf(one.was_shown) AS impressions,
  countIf(one.was_clicked) AS clicks,
  countIf(one.selection_id IN (SELECT selection_id FROM adtally.verdicts)) AS verdicts
FROM (
  SELECT selection_id, min(selected_at) AS chosen_at, max(kind = 'impression') AS was_shown, max(kind = 'click') AS was_clicked
  FROM seen WHERE source = {source:String} AND source != '' GROUP BY selection_id
) AS one
GROUP BY at
ORDER BY at
LIMIT {limit:UInt32}
