/** Views to count from, each counting an identity once. */
export const tables = [
  ['selections', 'one row a selection'],
  ['returns', 'answers that were handed to the socket'],
  ['impressions', 'selections that began to render, in time'],
  ['viewables', 'selections that were viewable'],
  ['clicks', 'selections that were clicked'],
  ['charges', 'selections whose billable event was taken'],
  ['entries', 'one row a ledger entry'],
  ['movements', 'what entries did to the money of selections'],
  ['verdicts', 'one row a verdict'],
] as const;

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
] as const;
