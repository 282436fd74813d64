-- Migration 10: what was counted by minute and hour of selection, and which hours have moved since.

CREATE TABLE IF NOT EXISTS adtally.hours (
  hour DateTime COMMENT 'Hour of selection, UTC.' CODEC(ZSTD(1)),
  version UInt64 COMMENT 'Rises. The row with the highest one holds.' CODEC(ZSTD(1)),
  settled Bool COMMENT 'Counted under this version. Else: rows were about to be added.' CODEC(ZSTD(1)),
  minute_rows UInt64 COMMENT 'Rows that the count left in tally_minutes.' CODEC(ZSTD(1)),
  hour_rows UInt64 COMMENT 'Rows that the count left in tally_hours.' CODEC(ZSTD(1)),
  noted_at DateTime64(3) DEFAULT now64(3) COMMENT 'Clock of the warehouse.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version) ORDER BY hour
COMMENT 'Which hours were counted since rows last came for them. Noted before rows are added, and after they were counted.';

CREATE TABLE IF NOT EXISTS adtally.tally_minutes (
  hour DateTime COMMENT 'Start of the hour of selection, UTC.' CODEC(ZSTD(1)),
  minute DateTime COMMENT 'Start of the minute of selection, UTC.' CODEC(ZSTD(1)),
  version UInt64 COMMENT 'Which count of the hour: those in `settled_hours` hold.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…, empty if only entries are known.' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217: of all amounts of the row.' CODEC(ZSTD(1)),
  selections Int64 COMMENT 'Ads chosen.' CODEC(ZSTD(1)),
  house Int64 COMMENT 'Of these, house or contextual fallbacks.' CODEC(ZSTD(1)),
  returned Int64 COMMENT 'Handed to the socket.' CODEC(ZSTD(1)),
  impressions Int64 COMMENT 'Began to render, by a beacon in time.' CODEC(ZSTD(1)),
  viewables Int64 COMMENT 'Were viewable.' CODEC(ZSTD(1)),
  clicks Int64 COMMENT 'Were clicked.' CODEC(ZSTD(1)),
  late Int64 COMMENT 'Beacons, by kind, that only came after their time.' CODEC(ZSTD(1)),
  reservations Int64 COMMENT 'Money was committed at selection.' CODEC(ZSTD(1)),
  charges Int64 COMMENT 'The billable event was taken.' CODEC(ZSTD(1)),
  voided_selections Int64 COMMENT 'Taken back before certification.' CODEC(ZSTD(1)),
  certified_selections Int64 COMMENT 'Certified.' CODEC(ZSTD(1)),
  reversed_selections Int64 COMMENT 'Taken back after certification.' CODEC(ZSTD(1)),
  absorbed_selections Int64 COMMENT 'Covered by no budget.' CODEC(ZSTD(1)),
  selected_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  returned_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  impression_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  viewable_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  click_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  charged_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  drawn_micros Int128 COMMENT 'Entries of the state drawn, micros.' CODEC(ZSTD(1)),
  released_micros Int128 COMMENT 'Entries of the state released, micros.' CODEC(ZSTD(1)),
  incurred_micros Int128 COMMENT 'Entries of the state incurred, micros.' CODEC(ZSTD(1)),
  suspended_micros Int128 COMMENT 'Entries of the state suspended, micros.' CODEC(ZSTD(1)),
  voided_micros Int128 COMMENT 'Entries of the state voided, micros.' CODEC(ZSTD(1)),
  passed_micros Int128 COMMENT 'Entries of the state passed, micros.' CODEC(ZSTD(1)),
  certified_micros Int128 COMMENT 'Entries of the state certified, micros.' CODEC(ZSTD(1)),
  reversed_micros Int128 COMMENT 'Entries of the state reversed, micros.' CODEC(ZSTD(1)),
  absorbed_micros Int128 COMMENT 'Entries of the state absorbed, micros.' CODEC(ZSTD(1)),
  absorbed_voided_micros Int128 COMMENT 'Entries of the state absorbed_voided, micros.' CODEC(ZSTD(1)),
  publisher_micros Int128 COMMENT 'Credited to publisher:payable, less debits.' CODEC(ZSTD(1)),
  platform_micros Int128 COMMENT 'Credited to platform:revenue, less debits.' CODEC(ZSTD(1)),
  rounding_micros Int128 COMMENT 'Credited to rounding, less debits.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(hour) ORDER BY (hour, minute, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Exact counts and sums by minute of selection. Read them by minute_tallies_between.';

CREATE TABLE IF NOT EXISTS adtally.tally_hours (
  hour DateTime COMMENT 'Start of the hour of selection, UTC.' CODEC(ZSTD(1)),
  version UInt64 COMMENT 'Which count of the hour: those in `settled_hours` hold.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…, empty if only entries are known.' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217: of all amounts of the row.' CODEC(ZSTD(1)),
  selections Int64 COMMENT 'Ads chosen.' CODEC(ZSTD(1)),
  house Int64 COMMENT 'Of these, house or contextual fallbacks.' CODEC(ZSTD(1)),
  returned Int64 COMMENT 'Handed to the socket.' CODEC(ZSTD(1)),
  impressions Int64 COMMENT 'Began to render, by a beacon in time.' CODEC(ZSTD(1)),
  viewables Int64 COMMENT 'Were viewable.' CODEC(ZSTD(1)),
  clicks Int64 COMMENT 'Were clicked.' CODEC(ZSTD(1)),
  late Int64 COMMENT 'Beacons, by kind, that only came after their time.' CODEC(ZSTD(1)),
  reservations Int64 COMMENT 'Money was committed at selection.' CODEC(ZSTD(1)),
  charges Int64 COMMENT 'The billable event was taken.' CODEC(ZSTD(1)),
  voided_selections Int64 COMMENT 'Taken back before certification.' CODEC(ZSTD(1)),
  certified_selections Int64 COMMENT 'Certified.' CODEC(ZSTD(1)),
  reversed_selections Int64 COMMENT 'Taken back after certification.' CODEC(ZSTD(1)),
  absorbed_selections Int64 COMMENT 'Covered by no budget.' CODEC(ZSTD(1)),
  selected_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  returned_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  impression_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  viewable_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  click_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  charged_micros Int128 COMMENT 'Prices of these selections, micros.' CODEC(ZSTD(1)),
  drawn_micros Int128 COMMENT 'Entries of the state drawn, micros.' CODEC(ZSTD(1)),
  released_micros Int128 COMMENT 'Entries of the state released, micros.' CODEC(ZSTD(1)),
  incurred_micros Int128 COMMENT 'Entries of the state incurred, micros.' CODEC(ZSTD(1)),
  suspended_micros Int128 COMMENT 'Entries of the state suspended, micros.' CODEC(ZSTD(1)),
  voided_micros Int128 COMMENT 'Entries of the state voided, micros.' CODEC(ZSTD(1)),
  passed_micros Int128 COMMENT 'Entries of the state passed, micros.' CODEC(ZSTD(1)),
  certified_micros Int128 COMMENT 'Entries of the state certified, micros.' CODEC(ZSTD(1)),
  reversed_micros Int128 COMMENT 'Entries of the state reversed, micros.' CODEC(ZSTD(1)),
  absorbed_micros Int128 COMMENT 'Entries of the state absorbed, micros.' CODEC(ZSTD(1)),
  absorbed_voided_micros Int128 COMMENT 'Entries of the state absorbed_voided, micros.' CODEC(ZSTD(1)),
  publisher_micros Int128 COMMENT 'Credited to publisher:payable, less debits.' CODEC(ZSTD(1)),
  platform_micros Int128 COMMENT 'Credited to platform:revenue, less debits.' CODEC(ZSTD(1)),
  rounding_micros Int128 COMMENT 'Credited to rounding, less debits.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(hour) ORDER BY (hour, advertiser_id, campaign_id, line_item_id, publisher_id, placement_id, currency)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Exact counts and sums by hour of selection. Read them by tallies_between.';

INSERT INTO adtally.hours (hour, version) SELECT DISTINCT hour, 1 FROM (
  SELECT toStartOfHour(selected_at) AS hour FROM adtally.ad_selected
  UNION ALL SELECT toStartOfHour(selected_at) AS hour FROM adtally.markup_returned
  UNION ALL SELECT toStartOfHour(selected_at) AS hour FROM adtally.impression_rendered
  UNION ALL SELECT toStartOfHour(selected_at) AS hour FROM adtally.ad_viewable
  UNION ALL SELECT toStartOfHour(selected_at) AS hour FROM adtally.ad_clicked
  UNION ALL SELECT toStartOfHour(selected_at) AS hour FROM adtally.spend_reserved
  UNION ALL SELECT toStartOfHour(selected_at) AS hour FROM adtally.spend_incurred
  UNION ALL SELECT toStartOfHour(selected_at) AS hour FROM adtally.entry_booked
);
