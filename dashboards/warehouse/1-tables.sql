-- Generated from schemas/avro by `node scripts/generate-warehouse.ts`. Do not edit: change the .avsc.
-- Rows are unique by (shard, offset) once merged; read with FINAL, or through the views of 2-views.sql.

CREATE TABLE IF NOT EXISTS adtally.ad_selected (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv5 over (selection_id, "selected", 0).',
  request_id String COMMENT 'UUIDv7 of the request.',
  slot_id String COMMENT 'Slot of the request.',
  position Int32 COMMENT 'Place of this ad within its slot, from 0.',
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  key_id LowCardinality(String) COMMENT 'Key that signed the token.',
  impression_expires_at DateTime64(3) COMMENT 'Last moment of the impression kinds, ms.',
  click_expires_at DateTime64(3) COMMENT 'Last moment of a click, ms.',
  user_key Nullable(String) COMMENT 'Random key of the person, null without consent.',
  tier LowCardinality(String) COMMENT 'Inventory tier: premium, standard or remnant.',
  deadline_us Int32 COMMENT 'Deadline of the request, microseconds.',
  fallback Bool COMMENT 'A house or contextual fallback, not the outcome of the auction.',
  width Int32 COMMENT 'Width of the slot filled, CSS pixels.',
  height Int32 COMMENT 'Height of the slot filled, CSS pixels.',
  context_channel LowCardinality(String) COMMENT 'api or openrtb.',
  context_site_domain LowCardinality(Nullable(String)) COMMENT 'Domain of the page, lower case.',
  context_app_bundle LowCardinality(Nullable(String)) COMMENT 'Bundle or package of the app.',
  context_page_path Nullable(String) COMMENT 'Path of the page without query.',
  context_device_type LowCardinality(String) COMMENT 'desktop, phone, tablet, tv, set_top_box, connected, dooh or unknown.',
  context_os LowCardinality(Nullable(String)) COMMENT 'Operating system, lower case.',
  context_user_agent String COMMENT 'User-Agent of the device, at most 256 characters.',
  context_network String COMMENT 'Truncated address of the device (/24 or /48), empty if unknown.',
  context_language LowCardinality(Nullable(String)) COMMENT 'ISO 639-1.',
  context_country LowCardinality(Nullable(String)) COMMENT 'ISO 3166-1 alpha-2.',
  context_region LowCardinality(Nullable(String)) COMMENT 'ISO 3166-2 subdivision without the country.',
  context_city LowCardinality(Nullable(String)) COMMENT 'City name, lower case.',
  context_format LowCardinality(String) COMMENT 'banner, video, audio or native.',
  context_sizes Array(String) COMMENT 'Sizes that the slot takes, WxH.',
  context_segments Array(String) COMMENT 'Segments given with the request (only with consent).',
  context_keywords Array(String) COMMENT 'Keywords of the page, lower case.',
  context_categories Array(String) COMMENT 'IAB content categories.',
  context_key_values Map(String, String) COMMENT 'Key-values of the slot, values joined by comma.',
  context_floor_micros Int64 COMMENT 'Floor price for one thousand impressions in micros of `floor_currency`.',
  context_floor_currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  context_consent LowCardinality(String) COMMENT 'What the consent gate concluded: personal or contextual.',
  context_consent_reason LowCardinality(String) COMMENT 'Why: tcf_ok, not_in_scope, no_signal, purpose_missing, malformed, coppa, gpp_opt_out …',
  person_revision Nullable(Int64) COMMENT 'Revision of the view read, 0 if the view was missing.',
  person_segments Array(String) COMMENT 'Segments of the profile.',
  person_frequency Array(Tuple(line_item_id String, count Int32)) COMMENT 'Counts of every line item for which the view held an exposure.',
  auction_rule LowCardinality(String) COMMENT 'first_price, second_price or fallback.',
  auction_bid_micros Int64 COMMENT 'Bid of the winner for a thousand (CPM, VCPM) or for one click (CPC), micros.',
  auction_ecpm_micros Int64 COMMENT 'Ranking value of the winner per thousand, micros.',
  auction_floor_micros Int64 COMMENT 'Floor applied, per thousand, micros.',
  auction_runner_up_ecpm_micros Nullable(Int64) COMMENT 'Best ranking value that did not win, null if none.',
  auction_priority Int32 COMMENT 'Priority tier in which it won, lower is first.',
  auction_eligible Int32 COMMENT 'Line items that passed targeting.',
  auction_solicited Int32 COMMENT 'Asked for a bid after pacing and caps.',
  auction_responded Int32 COMMENT 'Answered with a bid.',
  auction_participating Int32 COMMENT 'Took part in the ranking.',
  losers Array(Tuple(line_item_id String, creative_id String, ecpm_micros Int64, reason String)) COMMENT 'The best that did not win, at most 5.',
  exclusions Array(Tuple(step String, reason String, count Int32)) COMMENT 'Counts by step and reason.',
  stages Array(Tuple(stage String, share_us Int32, took_us Int32)) COMMENT 'Time by stage.',
  degradations Array(Tuple(stage String, reason String)) COMMENT 'What was skipped on purpose.',
  views Array(Tuple(view String, revision Int64)) COMMENT 'Revisions of all views read.',
  leases Array(Tuple(campaign_id String, left_micros Int64)) COMMENT 'Leases of the campaigns that were solicited or excluded for budget, at most 20.',
  excluded_creatives Array(String) COMMENT 'Creatives blocked for this slot by earlier winners of the same answer.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'What was chosen, out of whom, and what was skipped. Written by serving.';

CREATE TABLE IF NOT EXISTS adtally.markup_returned (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv5 over (selection_id, "returned", 0).',
  selection_id String COMMENT 'UUIDv7.',
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  billing_selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  returned_at DateTime64(3) COMMENT 'Clock of the node, ms.',
  elapsed_us Int32 COMMENT 'From ingress to the end of the answer, microseconds.',
  markup_bytes Int32 COMMENT 'Length of the markup, bytes.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'The answer with this ad was handed to the socket. Written by serving.';

CREATE TABLE IF NOT EXISTS adtally.impression_rendered (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.',
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.',
  kind LowCardinality(String) COMMENT 'Kind of event.',
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.',
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.',
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.',
  judgement LowCardinality(String) COMMENT 'In time or late.',
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.',
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.',
  transport LowCardinality(String) COMMENT 'How it arrived.',
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.',
  user_agent String COMMENT 'User-Agent header, at most 256 characters.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'The ad began to render. The billable kind of CPM.';

CREATE TABLE IF NOT EXISTS adtally.ad_viewable (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.',
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.',
  kind LowCardinality(String) COMMENT 'Kind of event.',
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.',
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.',
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.',
  judgement LowCardinality(String) COMMENT 'In time or late.',
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.',
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.',
  transport LowCardinality(String) COMMENT 'How it arrived.',
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.',
  user_agent String COMMENT 'User-Agent header, at most 256 characters.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT '50 % of its pixels were in view for 1 s (video 2 s). The billable kind of VCPM.';

CREATE TABLE IF NOT EXISTS adtally.video_progressed (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.',
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.',
  kind LowCardinality(String) COMMENT 'Kind of event.',
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.',
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.',
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.',
  judgement LowCardinality(String) COMMENT 'In time or late.',
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.',
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.',
  transport LowCardinality(String) COMMENT 'How it arrived.',
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.',
  user_agent String COMMENT 'User-Agent header, at most 256 characters.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A video passed start, a quartile or its end.';

CREATE TABLE IF NOT EXISTS adtally.ad_interacted (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.',
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.',
  kind LowCardinality(String) COMMENT 'Kind of event.',
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.',
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.',
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.',
  judgement LowCardinality(String) COMMENT 'In time or late.',
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.',
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.',
  transport LowCardinality(String) COMMENT 'How it arrived.',
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.',
  user_agent String COMMENT 'User-Agent header, at most 256 characters.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'The person muted, paused, skipped or the player failed. No money.';

CREATE TABLE IF NOT EXISTS adtally.ad_clicked (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  receipt_id String COMMENT 'UUIDv7 of this arrival. All receipts are kept, one counts.',
  event_id String COMMENT 'UUIDv5 over (selection_id, kind, ordinal): the same for a retry, a duplicate and a replay.',
  kind LowCardinality(String) COMMENT 'Kind of event.',
  ordinal Int32 COMMENT '0 for the first and for every billable kind, else given by the SDK.',
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  beacon_billing_draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  beacon_billing_draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  beacon_billing_draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  key_id LowCardinality(String) COMMENT 'Id of the key that verified the token.',
  kind_expires_at DateTime64(3) COMMENT 'Until when the token allows this kind, ms.',
  judgement LowCardinality(String) COMMENT 'In time or late.',
  received_at DateTime64(3) COMMENT 'Clock of the node, ms.',
  occurred_at Nullable(DateTime64(3)) COMMENT 'What the client says of when it happened, ms, evidence, never used for money.',
  transport LowCardinality(String) COMMENT 'How it arrived.',
  network String COMMENT 'Truncated address: /24 of IPv4 or /48 of IPv6, empty if unknown. Never a full address.',
  user_agent String COMMENT 'User-Agent header, at most 256 characters.',
  click_id String COMMENT 'UUIDv5 over (selection_id, "click_id", 0), what landing pages receive, and the key of conversions.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'The ad was clicked. The billable kind of CPC.';

CREATE TABLE IF NOT EXISTS adtally.conversion_reported (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv5 over (click_id, name, ordinal).',
  click_id String COMMENT 'From the landing page.',
  name String COMMENT 'Name of the goal.',
  ordinal Int32 COMMENT 'Given by the reporter.',
  value_micros Nullable(Int64) COMMENT 'Value, micros of `currency`.',
  currency LowCardinality(Nullable(String)) COMMENT 'ISO 4217.',
  reported_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Reserved: something a landing page reports of a click. Moves no money.';

CREATE TABLE IF NOT EXISTS adtally.spend_reserved (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv5 over (selection_id, "reserved", 0).',
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  billing_draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  billing_draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  billing_draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  reserved_at DateTime64(3) COMMENT 'Clock of the node, ms.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Money is committed at selection (CPM, VCPM): drawn on the lease it names.';

CREATE TABLE IF NOT EXISTS adtally.spend_incurred (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv5 over (selection_id, "incurred", 0).',
  receipt_id String COMMENT 'The arrival that caused it.',
  kind LowCardinality(String) COMMENT 'impression, viewable or click: must be the billable kind of the pricing model.',
  selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  billing_draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  billing_draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  billing_draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  origin_node LowCardinality(String) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(String) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Int64 COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  incurred_at DateTime64(3) COMMENT 'Clock of the node, ms.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'The billable event of a selection was taken.';

CREATE TABLE IF NOT EXISTS adtally.traffic_invalidated (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv5 over (selection_id, "invalidated:"+rule, 0).',
  selection_id String COMMENT 'UUIDv7.',
  category LowCardinality(String) COMMENT 'GIVT, SIVT or QUALITY.',
  rule LowCardinality(String) COMMENT 'Stable code of the rule.',
  rules_version Int32 COMMENT 'Version of the rules that judged.',
  reason String COMMENT 'One sentence.',
  evidence Array(Tuple(topic String, shard Int32, offset Int64)) COMMENT 'Records that it rests on.',
  judged_by LowCardinality(String) COMMENT 'Processor or key name.',
  judged_at DateTime64(3) COMMENT 'ms, evidence time for a processor, clock for a person.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A verdict: voids what is not final, reverses what is. A fact that a replay never recomputes.';

CREATE TABLE IF NOT EXISTS adtally.adjusted (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv7 minted by the console.',
  selection_id String COMMENT 'UUIDv7.',
  billing_selection_id String COMMENT 'UUIDv7, minted at selection. The charge key: charged at most once.',
  billing_shard Int32 COMMENT 'Partition of everything keyed by this selection, computed once, carried, produced explicitly.',
  node LowCardinality(String) COMMENT 'Serving node that selected.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of its boot.',
  sequence Int64 COMMENT 'Its buffer sequence at selection.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  pricing_model LowCardinality(String) COMMENT 'Names the one billable kind of event.',
  price_micros Int64 COMMENT 'Price of one billable event in micros of `currency` (a CPM price is already divided by 1000 and rounded).',
  currency LowCardinality(String) COMMENT 'ISO 4217 code.',
  revenue_share_ppm Int32 COMMENT 'Share of the publisher in parts per million, as effective at selection.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of the publisher for its share.',
  calendar Int32 COMMENT 'Number of the advertiser calendar (time zone and statement months) in PolicySet.',
  draw_lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  draw_lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  draw_lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  test Bool COMMENT 'A test selection takes the whole path and is never billed.',
  selected_at DateTime64(3) COMMENT 'Issue time of the selection by the clock of its node, ms. Every truth is bucketed by it.',
  expires_at DateTime64(3) COMMENT 'When the reservation expires, ms.',
  adjustment_number Int64 COMMENT 'Next number of this shard, any other is void.',
  action LowCardinality(String) COMMENT 'What to do.',
  amount_micros Int64 COMMENT 'REVERSE: how much, otherwise the whole suspended amount.',
  relied_certified_micros Int64 COMMENT 'Certified amount of the selection that the decision relied on.',
  relied_reversed_micros Int64 COMMENT 'Reversed amount that it relied on.',
  reason String COMMENT 'One sentence.',
  adjusted_by LowCardinality(String) COMMENT 'Key name.',
  adjusted_at DateTime64(3) COMMENT 'ms.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'An explicit correction by finance. Never raises the charge of a campaign.';

CREATE TABLE IF NOT EXISTS adtally.time_advanced (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  advanced_to DateTime64(3) COMMENT 'Time, ms.',
  ticker LowCardinality(String) COMMENT 'Who ticked.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A tick: the time of every fold is the highest it has seen.';

CREATE TABLE IF NOT EXISTS adtally.node_fenced (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  node LowCardinality(String) COMMENT 'Node.',
  boot LowCardinality(String) COMMENT 'UUIDv7 of the boot.',
  fenced_at DateTime64(3) COMMENT 'When the fence was decided, ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'After this record the leases of that boot cover nothing in this shard.';

CREATE TABLE IF NOT EXISTS adtally.policy_set (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  revision Int64 COMMENT 'From 1.',
  hold_ms Int64 COMMENT 'From incurred to certified, ms of fold time.',
  horizon_ms Int64 COMMENT 'H: how long the state of a selection lives, ms.',
  rules_version Int32 COMMENT 'Version of the life-cycle rules.',
  calendars String COMMENT 'All calendars so far.',
  set_by LowCardinality(String) COMMENT 'Who.',
  set_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Rules that a fold may use: first record of every shard, the highest revision wins, bound at the first record of a selection.';

CREATE TABLE IF NOT EXISTS adtally.period_closed (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  calendar Int32 COMMENT 'Number of the calendar.',
  period LowCardinality(String) COMMENT 'YYYY-MM.',
  closed_by LowCardinality(String) COMMENT 'Key name.',
  closed_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A posting period of a calendar is closed, legal only after its end and in sequence.';

CREATE TABLE IF NOT EXISTS adtally.user_exposed (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  user_key String COMMENT 'Random key of the person.',
  selection_id String COMMENT 'UUIDv7, counted once.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  exposed_at DateTime64(3) COMMENT 'Time of the impression, ms.',
  source_shard Int32 COMMENT 'Shard of the impression.',
  source_offset Int64 COMMENT 'Offset of the impression.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A person saw an ad: what frequency counts.';

CREATE TABLE IF NOT EXISTS adtally.person_seen (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  seen_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A raw id, as its keyed hash, was seen with consent. Kept one day.';

CREATE TABLE IF NOT EXISTS adtally.person_forgotten (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  requested_by LowCardinality(String) COMMENT 'Key name.',
  forgotten_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'The person asked to be forgotten: deletes the row and voids earlier sightings.';

CREATE TABLE IF NOT EXISTS adtally.advertiser_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  name String COMMENT 'Name.',
  currency LowCardinality(String) COMMENT 'ISO 4217, never changes.',
  time_zone LowCardinality(String) COMMENT 'IANA zone, never changes.',
  calendar Int32 COMMENT 'Number of its calendar in PolicySet.',
  domains Array(String) COMMENT 'Advertiser domains.',
  categories Array(String) COMMENT 'IAB categories of its products.',
  status LowCardinality(String) COMMENT 'Active or paused.',
  revision Int64 COMMENT 'From 1, last + 1 or void.',
  changed_by LowCardinality(String) COMMENT 'Name of the key.',
  changed_at DateTime64(3) COMMENT 'ms.',
  idempotency_key Nullable(String) COMMENT 'Key given by the client.',
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.',
  archived Bool COMMENT 'Archived: no longer selected, still in the history.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'An advertiser as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.campaign_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  name String COMMENT 'Name.',
  budget_total_micros Int64 COMMENT 'Whole budget, micros of the advertiser currency.',
  budget_daily_micros Nullable(Int64) COMMENT 'Budget of a day in the advertiser zone, null: none.',
  flight_starts_at DateTime64(3) COMMENT 'ms.',
  flight_ends_at DateTime64(3) COMMENT 'ms.',
  pacing LowCardinality(String) COMMENT 'even or asap.',
  status LowCardinality(String) COMMENT 'Active or paused.',
  revision Int64 COMMENT 'From 1, last + 1 or void.',
  changed_by LowCardinality(String) COMMENT 'Name of the key.',
  changed_at DateTime64(3) COMMENT 'ms.',
  idempotency_key Nullable(String) COMMENT 'Key given by the client.',
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.',
  archived Bool COMMENT 'Archived: no longer selected, still in the history.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A campaign as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.line_item_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  name String COMMENT 'Name.',
  pricing_model LowCardinality(String) COMMENT 'CPM, VCPM, CPC, or NONE for house ads.',
  bid_micros Int64 COMMENT 'For a thousand (CPM, VCPM) or one click (CPC), micros.',
  priority Int32 COMMENT '1 (first) to 16, house ads are always last.',
  targeting String COMMENT 'Whom it may reach.',
  frequency_cap_impressions Nullable(Int32) COMMENT 'At least 1.',
  frequency_cap_window_ms Nullable(Int64) COMMENT 'ms.',
  flight_starts_at Nullable(DateTime64(3)) COMMENT 'ms.',
  flight_ends_at Nullable(DateTime64(3)) COMMENT 'ms.',
  status LowCardinality(String) COMMENT 'Active or paused.',
  revision Int64 COMMENT 'From 1, last + 1 or void.',
  changed_by LowCardinality(String) COMMENT 'Name of the key.',
  changed_at DateTime64(3) COMMENT 'ms.',
  idempotency_key Nullable(String) COMMENT 'Key given by the client.',
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.',
  archived Bool COMMENT 'Archived: no longer selected, still in the history.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A line item as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.creative_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  creative_id LowCardinality(String) COMMENT 'cr_…',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  name String COMMENT 'Name.',
  format LowCardinality(String) COMMENT 'banner, video, audio or native.',
  width Int32 COMMENT 'CSS pixels, 0 if it has none.',
  height Int32 COMMENT 'CSS pixels.',
  markup String COMMENT 'Template with macros {click_url}, {selection_id}, {cachebuster}, {width}, {height}, {asset_url} …',
  landing_url String COMMENT 'https URL with macros {click_id}, {selection_id}, {campaign_id}, {creative_id}, {placement_id}.',
  trackers Array(Tuple(event String, url String)) COMMENT 'Third-party trackers.',
  attributes Array(Int32) COMMENT 'IAB creative attributes.',
  duration_ms Int32 COMMENT 'Length of video or audio, 0 otherwise.',
  status LowCardinality(String) COMMENT 'Active or paused.',
  revision Int64 COMMENT 'From 1, last + 1 or void.',
  changed_by LowCardinality(String) COMMENT 'Name of the key.',
  changed_at DateTime64(3) COMMENT 'ms.',
  idempotency_key Nullable(String) COMMENT 'Key given by the client.',
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.',
  archived Bool COMMENT 'Archived: no longer selected, still in the history.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A creative as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.publisher_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  name String COMMENT 'Name.',
  domains Array(String) COMMENT 'Its domains and bundles.',
  shares Array(Tuple(effective_from Int64, share_ppm Int32)) COMMENT 'Revenue shares, by effective date, first one first.',
  share_rounding LowCardinality(String) COMMENT 'Rounding rule of its share.',
  click_prefix Nullable(String) COMMENT 'URL put before our click URL, null: none.',
  blocked_advertisers Array(String) COMMENT 'adv_… or domains.',
  blocked_categories Array(String) COMMENT 'IAB categories.',
  status LowCardinality(String) COMMENT 'Active or paused.',
  revision Int64 COMMENT 'From 1, last + 1 or void.',
  changed_by LowCardinality(String) COMMENT 'Name of the key.',
  changed_at DateTime64(3) COMMENT 'ms.',
  idempotency_key Nullable(String) COMMENT 'Key given by the client.',
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.',
  archived Bool COMMENT 'Archived: no longer selected, still in the history.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A publisher as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.placement_published (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  placement_id LowCardinality(String) COMMENT 'pl_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  name String COMMENT 'Name.',
  formats Array(String) COMMENT 'banner, video, audio, native.',
  sizes Array(String) COMMENT 'WxH.',
  floor_micros Int64 COMMENT 'Floor for a thousand, micros of `floor_currency`.',
  floor_currency LowCardinality(String) COMMENT 'ISO 4217.',
  tier LowCardinality(String) COMMENT 'premium, standard or remnant.',
  auction String COMMENT 'first_price or second_price.',
  blocked_attributes Array(Int32) COMMENT 'IAB creative attributes.',
  status LowCardinality(String) COMMENT 'Active or paused.',
  revision Int64 COMMENT 'From 1, last + 1 or void.',
  changed_by LowCardinality(String) COMMENT 'Name of the key.',
  changed_at DateTime64(3) COMMENT 'ms.',
  idempotency_key Nullable(String) COMMENT 'Key given by the client.',
  request_hash Nullable(String) COMMENT 'SHA-256 of the request body, hex.',
  archived Bool COMMENT 'Archived: no longer selected, still in the history.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A placement as it now stands.';

CREATE TABLE IF NOT EXISTS adtally.budget_set (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  revision Int64 COMMENT 'Revision of the campaign, the highest wins.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  currency LowCardinality(String) COMMENT 'ISO 4217.',
  time_zone LowCardinality(String) COMMENT 'IANA zone for budget days.',
  total_micros Int64 COMMENT 'Whole budget.',
  daily_micros Nullable(Int64) COMMENT 'Budget of a day, null: none.',
  flight_starts_at DateTime64(3) COMMENT 'ms.',
  flight_ends_at DateTime64(3) COMMENT 'ms.',
  pacing LowCardinality(String) COMMENT 'even or asap.',
  active Bool COMMENT 'False: paused or archived, nothing is granted.',
  set_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'What the console wants the budget to be, takes effect by BudgetApplied.';

CREATE TABLE IF NOT EXISTS adtally.budget_applied (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  number Int64 COMMENT 'Next number of the campaign.',
  revision Int64 COMMENT 'Of the BudgetSet.',
  total_micros Int64 COMMENT 'Effective: max(new, committed).',
  daily_micros Nullable(Int64) COMMENT 'Wanted budget of a day.',
  applied_at DateTime64(3) COMMENT 'ms.',
  allocator LowCardinality(String) COMMENT 'Who.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A budget takes effect. Numbered: holds only if last + 1.';

CREATE TABLE IF NOT EXISTS adtally.lease_granted (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  number Int64 COMMENT 'Next number of the campaign.',
  lease_node LowCardinality(String) COMMENT 'Serving node that may draw on it.',
  lease_boot LowCardinality(String) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  lease_day LowCardinality(String) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  amount_micros Int64 COMMENT 'Added.',
  granted_at DateTime64(3) COMMENT 'ms.',
  allocator LowCardinality(String) COMMENT 'Who.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Adds to a lease. Numbered: holds only if last + 1.';

CREATE TABLE IF NOT EXISTS adtally.lease_returned (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  lease_node LowCardinality(String) COMMENT 'Serving node that may draw on it.',
  lease_boot LowCardinality(String) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  lease_day LowCardinality(String) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  returned_micros Int64 COMMENT 'Returned so far, cumulative.',
  returned_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Takes from a lease: cumulative, void once the lease is closed.';

CREATE TABLE IF NOT EXISTS adtally.fence_passed (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  node LowCardinality(String) COMMENT 'Node.',
  boot LowCardinality(String) COMMENT 'Boot.',
  spend_shard Int32 COMMENT 'Spend shard.',
  source_offset Int64 COMMENT 'Offset of the NodeFenced.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A shard has passed the fence of a boot, all its deltas of that boot lie before this record.';

CREATE TABLE IF NOT EXISTS adtally.spend_delta (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  campaign_id LowCardinality(String) COMMENT 'cmp_…',
  spend_shard Int32 COMMENT 'Spend shard.',
  lease_node LowCardinality(Nullable(String)) COMMENT 'Serving node that may draw on it.',
  lease_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of the boot that may draw on it, a lease never survives a restart.',
  lease_day LowCardinality(Nullable(String)) COMMENT 'Budget day, YYYY-MM-DD in the zone of the advertiser.',
  day LowCardinality(String) COMMENT 'Budget day YYYY-MM-DD.',
  source_offset Int64 COMMENT 'Offset in spend up to which (exclusive) it counts.',
  drawn_micros Int64 COMMENT 'Cumulative.',
  released_micros Int64 COMMENT 'Cumulative.',
  incurred_micros Int64 COMMENT 'Cumulative.',
  suspended_micros Int64 COMMENT 'Now in suspense.',
  voided_micros Int64 COMMENT 'Cumulative.',
  certified_micros Int64 COMMENT 'Cumulative.',
  reversed_micros Int64 COMMENT 'Cumulative.',
  selections Int64 COMMENT 'Draws, cumulative.',
  billable_events Int64 COMMENT 'Incurred events, cumulative.',
  emitted_at DateTime64(3) COMMENT 'Fold time, ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Cumulative amounts of a (campaign, shard, lease), or of (campaign, shard, day) after the fence, the highest source offset wins.';

CREATE TABLE IF NOT EXISTS adtally.node_started (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  node LowCardinality(String) COMMENT 'Node.',
  boot LowCardinality(String) COMMENT 'UUIDv7.',
  started_at DateTime64(3) COMMENT 'ms.',
  previous_boot LowCardinality(Nullable(String)) COMMENT 'Boot whose buffer was found on disk.',
  url String COMMENT 'Where it serves.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A boot begins, a node serves only after this is acknowledged.';

CREATE TABLE IF NOT EXISTS adtally.node_mark (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  node LowCardinality(String) COMMENT 'Node.',
  boot LowCardinality(String) COMMENT 'Boot.',
  marked_at DateTime64(3) COMMENT 'Mark, ms.',
  drained_sequence Int64 COMMENT 'All entries up to it are in the log.',
  last_sequence Int64 COMMENT 'Last entry so far.',
  decisions Int64 COMMENT 'Decisions so far.',
  pacing_read Map(String, Int64) COMMENT 'By pacing shard, the next offset this node has not read.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Low-water mark: the clock of the node, or the time of its oldest unflushed record.';

CREATE TABLE IF NOT EXISTS adtally.buffer_drained (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  node LowCardinality(String) COMMENT 'Node.',
  boot LowCardinality(String) COMMENT 'Boot.',
  last_sequence Int64 COMMENT 'Last entry of the boot that was on disk.',
  drained_by LowCardinality(String) COMMENT 'Boot that drained it.',
  drained_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Everything of that boot is in the log.';

CREATE TABLE IF NOT EXISTS adtally.node_fence_decided (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  node LowCardinality(String) COMMENT 'Node.',
  boot LowCardinality(String) COMMENT 'Boot.',
  reason String COMMENT 'stopped, succeeded or timed_out.',
  decided_by LowCardinality(String) COMMENT 'Boot or ticker.',
  decided_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'The one decision that a boot has ended, the first wins.';

CREATE TABLE IF NOT EXISTS adtally.funds_deposited (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv7.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  amount_micros Int64 COMMENT 'Micros.',
  currency LowCardinality(String) COMMENT 'ISO 4217.',
  deposited_at DateTime64(3) COMMENT 'ms.',
  reference String COMMENT 'Of the payment.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Reserved for finance: an advertiser paid in.';

CREATE TABLE IF NOT EXISTS adtally.credit_limit_set (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv7.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  limit_micros Int64 COMMENT 'Micros.',
  currency LowCardinality(String) COMMENT 'ISO 4217.',
  set_at DateTime64(3) COMMENT 'ms.',
  set_by LowCardinality(String) COMMENT 'Key name.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Reserved for finance: how much may be owed.';

CREATE TABLE IF NOT EXISTS adtally.adjustment_posted (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  event_id String COMMENT 'UUIDv7.',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  amount_micros Int64 COMMENT 'Micros, negative: in favour of the advertiser.',
  currency LowCardinality(String) COMMENT 'ISO 4217.',
  reason String COMMENT 'One sentence.',
  posted_at DateTime64(3) COMMENT 'ms.',
  posted_by LowCardinality(String) COMMENT 'Key name.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Reserved for finance: a correction outside campaigns.';

CREATE TABLE IF NOT EXISTS adtally.entry_booked (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  truth LowCardinality(String) COMMENT 'tentative or final.',
  spend_shard Int32 COMMENT 'Spend shard.',
  source_offset Int64 COMMENT 'Offset in the spend shard of the record that caused it.',
  ordinal Int32 COMMENT 'Place among the entries of that record in this ledger, from 0.',
  kind LowCardinality(String) COMMENT 'draw, release, incur, void, suspend, unsuspend, certify, reverse, adjust, absorb, absorb_void, invoice.',
  selection_id String COMMENT 'UUIDv7, empty for entries of a whole advertiser (invoice).',
  advertiser_id LowCardinality(String) COMMENT 'adv_…',
  campaign_id LowCardinality(String) COMMENT 'cmp_…, empty for invoice.',
  line_item_id LowCardinality(String) COMMENT 'li_…',
  publisher_id LowCardinality(String) COMMENT 'pub_…',
  debit_account LowCardinality(String) COMMENT 'Account.',
  credit_account LowCardinality(String) COMMENT 'Account.',
  amount_micros Int64 COMMENT 'More than 0.',
  currency LowCardinality(String) COMMENT 'ISO 4217.',
  service_period LowCardinality(String) COMMENT 'YYYY-MM in which it was delivered (selection time, advertiser calendar).',
  posting_period LowCardinality(String) COMMENT 'YYYY-MM in which it was booked.',
  posted_at DateTime64(3) COMMENT 'Fold time of the booking, ms.',
  selected_at DateTime64(3) COMMENT 'Selection time, ms, 0 for invoice.',
  reference String COMMENT 'Rule of a verdict, reason of an adjustment, else empty.',
  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time selected_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'A ledger entry, mirrored for reporting.';

CREATE TABLE IF NOT EXISTS adtally.quarantined (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard: with the shard the identity of the row.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it, information only.',
  source_topic LowCardinality(String) COMMENT 'Topic or route.',
  source_shard Int32 COMMENT 'Shard, -1 for a route.',
  source_offset Int64 COMMENT 'Offset, -1 for a route.',
  code LowCardinality(String) COMMENT 'Stable code.',
  reason String COMMENT 'One sentence with the offending value, no personal data.',
  processor LowCardinality(String) COMMENT 'Who refused it.',
  origin_node LowCardinality(Nullable(String)) COMMENT 'Name of the serving node, [a-z0-9-]{1,12}.',
  origin_boot LowCardinality(Nullable(String)) COMMENT 'UUIDv7 of this life of the process.',
  origin_sequence Nullable(Int64) COMMENT 'Number of the atomic buffer entry within the boot, from 1. All records of one decision or one beacon share it.',
  quarantined_at DateTime64(3) COMMENT 'ms.'
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'What could not be read, judged or believed.';

CREATE TABLE IF NOT EXISTS adtally.unreadable (
  topic LowCardinality(String) COMMENT 'Topic of the log.',
  shard Int32 COMMENT 'Shard of the topic.',
  offset Int64 COMMENT 'Offset in the shard.',
  appended_at DateTime64(3) COMMENT 'Clock of whoever appended it.',
  code LowCardinality(String) COMMENT 'UNREADABLE_RECORD (corrupt or truncated) or UNKNOWN_SCHEMA.',
  reason String COMMENT 'One sentence.',
  byte_length Int64 COMMENT 'Length of the record, the bytes stay in the log.',
  sha256 String COMMENT 'Of the bytes, hex.'
) ENGINE = ReplacingMergeTree ORDER BY (topic, shard, offset)
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000
COMMENT 'Records that could not be decoded, so that counts by topic and shard still agree with the log.';

CREATE VIEW IF NOT EXISTS adtally.sunk AS
SELECT topic, shard, offset, appended_at FROM adtally.ad_selected
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.markup_returned
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.impression_rendered
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.ad_viewable
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.video_progressed
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.ad_interacted
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.ad_clicked
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.conversion_reported
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.spend_reserved
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.spend_incurred
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.traffic_invalidated
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.adjusted
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.time_advanced
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.node_fenced
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.policy_set
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.period_closed
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.user_exposed
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.person_seen
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.person_forgotten
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.advertiser_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.campaign_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.line_item_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.creative_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.publisher_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.placement_published
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.budget_set
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.budget_applied
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.lease_granted
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.lease_returned
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.fence_passed
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.spend_delta
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.node_started
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.node_mark
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.buffer_drained
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.node_fence_decided
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.funds_deposited
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.credit_limit_set
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.adjustment_posted
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.entry_booked
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.quarantined
UNION ALL SELECT topic, shard, offset, appended_at FROM adtally.unreadable
COMMENT 'Where every row of every table stands in the log.';
