-- report: What was delivered, by campaign, placement and hour of selection. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param campaign_id text = : One campaign; empty: all.
-- param placement_id text = : One placement; empty: all.
-- param limit integer 1..10000 = 1000 : Most rows.
-- column hour time : Start of the hour of selection, UTC.
-- column campaign_id text : Campaign.
-- column placement_id text : Placement.
-- column currency text : ISO 4217; all amounts of the row are in it.
-- column selections integer : Ads chosen.
-- column returned integer : Of these, handed to the socket.
-- column impressions integer : Selections that began to render, by a beacon in time.
-- column viewables integer : Selections that were viewable.
-- column clicks integer : Selections that were clicked.
-- column late integer : Beacons (by kind) that only came after their time; never billed.
-- column charges integer : Selections whose billable event was taken.
-- column charged_micros micros : Their prices: gross.
-- column certified_micros micros : Certified by the final ledger.
-- column reversed_micros micros : Taken back after that.
-- column billable_micros micros : Certified less reversed.
SELECT
  hour, campaign_id, placement_id, currency,
  sum(tally.selections) AS selections,
  sum(tally.returned) AS returned,
  sum(tally.impressions) AS impressions,
  sum(tally.viewables) AS viewables,
  sum(tally.clicks) AS clicks,
  sum(tally.late) AS late,
  sum(tally.charges) AS charges,
  sum(tally.charged_micros) AS charged_micros,
  sum(tally.certified_micros) AS certified_micros,
  sum(tally.reversed_micros) AS reversed_micros,
  certified_micros - reversed_micros AS billable_micros
FROM adtally.placed_tallies_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS tally
WHERE ({campaign_id:String} = '' OR campaign_id = {campaign_id:String})
  AND ({placement_id:String} = '' OR placement_id = {placement_id:String})
GROUP BY hour, campaign_id, placement_id, currency
HAVING selections + returned + impressions + viewables + clicks + late + charges > 0 OR certified_micros != 0 OR reversed_micros != 0
ORDER BY hour, campaign_id, placement_id, currency
LIMIT {limit:UInt32}
