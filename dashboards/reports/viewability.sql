-- report: How much of what was delivered was seen, by day and placement, and how much of what was asked was sold. Names are those that held when the hour of selection ended. Test selections are left out.
-- param from time = -7d : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param publisher_id text = : One publisher; empty: all.
-- param placement_id text = : One placement; empty: all.
-- param limit integer 1..10000 = 1000 : Most rows.
-- column day time : Start of the day of selection, UTC.
-- column publisher_id text : Publisher.
-- column placement_id text : Placement.
-- column placement text : Its name then.
-- column selections integer : Ads chosen.
-- column house integer : Of these, house or contextual fallbacks.
-- column fill ratio : (Selections − house) ÷ selections. Slots without any ad leave no record.
-- column impressions integer : Selections that began to render.
-- column render_rate ratio : Impressions ÷ selections handed to a socket.
-- column viewables integer : Selections that were viewable.
-- column viewable_rate ratio : Viewables ÷ impressions.
-- column clicks integer : Selections that were clicked.
-- column click_rate ratio : Clicks ÷ impressions.
-- column late integer : Beacons, by kind, that only came after their time.
SELECT
  toStartOfDay(tally.hour) AS day, tally.publisher_id AS publisher_id, tally.placement_id AS placement_id, placement.name AS placement,
  sum(tally.selections) AS selections,
  sum(tally.house) AS house,
  if(selections = 0, NULL, round((selections - house) / selections, 6)) AS fill,
  sum(tally.impressions) AS impressions,
  if(sum(tally.returned) = 0, NULL, round(impressions / sum(tally.returned), 6)) AS render_rate,
  sum(tally.viewables) AS viewables,
  if(impressions = 0, NULL, round(viewables / impressions, 6)) AS viewable_rate,
  sum(tally.clicks) AS clicks,
  if(impressions = 0, NULL, round(clicks / impressions, 6)) AS click_rate,
  sum(tally.late) AS late
FROM (
  SELECT *, toDateTime64(hour + toIntervalHour(1), 3) AS named_at
  FROM adtally.deliveries_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
) AS tally
ASOF LEFT JOIN (SELECT id, name, held_from FROM adtally.names WHERE kind = 'placement') AS placement
  ON placement.id = tally.placement_id AND placement.held_from <= tally.named_at
WHERE ({publisher_id:String} = '' OR tally.publisher_id = {publisher_id:String})
  AND ({placement_id:String} = '' OR tally.placement_id = {placement_id:String})
GROUP BY day, publisher_id, placement_id, placement
HAVING selections + impressions + viewables + clicks + late > 0
ORDER BY day, publisher_id, placement_id, placement
LIMIT {limit:UInt32}
