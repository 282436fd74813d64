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
      selection_id, kind, at,
      multiIf({by:String} = 'network', network, {by:String} = 'agent', user_agent, {by:String} = 'person', user_key, '') AS source
    FROM adtally.sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  ),
  chosen AS (
    SELECT selection_id, selected_at FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  )
SELECT
  toDateTime64(toStartOfInterval(chosen.selected_at, toIntervalSecond({bucket_seconds:UInt32})), 3) AS at,
  count() AS selections,
  countIf(one.was_shown) AS impressions,
  countIf(one.was_clicked) AS clicks,
  countIf(one.selection_id IN (SELECT selection_id FROM adtally.verdicts)) AS verdicts
FROM (
  SELECT selection_id, max(kind = 'impression') AS was_shown, max(kind = 'click') AS was_clicked
  FROM seen WHERE source = {source:String} AND source != '' GROUP BY selection_id
) AS one
INNER JOIN chosen ON chosen.selection_id = one.selection_id
GROUP BY at
ORDER BY at
LIMIT {limit:UInt32}
