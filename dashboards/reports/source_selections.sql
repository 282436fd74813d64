-- report: The ads of one network, user agent or person one by one, newest first: when each was asked for, seen and clicked from it, and what was found against it. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param by text = network : What tells sources apart: network (/24 or /48), agent (user agent as declared) or person (random key).
-- param source text = : The network, agent or key.
-- param limit integer 1..10000 = 200 : Most rows.
-- column selected_at time : When it was chosen.
-- column selection_id text : The ad; its story has everything.
-- column publisher_id text : Publisher.
-- column placement_id text : Placement.
-- column campaign_id text : Campaign.
-- column shown_at time : When it was seen from there first; null if it was not.
-- column clicked_at time : When it was clicked from there first.
-- column click_after_ms integer : Time from the impression to the click, ms.
-- column rules text : Rules that found against it.
-- column currency text : Of all amounts in the row.
-- column price_micros micros : Its price.
-- column voided_micros micros : Taken back before certification.
-- column reversed_micros micros : Taken back after it.
WITH
  -- Enough of the newest that have a record from there: the hash may let a few others through, which are told apart below.
  newest AS (
    SELECT cityHash64(selection_id) AS hash
    FROM (
      SELECT selection_id, selected_at FROM adtally.ad_selected
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND NOT test
        AND cityHash64(selection_id) IN (
          SELECT cityHash64(selection_id) FROM adtally.row_touches_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, by = {by:String}, source = {source:String}))
      ORDER BY selected_at DESC, selection_id LIMIT 1 BY selection_id LIMIT {limit:UInt32} + 1000
    )
  ),
  judged AS (
    SELECT selection_id, arrayStringConcat(arraySort(groupUniqArray(rule)), ', ') AS rules FROM adtally.verdicts
    WHERE cityHash64(selection_id) IN (SELECT hash FROM newest) GROUP BY selection_id
  ),
  money AS (
    SELECT selection_id, sumIf(toInt128(amount_micros), state = 'voided') AS voided, sumIf(toInt128(amount_micros), state = 'reversed') AS reversed
    FROM adtally.taken_back_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
    WHERE cityHash64(selection_id) IN (SELECT hash FROM newest)
    GROUP BY selection_id
  )
SELECT
  chosen.selected_at AS selected_at, chosen.selection_id AS selection_id, chosen.publisher_id AS publisher_id,
  chosen.placement_id AS placement_id, chosen.campaign_id AS campaign_id,
  if(one.was_shown, one.seen_at, NULL) AS shown_at,
  if(one.was_clicked, one.hit_at, NULL) AS clicked_at,
  if(one.was_shown AND one.was_clicked, toUnixTimestamp64Milli(one.hit_at) - toUnixTimestamp64Milli(one.seen_at), NULL) AS click_after_ms,
  judged.rules AS rules, chosen.currency AS currency, toInt128(chosen.price_micros) AS price_micros,
  money.voided AS voided_micros, money.reversed AS reversed_micros
FROM (
  SELECT
    selection_id, max(kind = 'impression') AS was_shown, max(kind = 'click') AS was_clicked,
    minIf(at, kind = 'impression') AS seen_at, minIf(at, kind = 'click') AS hit_at
  FROM adtally.row_sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE cityHash64(selection_id) IN (SELECT hash FROM newest)
    AND ({by:String} = 'person' OR if({by:String} = 'network', network, if({by:String} = 'agent', user_agent, '')) = {source:String})
  GROUP BY selection_id
  HAVING {by:String} != 'person' OR max(user_key) = {source:String}
) AS one
INNER JOIN (
  SELECT selected_at, selection_id, publisher_id, placement_id, campaign_id, currency, price_micros FROM adtally.ad_selected
  WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND cityHash64(selection_id) IN (SELECT hash FROM newest)
  ORDER BY shard, offset LIMIT 1 BY selection_id
) AS chosen ON chosen.selection_id = one.selection_id
LEFT JOIN judged ON judged.selection_id = one.selection_id
LEFT JOIN money ON money.selection_id = one.selection_id
ORDER BY selected_at DESC, selection_id
LIMIT {limit:UInt32}
