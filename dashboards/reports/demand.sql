-- report: Who won the ads: own line items next to bidders of outside demand, with what each brought. Test selections are left out.
-- param from time = -24h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param placement_id text = : One placement; empty: all.
-- param limit integer 1..10000 = 1000 : Most rows.
-- column seller text : own, bidder, or house: a fallback.
-- column bidder_id text : Bidder; empty for our own.
-- column line_item_id text : Line item through which it was sold.
-- column line_item text : Its name at the end of the range.
-- column currency text : Of all amounts in the row.
-- column selections integer : Ads that it won.
-- column share ratio : Of all ads in that currency.
-- column impressions integer : Of these, began to render.
-- column charges integer : Of these, with a billable event.
-- column revenue_micros micros : Their prices, micros.
-- column ecpm_micros micros : Mean eCPM by which it was ranked, of the ads that it won, micros for a thousand.
SELECT
  chosen.seller AS seller, chosen.bidder AS bidder_id, chosen.line_item_id AS line_item_id, named.name AS line_item, chosen.currency AS currency,
  count() AS selections,
  round(selections / sum(count()) OVER (PARTITION BY currency), 6) AS share,
  countIf(seen.is_there) AS impressions,
  countIf(charged.is_there) AS charges,
  sumIf(toInt128(chosen.price_micros), charged.is_there) AS revenue_micros,
  intDiv(sum(toInt128(chosen.ecpm)), count()) AS ecpm_micros
FROM (
  SELECT
    multiIf(fallback, 'house', external_bidder_id IS NOT NULL, 'bidder', 'own') AS seller, ifNull(external_bidder_id, '') AS bidder,
    line_item_id, currency, price_micros, if(fallback, 0, auction_ecpm_micros) AS ecpm,
    cityHash64(selection_id) AS hash, selected_at
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  WHERE NOT test AND ({placement_id:String} = '' OR placement_id = {placement_id:String})
) AS chosen
-- Whether there is one, without copies or with. Of one millisecond no two selections have the same hash.
ANY LEFT JOIN (
  SELECT cityHash64(selection_id) AS hash, selected_at, true AS is_there FROM adtally.impression_rendered
  WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
) AS seen ON seen.hash = chosen.hash AND seen.selected_at = chosen.selected_at
ANY LEFT JOIN (
  SELECT cityHash64(selection_id) AS hash, selected_at, true AS is_there FROM adtally.spend_incurred
  WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
) AS charged ON charged.hash = chosen.hash AND charged.selected_at = chosen.selected_at
LEFT JOIN (
  SELECT id, argMax(name, held_from) AS name FROM adtally.names WHERE kind = 'line item' AND held_from <= {to:DateTime64(3)} GROUP BY id
) AS named ON named.id = chosen.line_item_id
GROUP BY seller, bidder_id, line_item_id, line_item, currency
ORDER BY selections DESC, line_item_id, bidder_id, currency
LIMIT {limit:UInt32}
