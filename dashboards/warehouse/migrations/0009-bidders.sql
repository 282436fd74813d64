-- Migration 9: bidders of outside demand: who they are, what became of each at a selection, and the bid that won.

ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS bidders String COMMENT 'Bidders of outside demand that were eligible for the slot, each with one outcome.' CODEC(ZSTD(1)) AFTER excluded_creatives;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_bidder_id Nullable(String) COMMENT 'bd_…' CODEC(ZSTD(1)) AFTER bidders;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_bid_id Nullable(String) COMMENT 'Id that the bidder gave its bid, not unique.' CODEC(ZSTD(1)) AFTER external_bidder_id;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_imp_id Nullable(String) COMMENT 'Id of the imp that it was for.' CODEC(ZSTD(1)) AFTER external_bid_id;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_seat Nullable(String) COMMENT 'Seat of the bidder on whose behalf it bid, empty: not said.' CODEC(ZSTD(1)) AFTER external_imp_id;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_creative_ref Nullable(String) COMMENT 'crid: the bidder''s id of the creative, empty: not said.' CODEC(ZSTD(1)) AFTER external_seat;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_price Nullable(String) COMMENT 'Price for a thousand as it was written, a decimal of whole units of `currency`.' CODEC(ZSTD(1)) AFTER external_creative_ref;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_currency LowCardinality(Nullable(String)) COMMENT 'ISO 4217 code of the bid.' CODEC(ZSTD(1)) AFTER external_price;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_bid_micros Nullable(Int64) COMMENT 'The same in micros of the floor''s currency, rounded down: what was ranked.' CODEC(ZSTD(1)) AFTER external_currency;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_domains Array(String) COMMENT 'Domains of the advertiser.' CODEC(ZSTD(1)) AFTER external_bid_micros;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_categories Array(String) COMMENT 'IAB categories.' CODEC(ZSTD(1)) AFTER external_domains;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_attributes Array(Int32) COMMENT 'IAB creative attributes.' CODEC(ZSTD(1)) AFTER external_categories;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS external_billing_url Nullable(String) COMMENT 'burl with its macros filled, to be called once when the impression is billed, empty: none.' CODEC(ZSTD(1)) AFTER external_attributes;
ALTER TABLE adtally.deadline_policy_published ADD COLUMN IF NOT EXISTS shares_bidders Int32 COMMENT 'Waiting for bidders of outside demand.' CODEC(ZSTD(1)) AFTER shares_enrichment;

CREATE TABLE IF NOT EXISTS adtally.bidder_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  bidder_id String COMMENT 'bd_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'Line item through which it buys: its bid is the most that is taken, its targeting, caps, budget and advertiser hold. li_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'Campaign of the line item: cmp_…' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'The buyer, who is billed: adv_…' CODEC(ZSTD(1)),
  name String COMMENT 'Name.' CODEC(ZSTD(1)),
  endpoint String COMMENT 'URL to which bid requests are posted.' CODEC(ZSTD(1)),
  seat String COMMENT 'Seat whose bids alone are taken, empty: any.' CODEC(ZSTD(1)),
  currencies Array(String) COMMENT 'Currencies in which it may bid, ISO 4217, empty: that of the placement alone.' CODEC(ZSTD(1)),
  tiers Array(String) COMMENT 'Tiers of inventory for which it is asked, empty: all.' CODEC(ZSTD(1)),
  vendor_id Int32 COMMENT 'Id in the Global Vendor List of the TCF, 0: none, so that it learns nothing of a person where GDPR applies.' CODEC(ZSTD(1)),
  qps_limit Int32 COMMENT 'Bid requests a second by each serving process at most, 0: no limit.' CODEC(ZSTD(1)),
  in_flight_limit Int32 COMMENT 'Bid requests of each serving process that are not answered yet, at most.' CODEC(ZSTD(1)),
  timeout_min_ms Int32 COMMENT 'Least time that it is given, ms.' CODEC(ZSTD(1)),
  timeout_max_ms Int32 COMMENT 'Most time that it is given, ms.' CODEC(ZSTD(1)),
  network_ms Int32 COMMENT 'Time on the way there and back, by which `tmax` is lower than its time-out, ms.' CODEC(ZSTD(1)),
  max_answer_bytes Int32 COMMENT 'Longest answer that is read, bytes.' CODEC(ZSTD(1)),
  gzip Bool COMMENT 'Bid requests are compressed.' CODEC(ZSTD(1)),
  http2 Bool COMMENT 'HTTP/2 is used where the server offers it.' CODEC(ZSTD(1)),
  status LowCardinality(String) COMMENT 'Active or paused.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'From 1, last + 1 or void.' CODEC(ZSTD(1)),
  changed_by LowCardinality(String) COMMENT 'Name of the key.' CODEC(ZSTD(1)),
  changed_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  idempotency_key Nullable(String) COMMENT 'Key given by the client.' CODEC(ZSTD(1)),
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.' CODEC(ZSTD(1)),
  archived Bool COMMENT 'Archived: no longer selected, still in the history.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A bidder of outside demand, which is asked by OpenRTB and buys through one line item, as it now stands.';
