-- Migration 1: the tables as they were when migrations began, one a record of the log. Frozen: what changes later is a migration of its own.
-- Rows are unique by (shard, offset) once merged; read with FINAL, or through the views.

CREATE TABLE IF NOT EXISTS adtally.ad_selected (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, "selected", 0).' CODEC(ZSTD(1)),
  request_id String COMMENT 'UUIDv7 of the request.' CODEC(ZSTD(1)),
  slot_id String COMMENT 'Slot of the request.' CODEC(ZSTD(1)),
  position Int32 COMMENT 'Place of this ad within its slot, from 0.' CODEC(ZSTD(1)),
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  key_id LowCardinality(String) COMMENT 'Key that signed the token.' CODEC(ZSTD(1)),
  impression_expires_at DateTime64(3) COMMENT 'Last moment of the impression kinds, ms.' CODEC(ZSTD(1)),
  click_expires_at DateTime64(3) COMMENT 'Last moment of a click, ms.' CODEC(ZSTD(1)),
  user_key Nullable(String) COMMENT 'Random key of the person, null without consent.' CODEC(ZSTD(1)),
  tier LowCardinality(String) COMMENT 'Inventory tier: premium, standard or remnant.' CODEC(ZSTD(1)),
  deadline_us Int32 COMMENT 'Deadline of the request, microseconds.' CODEC(ZSTD(1)),
  fallback Bool COMMENT 'A house or contextual fallback, not the outcome of the auction.' CODEC(ZSTD(1)),
  width Int32 COMMENT 'Width of the slot filled, CSS pixels.' CODEC(ZSTD(1)),
  height Int32 COMMENT 'Height of the slot filled, CSS pixels.' CODEC(ZSTD(1)),
  context_channel LowCardinality(String) COMMENT 'api or openrtb.' CODEC(ZSTD(1)),
  context_site_domain LowCardinality(Nullable(String)) COMMENT 'Domain of the page, lower case.' CODEC(ZSTD(1)),
  context_app_bundle LowCardinality(Nullable(String)) COMMENT 'Bundle or package of the app.' CODEC(ZSTD(1)),
  context_page_path Nullable(String) COMMENT 'Path of the page without query.' CODEC(ZSTD(1)),
  context_device_type LowCardinality(String) COMMENT 'desktop, phone, tablet, tv, set_top_box, connected, dooh or unknown.' CODEC(ZSTD(1)),
  context_os LowCardinality(Nullable(String)) COMMENT 'Operating system, lower case.' CODEC(ZSTD(1)),
  context_user_agent String COMMENT 'User-Agent of the device, at most 256 characters.' CODEC(ZSTD(1)),
  context_network String COMMENT 'Truncated address of the device (/24 or /48), empty if unknown.' CODEC(ZSTD(1)),
  context_language LowCardinality(Nullable(String)) COMMENT 'ISO 639-1.' CODEC(ZSTD(1)),
  context_country LowCardinality(Nullable(String)) COMMENT 'ISO 3166-1 alpha-2.' CODEC(ZSTD(1)),
  context_region LowCardinality(Nullable(String)) COMMENT 'ISO 3166-2 subdivision without the country.' CODEC(ZSTD(1)),
  context_city LowCardinality(Nullable(String)) COMMENT 'City name, lower case.' CODEC(ZSTD(1)),
  context_format LowCardinality(String) COMMENT 'banner, video, audio or native.' CODEC(ZSTD(1)),
  context_sizes Array(String) COMMENT 'Sizes that the slot takes, WxH.' CODEC(ZSTD(1)),
  context_segments Array(String) COMMENT 'Segments given with the request (only with consent).' CODEC(ZSTD(1)),
  context_keywords Array(String) COMMENT 'Keywords of the page, lower case.' CODEC(ZSTD(1)),
  context_categories Array(String) COMMENT 'IAB content categories.' CODEC(ZSTD(1)),
  context_key_values Map(String, String) COMMENT 'Key-values of the slot, values joined by comma.' CODEC(ZSTD(1)),
  context_floor_micros Int64 COMMENT 'Floor price for one thousand impressions in micros of `floor_currency`.' CODEC(ZSTD(1)),
  context_floor_currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  context_consent LowCardinality(String) COMMENT 'What the consent gate concluded: personal or contextual.' CODEC(ZSTD(1)),
  context_consent_reason LowCardinality(String) COMMENT 'Why: tcf_ok, not_in_scope, no_signal, purpose_missing, malformed, coppa, gpp_opt_out …' CODEC(ZSTD(1)),
  person_revision Nullable(Int64) COMMENT 'Revision of the view read, 0 if the view was missing.' CODEC(ZSTD(1)),
  person_segments Array(String) COMMENT 'Segments of the profile.' CODEC(ZSTD(1)),
  person_frequency Array(Tuple(line_item_id String, count Int32)) COMMENT 'Counts of every line item for which the view held an exposure.' CODEC(ZSTD(1)),
  auction_rule LowCardinality(String) COMMENT 'first_price, second_price or fallback.' CODEC(ZSTD(1)),
  auction_bid_micros Int64 COMMENT 'Bid of the winner for a thousand (CPM, VCPM) or for one click (CPC), micros.' CODEC(ZSTD(1)),
  auction_ecpm_micros Int64 COMMENT 'Ranking value of the winner per thousand, micros.' CODEC(ZSTD(1)),
  auction_floor_micros Int64 COMMENT 'Floor applied, per thousand, micros.' CODEC(ZSTD(1)),
  auction_runner_up_ecpm_micros Nullable(Int64) COMMENT 'Best ranking value that did not win, null if none.' CODEC(ZSTD(1)),
  auction_priority Int32 COMMENT 'Priority tier in which it won, lower is first.' CODEC(ZSTD(1)),
  auction_eligible Int32 COMMENT 'Line items that passed targeting.' CODEC(ZSTD(1)),
  auction_solicited Int32 COMMENT 'Asked for a bid after pacing and caps.' CODEC(ZSTD(1)),
  auction_responded Int32 COMMENT 'Answered with a bid.' CODEC(ZSTD(1)),
  auction_participating Int32 COMMENT 'Took part in the ranking.' CODEC(ZSTD(1)),
  losers Array(Tuple(line_item_id String, creative_id String, ecpm_micros Int64, reason String)) COMMENT 'The best that did not win, at most 5.' CODEC(ZSTD(1)),
  exclusions Array(Tuple(step String, reason String, count Int32)) COMMENT 'Counts by step and reason.' CODEC(ZSTD(1)),
  stages Array(Tuple(stage String, share_us Int32, took_us Int32)) COMMENT 'Time by stage.' CODEC(ZSTD(1)),
  degradations Array(Tuple(stage String, reason String)) COMMENT 'What was skipped on purpose.' CODEC(ZSTD(1)),
  views Array(Tuple(view String, revision Int64)) COMMENT 'Revisions of all views read.' CODEC(ZSTD(1)),
  leases Array(Tuple(campaign_id String, left_micros Int64)) COMMENT 'Leases of the campaigns that were solicited or excluded for budget, at most 20.' CODEC(ZSTD(1)),
  excluded_creatives Array(String) COMMENT 'Creatives blocked for this slot by earlier winners of the same answer.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'What was chosen, out of whom, and what was skipped. Written by serving.';

CREATE TABLE IF NOT EXISTS adtally.markup_returned (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, "returned", 0).' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7.' CODEC(ZSTD(1)),
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  billing_selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  returned_at DateTime64(3) COMMENT 'Clock of the node, ms.' CODEC(ZSTD(1)),
  elapsed_us Int32 COMMENT 'From ingress to the end of the answer, microseconds.' CODEC(ZSTD(1)),
  markup_bytes Int32 COMMENT 'Length of the markup, bytes.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'The answer with this ad was handed to the socket. Written by serving.';

CREATE TABLE IF NOT EXISTS adtally.impression_rendered (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.' CODEC(ZSTD(1)),
  kind LowCardinality(String) COMMENT 'Kind of event.' CODEC(ZSTD(1)),
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.' CODEC(ZSTD(1)),
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.' CODEC(ZSTD(1)),
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.' CODEC(ZSTD(1)),
  judgement LowCardinality(String) COMMENT 'In time or late.' CODEC(ZSTD(1)),
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.' CODEC(ZSTD(1)),
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.' CODEC(ZSTD(1)),
  transport LowCardinality(String) COMMENT 'How it arrived.' CODEC(ZSTD(1)),
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.' CODEC(ZSTD(1)),
  user_agent String COMMENT 'User-Agent header, at most 256 characters.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'The ad began to render. The billable kind of CPM.';

CREATE TABLE IF NOT EXISTS adtally.ad_viewable (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.' CODEC(ZSTD(1)),
  kind LowCardinality(String) COMMENT 'Kind of event.' CODEC(ZSTD(1)),
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.' CODEC(ZSTD(1)),
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.' CODEC(ZSTD(1)),
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.' CODEC(ZSTD(1)),
  judgement LowCardinality(String) COMMENT 'In time or late.' CODEC(ZSTD(1)),
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.' CODEC(ZSTD(1)),
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.' CODEC(ZSTD(1)),
  transport LowCardinality(String) COMMENT 'How it arrived.' CODEC(ZSTD(1)),
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.' CODEC(ZSTD(1)),
  user_agent String COMMENT 'User-Agent header, at most 256 characters.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT '50 % of its pixels were in view for 1 s (video 2 s). The billable kind of VCPM.';

CREATE TABLE IF NOT EXISTS adtally.video_progressed (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.' CODEC(ZSTD(1)),
  kind LowCardinality(String) COMMENT 'Kind of event.' CODEC(ZSTD(1)),
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.' CODEC(ZSTD(1)),
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.' CODEC(ZSTD(1)),
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.' CODEC(ZSTD(1)),
  judgement LowCardinality(String) COMMENT 'In time or late.' CODEC(ZSTD(1)),
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.' CODEC(ZSTD(1)),
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.' CODEC(ZSTD(1)),
  transport LowCardinality(String) COMMENT 'How it arrived.' CODEC(ZSTD(1)),
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.' CODEC(ZSTD(1)),
  user_agent String COMMENT 'User-Agent header, at most 256 characters.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A video passed start, a quartile or its end.';

CREATE TABLE IF NOT EXISTS adtally.ad_interacted (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.' CODEC(ZSTD(1)),
  kind LowCardinality(String) COMMENT 'Kind of event.' CODEC(ZSTD(1)),
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.' CODEC(ZSTD(1)),
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.' CODEC(ZSTD(1)),
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.' CODEC(ZSTD(1)),
  judgement LowCardinality(String) COMMENT 'In time or late.' CODEC(ZSTD(1)),
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.' CODEC(ZSTD(1)),
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.' CODEC(ZSTD(1)),
  transport LowCardinality(String) COMMENT 'How it arrived.' CODEC(ZSTD(1)),
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.' CODEC(ZSTD(1)),
  user_agent String COMMENT 'User-Agent header, at most 256 characters.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'The person muted, paused, skipped or the player failed. No money.';

CREATE TABLE IF NOT EXISTS adtally.ad_clicked (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.' CODEC(ZSTD(1)),
  kind LowCardinality(String) COMMENT 'Kind of event.' CODEC(ZSTD(1)),
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.' CODEC(ZSTD(1)),
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  beacon_billing_draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  beacon_billing_draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  beacon_billing_draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.' CODEC(ZSTD(1)),
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.' CODEC(ZSTD(1)),
  judgement LowCardinality(String) COMMENT 'In time or late.' CODEC(ZSTD(1)),
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.' CODEC(ZSTD(1)),
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.' CODEC(ZSTD(1)),
  transport LowCardinality(String) COMMENT 'How it arrived.' CODEC(ZSTD(1)),
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.' CODEC(ZSTD(1)),
  user_agent String COMMENT 'User-Agent header, at most 256 characters.' CODEC(ZSTD(1)),
  click_id String COMMENT 'UUIDv5 over (selection_id, "click_id", 0), what landing pages receive, and the key of conversions.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'The ad was clicked. The billable kind of CPC.';

CREATE TABLE IF NOT EXISTS adtally.conversion_reported (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (click_id, name, ordinal).' CODEC(ZSTD(1)),
  click_id String COMMENT 'From the landing page.' CODEC(ZSTD(1)),
  name String COMMENT 'Name of the goal.' CODEC(ZSTD(1)),
  ordinal Int32 COMMENT 'Given by the reporter.' CODEC(ZSTD(1)),
  value_micros Nullable(Int64) COMMENT 'Value, micros of `currency`.' CODEC(ZSTD(1)),
  currency LowCardinality(Nullable(String)) COMMENT 'ISO 4217.' CODEC(ZSTD(1)),
  reported_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Reserved: something a landing page reports of a click. Moves no money.';

CREATE TABLE IF NOT EXISTS adtally.spend_reserved (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, "reserved", 0).' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  billing_draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  billing_draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  billing_draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  reserved_at DateTime64(3) COMMENT 'Clock of the node, ms.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Money is committed at selection (CPM, VCPM): drawn on the lease it names.';

CREATE TABLE IF NOT EXISTS adtally.spend_incurred (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, "incurred", 0).' CODEC(ZSTD(1)),
  receipt_id String COMMENT 'The arrival that caused it.' CODEC(ZSTD(1)),
  kind LowCardinality(String) COMMENT 'impression, viewable or click: must be the billable kind of the pricing model.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  billing_draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  billing_draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  billing_draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  incurred_at DateTime64(3) COMMENT 'Clock of the node, ms.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'The billable event of a selection was taken.';

CREATE TABLE IF NOT EXISTS adtally.traffic_invalidated (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv5 over (selection_id, "invalidated:"+rule, 0).' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7.' CODEC(ZSTD(1)),
  category LowCardinality(String) COMMENT 'GIVT, SIVT or QUALITY.' CODEC(ZSTD(1)),
  rule LowCardinality(String) COMMENT 'Stable code of the rule.' CODEC(ZSTD(1)),
  rules_version Int32 COMMENT 'Version of the rules that judged.' CODEC(ZSTD(1)),
  reason String COMMENT 'One sentence.' CODEC(ZSTD(1)),
  evidence Array(Tuple(topic String, shard Int32, offset Int64)) COMMENT 'Records that it rests on.' CODEC(ZSTD(1)),
  judged_by LowCardinality(String) COMMENT 'Processor or key name.' CODEC(ZSTD(1)),
  judged_at DateTime64(3) COMMENT 'ms, evidence time for a processor, clock for a person.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A verdict: voids what is not final, reverses what is. A fact that a replay never recomputes.';

CREATE TABLE IF NOT EXISTS adtally.adjusted (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv7 minted by the console.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7.' CODEC(ZSTD(1)),
  billing_selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.' CODEC(ZSTD(1)),
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Serving node that selected.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.' CODEC(ZSTD(1)),
  sequence Int64 COMMENT 'Its buffer sequence at selection.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.' CODEC(ZSTD(1)),
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217 code.' CODEC(ZSTD(1)),
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.' CODEC(ZSTD(1)),
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  test Bool COMMENT 'A test selection takes the whole path and is never billed.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.' CODEC(ZSTD(1)),
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.' CODEC(ZSTD(1)),
  adjustment_number Int64 COMMENT 'Next number of this shard, any other is void.' CODEC(ZSTD(1)),
  action LowCardinality(String) COMMENT 'What to do.' CODEC(ZSTD(1)),
  amount_micros Int64 COMMENT 'REVERSE: how much, otherwise the whole suspended amount.' CODEC(ZSTD(1)),
  relied_certified_micros Int64 COMMENT 'Certified amount of the selection that the decision relied on.' CODEC(ZSTD(1)),
  relied_reversed_micros Int64 COMMENT 'Reversed amount that it relied on.' CODEC(ZSTD(1)),
  reason String COMMENT 'One sentence.' CODEC(ZSTD(1)),
  adjusted_by LowCardinality(String) COMMENT 'Key name.' CODEC(ZSTD(1)),
  adjusted_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'An explicit correction by finance. Never raises the charge of a campaign.';

CREATE TABLE IF NOT EXISTS adtally.time_advanced (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  advanced_to DateTime64(3) COMMENT 'Time, ms.' CODEC(ZSTD(1)),
  ticker LowCardinality(String) COMMENT 'Who ticked.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A tick: the time of every fold is the highest it has seen.';

CREATE TABLE IF NOT EXISTS adtally.node_fenced (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Node.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7 of the boot.' CODEC(ZSTD(1)),
  fenced_at DateTime64(3) COMMENT 'When the fence was decided, ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'After this record the leases of that boot cover nothing in this shard.';

CREATE TABLE IF NOT EXISTS adtally.policy_set (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'From 1.' CODEC(ZSTD(1)),
  hold_ms Int64 COMMENT 'From incurred to certified, ms of fold time.' CODEC(ZSTD(1)),
  horizon_ms Int64 COMMENT 'H: how long the state of a selection lives, ms.' CODEC(ZSTD(1)),
  rules_version Int32 COMMENT 'Version of the life-cycle rules.' CODEC(ZSTD(1)),
  calendars String COMMENT 'All calendars so far.' CODEC(ZSTD(1)),
  set_by LowCardinality(String) COMMENT 'Who.' CODEC(ZSTD(1)),
  set_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Rules that a fold may use: first record of every shard, the highest revision wins, bound at the first record of a selection.';

CREATE TABLE IF NOT EXISTS adtally.period_closed (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of the calendar.' CODEC(ZSTD(1)),
  period LowCardinality(String) COMMENT 'YYYY-MM.' CODEC(ZSTD(1)),
  closed_by LowCardinality(String) COMMENT 'Key name.' CODEC(ZSTD(1)),
  closed_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A posting period of a calendar is closed, legal only after its end and in sequence.';

CREATE TABLE IF NOT EXISTS adtally.user_exposed (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  user_key String COMMENT 'Random key of the person.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, counted once.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  exposed_at DateTime64(3) COMMENT 'Time of the impression, ms.' CODEC(ZSTD(1)),
  source_shard Int32 COMMENT 'Shard of the impression.' CODEC(ZSTD(1)),
  source_offset Int64 COMMENT 'Offset of the impression.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A person saw an ad: what frequency counts.';

CREATE TABLE IF NOT EXISTS adtally.person_seen (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  seen_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A raw id, as its keyed hash, was seen with consent. Kept one day.';

CREATE TABLE IF NOT EXISTS adtally.person_forgotten (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  requested_by LowCardinality(String) COMMENT 'Key name.' CODEC(ZSTD(1)),
  forgotten_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'The person asked to be forgotten: deletes the row and voids earlier sightings.';

CREATE TABLE IF NOT EXISTS adtally.advertiser_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  name String COMMENT 'Name.' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217, never changes.' CODEC(ZSTD(1)),
  time_zone LowCardinality(String) COMMENT 'IANA zone, never changes.' CODEC(ZSTD(1)),
  calendar Int32 COMMENT 'Number of its calendar in PolicySet.' CODEC(ZSTD(1)),
  domains Array(String) COMMENT 'Advertiser domains.' CODEC(ZSTD(1)),
  categories Array(String) COMMENT 'IAB categories of its products.' CODEC(ZSTD(1)),
  status LowCardinality(String) COMMENT 'Active or paused.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'From 1, last + 1 or void.' CODEC(ZSTD(1)),
  changed_by LowCardinality(String) COMMENT 'Name of the key.' CODEC(ZSTD(1)),
  changed_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  idempotency_key Nullable(String) COMMENT 'Key given by the client.' CODEC(ZSTD(1)),
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.' CODEC(ZSTD(1)),
  archived Bool COMMENT 'Archived: no longer selected, still in the history.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'An advertiser as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.campaign_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  name String COMMENT 'Name.' CODEC(ZSTD(1)),
  budget_total_micros Int64 COMMENT 'Whole budget, micros of the advertiser currency.' CODEC(ZSTD(1)),
  budget_daily_micros Nullable(Int64) COMMENT 'Budget of a day in the advertiser zone, null: none.' CODEC(ZSTD(1)),
  flight_starts_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  flight_ends_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  pacing LowCardinality(String) COMMENT 'even or asap.' CODEC(ZSTD(1)),
  status LowCardinality(String) COMMENT 'Active or paused.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'From 1, last + 1 or void.' CODEC(ZSTD(1)),
  changed_by LowCardinality(String) COMMENT 'Name of the key.' CODEC(ZSTD(1)),
  changed_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  idempotency_key Nullable(String) COMMENT 'Key given by the client.' CODEC(ZSTD(1)),
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.' CODEC(ZSTD(1)),
  archived Bool COMMENT 'Archived: no longer selected, still in the history.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A campaign as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.line_item_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  name String COMMENT 'Name.' CODEC(ZSTD(1)),
  pricing_model LowCardinality(String) COMMENT 'CPM, VCPM, CPC, or NONE for house ads.' CODEC(ZSTD(1)),
  bid_micros Int64 COMMENT 'For a thousand (CPM, VCPM) or one click (CPC), micros.' CODEC(ZSTD(1)),
  priority Int32 COMMENT '1 (first) to 16, house ads are always last.' CODEC(ZSTD(1)),
  targeting String COMMENT 'Whom it may reach.' CODEC(ZSTD(1)),
  frequency_cap_impressions Nullable(Int32) COMMENT 'At least 1.' CODEC(ZSTD(1)),
  frequency_cap_window_ms Nullable(Int64) COMMENT 'ms.' CODEC(ZSTD(1)),
  flight_starts_at Nullable(DateTime64(3)) COMMENT 'ms.' CODEC(ZSTD(1)),
  flight_ends_at Nullable(DateTime64(3)) COMMENT 'ms.' CODEC(ZSTD(1)),
  status LowCardinality(String) COMMENT 'Active or paused.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'From 1, last + 1 or void.' CODEC(ZSTD(1)),
  changed_by LowCardinality(String) COMMENT 'Name of the key.' CODEC(ZSTD(1)),
  changed_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  idempotency_key Nullable(String) COMMENT 'Key given by the client.' CODEC(ZSTD(1)),
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.' CODEC(ZSTD(1)),
  archived Bool COMMENT 'Archived: no longer selected, still in the history.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A line item as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.creative_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  creative_id LowCardinality(String) COMMENT 'cr_…' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  name String COMMENT 'Name.' CODEC(ZSTD(1)),
  format LowCardinality(String) COMMENT 'banner, video, audio or native.' CODEC(ZSTD(1)),
  width Int32 COMMENT 'CSS pixels, 0 if it has none.' CODEC(ZSTD(1)),
  height Int32 COMMENT 'CSS pixels.' CODEC(ZSTD(1)),
  markup String COMMENT 'Template with macros {click_url}, {selection_id}, {cachebuster}, {width}, {height}, {asset_url} …' CODEC(ZSTD(1)),
  landing_url String COMMENT 'https URL with macros {click_id}, {selection_id}, {campaign_id}, {creative_id}, {placement_id}.' CODEC(ZSTD(1)),
  trackers Array(Tuple(event String, url String)) COMMENT 'Third-party trackers.' CODEC(ZSTD(1)),
  attributes Array(Int32) COMMENT 'IAB creative attributes.' CODEC(ZSTD(1)),
  duration_ms Int32 COMMENT 'Length of video or audio, 0 otherwise.' CODEC(ZSTD(1)),
  status LowCardinality(String) COMMENT 'Active or paused.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'From 1, last + 1 or void.' CODEC(ZSTD(1)),
  changed_by LowCardinality(String) COMMENT 'Name of the key.' CODEC(ZSTD(1)),
  changed_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  idempotency_key Nullable(String) COMMENT 'Key given by the client.' CODEC(ZSTD(1)),
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.' CODEC(ZSTD(1)),
  archived Bool COMMENT 'Archived: no longer selected, still in the history.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A creative as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.publisher_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  name String COMMENT 'Name.' CODEC(ZSTD(1)),
  domains Array(String) COMMENT 'Its domains and bundles.' CODEC(ZSTD(1)),
  shares Array(Tuple(effective_from Int64, share_ppm Int32)) COMMENT 'Revenue shares, by effective date, first one first.' CODEC(ZSTD(1)),
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of its share.' CODEC(ZSTD(1)),
  click_prefix Nullable(String) COMMENT 'URL put before our click URL, null: none.' CODEC(ZSTD(1)),
  blocked_advertisers Array(String) COMMENT 'adv_… or domains.' CODEC(ZSTD(1)),
  blocked_categories Array(String) COMMENT 'IAB categories.' CODEC(ZSTD(1)),
  status LowCardinality(String) COMMENT 'Active or paused.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'From 1, last + 1 or void.' CODEC(ZSTD(1)),
  changed_by LowCardinality(String) COMMENT 'Name of the key.' CODEC(ZSTD(1)),
  changed_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  idempotency_key Nullable(String) COMMENT 'Key given by the client.' CODEC(ZSTD(1)),
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.' CODEC(ZSTD(1)),
  archived Bool COMMENT 'Archived: no longer selected, still in the history.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A publisher as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.placement_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  placement_id LowCardinality(String) COMMENT 'pl_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  name String COMMENT 'Name.' CODEC(ZSTD(1)),
  formats Array(String) COMMENT 'banner, video, audio, native.' CODEC(ZSTD(1)),
  sizes Array(String) COMMENT 'WxH.' CODEC(ZSTD(1)),
  floor_micros Int64 COMMENT 'Floor for a thousand, micros of `floor_currency`.' CODEC(ZSTD(1)),
  floor_currency LowCardinality(String) COMMENT 'ISO 4217.' CODEC(ZSTD(1)),
  tier LowCardinality(String) COMMENT 'premium, standard or remnant.' CODEC(ZSTD(1)),
  auction String COMMENT 'first_price or second_price.' CODEC(ZSTD(1)),
  blocked_attributes Array(Int32) COMMENT 'IAB creative attributes.' CODEC(ZSTD(1)),
  status LowCardinality(String) COMMENT 'Active or paused.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'From 1, last + 1 or void.' CODEC(ZSTD(1)),
  changed_by LowCardinality(String) COMMENT 'Name of the key.' CODEC(ZSTD(1)),
  changed_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  idempotency_key Nullable(String) COMMENT 'Key given by the client.' CODEC(ZSTD(1)),
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.' CODEC(ZSTD(1)),
  archived Bool COMMENT 'Archived: no longer selected, still in the history.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A placement as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.budget_set (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'Revision of the campaign, the highest wins.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217.' CODEC(ZSTD(1)),
  time_zone LowCardinality(String) COMMENT 'IANA zone for budget days.' CODEC(ZSTD(1)),
  total_micros Int64 COMMENT 'Whole budget.' CODEC(ZSTD(1)),
  daily_micros Nullable(Int64) COMMENT 'Budget of a day, null: none.' CODEC(ZSTD(1)),
  flight_starts_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  flight_ends_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  pacing LowCardinality(String) COMMENT 'even or asap.' CODEC(ZSTD(1)),
  active Bool COMMENT 'False: paused or archived, nothing is granted.' CODEC(ZSTD(1)),
  set_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'What the console wants the budget to be, takes effect by BudgetApplied.';

CREATE TABLE IF NOT EXISTS adtally.budget_applied (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  number Int64 COMMENT 'Next number of the campaign.' CODEC(ZSTD(1)),
  revision Int64 COMMENT 'Of the BudgetSet.' CODEC(ZSTD(1)),
  total_micros Int64 COMMENT 'Effective: max(new, committed).' CODEC(ZSTD(1)),
  daily_micros Nullable(Int64) COMMENT 'Wanted budget of a day.' CODEC(ZSTD(1)),
  applied_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  allocator LowCardinality(String) COMMENT 'Who.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A budget takes effect. Numbered: holds only if last + 1.';

CREATE TABLE IF NOT EXISTS adtally.lease_granted (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  number Int64 COMMENT 'Next number of the campaign.' CODEC(ZSTD(1)),
  lease_node LowCardinality(String) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  lease_boot LowCardinality(String) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  lease_day LowCardinality(String) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  amount_micros Int64 COMMENT 'Added.' CODEC(ZSTD(1)),
  granted_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  allocator LowCardinality(String) COMMENT 'Who.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Adds to a lease. Numbered: holds only if last + 1.';

CREATE TABLE IF NOT EXISTS adtally.lease_returned (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  lease_node LowCardinality(String) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  lease_boot LowCardinality(String) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  lease_day LowCardinality(String) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  returned_micros Int64 COMMENT 'Returned so far, cumulative.' CODEC(ZSTD(1)),
  returned_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Takes from a lease: cumulative, void once the lease is closed.';

CREATE TABLE IF NOT EXISTS adtally.fence_passed (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Node.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'Boot.' CODEC(ZSTD(1)),
  spend_shard Int32 COMMENT 'Spend shard.' CODEC(ZSTD(1)),
  source_offset Int64 COMMENT 'Offset of the NodeFenced.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A shard has passed the fence of a boot, all its deltas of that boot lie before this record.';

CREATE TABLE IF NOT EXISTS adtally.spend_delta (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…' CODEC(ZSTD(1)),
  spend_shard Int32 COMMENT 'Spend shard.' CODEC(ZSTD(1)),
  lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.' CODEC(ZSTD(1)),
  lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.' CODEC(ZSTD(1)),
  lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.' CODEC(ZSTD(1)),
  day LowCardinality(String) COMMENT 'Budget day YYYY-MM-DD.' CODEC(ZSTD(1)),
  source_offset Int64 COMMENT 'Offset in spend up to which (exclusive) it counts.' CODEC(ZSTD(1)),
  drawn_micros Int64 COMMENT 'Cumulative.' CODEC(ZSTD(1)),
  released_micros Int64 COMMENT 'Cumulative.' CODEC(ZSTD(1)),
  incurred_micros Int64 COMMENT 'Cumulative.' CODEC(ZSTD(1)),
  suspended_micros Int64 COMMENT 'Now in suspense.' CODEC(ZSTD(1)),
  voided_micros Int64 COMMENT 'Cumulative.' CODEC(ZSTD(1)),
  certified_micros Int64 COMMENT 'Cumulative.' CODEC(ZSTD(1)),
  reversed_micros Int64 COMMENT 'Cumulative.' CODEC(ZSTD(1)),
  selections Int64 COMMENT 'Draws, cumulative.' CODEC(ZSTD(1)),
  billable_events Int64 COMMENT 'Incurred events, cumulative.' CODEC(ZSTD(1)),
  emitted_at DateTime64(3) COMMENT 'Fold time, ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Cumulative amounts of a (campaign, shard, lease), or of (campaign, shard, day) after the fence, the highest source offset wins.';

CREATE TABLE IF NOT EXISTS adtally.node_started (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Node.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'UUIDv7.' CODEC(ZSTD(1)),
  started_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  previous_boot LowCardinality(Nullable(String)) COMMENT 'Boot whose buffer was found on disk.' CODEC(ZSTD(1)),
  url String COMMENT 'Where it serves.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A boot begins, a node serves only after this is acknowledged.';

CREATE TABLE IF NOT EXISTS adtally.node_mark (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Node.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'Boot.' CODEC(ZSTD(1)),
  marked_at DateTime64(3) COMMENT 'Mark, ms.' CODEC(ZSTD(1)),
  drained_sequence Int64 COMMENT 'All entries up to it are in the log.' CODEC(ZSTD(1)),
  last_sequence Int64 COMMENT 'Last entry so far.' CODEC(ZSTD(1)),
  decisions Int64 COMMENT 'Decisions so far.' CODEC(ZSTD(1)),
  pacing_read Map(String, Int64) COMMENT 'By pacing shard, the next offset this node has not read.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Low-water mark: the clock of the node, or the time of its oldest unflushed record.';

CREATE TABLE IF NOT EXISTS adtally.buffer_drained (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Node.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'Boot.' CODEC(ZSTD(1)),
  last_sequence Int64 COMMENT 'Last entry of the boot that was on disk.' CODEC(ZSTD(1)),
  drained_by LowCardinality(String) COMMENT 'Boot that drained it.' CODEC(ZSTD(1)),
  drained_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Everything of that boot is in the log.';

CREATE TABLE IF NOT EXISTS adtally.node_fence_decided (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  node LowCardinality(String) COMMENT 'Node.' CODEC(ZSTD(1)),
  boot LowCardinality(String) COMMENT 'Boot.' CODEC(ZSTD(1)),
  reason String COMMENT 'stopped, succeeded or timed_out.' CODEC(ZSTD(1)),
  decided_by LowCardinality(String) COMMENT 'Boot or ticker.' CODEC(ZSTD(1)),
  decided_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'The one decision that a boot has ended, the first wins.';

CREATE TABLE IF NOT EXISTS adtally.funds_deposited (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv7.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  amount_micros Int64 COMMENT 'Micros.' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217.' CODEC(ZSTD(1)),
  deposited_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  reference String COMMENT 'Of the payment.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Reserved for finance: an advertiser paid in.';

CREATE TABLE IF NOT EXISTS adtally.credit_limit_set (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv7.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  limit_micros Int64 COMMENT 'Micros.' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217.' CODEC(ZSTD(1)),
  set_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  set_by LowCardinality(String) COMMENT 'Key name.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Reserved for finance: how much may be owed.';

CREATE TABLE IF NOT EXISTS adtally.adjustment_posted (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  event_id String COMMENT 'UUIDv7.' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  amount_micros Int64 COMMENT 'Micros, negative: in favour of the advertiser.' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217.' CODEC(ZSTD(1)),
  reason String COMMENT 'One sentence.' CODEC(ZSTD(1)),
  posted_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1)),
  posted_by LowCardinality(String) COMMENT 'Key name.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Reserved for finance: a correction outside campaigns.';

CREATE TABLE IF NOT EXISTS adtally.entry_booked (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  truth LowCardinality(String) COMMENT 'tentative or final.' CODEC(ZSTD(1)),
  spend_shard Int32 COMMENT 'Spend shard.' CODEC(ZSTD(1)),
  source_offset Int64 COMMENT 'Offset in the spend shard of the record that caused it.' CODEC(ZSTD(1)),
  ordinal Int32 COMMENT 'Place among the entries of that record in this ledger, from 0.' CODEC(ZSTD(1)),
  kind LowCardinality(String) COMMENT 'draw, release, incur, void, suspend, unsuspend, certify, reverse, adjust, absorb, absorb_void, invoice.' CODEC(ZSTD(1)),
  selection_id String COMMENT 'UUIDv7, empty for entries of a whole advertiser (invoice).' CODEC(ZSTD(1)),
  advertiser_id LowCardinality(String) COMMENT 'adv_…' CODEC(ZSTD(1)),
  campaign_id LowCardinality(String) COMMENT 'cmp_…, empty for invoice.' CODEC(ZSTD(1)),
  line_item_id LowCardinality(String) COMMENT 'li_…' CODEC(ZSTD(1)),
  publisher_id LowCardinality(String) COMMENT 'pub_…' CODEC(ZSTD(1)),
  debit_account LowCardinality(String) COMMENT 'Account.' CODEC(ZSTD(1)),
  credit_account LowCardinality(String) COMMENT 'Account.' CODEC(ZSTD(1)),
  amount_micros Int64 COMMENT 'More than 0.' CODEC(ZSTD(1)),
  currency LowCardinality(String) COMMENT 'ISO 4217.' CODEC(ZSTD(1)),
  service_period LowCardinality(String) COMMENT 'YYYY-MM in which it was delivered (selection time, advertiser calendar).' CODEC(ZSTD(1)),
  posting_period LowCardinality(String) COMMENT 'YYYY-MM in which it was booked.' CODEC(ZSTD(1)),
  posted_at DateTime64(3) COMMENT 'Fold time of the booking, ms.' CODEC(ZSTD(1)),
  selected_at DateTime64(3) COMMENT 'Selection time, ms, 0 for invoice.' CODEC(ZSTD(1)),
  reference String COMMENT 'Rule of a verdict, reason of an adjustment, else empty.' CODEC(ZSTD(1)),
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'A ledger entry, mirrored for reporting.';

CREATE TABLE IF NOT EXISTS adtally.quarantined (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  source_topic LowCardinality(String) COMMENT 'Topic or route.' CODEC(ZSTD(1)),
  source_shard Int32 COMMENT 'Shard, -1 for a route.' CODEC(ZSTD(1)),
  source_offset Int64 COMMENT 'Offset, -1 for a route.' CODEC(ZSTD(1)),
  code LowCardinality(String) COMMENT 'Stable code.' CODEC(ZSTD(1)),
  reason String COMMENT 'One sentence with the offending value, no personal data.' CODEC(ZSTD(1)),
  processor LowCardinality(String) COMMENT 'Who refused it.' CODEC(ZSTD(1)),
  origin_node LowCardinality(Nullable(String)) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.' CODEC(ZSTD(1)),
  origin_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of this life of the process.' CODEC(ZSTD(1)),
  origin_sequence Nullable(Int64) COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.' CODEC(ZSTD(1)),
  quarantined_at DateTime64(3) COMMENT 'ms.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'What could not be read, judged or believed.';

CREATE TABLE IF NOT EXISTS adtally.unreadable (
  topic LowCardinality(String) COMMENT 'Topic of the log.' CODEC(ZSTD(1)),
  shard Int32 COMMENT 'Shard of the topic.' CODEC(ZSTD(1)),
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.' CODEC(DoubleDelta, ZSTD(1)),
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.' CODEC(ZSTD(1)),
  code LowCardinality(String) COMMENT 'UNREADABLE_RECORD (corrupt or truncated) or UNKNOWN_SCHEMA.' CODEC(ZSTD(1)),
  reason String COMMENT 'One sentence.' CODEC(ZSTD(1)),
  byte_length Int64 COMMENT 'Length of the record, the bytes stay in the log.' CODEC(ZSTD(1)),
  sha256 String COMMENT 'Of the bytes, hex.' CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (topic, shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT 'Records that could not be decoded, so that counts by topic and shard still agree with the log.';
