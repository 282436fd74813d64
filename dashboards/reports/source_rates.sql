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
  -- By source: what it did, and what of that came together in one minute.
  each AS (
    SELECT
      is_source,
      count() AS ads, countIf(was_shown) AS shown, countIf(was_viewable) AS viewed, countIf(was_clicked) AS clicked, countIf(was_judged) AS judged,
      quantileExactStateIf(0.5)(toUnixTimestamp64Milli(clicked_at) - toUnixTimestamp64Milli(shown_at), was_shown AND was_clicked) AS delays,
      countIf(was_shown AND was_clicked) AS delayed,
      arrayMax(arrayEnumerateUniq(groupArray(toStartOfMinute(chosen_at)))) AS most
    FROM (
      -- Numbers instead of text: such a group takes a third of the memory. Of one millisecond no two selections have the same hash.
      SELECT
        if({by:String} = 'person', max(person), own) AS source, if({by:String} = 'person', max(is_persons), is_own) AS is_source,
        max(kind = 'impression') AS was_shown, max(kind = 'viewable') AS was_viewable, max(kind = 'click') AS was_clicked,
        minIf(at, kind = 'impression') AS shown_at, minIf(at, kind = 'click') AS clicked_at, chosen_at, max(is_judged) AS was_judged
      FROM (
        SELECT
          cityHash64(selection_id) AS id, selected_at AS chosen_at, kind, at,
          if(user_key = '', 0, cityHash64(user_key)) AS person, user_key = {source:String} AND user_key != '' AS is_persons,
          multiIf({by:String} = 'network' AND network != '', cityHash64(network), {by:String} = 'agent' AND user_agent != '', cityHash64(user_agent), 0) AS own,
          multiIf({by:String} = 'network', network, {by:String} = 'agent', user_agent, '') = {source:String} AND {source:String} != '' AS is_own,
          selection_id IN (SELECT selection_id FROM adtally.verdicts) AS is_judged
        FROM adtally.row_sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
      )
      GROUP BY id, chosen_at, own, is_own
    )
    WHERE source != 0
    GROUP BY source, is_source
  ),
  -- The keys of persons are asked for with the selection, so that its records from elsewhere are found by it.
  various AS (
    SELECT
      who, uniqExactIf(publisher_id, publisher_id != '') AS publishers, uniqExactIf(network, network != '') AS networks,
      uniqExactIf(user_agent, user_agent != '') AS agents, uniqExactIf(user_key, user_key != '') AS persons
    FROM (
      SELECT publisher_id, network, user_agent, user_key, if(if({by:String} = 'network', network, if({by:String} = 'agent', user_agent, '')) = {source:String}, 'source', 'others') AS who
      FROM adtally.row_sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
      WHERE {by:String} != 'person' AND if({by:String} = 'network', network, if({by:String} = 'agent', user_agent, '')) != ''
      UNION ALL
      SELECT sighting.publisher_id, sighting.network, sighting.user_agent, sighting.user_key, if(person.user_key = {source:String}, 'source', 'others')
      FROM adtally.row_sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS sighting
      ANY LEFT JOIN (
        SELECT selection_id, assumeNotNull(user_key) AS user_key FROM adtally.ad_selected
        WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND {by:String} = 'person' AND user_key != '' AND NOT test
      ) AS person ON person.selection_id = sighting.selection_id
      WHERE {by:String} = 'person' AND person.user_key != ''
    )
    GROUP BY who
  ),
  both AS (
    SELECT
      if(is_source, 'source', 'others') AS who,
      sum(ads) AS selections, sum(shown) AS impressions, sum(viewed) AS viewables, sum(clicked) AS clicks, sum(judged) AS verdicts,
      sum(delayed) AS both_times, quantileExactMerge(0.5)(delays) AS delay_ms, toUInt64(max(most)) AS busiest_minute,
      countIf(who = 'source') OVER () AS found
    FROM each
    GROUP BY who
  )
SELECT
  both.who AS who,
  both.selections AS selections,
  both.impressions AS impressions,
  both.viewables AS viewables,
  if(impressions = 0, NULL, round(viewables / impressions, 6)) AS viewable_rate,
  both.clicks AS clicks,
  if(impressions = 0, NULL, round(clicks / impressions, 6)) AS click_rate,
  if(both.both_times = 0, NULL, toInt64(both.delay_ms)) AS click_p50_ms,
  both.busiest_minute AS busiest_minute,
  both.verdicts AS verdicts,
  round(verdicts / selections, 6) AS rate,
  various.publishers AS publishers,
  various.networks AS networks,
  various.agents AS agents,
  various.persons AS persons
FROM both
INNER JOIN various ON various.who = both.who
WHERE both.found > 0
ORDER BY who DESC
