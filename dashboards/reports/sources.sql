-- report: Networks, user agents or persons from which ads were asked for, seen or clicked, those with most verdicts first. A selection counts for every source that one of its records came from. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param by text = network : What tells sources apart: network (/24 or /48), agent (user agent as declared) or person (random key).
-- param limit integer 1..10000 = 100 : Most rows.
-- column source text : The network, agent or key.
-- column selections integer : Selections with a record from it.
-- column impressions integer : Of these, seen from it.
-- column clicks integer : Of these, clicked from it.
-- column click_rate ratio : Clicks ÷ impressions; null without any.
-- column verdicts integer : Of the selections, invalidated by a rule at least.
-- column rate ratio : Verdicts ÷ selections.
-- column rules text : The rules and how often, the most frequent first.
-- column first_at time : First record.
-- column last_at time : Last record.
WITH
  judged AS (SELECT selection_id, groupUniqArray(rule) AS rules FROM adtally.verdicts GROUP BY selection_id)
SELECT
  seen.source AS source,
  count() AS selections,
  countIf(seen.was_shown) AS impressions,
  countIf(seen.was_clicked) AS clicks,
  if(impressions = 0, NULL, round(clicks / impressions, 6)) AS click_rate,
  countIf(notEmpty(judged.rules)) AS verdicts,
  round(verdicts / selections, 6) AS rate,
  arrayStringConcat(arrayMap(
    pair -> concat(pair.1, ' ', toString(pair.2)),
    arraySort(pair -> (-toInt64(pair.2), pair.1), arrayZip(
      (sumMap(judged.rules, arrayMap(one -> toUInt64(1), judged.rules)) AS found).1, found.2
    ))
  ), ', ') AS rules,
  min(seen.from_at) AS first_at,
  max(seen.to_at) AS last_at
FROM (
  SELECT
    own, selection_id, if({by:String} = 'person', max(user_key), own) AS source,
    max(kind = 'impression') AS was_shown, max(kind = 'click') AS was_clicked, min(at) AS from_at, max(at) AS to_at
  FROM (
    SELECT selection_id, kind, at, user_key, multiIf({by:String} = 'network', network, {by:String} = 'agent', user_agent, '') AS own
    FROM adtally.row_sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  )
  GROUP BY own, selection_id
) AS seen
LEFT JOIN judged ON judged.selection_id = seen.selection_id
WHERE seen.source != ''
GROUP BY source
ORDER BY verdicts DESC, selections DESC, source
LIMIT {limit:UInt32}
