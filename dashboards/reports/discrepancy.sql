-- report: By campaign and hour of selection, what one truth has and the next one lacks: the heat map of reconciliation. Zero everywhere once nothing is in flight; the recount names the causes. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param campaign_id text = : One campaign; empty: all.
-- param limit integer 1..10000 = 10000 : Most rows.
-- column hour time : Start of the hour of selection, UTC.
-- column campaign_id text : Campaign.
-- column currency text : ISO 4217.
-- column selections integer : Ads chosen.
-- column unreturned integer : Selections that were not handed to a socket.
-- column charged_micros micros : Evidence: prices of billable events taken.
-- column unbooked_micros micros : Of these, neither incurred nor absorbed in the ledgers. Below zero: booked without evidence.
-- column open_micros micros : Committed, neither released nor incurred.
-- column pending_micros micros : Incurred, neither voided, suspended nor certified: within the hold.
-- column suspended_micros micros : In suspense.
-- column uncertified_micros micros : Passed by the tentative ledger and not certified by the final one. Below zero: the other way round.
SELECT
  hour, campaign_id, currency,
  sum(tally.selections) AS selections,
  selections - sum(tally.returned) AS unreturned,
  sum(tally.charged_micros) AS charged_micros,
  charged_micros - sum(tally.incurred_micros) - sum(tally.absorbed_micros) AS unbooked_micros,
  sum(tally.drawn_micros) - sum(tally.released_micros) - sum(tally.incurred_micros) AS open_micros,
  sum(tally.incurred_micros) - suspended_micros - sum(tally.voided_micros) - sum(tally.passed_micros) AS pending_micros,
  sum(tally.suspended_micros) AS suspended_micros,
  sum(tally.passed_micros) - sum(tally.certified_micros) AS uncertified_micros
FROM adtally.tallies_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS tally
WHERE {campaign_id:String} = '' OR campaign_id = {campaign_id:String}
GROUP BY hour, campaign_id, currency
ORDER BY hour, campaign_id, currency
LIMIT {limit:UInt32}
