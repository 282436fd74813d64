import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseReport } from './report-file.ts';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.sql'));

test('The named reports are those that the interface promises', () => {
  expect(files.toSorted()).toEqual([
    'bidder_latency.sql',
    'bidder_reasons.sql',
    'bidder_times.sql',
    'bidders.sql',
    'bidders_over_time.sql',
    'delivery.sql',
    'delivery_by_minute.sql',
    'demand.sql',
    'discrepancy.sql',
    'exclusions.sql',
    'freshness.sql',
    'invalid_traffic.sql',
    'lost_to_time.sql',
    'pacing_error.sql',
    'participation.sql',
    'publisher_revenue.sql',
    'reach_frequency.sql',
    'reversals.sql',
    'sink_delay.sql',
    'source_pattern.sql',
    'source_rates.sql',
    'source_selections.sql',
    'sources.sql',
    'spend_by_campaign.sql',
    'spend_by_state.sql',
    'stage_latency.sql',
    'traffic_quality.sql',
    'truth_funnel.sql',
    'verdicts_over_time.sql',
    'viewability.sql',
    'yield_by_latency.sql',
  ]);
});

test.each(files)('%s documents every placeholder, and uses every parameter that it documents', (file) => {
  const { parameters, columns, sql } = parseReport(file, readFileSync(join(import.meta.dirname, file), 'utf8'));
  const used = new Set([...sql.matchAll(/\{(\w+):\w+(?:\(\d+\))?\}/g)].map(([, name]) => name));
  expect(new Set(parameters.map(({ name }) => name))).toEqual(used);
  expect(columns.length).toBeGreaterThan(3);
  expect(sql).not.toMatch(/^-- (report|param|column)/m);
});

test('A header is read into parameters with defaults and bounds, and columns', () => {
  const text =
    '-- report: Title.\n-- param limit integer 1..5 = 3 : Most rows.\n-- param who text = : Who.\n-- column a micros : Money.\nSELECT 1 AS a\n';
  expect(parseReport('x', text)).toEqual({
    name: 'x',
    title: 'Title.',
    parameters: [
      { name: 'limit', kind: 'integer', byDefault: '3', bounds: [1, 5], description: 'Most rows.' },
      { name: 'who', kind: 'text', byDefault: '', bounds: null, description: 'Who.' },
    ],
    columns: [{ name: 'a', kind: 'micros', description: 'Money.' }],
    sql: 'SELECT 1 AS a\n',
  });
});

test.each(['-- column a money : Money.', '-- param a text : Without default.', '-- column a'])(
  'A header with the line "%s" is refused',
  (line) => {
    expect(() => parseReport('x', `-- report: Title.\n${line}\nSELECT 1`)).toThrow(/x has a line/);
  },
);

test('A report without a title is refused', () => {
  expect(() => parseReport('x', 'SELECT 1')).toThrow(/x has a line/);
});
