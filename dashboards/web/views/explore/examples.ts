export const examples = [
  {
    title: 'Selections and clicks by campaign',
    sql: `SELECT campaign_id, count() AS selections,
  countIf(selection_id IN (SELECT selection_id FROM clicks)) AS clicks
FROM selections WHERE NOT test
GROUP BY campaign_id ORDER BY selections DESC`,
  },
  {
    title: 'Money by state and hour',
    sql: `SELECT toStartOfHour(selected_at) AS hour, state, currency, sum(amount_micros) AS micros
FROM movements
GROUP BY hour, state, currency ORDER BY hour, state`,
  },
  {
    title: 'Prices by tier and model',
    sql: `SELECT tier, pricing_model, count() AS selections, round(avg(price_micros)) AS average_micros
FROM selections WHERE NOT test
GROUP BY tier, pricing_model ORDER BY tier`,
  },
  {
    title: 'Selections by minute',
    sql: `SELECT toStartOfMinute(selected_at) AS minute, count() AS selections
FROM selections GROUP BY minute ORDER BY minute`,
  },
  {
    title: 'Certified by campaign and hour, from counts',
    sql: `SELECT hour, campaign_id, currency, sum(certified_micros) AS certified_micros
FROM tallies_between(from = '2026-01-01 00:00:00.000', to = '2036-01-01 00:00:00.000')
GROUP BY hour, campaign_id, currency ORDER BY hour`,
  },
] as const;
