-- Migration 8: what a bid request asks of a slot besides its placement, and where it came from.

ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS context_seats Array(String) COMMENT 'Advertisers who alone may buy (adv_…), empty: all.' CODEC(ZSTD(1)) AFTER context_deals;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS context_blocked Array(String) COMMENT 'What the request blocks besides its publisher: adv_…, domains, apps, IAB categories.' CODEC(ZSTD(1)) AFTER context_seats;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS context_blocked_attributes Array(Int32) COMMENT 'IAB creative attributes that the slot does not show.' CODEC(ZSTD(1)) AFTER context_blocked;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS context_durations Array(String) COMMENT 'Lengths of video and audio that the slot takes, seconds from-to, empty: any.' CODEC(ZSTD(1)) AFTER context_blocked_attributes;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS context_bid_request_id String COMMENT 'Id that the exchange gave its bid request, empty: none.' CODEC(ZSTD(1)) AFTER context_durations;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS context_supply_chain String COMMENT 'Who sold the slot on: schain as the IAB writes it in one line, empty: not said.' CODEC(ZSTD(1)) AFTER context_bid_request_id;
