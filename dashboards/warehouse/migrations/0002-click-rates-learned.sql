-- Migration 2: the click rates that a node's decisions rest on.

CREATE TABLE IF NOT EXISTS adtally.click_rates_learned (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Node.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'Boot.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'Number of this record within the boot, from 1. At 0 every creative has the rate of the prior.' CODEC(ZSTD(1)),
  rates Array(Tuple(creative_id String, rate_ppm Int32)) COMMENT 'Rates that changed, all others stay as the records before left them.' CODEC(ZSTD(1)),
  learned_at DateTime64(3) COMMENT 'Clock of the node, ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A node took over predicted click rates. Its decisions use them from this record on and name its revision as that of the view creative-stats. Keyed by the boot.';
