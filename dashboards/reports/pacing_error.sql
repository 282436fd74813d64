-- report: Even pacing against what was spent, by campaign and window: the target is the budget spread evenly over the flight.
-- param from time = -24h : Start of the first window.
-- param to time = now : End of the last window.
-- param campaign_id text = : One campaign; empty: all.
-- param window_seconds integer 10..86400 = 3600 : Length of a window.
-- param limit integer 1..10000 = 1000 : Most rows.
-- column window_start time : Start of the window, by selection time.
-- column campaign_id text : Campaign that paces evenly.
-- column currency text : ISO 4217.
-- column target_micros micros : To be spent in the window.
-- column actual_micros micros : Prices of billable events taken of selections in the window.
-- column target_so_far_micros micros : To be spent from the start of the flight to the end of the window.
-- column actual_so_far_micros micros : Spent since then.
-- column error_ppm integer : (actual − target so far) ÷ budget, parts per million; negative: behind.
WITH
  {window_seconds:UInt32} * 1000 AS step_ms,
  toUnixTimestamp64Milli({from:DateTime64(3)}) AS from_ms,
  toUnixTimestamp64Milli({to:DateTime64(3)}) AS to_ms,
  campaigns AS (
    SELECT
      campaign_id, currency, toInt128(coalesce(total_micros, wanted_total_micros)) AS total,
      toUnixTimestamp64Milli(flight_starts_at) AS starts_ms,
      greatest(toUnixTimestamp64Milli(flight_ends_at), starts_ms + 1) AS ends_ms
    FROM adtally.budgets
    WHERE pacing = 'even' AND ({campaign_id:String} = '' OR campaign_id = {campaign_id:String})
  ),
  windows AS (
    SELECT campaign_id, currency, total, starts_ms, ends_ms,
      arrayJoin(range(toUInt64(from_ms), toUInt64(to_ms), toUInt64(step_ms))) AS start_ms,
      least(start_ms + step_ms, to_ms) AS end_ms
    FROM campaigns
    WHERE ends_ms > from_ms AND starts_ms < to_ms
  ),
  spent AS (
    SELECT campaign_id,
      if(toUnixTimestamp64Milli(selected_at) < from_ms, -1, intDiv(toUnixTimestamp64Milli(selected_at) - from_ms, step_ms)) AS bucket,
      sum(toInt128(price_micros)) AS amount
    FROM adtally.charges_between(from = '1970-01-01 00:00:00.000', to = {to:DateTime64(3)})
    WHERE NOT test
    GROUP BY campaign_id, bucket
  )
SELECT
  fromUnixTimestamp64Milli(toInt64(start_ms)) AS window_start, campaign_id, currency,
  intDiv(total * (least(greatest(end_ms, starts_ms), ends_ms) - starts_ms), ends_ms - starts_ms)
    - intDiv(total * (least(greatest(toInt64(start_ms), starts_ms), ends_ms) - starts_ms), ends_ms - starts_ms) AS target_micros,
  sumIf(spent.amount, spent.bucket = intDiv(toInt64(start_ms) - from_ms, step_ms)) AS actual_micros,
  intDiv(total * (least(greatest(end_ms, starts_ms), ends_ms) - starts_ms), ends_ms - starts_ms) AS target_so_far_micros,
  sumIf(spent.amount, spent.bucket <= intDiv(toInt64(start_ms) - from_ms, step_ms)) AS actual_so_far_micros,
  if(total = 0, NULL, toInt64(intDiv((actual_so_far_micros - target_so_far_micros) * 1000000, total))) AS error_ppm
FROM windows
LEFT JOIN spent ON spent.campaign_id = windows.campaign_id
GROUP BY start_ms, end_ms, campaign_id, currency, total, starts_ms, ends_ms
ORDER BY start_ms, campaign_id
LIMIT {limit:UInt32}
