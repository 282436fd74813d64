-- Migration 7: which ads of one answer a publisher keeps apart.

ALTER TABLE adtally.publisher_published ADD COLUMN IF NOT EXISTS separation String COMMENT 'Ads of one answer that are kept apart: advertiser, those of one advertiser, category, those of one category (tier 1) as well.' CODEC(ZSTD(1)) AFTER blocked_categories;
