-- Migration 11: how long records took to be seen in reports.

CREATE TABLE IF NOT EXISTS adtally.sink_delays (
  at DateTime64(3) COMMENT 'When it was written down, clock of the sink.' CODEC(ZSTD(1)),
  topic LowCardinality(String) COMMENT 'Topic of the records.' CODEC(ZSTD(1)),
  delay_ms UInt32 COMMENT 'From appended to the log to there for every query, rounded up to 50 ms.' CODEC(ZSTD(1)),
  records UInt64 COMMENT 'Records that took so long since the row before.' CODEC(ZSTD(1))
) ENGINE = MergeTree ORDER BY (at, topic) TTL toDateTime(at) + toIntervalDay(30)
COMMENT 'How long records took to be seen in reports; those that were appended before the sink started are not in it.';
