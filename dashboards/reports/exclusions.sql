-- report: Why line items did not take part: counts by step and reason over the selections of the range, by tier. What stands in the way of spending. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param placement_id text = : One placement; empty: all.
-- column tier text : Inventory tier.
-- column step text : Where they fell out.
-- column reason text : Why.
-- column excluded integer : Line items, summed over selections.
-- column selections integer : Selections in which it happened.
-- column per_selection ratio : Excluded ÷ all selections of the tier.
SELECT
  tier, exclusion.step AS step, exclusion.reason AS reason,
  sum(toInt64(exclusion.count)) AS excluded,
  count() AS selections,
  round(excluded / max(of_tier), 6) AS per_selection
FROM (
  SELECT tier, exclusions, count() OVER (PARTITION BY tier) AS of_tier
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE NOT test AND ({placement_id:String} = '' OR placement_id = {placement_id:String})
)
ARRAY JOIN exclusions AS exclusion
GROUP BY tier, step, reason
ORDER BY tier, excluded DESC, step, reason
