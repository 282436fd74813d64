-- Migration 6: models that predict clicks and views, their examples, and the counts behind click rates.

ALTER TABLE adtally.click_rates_learned ADD COLUMN IF NOT EXISTS counts Array(Tuple(creative_id String, impressions Int64, clicks Int64)) COMMENT 'Counts behind the rates, of which the choice among the creatives of a line item is sampled. Those that changed.' CODEC(ZSTD(1)) AFTER rates;

CREATE TABLE IF NOT EXISTS adtally.model_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  version Int64 COMMENT 'From 1. Serving takes only higher ones than it has.' CODEC(ZSTD(1)),
  features Int32 COMMENT 'Version of how a request and an ad become features (domain/click-features.ts), serving takes its own only.' CODEC(ZSTD(1)),
  click_calibration Array(Int32) COMMENT 'Predicted clicks of a million by logit, from -12 to 12 in steps of an eighth, never falls.' CODEC(ZSTD(1)),
  view_calibration Array(Int32) COMMENT 'Predicted viewable ones of a million, by logit.' CODEC(ZSTD(1)),
  trained_next Int64 COMMENT 'Offset in `models` behind the last examples that it was trained with.' CODEC(ZSTD(1)),
  examples Int64 COMMENT 'Impressions that it was trained with, over all.' CODEC(ZSTD(1)),
  clicks Int64 COMMENT 'Clicks among them.' CODEC(ZSTD(1)),
  views Int64 COMMENT 'Viewable ones among them.' CODEC(ZSTD(1)),
  checked_examples Int64 COMMENT 'Impressions.' CODEC(ZSTD(1)),
  checked_clicks Int64 COMMENT 'Clicked.' CODEC(ZSTD(1)),
  checked_predicted_clicks_milli Int64 COMMENT 'Sum of the predicted rates, thousandths of a click.' CODEC(ZSTD(1)),
  checked_log_loss_nano Int64 COMMENT 'Mean log loss of clicks, billionths of a nat.' CODEC(ZSTD(1)),
  checked_prior_log_loss_nano Int64 COMMENT 'The same for whoever predicts the observed mean rate of all examples before.' CODEC(ZSTD(1)),
  checked_views Int64 COMMENT 'Viewable.' CODEC(ZSTD(1)),
  checked_predicted_views_milli Int64 COMMENT 'Sum of the predicted rates, thousandths of a view.' CODEC(ZSTD(1)),
  published_at DateTime64(3) COMMENT 'Time of the fold, ms.' CODEC(ZSTD(1)),
  digest String COMMENT 'SHA-256 of all fields before this one in their canonical form, hex.' CODEC(ZSTD(1)),
  key_id LowCardinality(String) COMMENT 'Key that signed.' CODEC(ZSTD(1)),
  signature String COMMENT 'Ed25519 of the digest, base64.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A version of the model that predicts clicks and views, signed. Keyed by `uuidV5(''model/<version>'')`. A decision names its version, whoever has this record predicts again what it predicted.';

CREATE TABLE IF NOT EXISTS adtally.examples_joined (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  spend_shard Int32 COMMENT 'Shard of the log that they were joined in.' CODEC(ZSTD(1)),
  number Int64 COMMENT 'Number of this record within the shard, from 1: among duplicates the first counts.' CODEC(ZSTD(1)),
  features Int32 COMMENT 'Version of how a request and an ad become features.' CODEC(ZSTD(1)),
  count Int32 COMMENT 'Examples.' CODEC(ZSTD(1)),
  joined_at DateTime64(3) COMMENT 'Time of the fold, ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Impressions of one shard whose outcome is settled, as examples for the model. What the model learned is a fold of these alone. Without test ads and invalid traffic, nothing of a person. Keyed by the shard.';
