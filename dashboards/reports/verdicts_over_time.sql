-- report: Verdicts on traffic over time by category and rule, with the money that they took back before and after certification. Test selections, and verdicts on selections of which nothing else is known, are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param campaign_id text = : One campaign; empty: all.
-- param bucket_seconds integer 10..86400 = 3600 : Length of a bucket, seconds.
-- param limit integer 1..10000 = 10000 : Most rows.
-- column at time : Start of the bucket, by selection time, UTC.
-- column category text : GIVT, SIVT or QUALITY.
-- column rule text : Rule of the verdict.
-- column currency text : Of all amounts in the row.
-- column verdicts integer : Selections that the rule invalidated.
-- column voided_micros micros : Taken back before certification.
-- column reversed_micros micros : Taken back after it.
-- column absorbed_micros micros : Never billed in the first place, since no budget covered it.
SELECT
  toDateTime64(toStartOfInterval(selection.selected_at, toIntervalSecond({bucket_seconds:UInt32})), 3) AS at,
  verdict.category AS category, verdict.rule AS rule, selection.currency AS currency,
  uniqExact(verdict.selection_id) AS verdicts,
  sum(money.voided) AS voided_micros,
  sum(money.reversed) AS reversed_micros,
  sum(money.absorbed) AS absorbed_micros
FROM adtally.verdicts AS verdict
INNER JOIN (
  SELECT selection_id, min(one.selected_at) AS selected_at, min(one.currency) AS currency, min(one.campaign_id) AS campaign_id, max(one.test) AS test
  FROM (
    SELECT selection_id, selected_at, currency, campaign_id, test
    FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
    WHERE selection_id IN (SELECT selection_id FROM adtally.traffic_invalidated)
    UNION ALL
    SELECT selection_id, selected_at, currency, campaign_id, test
    FROM adtally.charges_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
    WHERE selection_id IN (SELECT selection_id FROM adtally.traffic_invalidated)
  ) AS one
  GROUP BY selection_id
) AS selection ON selection.selection_id = verdict.selection_id
LEFT JOIN (
  SELECT
    selection_id, reference,
    sumIf(toInt128(amount_micros), state = 'voided') AS voided,
    sumIf(toInt128(amount_micros), state = 'reversed') AS reversed,
    sumIf(toInt128(amount_micros), state = 'absorbed_voided') AS absorbed
  FROM adtally.taken_back_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE reference != ''
  GROUP BY selection_id, reference
) AS money ON money.selection_id = verdict.selection_id AND money.reference = verdict.rule
WHERE NOT selection.test AND ({campaign_id:String} = '' OR selection.campaign_id = {campaign_id:String})
GROUP BY at, category, rule, currency
ORDER BY at, category, rule, currency
LIMIT {limit:UInt32}
