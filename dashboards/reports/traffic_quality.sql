-- report: Verdicts on traffic by category and rule, and the money that they took back. Verdicts on selections of which nothing else is known are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param campaign_id text = : One campaign; empty: all.
-- column category text : GIVT, SIVT or QUALITY.
-- column rule text : Rule of the verdict.
-- column currency text : ISO 4217.
-- column verdicts integer : Selections that the rule invalidated.
-- column charges integer : Of these, with a billable event.
-- column voided_micros micros : Taken back before certification.
-- column reversed_micros micros : Taken back after it.
-- column absorbed_micros micros : Never billed in the first place, since no budget covered it.
SELECT
  verdict.category AS category, verdict.rule AS rule, selection.currency AS currency,
  uniqExact(verdict.selection_id) AS verdicts,
  uniqExactIf(verdict.selection_id, selection.charged) AS charges,
  sum(money.voided) AS voided_micros,
  sum(money.reversed) AS reversed_micros,
  sum(money.absorbed) AS absorbed_micros
FROM adtally.verdicts AS verdict
INNER JOIN (
  SELECT selection_id, min(currency) AS currency, min(campaign_id) AS campaign_id, max(test) AS test, max(charged) AS charged
  FROM (
    SELECT selection_id, currency, campaign_id, test, false AS charged
    FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
    WHERE selection_id IN (SELECT selection_id FROM adtally.traffic_invalidated)
    UNION ALL
    SELECT selection_id, currency, campaign_id, test, true
    FROM adtally.charges_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
    WHERE selection_id IN (SELECT selection_id FROM adtally.traffic_invalidated)
  )
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
GROUP BY category, rule, currency
ORDER BY category, rule, currency
