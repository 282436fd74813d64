-- report: Invalid traffic by source: verdicts by publisher, placement and rule, against what the placement delivered. Test selections, and verdicts on selections of which nothing else is known, are left out.
-- param from time = -7d : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param publisher_id text = : One publisher; empty: all.
-- param limit integer 1..10000 = 1000 : Most rows.
-- column publisher_id text : Publisher.
-- column placement_id text : Placement.
-- column category text : GIVT, SIVT or QUALITY.
-- column rule text : Rule of the verdict.
-- column judged_by text : Processor or key that judged.
-- column currency text : ISO 4217.
-- column verdicts integer : Selections that the rule invalidated.
-- column placement_selections integer : Ads chosen for the placement in the range.
-- column rate ratio : Verdicts ÷ ads chosen for the placement.
-- column price_micros micros : Prices of the selections.
-- column first_at time : First verdict.
-- column last_at time : Last verdict.
WITH chosen AS (
  SELECT selection_id, publisher_id, placement_id, currency, price_micros
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE NOT test AND ({publisher_id:String} = '' OR publisher_id = {publisher_id:String})
    AND selection_id IN (SELECT selection_id FROM adtally.traffic_invalidated)
),
placements AS (
  SELECT placement_id, count() AS selections
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE NOT test AND ({publisher_id:String} = '' OR publisher_id = {publisher_id:String})
  GROUP BY placement_id
)
SELECT
  chosen.publisher_id AS publisher_id, chosen.placement_id AS placement_id, verdict.category AS category, verdict.rule AS rule,
  verdict.judged_by AS judged_by, chosen.currency AS currency,
  uniqExact(verdict.selection_id) AS verdicts,
  max(placements.selections) AS placement_selections,
  round(verdicts / placement_selections, 6) AS rate,
  sum(toInt128(chosen.price_micros)) AS price_micros,
  min(verdict.judged_at) AS first_at,
  max(verdict.judged_at) AS last_at
FROM adtally.verdicts AS verdict
INNER JOIN chosen ON chosen.selection_id = verdict.selection_id
INNER JOIN placements ON placements.placement_id = chosen.placement_id
GROUP BY publisher_id, placement_id, category, rule, judged_by, currency
ORDER BY verdicts DESC, publisher_id, placement_id, category, rule, judged_by, currency
LIMIT {limit:UInt32}
