-- report: How far the warehouse has come in each shard of each topic.
-- param now time = now : Against which ages are taken.
-- column topic text : Topic.
-- column shard integer : Shard.
-- column records integer : Records sunk, copies not counted.
-- column next_offset integer : Next offset to be sunk.
-- column complete boolean : Every offset from the first to the last is there.
-- column newest_at time : When the newest of them was appended to the log.
-- column age_ms integer : How long ago that was.
SELECT
  topic, shard,
  groupBitmap(toUInt64(offset)) AS records,
  max(offset) + 1 AS next_offset,
  records = next_offset - min(offset) AS complete,
  max(appended_at) AS newest_at,
  greatest(0, toUnixTimestamp64Milli({now:DateTime64(3)}) - toUnixTimestamp64Milli(newest_at)) AS age_ms
FROM adtally.sunk
GROUP BY topic, shard
ORDER BY topic, shard
