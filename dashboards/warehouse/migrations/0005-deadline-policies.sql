-- Migration 5: how the time of a decision is divided, by tier.

CREATE TABLE IF NOT EXISTS adtally.deadline_policy_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  policy_id String COMMENT 'dp_…' CODEC(ZSTD(1)),
  name String COMMENT 'Name.' CODEC(ZSTD(1)),
  tier LowCardinality(String) COMMENT 'premium, standard or remnant, the first live policy of a tier holds.' CODEC(ZSTD(1)),
  shares_ingress Int32 COMMENT 'Reading the request.' CODEC(ZSTD(1)),
  shares_enrichment Int32 COMMENT 'The person''s read: the skippable class of enrichment.' CODEC(ZSTD(1)),
  shares_targeting Int32 COMMENT 'Who may win.' CODEC(ZSTD(1)),
  shares_pacing Int32 COMMENT 'Caps and budget.' CODEC(ZSTD(1)),
  shares_bidding Int32 COMMENT 'Bids.' CODEC(ZSTD(1)),
  shares_auction Int32 COMMENT 'Ranking and price.' CODEC(ZSTD(1)),
  shares_response Int32 COMMENT 'Signing, recording, answering.' CODEC(ZSTD(1)),
  plans String COMMENT 'The mildest first, each does without everything that the one before does without. The last that holds is followed.' CODEC(ZSTD(1)),
  status LowCardinality(String) COMMENT 'Active or paused.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'From 1, last + 1 or void.' CODEC(ZSTD(1)),
  changed_by LowCardinality(String) COMMENT 'Name of the key.' CODEC(ZSTD(1)),
  changed_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  idempotency_key Nullable(String) COMMENT 'Key given by the client.' CODEC(ZSTD(1)),
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.' CODEC(ZSTD(1)),
  archived Bool COMMENT 'Archived: no longer selected, still in the history.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'How the time of a decision is divided for a tier of inventory, and what is done without when there is too little of it, as it now stands. Without one for a tier, the built-in policy holds.';
