-- What counts: raw rows without the copies that retries, replays and recoveries leave. Of the rows of one identity the one at the lowest offset
-- of its shard counts, whatever order they were sunk in and however often. An identity never leaves its shard.
--
-- How: FINAL leaves one row an offset. Identities with more are found by a hash of eight bytes, which spills to disk and may find too many; among the few
-- that it finds, all rows but the first are left out. So a range of any length needs the memory of its copies, not of its rows.
--
-- `x_between(from, to)` takes selections of [from, to), by selection time, as every truth is bucketed; `x` is the same over all time.
-- Nothing here leaves out test selections: their rows say `test`.

-- Hours of selection whose counts hold: nothing came for them since. Times beyond 2105, which only nonsense has, are in no hour.
CREATE OR REPLACE VIEW adtally.settled_hours AS
SELECT hour, max(hours.version) AS version FROM adtally.hours GROUP BY hour HAVING argMax(hours.settled, hours.version);

-- Hours that are to be counted; until then they are read from the rows, as is every hour that is not settled.
CREATE OR REPLACE VIEW adtally.moving_hours AS
SELECT hour FROM adtally.hours GROUP BY hour HAVING NOT argMax(settled, version);

-- One row a selection.
CREATE OR REPLACE VIEW adtally.selections_between AS
SELECT * FROM adtally.ad_selected FINAL
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
  AND (shard, offset) NOT IN (
    SELECT shard, offset FROM (
      SELECT shard, offset, row_number() OVER (PARTITION BY selection_id ORDER BY shard, offset) AS place FROM adtally.ad_selected FINAL
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND cityHash64(selection_id) IN (
        SELECT cityHash64(selection_id) AS hash FROM adtally.ad_selected FINAL
        WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
        GROUP BY hash HAVING count() > 1))
    WHERE place > 1);

-- One row a selection whose answer was handed to the socket.
CREATE OR REPLACE VIEW adtally.returns_between AS
SELECT * FROM adtally.markup_returned FINAL
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
  AND (shard, offset) NOT IN (
    SELECT shard, offset FROM (
      SELECT shard, offset, row_number() OVER (PARTITION BY selection_id ORDER BY shard, offset) AS place FROM adtally.markup_returned FINAL
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND cityHash64(selection_id) IN (
        SELECT cityHash64(selection_id) AS hash FROM adtally.markup_returned FINAL
        WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
        GROUP BY hash HAVING count() > 1))
    WHERE place > 1);

-- One row a selection that began to render, by a beacon in time.
CREATE OR REPLACE VIEW adtally.impressions_between AS
SELECT * FROM adtally.impression_rendered FINAL
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
  AND (shard, offset) NOT IN (
    SELECT shard, offset FROM (
      SELECT shard, offset, row_number() OVER (PARTITION BY selection_id ORDER BY shard, offset) AS place FROM adtally.impression_rendered FINAL
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED' AND cityHash64(selection_id) IN (
        SELECT cityHash64(selection_id) AS hash FROM adtally.impression_rendered FINAL
        WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
        GROUP BY hash HAVING count() > 1))
    WHERE place > 1);

-- One row a selection that was viewable, by a beacon in time.
CREATE OR REPLACE VIEW adtally.viewables_between AS
SELECT * FROM adtally.ad_viewable FINAL
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
  AND (shard, offset) NOT IN (
    SELECT shard, offset FROM (
      SELECT shard, offset, row_number() OVER (PARTITION BY selection_id ORDER BY shard, offset) AS place FROM adtally.ad_viewable FINAL
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED' AND cityHash64(selection_id) IN (
        SELECT cityHash64(selection_id) AS hash FROM adtally.ad_viewable FINAL
        WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
        GROUP BY hash HAVING count() > 1))
    WHERE place > 1);

-- One row a selection that was clicked, in time.
CREATE OR REPLACE VIEW adtally.clicks_between AS
SELECT * FROM adtally.ad_clicked FINAL
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
  AND (shard, offset) NOT IN (
    SELECT shard, offset FROM (
      SELECT shard, offset, row_number() OVER (PARTITION BY selection_id ORDER BY shard, offset) AS place FROM adtally.ad_clicked FINAL
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED' AND cityHash64(selection_id) IN (
        SELECT cityHash64(selection_id) AS hash FROM adtally.ad_clicked FINAL
        WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
        GROUP BY hash HAVING count() > 1))
    WHERE place > 1);

-- One row an event of a player: progress, mute, pause …
CREATE OR REPLACE VIEW adtally.player_events_between AS
SELECT * FROM (
  SELECT topic, shard, offset, receipt_id, event_id, kind, ordinal, selection_id, advertiser_id, campaign_id, line_item_id, creative_id,
    publisher_id, placement_id, test, selected_at, received_at
  FROM adtally.video_progressed
  WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
  UNION ALL
  SELECT topic, shard, offset, receipt_id, event_id, kind, ordinal, selection_id, advertiser_id, campaign_id, line_item_id, creative_id,
    publisher_id, placement_id, test, selected_at, received_at
  FROM adtally.ad_interacted
  WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND judgement = 'ACCEPTED'
)
ORDER BY shard, offset LIMIT 1 BY event_id;

-- One row a beacon kind of a selection that only ever came after its time.
CREATE OR REPLACE VIEW adtally.late_beacons_between AS
SELECT event_id, kind, selection_id, campaign_id, placement_id, currency, test, selected_at
FROM (
  SELECT event_id, kind, selection_id, campaign_id, placement_id, currency, test, selected_at, judgement FROM adtally.impression_rendered
  UNION ALL
  SELECT event_id, kind, selection_id, campaign_id, placement_id, currency, test, selected_at, judgement FROM adtally.ad_viewable
  UNION ALL
  SELECT event_id, kind, selection_id, campaign_id, placement_id, currency, test, selected_at, judgement FROM adtally.ad_clicked
)
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
GROUP BY event_id, kind, selection_id, campaign_id, placement_id, currency, test, selected_at
HAVING countIf(judgement = 'ACCEPTED') = 0;

-- One row a record that says from where a selection was asked for, seen, viewed or clicked: late beacons and copies included. All records of a selection's
-- choice say the same, so whoever groups by selection and source needs not tell copies apart. Only what was asked for says for whom.
CREATE OR REPLACE VIEW adtally.row_sightings_between AS
SELECT selection_id, 'selected' AS kind, context_network AS network, context_user_agent AS user_agent, ifNull(user_key, '') AS user_key,
  publisher_id, selected_at, selected_at AS at
FROM adtally.ad_selected WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND NOT test
UNION ALL
SELECT selection_id, 'impression', network, user_agent, '', publisher_id, selected_at, received_at
FROM adtally.impression_rendered WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND NOT test
UNION ALL
SELECT selection_id, 'viewable', network, user_agent, '', publisher_id, selected_at, received_at
FROM adtally.ad_viewable WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND NOT test
UNION ALL
SELECT selection_id, 'click', network, user_agent, '', publisher_id, selected_at, received_at
FROM adtally.ad_clicked WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND NOT test;

-- Selections with a record from one network, user agent or person, as often as they have one.
CREATE OR REPLACE VIEW adtally.row_touches_between AS
SELECT selection_id FROM adtally.ad_selected
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND NOT test
  AND {source:String} != '' AND {by:String} IN ('network', 'agent', 'person')
  AND if({by:String} = 'network', context_network, if({by:String} = 'agent', context_user_agent, ifNull(user_key, ''))) = {source:String}
UNION ALL
SELECT selection_id FROM adtally.impression_rendered
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND NOT test AND {source:String} != '' AND {by:String} IN ('network', 'agent')
  AND if({by:String} = 'network', network, user_agent) = {source:String}
UNION ALL
SELECT selection_id FROM adtally.ad_viewable
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND NOT test AND {source:String} != '' AND {by:String} IN ('network', 'agent')
  AND if({by:String} = 'network', network, user_agent) = {source:String}
UNION ALL
SELECT selection_id FROM adtally.ad_clicked
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND NOT test AND {source:String} != '' AND {by:String} IN ('network', 'agent')
  AND if({by:String} = 'network', network, user_agent) = {source:String};

-- One row a (selection, kind of event, network, user agent): from where a selection was asked for, seen, viewed and clicked, late beacons and copies
-- of a token included. Only what was asked for says for whom. Test selections are left out.
CREATE OR REPLACE VIEW adtally.sightings_between AS
SELECT selection_id, kind, network, user_agent, max(sighting.user_key) AS user_key, min(sighting.publisher_id) AS publisher_id,
  min(sighting.selected_at) AS selected_at, min(sighting.at) AS at
FROM adtally.row_sightings_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS sighting
GROUP BY selection_id, kind, network, user_agent;

-- One row a selection for which money was committed at selection.
CREATE OR REPLACE VIEW adtally.reservations_between AS
SELECT * FROM adtally.spend_reserved FINAL
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
  AND (shard, offset) NOT IN (
    SELECT shard, offset FROM (
      SELECT shard, offset, row_number() OVER (PARTITION BY selection_id ORDER BY shard, offset) AS place FROM adtally.spend_reserved FINAL
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND cityHash64(selection_id) IN (
        SELECT cityHash64(selection_id) AS hash FROM adtally.spend_reserved FINAL
        WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
        GROUP BY hash HAVING count() > 1))
    WHERE place > 1);

-- One row a selection whose billable event was taken. Whether it is billed is the ledgers' word: see `entries`.
CREATE OR REPLACE VIEW adtally.charges_between AS
SELECT * FROM adtally.spend_incurred FINAL
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
  AND (shard, offset) NOT IN (
    SELECT shard, offset FROM (
      SELECT shard, offset, row_number() OVER (PARTITION BY selection_id ORDER BY shard, offset) AS place FROM adtally.spend_incurred FINAL
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND cityHash64(selection_id) IN (
        SELECT cityHash64(selection_id) AS hash FROM adtally.spend_incurred FINAL
        WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
        GROUP BY hash HAVING count() > 1))
    WHERE place > 1);

-- One row a ledger entry.
CREATE OR REPLACE VIEW adtally.entries_between AS
SELECT * FROM adtally.entry_booked FINAL
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
  AND (shard, offset) NOT IN (
    SELECT shard, offset FROM (
      SELECT shard, offset, row_number() OVER (PARTITION BY truth, spend_shard, source_offset, ordinal ORDER BY shard, offset) AS place FROM adtally.entry_booked FINAL
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND cityHash64(truth, spend_shard, source_offset, ordinal) IN (
        SELECT cityHash64(truth, spend_shard, source_offset, ordinal) AS hash FROM adtally.entry_booked FINAL
        WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
        GROUP BY hash HAVING count() > 1))
    WHERE place > 1);

-- The same; with `every` = 0 only of hours that move and of pieces of a minute at the ends of the range (see tallies.sql).
CREATE OR REPLACE VIEW adtally.entries_chosen_between AS
SELECT * FROM adtally.entry_booked
WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
  AND ({every:UInt8} = 1 OR toStartOfHour(selected_at) NOT IN (SELECT hour FROM adtally.settled_hours)
    OR selected_at < fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({from:DateTime64(3)}) + 59999, 60000) * 60000)
    OR selected_at >= fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli({to:DateTime64(3)}), 60000) * 60000))
ORDER BY shard, offset LIMIT 1 BY truth, spend_shard, source_offset, ordinal;

-- What the entries did to the money of selections, leg by leg: one row a movement into or out of a state. Taken from the accounts, not from the
-- number of legs, since a certification has three of them and a reversal four. `suspended` has rows below zero: what left it.
CREATE OR REPLACE VIEW adtally.movements_chosen_between AS
SELECT
  shard, offset, truth, spend_shard, source_offset, ordinal, selection_id, advertiser_id, campaign_id, line_item_id, publisher_id, currency, selected_at, posted_at,
  reference, tupleElement(movement, 1) AS state, tupleElement(movement, 2) AS amount_micros
FROM (SELECT *, arrayJoin([
  (
    multiIf(
      truth = 'tentative' AND kind = 'draw' AND debit_account = 'campaign:reserved', 'drawn',
      truth = 'tentative' AND kind = 'release' AND credit_account = 'campaign:reserved', 'released',
      truth = 'tentative' AND kind = 'incur' AND credit_account = 'campaign:reserved', 'incurred',
      truth = 'tentative' AND kind = 'void' AND credit_account IN ('campaign:incurred', 'suspense'), 'voided',
      truth = 'tentative' AND kind = 'certify' AND credit_account IN ('campaign:incurred', 'suspense'), 'passed',
      truth = 'final' AND kind = 'certify' AND debit_account = 'advertiser:unbilled', 'certified',
      truth = 'final' AND kind IN ('reverse', 'adjust') AND credit_account = 'advertiser:unbilled', 'reversed',
      truth = 'final' AND kind = 'absorb' AND debit_account = 'absorbed', 'absorbed',
      truth = 'final' AND kind = 'absorb_void' AND credit_account = 'absorbed', 'absorbed_voided',
      ''
    ),
    entry_micros
  ),
  (
    if(truth = 'tentative' AND (debit_account = 'suspense' OR credit_account = 'suspense'), 'suspended', ''),
    if(debit_account = 'suspense', entry_micros, -entry_micros)
  )
]) AS movement FROM (
  SELECT * EXCEPT (amount_micros), toInt128(amount_micros) AS entry_micros
  FROM adtally.entries_chosen_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = {every:UInt8})
))
WHERE state != '' AND selection_id != '';

-- One row a movement of money of a selection into or out of a state: drawn, released, incurred, suspended, voided, passed, certified, reversed, absorbed.
CREATE OR REPLACE VIEW adtally.movements_between AS
SELECT
  shard, offset, truth, spend_shard, source_offset, ordinal, selection_id, advertiser_id, campaign_id, line_item_id, publisher_id, currency, selected_at, posted_at,
  reference, tupleElement(movement, 1) AS state, tupleElement(movement, 2) AS amount_micros
FROM (SELECT *, arrayJoin([
  (
    multiIf(
      truth = 'tentative' AND kind = 'draw' AND debit_account = 'campaign:reserved', 'drawn',
      truth = 'tentative' AND kind = 'release' AND credit_account = 'campaign:reserved', 'released',
      truth = 'tentative' AND kind = 'incur' AND credit_account = 'campaign:reserved', 'incurred',
      truth = 'tentative' AND kind = 'void' AND credit_account IN ('campaign:incurred', 'suspense'), 'voided',
      truth = 'tentative' AND kind = 'certify' AND credit_account IN ('campaign:incurred', 'suspense'), 'passed',
      truth = 'final' AND kind = 'certify' AND debit_account = 'advertiser:unbilled', 'certified',
      truth = 'final' AND kind IN ('reverse', 'adjust') AND credit_account = 'advertiser:unbilled', 'reversed',
      truth = 'final' AND kind = 'absorb' AND debit_account = 'absorbed', 'absorbed',
      truth = 'final' AND kind = 'absorb_void' AND credit_account = 'absorbed', 'absorbed_voided',
      ''
    ),
    entry_micros
  ),
  (
    if(truth = 'tentative' AND (debit_account = 'suspense' OR credit_account = 'suspense'), 'suspended', ''),
    if(debit_account = 'suspense', entry_micros, -entry_micros)
  )
]) AS movement FROM (
  SELECT * EXCEPT (amount_micros), toInt128(amount_micros) AS entry_micros
  FROM adtally.entries_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
))
WHERE state != '' AND selection_id != '';

-- One row a ledger entry that took something back: `state` says from where (voided, reversed, absorbed_voided). The few among many are found before they
-- are told from their copies.
CREATE OR REPLACE VIEW adtally.taken_back_between AS
SELECT *, multiIf(
    truth = 'tentative' AND kind = 'void' AND credit_account IN ('campaign:incurred', 'suspense'), 'voided',
    truth = 'final' AND kind IN ('reverse', 'adjust') AND credit_account = 'advertiser:unbilled', 'reversed',
    truth = 'final' AND kind = 'absorb_void' AND credit_account = 'absorbed', 'absorbed_voided',
    ''
  ) AS state
FROM (
  SELECT * FROM adtally.entry_booked
  WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)}
    AND (truth, spend_shard, source_offset, ordinal) IN (
      SELECT truth, spend_shard, source_offset, ordinal FROM adtally.entry_booked
      WHERE selected_at >= {from:DateTime64(3)} AND selected_at < {to:DateTime64(3)} AND kind IN ('void', 'reverse', 'adjust', 'absorb_void'))
  ORDER BY shard, offset LIMIT 1 BY truth, spend_shard, source_offset, ordinal
)
WHERE state != '';

-- One row a verdict, that is a selection and a rule.
CREATE OR REPLACE VIEW adtally.verdicts AS
SELECT * FROM adtally.traffic_invalidated ORDER BY shard, offset LIMIT 1 BY event_id;

-- One row a campaign: the last budget wanted, and what of it has taken effect.
CREATE OR REPLACE VIEW adtally.budgets AS
SELECT
  wanted.campaign_id AS campaign_id, advertiser_id, currency, time_zone, pacing, active, flight_starts_at, flight_ends_at, wanted.revision AS revision,
  wanted.total_micros AS wanted_total_micros, wanted.daily_micros AS daily_micros,
  if(applied.number > 0, applied.total_micros, NULL) AS total_micros
FROM (SELECT * FROM adtally.budget_set ORDER BY campaign_id, revision DESC, shard, offset LIMIT 1 BY campaign_id) AS wanted
LEFT JOIN (SELECT campaign_id, number, total_micros FROM adtally.budget_applied ORDER BY campaign_id, number DESC, shard, offset LIMIT 1 BY campaign_id) AS applied
ON wanted.campaign_id = applied.campaign_id;

-- One row a (campaign, spend shard, lease), or (campaign, spend shard, day) once the leases were fenced: pacing's own cumulative amounts.
CREATE OR REPLACE VIEW adtally.deltas AS
SELECT * FROM adtally.spend_delta
ORDER BY source_offset DESC, shard, offset LIMIT 1 BY campaign_id, spend_shard, lease_node, lease_boot, day;

-- Everything that is known of each selection, in one row: the events that count and the sums of its entries.
CREATE OR REPLACE VIEW adtally.selection_facts_between AS
SELECT
  selection_id,
  min(record_shard) AS shard,
  min(at) AS selected_at,
  min(advertiser) AS advertiser_id,
  min(campaign) AS campaign_id,
  minIf(placement, placement != '') AS placement_id,
  min(money) AS currency,
  max(is_test) AS test,
  if(countIf(price >= 0) = 0, -1, minIf(price, price >= 0)) AS price_micros,
  uniqExactIf((campaign, placement, model, price, money, share_ppm, is_test, at), price >= 0) AS contents,
  countIf(fact = 'selected') AS selected,
  countIf(fact = 'returned') AS returned,
  countIf(fact = 'impression') AS impressions,
  countIf(fact = 'viewable') AS viewables,
  countIf(fact = 'click') AS clicks,
  countIf(fact = 'reserved') AS reservations,
  countIf(fact = 'incurred') AS charges,
  sumIf(toInt128(price), fact = 'incurred') AS charged_micros,
  sumIf(amount, fact = 'drawn') AS drawn_micros,
  sumIf(amount, fact = 'released') AS released_micros,
  sumIf(amount, fact = 'incurred_entry') AS incurred_micros,
  sumIf(amount, fact = 'suspended') AS suspended_micros,
  sumIf(amount, fact = 'voided') AS voided_micros,
  sumIf(amount, fact = 'passed') AS passed_micros,
  sumIf(amount, fact = 'certified') AS certified_micros,
  sumIf(amount, fact = 'reversed') AS reversed_micros,
  sumIf(amount, fact = 'absorbed') AS absorbed_micros,
  sumIf(amount, fact = 'absorbed_voided') AS absorbed_voided_micros
FROM (
  SELECT 'selected' AS fact, selection_id, shard AS record_shard, selected_at AS at, advertiser_id AS advertiser, campaign_id AS campaign,
    placement_id AS placement, currency AS money, test AS is_test, price_micros AS price, pricing_model AS model, revenue_share_ppm AS share_ppm,
    toInt128(0) AS amount
  FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'returned', selection_id, shard, selected_at, advertiser_id, campaign_id, placement_id, currency, test, price_micros, pricing_model,
    revenue_share_ppm, toInt128(0)
  FROM adtally.returns_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'impression', selection_id, shard, selected_at, advertiser_id, campaign_id, placement_id, currency, test, price_micros, pricing_model,
    revenue_share_ppm, toInt128(0)
  FROM adtally.impressions_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'viewable', selection_id, shard, selected_at, advertiser_id, campaign_id, placement_id, currency, test, price_micros, pricing_model,
    revenue_share_ppm, toInt128(0)
  FROM adtally.viewables_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'click', selection_id, shard, selected_at, advertiser_id, campaign_id, placement_id, currency, test, price_micros, pricing_model,
    revenue_share_ppm, toInt128(0)
  FROM adtally.clicks_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'reserved', selection_id, shard, selected_at, advertiser_id, campaign_id, placement_id, currency, test, price_micros, pricing_model,
    revenue_share_ppm, toInt128(0)
  FROM adtally.reservations_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT 'incurred', selection_id, shard, selected_at, advertiser_id, campaign_id, placement_id, currency, test, price_micros, pricing_model,
    revenue_share_ppm, toInt128(0)
  FROM adtally.charges_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  UNION ALL
  SELECT if(state = 'incurred', 'incurred_entry', state), selection_id, spend_shard, selected_at, advertiser_id, campaign_id, '', currency, false,
    -1, '', 0, amount_micros
  FROM adtally.movements_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
)
GROUP BY selection_id;

CREATE OR REPLACE VIEW adtally.selections AS
SELECT * FROM adtally.selections_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.returns AS
SELECT * FROM adtally.returns_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.impressions AS
SELECT * FROM adtally.impressions_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.viewables AS
SELECT * FROM adtally.viewables_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.clicks AS
SELECT * FROM adtally.clicks_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.player_events AS
SELECT * FROM adtally.player_events_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.late_beacons AS
SELECT * FROM adtally.late_beacons_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.reservations AS
SELECT * FROM adtally.reservations_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.charges AS
SELECT * FROM adtally.charges_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.entries AS
SELECT * FROM adtally.entries_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.movements AS
SELECT * FROM adtally.movements_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');
CREATE OR REPLACE VIEW adtally.selection_facts AS
SELECT * FROM adtally.selection_facts_between(from = '1970-01-01 00:00:00.000', to = '2299-12-31 23:59:59.999');

-- Names by the time from which they held: one row a revision, the first to say it counts. Join with ASOF on the time of what you name.
CREATE OR REPLACE VIEW adtally.names AS
SELECT kind, id, name, changed_at AS held_from, revision FROM (
  SELECT 'advertiser' AS kind, advertiser_id AS id, name, changed_at, revision, shard, offset FROM adtally.advertiser_published
  UNION ALL SELECT 'campaign', campaign_id, name, changed_at, revision, shard, offset FROM adtally.campaign_published
  UNION ALL SELECT 'line item', line_item_id, name, changed_at, revision, shard, offset FROM adtally.line_item_published
  UNION ALL SELECT 'creative', creative_id, name, changed_at, revision, shard, offset FROM adtally.creative_published
  UNION ALL SELECT 'publisher', publisher_id, name, changed_at, revision, shard, offset FROM adtally.publisher_published
  UNION ALL SELECT 'placement', placement_id, name, changed_at, revision, shard, offset FROM adtally.placement_published
)
ORDER BY kind, id, revision, shard, offset LIMIT 1 BY kind, id, revision;
