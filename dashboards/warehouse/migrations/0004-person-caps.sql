-- Migration 4: counts of campaigns and advertisers that cap their exposures.

ALTER TABLE adtally.ad_selected ADD COLUMN IF NOT EXISTS person_caps Array(Tuple(owner_id String, count Int32)) COMMENT 'Counts of every campaign and advertiser that has a cap and for which an exposure was known.' CODEC(ZSTD(1)) AFTER person_frequency;
