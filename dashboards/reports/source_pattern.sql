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
SELECT
  toDateTime64(toStartOfInterval(one.chosen_at, toIntervalSecond({bucket_seconds:UInt32})), 3) AS at,
  count() AS selections,
  countIf(one.was_shown) AS impressions,
  countIf(one.was_clicked) AS clicks,
  countIf(one.selection_id IN (SELECT selection_id FROM adtally.verdicts)) AS verdicts
FROM (
  SELECT selection_id, min(selected_at) AS chosen_at, max(kind = 'impression') AS was_shown, max(kind = 'click') AS was_clicked
  FROM adtally.row_sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  -- By person all records of a selection are from there. The hash may let others through, which are told apart below.
  WHERE cityHash64(selection_id) IN (
    SELECT cityHash64(selection_id) FROM adtally.row_touches_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, by = {by:String}, source = {source:String}))
    AND ({by:String} = 'person' OR if({by:String} = 'network', network, if({by:String} = 'agent', user_agent, '')) = {source:String})
  GROUP BY selection_id
  HAVING {by:String} != 'person' OR max(user_key) = {source:String}
) AS one
GROUP BY at
ORDER BY at
LIMIT {limit:UInt32}
