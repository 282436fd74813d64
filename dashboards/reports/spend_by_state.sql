-- report: What became of the money, by hour of selection, as the ledgers booked it.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param campaign_id text = : One campaign; empty: all.
-- param limit integer 1..10000 = 1000 : Most rows.
-- column hour time : Start of the hour of selection, UTC.
-- column currency text : ISO 4217.
-- column drawn_micros micros : Committed against budgets.
-- column released_micros micros : Given back unspent.
-- column open_micros micros : Committed and waiting: drawn − released − incurred.
-- column incurred_micros micros : Billable events taken.
-- column suspended_micros micros : In suspense: records disagree.
-- column voided_micros micros : Taken back before certification.
-- column pending_micros micros : Within the hold: incurred − suspended − voided − certified.
-- column certified_micros micros : May be billed.
-- column reversed_micros micros : Taken back after certification.
-- column billable_micros micros : Certified − reversed.
-- column absorbed_micros micros : Not covered by any budget: never billed. In none of the other columns.
SELECT
  hour, currency,
  sum(tally.drawn_micros) AS drawn_micros,
  sum(tally.released_micros) AS released_micros,
  drawn_micros - released_micros - incurred_micros AS open_micros,
  sum(tally.incurred_micros) AS incurred_micros,
  sum(tally.suspended_micros) AS suspended_micros,
  sum(tally.voided_micros) AS voided_micros,
  incurred_micros - suspended_micros - voided_micros - sum(tally.passed_micros) AS pending_micros,
  sum(tally.certified_micros) AS certified_micros,
  sum(tally.reversed_micros) AS reversed_micros,
  certified_micros - reversed_micros AS billable_micros,
  sum(tally.absorbed_micros) AS absorbed_micros
FROM adtally.bookings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS tally
WHERE {campaign_id:String} = '' OR campaign_id = {campaign_id:String}
GROUP BY hour, currency
HAVING drawn_micros != 0 OR incurred_micros != 0 OR certified_micros != 0 OR absorbed_micros != 0
ORDER BY hour, currency
LIMIT {limit:UInt32}
