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
  toStartOfHour(selected_at) AS hour, campaign_id, placement_id, currency,
  countIf(fact = 'selected') AS selections,
  countIf(fact = 'returned') AS returned,
  countIf(fact = 'impression') AS impressions,
  countIf(fact = 'viewable') AS viewables,
  countIf(fact = 'click') AS clicks,
  countIf(fact = 'late') AS late,
  countIf(fact = 'charge') AS charges,
  sumIf(amount, fact = 'charge') AS charged_micros,
  sumIf(amount, fact = 'final') AS certified_micros,
  sumIf(amount, fact = 'reversed') AS reversed_micros,
  certified_micros - reversed_micros AS billable_micros
FROM (
  SELECT 'selected' AS fact, selected_at, campaign_id, placement_id, currency, test, toInt128(0) AS amount
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'returned', selected_at, campaign_id, placement_id, currency, test, toInt128(0)
  FROM adtally.returns_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'impression', selected_at, campaign_id, placement_id, currency, test, toInt128(0)
  FROM adtally.impressions_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'viewable', selected_at, campaign_id, placement_id, currency, test, toInt128(0)
  FROM adtally.viewables_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'click', selected_at, campaign_id, placement_id, currency, test, toInt128(0)
  FROM adtally.clicks_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'late', selected_at, campaign_id, placement_id, currency, test, toInt128(0)
  FROM adtally.late_beacons_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'charge', selected_at, campaign_id, placement_id, currency, test, toInt128(price_micros)
  FROM adtally.charges_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  -- The ledgers know no placement; the charge that a movement stands on does.
  SELECT if(movement.state = 'certified', 'final', 'reversed'), movement.selected_at, movement.campaign_id, charge.placement_id, movement.currency,
    false, movement.amount_micros
  FROM adtally.movements_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS movement
  LEFT JOIN (
    SELECT selection_id, placement_id FROM adtally.charges_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  ) AS charge ON charge.selection_id = movement.selection_id
  WHERE movement.state IN ('certified', 'reversed')
)
WHERE NOT test
  AND ({campaign_id:String} = '' OR campaign_id = {campaign_id:String})
  AND ({placement_id:String} = '' OR placement_id = {placement_id:String})
GROUP BY hour, campaign_id, placement_id, currency
ORDER BY hour, campaign_id, placement_id, currency
LIMIT {limit:UInt32}
