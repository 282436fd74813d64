-- report: Spend by day, advertiser and campaign in each truth, side by side. Names are those that held when the hour of selection ended; test selections are left out.
-- param from time = -7d : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param advertiser_id text = : One advertiser; empty: all.
-- param campaign_id text = : One campaign; empty: all.
-- param limit integer 1..10000 = 1000 : Most rows.
-- column day time : Start of the day of selection, UTC.
-- column advertiser_id text : Advertiser.
-- column advertiser text : Its name then.
-- column campaign_id text : Campaign.
-- column campaign text : Its name then.
-- column currency text : ISO 4217; all amounts of the row are in it.
-- column impressions integer : Selections that began to render.
-- column clicks integer : Selections that were clicked.
-- column charged_micros micros : Evidence: prices of billable events taken.
-- column drawn_micros micros : Tentative ledger: committed against budgets.
-- column incurred_micros micros : Tentative ledger: billable events taken.
-- column pending_micros micros : Tentative ledger: within the hold.
-- column voided_micros micros : Tentative ledger: taken back before certification.
-- column certified_micros micros : Final ledger: may be billed.
-- column reversed_micros micros : Final ledger: taken back after certification.
-- column billable_micros micros : Certified − reversed.
-- column absorbed_micros micros : Final ledger: never billed, our cost.
SELECT
  toStartOfDay(tally.hour) AS day, tally.advertiser_id AS advertiser_id, advertiser.name AS advertiser,
  tally.campaign_id AS campaign_id, campaign.name AS campaign, tally.currency AS currency,
  sum(tally.impressions) AS impressions,
  sum(tally.clicks) AS clicks,
  sum(tally.charged_micros) AS charged_micros,
  sum(tally.drawn_micros) AS drawn_micros,
  sum(tally.incurred_micros) AS incurred_micros,
  incurred_micros - sum(tally.suspended_micros) - voided_micros - sum(tally.passed_micros) AS pending_micros,
  sum(tally.voided_micros) AS voided_micros,
  sum(tally.certified_micros) AS certified_micros,
  sum(tally.reversed_micros) AS reversed_micros,
  certified_micros - reversed_micros AS billable_micros,
  sum(tally.absorbed_micros) AS absorbed_micros
FROM (
  SELECT *, toDateTime64(hour + toIntervalHour(1), 3) AS named_at
  FROM adtally.tallies_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
) AS tally
ASOF LEFT JOIN (SELECT id, name, held_from FROM adtally.names WHERE kind = 'advertiser') AS advertiser
  ON advertiser.id = tally.advertiser_id AND advertiser.held_from <= tally.named_at
ASOF LEFT JOIN (SELECT id, name, held_from FROM adtally.names WHERE kind = 'campaign') AS campaign
  ON campaign.id = tally.campaign_id AND campaign.held_from <= tally.named_at
WHERE ({advertiser_id:String} = '' OR tally.advertiser_id = {advertiser_id:String})
  AND ({campaign_id:String} = '' OR tally.campaign_id = {campaign_id:String})
GROUP BY day, advertiser_id, advertiser, campaign_id, campaign, currency
ORDER BY day, advertiser_id, campaign_id, currency, advertiser, campaign
LIMIT {limit:UInt32}
