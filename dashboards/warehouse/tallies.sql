-- Counts and sums by minute and hour of selection, without test selections: exact at every moment, whatever came twice, late or again.
--
-- An hour is *settled* if no row came for it since it was counted; then its count is read. An hour that moves is counted from the rows, and so are
-- pieces of a minute at the ends of a range. Nothing is ever added to a count. What these views give is to be summed over what you group by: an hour
-- may come in pieces.

-- What serving and the beacons say. `every`: 1 all of the range; 0 only what is not settled or is a piece of a minute.
CREATE OR REPLACE VIEW adtally.delivery_facts_between AS
SELECT * FROM (
  SELECT if(fallback, 'house', 'selected') AS fact, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, toInt128(price_micros) AS amount
  FROM (
    SELECT selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, price_micros, fallback FROM adtally.ad_selected WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
    AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    ORDER BY shard, offset LIMIT 1 BY selection_id
  )
  UNION ALL
  SELECT 'returned' AS fact, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, toInt128(price_micros) AS amount
  FROM (
    SELECT selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, price_micros FROM adtally.markup_returned WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
    AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    ORDER BY shard, offset LIMIT 1 BY selection_id
  )
  UNION ALL
  SELECT 'impression' AS fact, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, toInt128(price_micros) AS amount
  FROM (
    SELECT selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, price_micros FROM adtally.impression_rendered WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
    AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    ORDER BY shard, offset LIMIT 1 BY selection_id
  )
  UNION ALL
  SELECT 'viewable' AS fact, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, toInt128(price_micros) AS amount
  FROM (
    SELECT selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, price_micros FROM adtally.ad_viewable WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
    AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    ORDER BY shard, offset LIMIT 1 BY selection_id
  )
  UNION ALL
  SELECT 'click' AS fact, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, toInt128(price_micros) AS amount
  FROM (
    SELECT selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, price_micros FROM adtally.ad_clicked WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
    AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    ORDER BY shard, offset LIMIT 1 BY selection_id
  )
  UNION ALL
  SELECT 'reserved' AS fact, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, toInt128(price_micros) AS amount
  FROM (
    SELECT selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, price_micros FROM adtally.spend_reserved WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
    AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    ORDER BY shard, offset LIMIT 1 BY selection_id
  )
  UNION ALL
  SELECT 'charge' AS fact, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, toInt128(price_micros) AS amount
  FROM (
    SELECT selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test, price_micros FROM adtally.spend_incurred WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
    AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    ORDER BY shard, offset LIMIT 1 BY selection_id
  )
  UNION ALL
  SELECT 'late', min_selection_id, min_selected_at, min_advertiser_id, min_campaign_id, min_line_item_id, min_publisher_id, min_placement_id, min_currency, is_test, toInt128(0)
  FROM (
    SELECT min(selection_id) AS min_selection_id, min(selected_at) AS min_selected_at, min(advertiser_id) AS min_advertiser_id, min(campaign_id) AS min_campaign_id, min(line_item_id) AS min_line_item_id, min(publisher_id) AS min_publisher_id, min(placement_id) AS min_placement_id, min(currency) AS min_currency, max(test) AS is_test
    FROM (
    SELECT event_id, kind, judgement, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test FROM adtally.impression_rendered WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    UNION ALL SELECT event_id, kind, judgement, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test FROM adtally.ad_viewable WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    UNION ALL SELECT event_id, kind, judgement, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, test FROM adtally.ad_clicked WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    )
    GROUP BY event_id, kind HAVING countIf(judgement = 'ACCEPTED') = 0
  )
)
WHERE NOT test;

-- What the ledgers say.
CREATE OR REPLACE VIEW adtally.money_facts_between AS
SELECT state AS fact, selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, currency, amount_micros AS amount
FROM adtally.movements_chosen_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = {every:UInt8})
UNION ALL
SELECT concat(splitByChar(':', if(credit_account IN ('publisher:payable', 'platform:revenue', 'rounding'), credit_account, debit_account))[1], '_share'), selection_id, selected_at, advertiser_id, campaign_id, line_item_id, publisher_id, currency,
  if(credit_account IN ('publisher:payable', 'platform:revenue', 'rounding'), toInt128(amount_micros), -toInt128(amount_micros))
FROM adtally.entries_chosen_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = {every:UInt8})
WHERE truth = 'final' AND selection_id != '' AND (credit_account IN ('publisher:payable', 'platform:revenue', 'rounding') OR debit_account IN ('publisher:payable', 'platform:revenue', 'rounding'));

-- The ledgers know no placement; the records that a movement stands on do.
CREATE OR REPLACE VIEW adtally.placed_money_facts_between AS
SELECT movement.fact AS fact, movement.selection_id AS selection_id, movement.selected_at, movement.advertiser_id, movement.campaign_id, movement.line_item_id, movement.publisher_id, movement.currency, place.placement_id AS placement_id, movement.amount AS amount
FROM adtally.money_facts_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = {every:UInt8}) AS movement
LEFT JOIN (
    SELECT selection_id, min(placement_id) AS placement_id FROM (
      SELECT selection_id, placement_id FROM adtally.spend_reserved WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
      UNION ALL SELECT selection_id, placement_id FROM adtally.spend_incurred WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
    ) GROUP BY selection_id
  ) AS place ON place.selection_id = movement.selection_id;

CREATE OR REPLACE VIEW adtally.row_deliveries_between AS
SELECT
  toStartOfHour(selected_at) AS hour, toStartOfMinute(selected_at) AS minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency,
  countIf(fact IN ('selected', 'house')) AS selections,
  countIf(fact = 'house') AS house,
  countIf(fact = 'returned') AS returned,
  countIf(fact = 'impression') AS impressions,
  countIf(fact = 'viewable') AS viewables,
  countIf(fact = 'click') AS clicks,
  countIf(fact = 'late') AS late,
  countIf(fact = 'reserved') AS reservations,
  countIf(fact = 'charge') AS charges,
  sumIf(amount, fact IN ('selected', 'house')) AS selected_micros,
  sumIf(amount, fact = 'returned') AS returned_micros,
  sumIf(amount, fact = 'impression') AS impression_micros,
  sumIf(amount, fact = 'viewable') AS viewable_micros,
  sumIf(amount, fact = 'click') AS click_micros,
  sumIf(amount, fact = 'charge') AS charged_micros
FROM adtally.delivery_facts_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = {every:UInt8})
GROUP BY hour, minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency;

CREATE OR REPLACE VIEW adtally.row_bookings_between AS
SELECT
  toStartOfHour(selected_at) AS hour, toStartOfMinute(selected_at) AS minute, advertiser_id, campaign_id, line_item_id, publisher_id, currency,
  uniqExactIf(selection_id, fact = 'voided') AS voided_selections,
  uniqExactIf(selection_id, fact = 'certified') AS certified_selections,
  uniqExactIf(selection_id, fact = 'reversed') AS reversed_selections,
  uniqExactIf(selection_id, fact = 'absorbed') AS absorbed_selections,
  sumIf(amount, fact = 'drawn') AS drawn_micros,
  sumIf(amount, fact = 'released') AS released_micros,
  sumIf(amount, fact = 'incurred') AS incurred_micros,
  sumIf(amount, fact = 'suspended') AS suspended_micros,
  sumIf(amount, fact = 'voided') AS voided_micros,
  sumIf(amount, fact = 'passed') AS passed_micros,
  sumIf(amount, fact = 'certified') AS certified_micros,
  sumIf(amount, fact = 'reversed') AS reversed_micros,
  sumIf(amount, fact = 'absorbed') AS absorbed_micros,
  sumIf(amount, fact = 'absorbed_voided') AS absorbed_voided_micros,
  sumIf(amount, fact = 'publisher_share') AS publisher_micros,
  sumIf(amount, fact = 'platform_share') AS platform_micros,
  sumIf(amount, fact = 'rounding_share') AS rounding_micros
FROM adtally.money_facts_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = {every:UInt8})
GROUP BY hour, minute, advertiser_id, campaign_id, line_item_id, publisher_id, currency;

CREATE OR REPLACE VIEW adtally.row_placed_bookings_between AS
SELECT
  toStartOfHour(selected_at) AS hour, toStartOfMinute(selected_at) AS minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency,
  uniqExactIf(selection_id, fact = 'voided') AS voided_selections,
  uniqExactIf(selection_id, fact = 'certified') AS certified_selections,
  uniqExactIf(selection_id, fact = 'reversed') AS reversed_selections,
  uniqExactIf(selection_id, fact = 'absorbed') AS absorbed_selections,
  sumIf(amount, fact = 'drawn') AS drawn_micros,
  sumIf(amount, fact = 'released') AS released_micros,
  sumIf(amount, fact = 'incurred') AS incurred_micros,
  sumIf(amount, fact = 'suspended') AS suspended_micros,
  sumIf(amount, fact = 'voided') AS voided_micros,
  sumIf(amount, fact = 'passed') AS passed_micros,
  sumIf(amount, fact = 'certified') AS certified_micros,
  sumIf(amount, fact = 'reversed') AS reversed_micros,
  sumIf(amount, fact = 'absorbed') AS absorbed_micros,
  sumIf(amount, fact = 'absorbed_voided') AS absorbed_voided_micros,
  sumIf(amount, fact = 'publisher_share') AS publisher_micros,
  sumIf(amount, fact = 'platform_share') AS platform_micros,
  sumIf(amount, fact = 'rounding_share') AS rounding_micros
FROM adtally.placed_money_facts_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = {every:UInt8})
GROUP BY hour, minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency;

-- What a count consists of.
CREATE OR REPLACE VIEW adtally.row_tallies_between AS
SELECT hour, minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency,
  sum(piece.selections) AS selections,
  sum(piece.house) AS house,
  sum(piece.returned) AS returned,
  sum(piece.impressions) AS impressions,
  sum(piece.viewables) AS viewables,
  sum(piece.clicks) AS clicks,
  sum(piece.late) AS late,
  sum(piece.reservations) AS reservations,
  sum(piece.charges) AS charges,
  sum(piece.voided_selections) AS voided_selections,
  sum(piece.certified_selections) AS certified_selections,
  sum(piece.reversed_selections) AS reversed_selections,
  sum(piece.absorbed_selections) AS absorbed_selections,
  sum(piece.selected_micros) AS selected_micros,
  sum(piece.returned_micros) AS returned_micros,
  sum(piece.impression_micros) AS impression_micros,
  sum(piece.viewable_micros) AS viewable_micros,
  sum(piece.click_micros) AS click_micros,
  sum(piece.charged_micros) AS charged_micros,
  sum(piece.drawn_micros) AS drawn_micros,
  sum(piece.released_micros) AS released_micros,
  sum(piece.incurred_micros) AS incurred_micros,
  sum(piece.suspended_micros) AS suspended_micros,
  sum(piece.voided_micros) AS voided_micros,
  sum(piece.passed_micros) AS passed_micros,
  sum(piece.certified_micros) AS certified_micros,
  sum(piece.reversed_micros) AS reversed_micros,
  sum(piece.absorbed_micros) AS absorbed_micros,
  sum(piece.absorbed_voided_micros) AS absorbed_voided_micros,
  sum(piece.publisher_micros) AS publisher_micros,
  sum(piece.platform_micros) AS platform_micros,
  sum(piece.rounding_micros) AS rounding_micros
FROM (
  SELECT hour, minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, toInt64(selections) AS selections, toInt64(house) AS house, toInt64(returned) AS returned, toInt64(impressions) AS impressions, toInt64(viewables) AS viewables, toInt64(clicks) AS clicks, toInt64(late) AS late, toInt64(reservations) AS reservations, toInt64(charges) AS charges, toInt64(0) AS voided_selections, toInt64(0) AS certified_selections, toInt64(0) AS reversed_selections, toInt64(0) AS absorbed_selections, selected_micros AS selected_micros, returned_micros AS returned_micros, impression_micros AS impression_micros, viewable_micros AS viewable_micros, click_micros AS click_micros, charged_micros AS charged_micros, toInt128(0) AS drawn_micros, toInt128(0) AS released_micros, toInt128(0) AS incurred_micros, toInt128(0) AS suspended_micros, toInt128(0) AS voided_micros, toInt128(0) AS passed_micros, toInt128(0) AS certified_micros, toInt128(0) AS reversed_micros, toInt128(0) AS absorbed_micros, toInt128(0) AS absorbed_voided_micros, toInt128(0) AS publisher_micros, toInt128(0) AS platform_micros, toInt128(0) AS rounding_micros
  FROM adtally.row_deliveries_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = {every:UInt8})
  UNION ALL
  SELECT hour, minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, toInt64(0) AS selections, toInt64(0) AS house, toInt64(0) AS returned, toInt64(0) AS impressions, toInt64(0) AS viewables, toInt64(0) AS clicks, toInt64(0) AS late, toInt64(0) AS reservations, toInt64(0) AS charges, toInt64(voided_selections) AS voided_selections, toInt64(certified_selections) AS certified_selections, toInt64(reversed_selections) AS reversed_selections, toInt64(absorbed_selections) AS absorbed_selections, toInt128(0) AS selected_micros, toInt128(0) AS returned_micros, toInt128(0) AS impression_micros, toInt128(0) AS viewable_micros, toInt128(0) AS click_micros, toInt128(0) AS charged_micros, drawn_micros AS drawn_micros, released_micros AS released_micros, incurred_micros AS incurred_micros, suspended_micros AS suspended_micros, voided_micros AS voided_micros, passed_micros AS passed_micros, certified_micros AS certified_micros, reversed_micros AS reversed_micros, absorbed_micros AS absorbed_micros, absorbed_voided_micros AS absorbed_voided_micros, publisher_micros AS publisher_micros, platform_micros AS platform_micros, rounding_micros AS rounding_micros
  FROM adtally.row_placed_bookings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = {every:UInt8})
) AS piece
GROUP BY hour, minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency;

-- What `tally_hours` is made of.
CREATE OR REPLACE VIEW adtally.summed_minutes AS
SELECT hour, version, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency,
  sum(counted.selections) AS selections,
  sum(counted.house) AS house,
  sum(counted.returned) AS returned,
  sum(counted.impressions) AS impressions,
  sum(counted.viewables) AS viewables,
  sum(counted.clicks) AS clicks,
  sum(counted.late) AS late,
  sum(counted.reservations) AS reservations,
  sum(counted.charges) AS charges,
  sum(counted.voided_selections) AS voided_selections,
  sum(counted.certified_selections) AS certified_selections,
  sum(counted.reversed_selections) AS reversed_selections,
  sum(counted.absorbed_selections) AS absorbed_selections,
  sum(counted.selected_micros) AS selected_micros,
  sum(counted.returned_micros) AS returned_micros,
  sum(counted.impression_micros) AS impression_micros,
  sum(counted.viewable_micros) AS viewable_micros,
  sum(counted.click_micros) AS click_micros,
  sum(counted.charged_micros) AS charged_micros,
  sum(counted.drawn_micros) AS drawn_micros,
  sum(counted.released_micros) AS released_micros,
  sum(counted.incurred_micros) AS incurred_micros,
  sum(counted.suspended_micros) AS suspended_micros,
  sum(counted.voided_micros) AS voided_micros,
  sum(counted.passed_micros) AS passed_micros,
  sum(counted.certified_micros) AS certified_micros,
  sum(counted.reversed_micros) AS reversed_micros,
  sum(counted.absorbed_micros) AS absorbed_micros,
  sum(counted.absorbed_voided_micros) AS absorbed_voided_micros,
  sum(counted.publisher_micros) AS publisher_micros,
  sum(counted.platform_micros) AS platform_micros,
  sum(counted.rounding_micros) AS rounding_micros
FROM adtally.tally_minutes AS counted
GROUP BY hour, version, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency;

-- By hour: what serving and the beacons say.
CREATE OR REPLACE VIEW adtally.deliveries_between AS
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, selections, house, returned, impressions, viewables, clicks, late, reservations, charges, selected_micros, returned_micros, impression_micros, viewable_micros, click_micros, charged_micros
FROM adtally.tally_hours WHERE (hour, version) IN (SELECT hour, version FROM adtally.settled_hours) AND hour >= {from:DateTime64(3)} AND hour + toIntervalHour(1) <= {to:DateTime64(3)}
UNION ALL
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, selections, house, returned, impressions, viewables, clicks, late, reservations, charges, selected_micros, returned_micros, impression_micros, viewable_micros, click_micros, charged_micros
FROM adtally.tally_minutes WHERE (hour, version) IN (SELECT hour, version FROM adtally.settled_hours) AND NOT (hour >= {from:DateTime64(3)} AND hour + toIntervalHour(1) <= {to:DateTime64(3)})
  AND hour > {from:DateTime64(3)} - toIntervalHour(1) AND hour < {to:DateTime64(3)} AND minute >= {from:DateTime64(3)} AND minute + toIntervalMinute(1) <= {to:DateTime64(3)}
UNION ALL
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, toInt64(selections), toInt64(house), toInt64(returned), toInt64(impressions), toInt64(viewables), toInt64(clicks), toInt64(late), toInt64(reservations), toInt64(charges), selected_micros, returned_micros, impression_micros, viewable_micros, click_micros, charged_micros
FROM adtally.row_deliveries_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = 0);

-- By hour: what the ledgers say, without placements.
CREATE OR REPLACE VIEW adtally.bookings_between AS
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, currency, voided_selections, certified_selections, reversed_selections, absorbed_selections, drawn_micros, released_micros, incurred_micros, suspended_micros, voided_micros, passed_micros, certified_micros, reversed_micros, absorbed_micros, absorbed_voided_micros, publisher_micros, platform_micros, rounding_micros
FROM adtally.tally_hours WHERE (hour, version) IN (SELECT hour, version FROM adtally.settled_hours) AND hour >= {from:DateTime64(3)} AND hour + toIntervalHour(1) <= {to:DateTime64(3)}
UNION ALL
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, currency, voided_selections, certified_selections, reversed_selections, absorbed_selections, drawn_micros, released_micros, incurred_micros, suspended_micros, voided_micros, passed_micros, certified_micros, reversed_micros, absorbed_micros, absorbed_voided_micros, publisher_micros, platform_micros, rounding_micros
FROM adtally.tally_minutes WHERE (hour, version) IN (SELECT hour, version FROM adtally.settled_hours) AND NOT (hour >= {from:DateTime64(3)} AND hour + toIntervalHour(1) <= {to:DateTime64(3)})
  AND hour > {from:DateTime64(3)} - toIntervalHour(1) AND hour < {to:DateTime64(3)} AND minute >= {from:DateTime64(3)} AND minute + toIntervalMinute(1) <= {to:DateTime64(3)}
UNION ALL
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, currency, toInt64(voided_selections), toInt64(certified_selections), toInt64(reversed_selections), toInt64(absorbed_selections), drawn_micros, released_micros, incurred_micros, suspended_micros, voided_micros, passed_micros, certified_micros, reversed_micros, absorbed_micros, absorbed_voided_micros, publisher_micros, platform_micros, rounding_micros
FROM adtally.row_bookings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = 0);

-- By hour: what the ledgers say, with placements.
CREATE OR REPLACE VIEW adtally.placed_bookings_between AS
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, voided_selections, certified_selections, reversed_selections, absorbed_selections, drawn_micros, released_micros, incurred_micros, suspended_micros, voided_micros, passed_micros, certified_micros, reversed_micros, absorbed_micros, absorbed_voided_micros, publisher_micros, platform_micros, rounding_micros
FROM adtally.tally_hours WHERE (hour, version) IN (SELECT hour, version FROM adtally.settled_hours) AND hour >= {from:DateTime64(3)} AND hour + toIntervalHour(1) <= {to:DateTime64(3)}
UNION ALL
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, voided_selections, certified_selections, reversed_selections, absorbed_selections, drawn_micros, released_micros, incurred_micros, suspended_micros, voided_micros, passed_micros, certified_micros, reversed_micros, absorbed_micros, absorbed_voided_micros, publisher_micros, platform_micros, rounding_micros
FROM adtally.tally_minutes WHERE (hour, version) IN (SELECT hour, version FROM adtally.settled_hours) AND NOT (hour >= {from:DateTime64(3)} AND hour + toIntervalHour(1) <= {to:DateTime64(3)})
  AND hour > {from:DateTime64(3)} - toIntervalHour(1) AND hour < {to:DateTime64(3)} AND minute >= {from:DateTime64(3)} AND minute + toIntervalMinute(1) <= {to:DateTime64(3)}
UNION ALL
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, toInt64(voided_selections), toInt64(certified_selections), toInt64(reversed_selections), toInt64(absorbed_selections), drawn_micros, released_micros, incurred_micros, suspended_micros, voided_micros, passed_micros, certified_micros, reversed_micros, absorbed_micros, absorbed_voided_micros, publisher_micros, platform_micros, rounding_micros
FROM adtally.row_placed_bookings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = 0);

-- By hour: both, without placements.
CREATE OR REPLACE VIEW adtally.tallies_between AS
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, currency, selections, house, returned, impressions, viewables, clicks, late, reservations, charges, selected_micros, returned_micros, impression_micros, viewable_micros, click_micros, charged_micros, toInt64(0) AS voided_selections, toInt64(0) AS certified_selections, toInt64(0) AS reversed_selections, toInt64(0) AS absorbed_selections, toInt128(0) AS drawn_micros, toInt128(0) AS released_micros, toInt128(0) AS incurred_micros, toInt128(0) AS suspended_micros, toInt128(0) AS voided_micros, toInt128(0) AS passed_micros, toInt128(0) AS certified_micros, toInt128(0) AS reversed_micros, toInt128(0) AS absorbed_micros, toInt128(0) AS absorbed_voided_micros, toInt128(0) AS publisher_micros, toInt128(0) AS platform_micros, toInt128(0) AS rounding_micros
FROM adtally.deliveries_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
UNION ALL
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, currency, toInt64(0) AS selections, toInt64(0) AS house, toInt64(0) AS returned, toInt64(0) AS impressions, toInt64(0) AS viewables, toInt64(0) AS clicks, toInt64(0) AS late, toInt64(0) AS reservations, toInt64(0) AS charges, toInt128(0) AS selected_micros, toInt128(0) AS returned_micros, toInt128(0) AS impression_micros, toInt128(0) AS viewable_micros, toInt128(0) AS click_micros, toInt128(0) AS charged_micros, voided_selections, certified_selections, reversed_selections, absorbed_selections, drawn_micros, released_micros, incurred_micros, suspended_micros, voided_micros, passed_micros, certified_micros, reversed_micros, absorbed_micros, absorbed_voided_micros, publisher_micros, platform_micros, rounding_micros
FROM adtally.bookings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)});

-- By hour: both, with placements.
CREATE OR REPLACE VIEW adtally.placed_tallies_between AS
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, selections, house, returned, impressions, viewables, clicks, late, reservations, charges, selected_micros, returned_micros, impression_micros, viewable_micros, click_micros, charged_micros, toInt64(0) AS voided_selections, toInt64(0) AS certified_selections, toInt64(0) AS reversed_selections, toInt64(0) AS absorbed_selections, toInt128(0) AS drawn_micros, toInt128(0) AS released_micros, toInt128(0) AS incurred_micros, toInt128(0) AS suspended_micros, toInt128(0) AS voided_micros, toInt128(0) AS passed_micros, toInt128(0) AS certified_micros, toInt128(0) AS reversed_micros, toInt128(0) AS absorbed_micros, toInt128(0) AS absorbed_voided_micros, toInt128(0) AS publisher_micros, toInt128(0) AS platform_micros, toInt128(0) AS rounding_micros
FROM adtally.deliveries_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
UNION ALL
SELECT hour, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, toInt64(0) AS selections, toInt64(0) AS house, toInt64(0) AS returned, toInt64(0) AS impressions, toInt64(0) AS viewables, toInt64(0) AS clicks, toInt64(0) AS late, toInt64(0) AS reservations, toInt64(0) AS charges, toInt128(0) AS selected_micros, toInt128(0) AS returned_micros, toInt128(0) AS impression_micros, toInt128(0) AS viewable_micros, toInt128(0) AS click_micros, toInt128(0) AS charged_micros, voided_selections, certified_selections, reversed_selections, absorbed_selections, drawn_micros, released_micros, incurred_micros, suspended_micros, voided_micros, passed_micros, certified_micros, reversed_micros, absorbed_micros, absorbed_voided_micros, publisher_micros, platform_micros, rounding_micros
FROM adtally.placed_bookings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)});

-- By minute: what serving and the beacons say.
CREATE OR REPLACE VIEW adtally.minute_deliveries_between AS
SELECT minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, selections, house, returned, impressions, viewables, clicks, late, reservations, charges, selected_micros, returned_micros, impression_micros, viewable_micros, click_micros, charged_micros
FROM adtally.tally_minutes WHERE (hour, version) IN (SELECT hour, version FROM adtally.settled_hours) AND minute >= {from:DateTime64(3)} AND minute + toIntervalMinute(1) <= {to:DateTime64(3)}
UNION ALL
SELECT minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency, toInt64(selections), toInt64(house), toInt64(returned), toInt64(impressions), toInt64(viewables), toInt64(clicks), toInt64(late), toInt64(reservations), toInt64(charges), selected_micros, returned_micros, impression_micros, viewable_micros, click_micros, charged_micros
FROM adtally.row_deliveries_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = 0);
