-- report: What was delivered, by minute of selection, over all campaigns. Test selections are left out.
-- param from time = -1h : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param campaign_id text = : One campaign; empty: all.
-- param limit integer 1..10000 = 1440 : Most rows.
-- column minute time : Start of the minute of selection, UTC.
-- column currency text : ISO 4217.
-- column selections integer : Ads chosen.
-- column impressions integer : Selections that began to render.
-- column viewables integer : Selections that were viewable.
-- column clicks integer : Selections that were clicked.
-- column charges integer : Selections whose billable event was taken.
-- column charged_micros micros : Their prices.
SELECT
  minute, currency,
  sum(tally.selections) AS selections,
  sum(tally.impressions) AS impressions,
  sum(tally.viewables) AS viewables,
  sum(tally.clicks) AS clicks,
  sum(tally.charges) AS charges,
  sum(tally.charged_micros) AS charged_micros
FROM adtally.minute_deliveries_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS tally
WHERE {campaign_id:String} = '' OR campaign_id = {campaign_id:String}
GROUP BY minute, currency
ORDER BY minute, currency
LIMIT {limit:UInt32}
