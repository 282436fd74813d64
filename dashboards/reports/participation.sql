-- report: How many bidders stood behind the selections, step by step, by hour, placement and tier. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param placement_id text = : One placement; empty: all.
-- param limit integer 1..10000 = 1000 : Most rows.
-- column hour time : Start of the hour of selection, UTC.
-- column placement_id text : Placement.
-- column tier text : Inventory tier.
-- column selections integer : Ads chosen.
-- column fallbacks integer : Of these, house or contextual fallbacks.
-- column degraded integer : Of these, with a stage or part of one skipped on purpose.
-- column eligible integer : Line items that passed targeting, summed over selections.
-- column solicited integer : Asked for a bid.
-- column responded integer : Answered with one.
-- column participating integer : Took part in the ranking.
-- column participation ratio : Participating ÷ eligible.
SELECT
  toStartOfHour(selected_at) AS hour, placement_id, tier,
  count() AS selections,
  countIf(fallback) AS fallbacks,
  countIf(notEmpty(degradations)) AS degraded,
  sum(toInt64(auction_eligible)) AS eligible,
  sum(toInt64(auction_solicited)) AS solicited,
  sum(toInt64(auction_responded)) AS responded,
  sum(toInt64(auction_participating)) AS participating,
  if(eligible = 0, NULL, round(participating / eligible, 6)) AS participation
FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
WHERE NOT test AND ({placement_id:String} = '' OR placement_id = {placement_id:String})
GROUP BY hour, placement_id, tier
ORDER BY hour, placement_id, tier
LIMIT {limit:UInt32}
