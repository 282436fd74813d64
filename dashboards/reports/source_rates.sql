-- report: One network, user agent or person against the normal: its rates beside those of everybody else. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param by text = network : What tells sources apart: network (/24 or /48), agent (user agent as declared) or person (random key).
-- param source text = : The network, agent or key.
-- column who text : source: the one that was asked for; others: every other source together.
-- column selections integer : Selections with a record from it.
-- column impressions integer : Of these, seen from it.
-- column viewables integer : Of these, viewable as it says.
-- column viewable_rate ratio : Viewables ÷ impressions.
-- column clicks integer : Of the selections, clicked from it.
-- column click_rate ratio : Clicks ÷ impressions.
-- column click_p50_ms integer : Median time from the impression to the click, where both came from it, ms.
-- column busiest_minute integer : Selections in its busiest minute; of the others, in that of the busiest one of them.
-- column verdicts integer : Selections invalidated by a rule at least.
-- column rate ratio : Verdicts ÷ selections.
-- column publishers integer : Different publishers.
-- column networks integer : Different networks.
-- column agents integer : Different user agents.
-- column persons integer : Different persons for whom ads were asked for from it, of those that are known.
WITH
  seen AS (
    SELECT
      sighting.selection_id AS selection_id, sighting.kind AS kind, sighting.at AS at,
      sighting.network AS network, sighting.user_agent AS user_agent, sighting.user_key AS asked_by,
      sighting.publisher_id AS publisher_id, sighting.selected_at AS selected_at,
      multiIf({by:String} = 'network', sighting.network, {by:String} = 'agent', sighting.user_agent, person.user_key) AS source
    FROM adtally.sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS sighting
    LEFT JOIN (
      SELECT selection_id, assumeNotNull(user_key) AS user_key
      FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
      WHERE {by:String} = 'person' AND user_key IS NOT NULL
    ) AS person ON person.selection_id = sighting.selection_id
  ),
  one AS (
    SELECT
      source, selection_id, max(kind = 'impression') AS was_shown, max(kind = 'viewable') AS was_viewable, max(kind = 'click') AS was_clicked,
      minIf(at, kind = 'impression') AS shown_at, minIf(at, kind = 'click') AS clicked_at,
      groupUniqArray(network) AS networks, groupUniqArray(user_agent) AS agents, max(asked_by) AS person,
      min(publisher_id) AS publisher, min(selected_at) AS chosen_at
    FROM seen WHERE source != '' GROUP BY source, selection_id
  ),
  busiest AS (
    SELECT source, max(ads) AS most
    FROM (
      SELECT source, toStartOfMinute(chosen_at) AS minute, count() AS ads FROM one GROUP BY source, minute
    )
    GROUP BY source
  )
SELECT
  if(one.source = {source:String}, 'source', 'others') AS who,
  count() AS selections,
  countIf(one.was_shown) AS impressions,
  countIf(one.was_viewable) AS viewables,
  if(impressions = 0, NULL, round(viewables / impressions, 6)) AS viewable_rate,
  countIf(one.was_clicked) AS clicks,
  if(impressions = 0, NULL, round(clicks / impressions, 6)) AS click_rate,
  if(countIf(one.was_shown AND one.was_clicked) = 0, NULL, toInt64(quantileExactIf(0.5)(
    toUnixTimestamp64Milli(one.clicked_at) - toUnixTimestamp64Milli(one.shown_at), one.was_shown AND one.was_clicked))) AS click_p50_ms,
  max(busiest.most) AS busiest_minute,
  countIf(one.selection_id IN (SELECT selection_id FROM adtally.verdicts)) AS verdicts,
  round(verdicts / selections, 6) AS rate,
  uniqExactIf(one.publisher, one.publisher != '') AS publishers,
  length(arrayFilter(each -> each != '', groupUniqArrayArray(one.networks))) AS networks,
  length(arrayFilter(each -> each != '', groupUniqArrayArray(one.agents))) AS agents,
  uniqExactIf(one.person, one.person != '') AS persons
FROM one
LEFT JOIN busiest ON busiest.source = one.source
WHERE {source:String} IN (SELECT source FROM seen WHERE source != '')
GROUP BY who
ORDER BY who DESC
