-- Migration 3: caps of campaigns and advertisers, targeting expressions, deals, plans of degradation, predictions.

ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS plan String COMMENT 'Named plan of degradation under which the decision was made.' CODEC(ZSTD(1)) AFTER tier;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS context_deals Array(String) COMMENT 'Deals of the placement that the request offers.' CODEC(ZSTD(1)) AFTER context_floor_currency;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS auction_soft_floor_micros Int64 COMMENT 'Soft floor of the placement, per thousand, micros, 0: none.' CODEC(ZSTD(1)) AFTER auction_floor_micros;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS auction_increment_micros Int64 COMMENT 'Increment above the runner-up, per thousand, micros.' CODEC(ZSTD(1)) AFTER auction_soft_floor_micros;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS auction_deal_id Nullable(String) COMMENT 'Deal by which it was sold, null: in the open auction.' CODEC(ZSTD(1)) AFTER auction_increment_micros;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS prediction_model_version Nullable(Int64) COMMENT 'Version of the click and view model, 0: the smoothed rates of `creative-stats`.' CODEC(ZSTD(1)) AFTER losers;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS prediction_click_ppm Nullable(Int32) COMMENT 'Predicted clicks of a million impressions.' CODEC(ZSTD(1)) AFTER prediction_model_version;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS prediction_view_ppm Nullable(Int32) COMMENT 'Predicted viewable ones of a million impressions.' CODEC(ZSTD(1)) AFTER prediction_click_ppm;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS prediction_quality_ppm Nullable(Int32) COMMENT 'Factor of the ranking, parts per million, 1,000,000: none.' CODEC(ZSTD(1)) AFTER prediction_view_ppm;
ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS prediction_creative_choice Nullable(String) COMMENT 'How the creative was chosen among those of the line item: only, sampled or explored.' CODEC(ZSTD(1)) AFTER prediction_quality_ppm;
ALTER TABLE adtally.ad_selected MODIFY COLUMN degradations Array(Tuple(stage String, reason String, cost_micros Int64)) COMMENT 'What was skipped on purpose.' CODEC(ZSTD(1));
ALTER TABLE adtally.advertiser_published ADD COLUMN IF NOT EXISTS frequency_cap_impressions Nullable(Int32) COMMENT 'At least 1.' CODEC(ZSTD(1)) AFTER categories;
ALTER TABLE adtally.advertiser_published ADD COLUMN IF NOT EXISTS frequency_cap_window_ms Nullable(Int64) COMMENT 'Sliding window, ms, 0 for a calendar window.' CODEC(ZSTD(1)) AFTER frequency_cap_impressions;
ALTER TABLE adtally.advertiser_published ADD COLUMN IF NOT EXISTS frequency_cap_calendar Nullable(String) COMMENT 'Empty: the last `window_ms`. Else hour, day, week or month: the one that runs in the zone of the advertiser, `window_ms` is then 0.' CODEC(ZSTD(1)) AFTER frequency_cap_window_ms;
ALTER TABLE adtally.campaign_published ADD COLUMN IF NOT EXISTS frequency_cap_impressions Nullable(Int32) COMMENT 'At least 1.' CODEC(ZSTD(1)) AFTER pacing;
ALTER TABLE adtally.campaign_published ADD COLUMN IF NOT EXISTS frequency_cap_window_ms Nullable(Int64) COMMENT 'Sliding window, ms, 0 for a calendar window.' CODEC(ZSTD(1)) AFTER frequency_cap_impressions;
ALTER TABLE adtally.campaign_published ADD COLUMN IF NOT EXISTS frequency_cap_calendar Nullable(String) COMMENT 'Empty: the last `window_ms`. Else hour, day, week or month: the one that runs in the zone of the advertiser, `window_ms` is then 0.' CODEC(ZSTD(1)) AFTER frequency_cap_window_ms;
ALTER TABLE adtally.line_item_published ADD COLUMN IF NOT EXISTS frequency_cap_calendar Nullable(String) COMMENT 'Empty: the last `window_ms`. Else hour, day, week or month: the one that runs in the zone of the advertiser, `window_ms` is then 0.' CODEC(ZSTD(1)) AFTER frequency_cap_window_ms;
ALTER TABLE adtally.line_item_published ADD COLUMN IF NOT EXISTS deals Array(String) COMMENT 'Takes part only where one of these deals of a placement is offered, empty: in the open auction only.' CODEC(ZSTD(1)) AFTER frequency_cap_calendar;
ALTER TABLE adtally.creative_published ADD COLUMN IF NOT EXISTS categories Array(String) COMMENT 'IAB categories of what it shows, empty: those of the advertiser.' CODEC(ZSTD(1)) AFTER attributes;
ALTER TABLE adtally.placement_published ADD COLUMN IF NOT EXISTS soft_floor_micros Int64 COMMENT 'For a thousand, micros: in a second-price auction a bid between floor and soft floor pays itself, 0: none.' CODEC(ZSTD(1)) AFTER auction;
ALTER TABLE adtally.placement_published ADD COLUMN IF NOT EXISTS increment_micros Int64 COMMENT 'What a second-price winner pays above the runner-up, for a thousand, micros.' CODEC(ZSTD(1)) AFTER soft_floor_micros;
ALTER TABLE adtally.placement_published ADD COLUMN IF NOT EXISTS deals String COMMENT 'Private deals.' CODEC(ZSTD(1)) AFTER increment_micros;
