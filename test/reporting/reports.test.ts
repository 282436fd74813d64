import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { runReport } from '../../dashboards/reports/run-report.ts';
import type { Row, Warehouse } from '../../ports/warehouse.ts';
import {
  emptyLog,
  openTestWarehouse,
  remake,
  reports,
  rowsOf,
  selectionFactsSql,
  sinkAll,
} from './reporting-platform.ts';
import { createTallies } from '../../streams/processors/warehouse-tallies.ts';
import { append, billingOf, lifeOf, type SampleRecord } from './sample-log.ts';
import { scenario } from './sample-scenario.ts';

let warehouse: Warehouse;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ warehouse, remove } = await openTestWarehouse());
});
afterAll(() => remove());

const hour = '2026-01-05T10:00:00Z';
const timeless = [...reports.keys()].filter((name) => name !== 'freshness' && name !== 'sink_delay');

/** What reports are asked that say nothing by themselves. */
const oneSource = { source: '192.0.2.0/24' };
const questions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  source_pattern: oneSource,
  source_rates: oneSource,
  source_selections: oneSource,
};

async function sinkFresh(records: readonly SampleRecord[]): Promise<void> {
  await remake(warehouse);
  const parts = { ...emptyLog(), warehouse };
  await append(parts.log, parts.registry, records);
  await sinkAll(parts);
}

async function everyReport(): Promise<Record<string, unknown>> {
  const entries: [string, unknown][] = [];
  for (const name of timeless) entries.push([name, await rowsOf(warehouse, name, questions[name])]);
  return Object.fromEntries([...entries, ['selection facts', await allFacts()]]);
}

async function allFacts(): Promise<readonly Row[]> {
  const range = { from: '2026-01-05 10:00:00.000', to: '2026-01-05 11:00:00.000' };
  const page = async (after: string, limit: number) =>
    (await warehouse.query(selectionFactsSql, { ...range, after, limit })).rows;
  const first = await page('', 5);
  return [...first, ...(await page(first.at(-1)?.['selection_id'] as string, 100))];
}

describe('Of twelve selections whose fate is known', () => {
  beforeAll(() => sinkFresh(scenario()));

  test('delivery counts each event once and the money by campaign, placement and hour', async () => {
    const rows = await rowsOf(warehouse, 'delivery');
    expect(rows.map(({ campaign_id, placement_id }) => [campaign_id, placement_id])).toEqual([
      ['cmp_a', 'pl_x'],
      ['cmp_a', 'pl_y'],
      ['cmp_b', 'pl_x'],
      ['cmp_b', 'pl_y'],
    ]);
    expect(rows[0]).toEqual({
      hour,
      campaign_id: 'cmp_a',
      placement_id: 'pl_x',
      currency: 'EUR',
      selections: 2,
      returned: 2,
      impressions: 1,
      viewables: 1,
      clicks: 1,
      late: 1,
      charges: 1,
      charged_micros: '1000',
      certified_micros: '1000',
      reversed_micros: '0',
      billable_micros: '1000',
    });
    expect(rows[1]).toMatchObject({
      charged_micros: '3014',
      certified_micros: '2010',
      reversed_micros: '1002',
      billable_micros: '1008',
    });
    expect(await rowsOf(warehouse, 'delivery', { campaign_id: 'cmp_b', placement_id: 'pl_x' })).toEqual([rows[2]]);
  });

  test('the funnel narrows from selected to reversed', async () => {
    const rows = await rowsOf(warehouse, 'truth_funnel');
    expect(rows.map(({ step, stage, selections, amount_micros }) => [step, stage, selections, amount_micros])).toEqual([
      [1, 'selected', 11, '10045'],
      [2, 'returned', 11, '10045'],
      [3, 'impression', 8, '8034'],
      [4, 'viewable', 2, '2001'],
      [5, 'click', 2, '2008'],
      [6, 'billable', 8, '8034'],
      [7, 'absorbed', 1, '1007'],
      [8, 'voided', 2, '2012'],
      [9, 'final', 4, '4011'],
      [10, 'reversed', 1, '1002'],
    ]);
  });

  test('spend stands in the state that the ledgers booked', async () => {
    expect(await rowsOf(warehouse, 'spend_by_state')).toEqual([
      {
        hour,
        currency: 'EUR',
        drawn_micros: '9038',
        released_micros: '2011',
        open_micros: '0',
        incurred_micros: '7027',
        suspended_micros: '0',
        voided_micros: '2012',
        pending_micros: '1004',
        certified_micros: '4011',
        reversed_micros: '1002',
        billable_micros: '3009',
        absorbed_micros: '1007',
      },
    ]);
  });

  test('traffic quality shows what each rule took back, before and after certification', async () => {
    expect(await rowsOf(warehouse, 'traffic_quality')).toEqual([
      {
        category: 'GIVT',
        rule: 'givt-robot',
        currency: 'EUR',
        verdicts: 2,
        charges: 2,
        voided_micros: '2012',
        reversed_micros: '0',
        absorbed_micros: '0',
      },
      {
        category: 'SIVT',
        rule: 'sivt-click-farm',
        currency: 'EUR',
        verdicts: 1,
        charges: 1,
        voided_micros: '0',
        reversed_micros: '1002',
        absorbed_micros: '0',
      },
    ]);
  });

  test('yield by latency shows what each plan earned, what it did without and what that cost', async () => {
    const rows = await rowsOf(warehouse, 'yield_by_latency');
    expect(rows).toEqual([
      {
        currency: 'EUR',
        tier: 'premium',
        plan: 'full',
        from_us: 2000,
        below_us: 5000,
        selections: 3,
        sold: 3,
        fill: 1,
        ecpm_micros: '1006000',
        degraded: 0,
        lost_micros: '0',
        done_without: '',
        over_share: '',
        p50_us: 2500,
        p99_us: 2500,
        spare_p50_us: 97_500,
      },
      expect.objectContaining({
        tier: 'premium',
        plan: 'no_person',
        selections: 1,
        degraded: 1,
        lost_micros: '7',
        done_without: 'enrichment/person_load 1',
      }),
      expect.objectContaining({ tier: 'standard', plan: 'full', selections: 7, sold: 6, fill: 0.857143 }),
    ]);
    expect(await rowsOf(warehouse, 'yield_by_latency', { plan: 'no_person' })).toEqual([rows[1]]);
    expect(await rowsOf(warehouse, 'yield_by_latency', { tier: 'standard' })).toEqual([rows[2]]);
  });

  test('bidders are told apart by what became of them, with what they brought', async () => {
    const rows = await rowsOf(warehouse, 'bidders');
    expect(rows.map(({ bidder_id }) => bidder_id)).toEqual(['bd_a', 'bd_b', 'bd_c']);
    const [a, b, c] = rows;
    expect(a?.['won']).toBeGreaterThan(0);
    expect(a).toMatchObject({ responded: a?.['eligible'], participating: a?.['eligible'], timeouts: 0, faults: '' });
    expect(BigInt(String(a?.['revenue_micros']))).toBeGreaterThan(0n);
    expect(b).toMatchObject({ solicited: b?.['eligible'], responded: 0, won: 0, revenue_micros: '0' });
    expect(Number(b?.['timeouts']) + Number(b?.['failed'])).toBe(b?.['eligible']);
    expect(b?.['faults']).toMatch(/^(bad_price|timed_out) \d+, (bad_price|timed_out) \d+$/);
    expect(c).toMatchObject({ solicited: 0, not_asked: `throttled ${String(c?.['eligible'])}`, latency_p50_us: null });
  });

  test('participation keeps eligible, solicited, responded and participating apart', async () => {
    expect(await rowsOf(warehouse, 'participation')).toEqual([
      {
        hour,
        placement_id: 'pl_x',
        tier: 'premium',
        selections: 4,
        fallbacks: 0,
        degraded: 1,
        eligible: 40,
        solicited: 32,
        responded: 28,
        participating: 20,
        participation: 0.5,
      },
      {
        hour,
        placement_id: 'pl_y',
        tier: 'standard',
        selections: 7,
        fallbacks: 1,
        degraded: 0,
        eligible: 70,
        solicited: 56,
        responded: 49,
        participating: 35,
        participation: 0.5,
      },
    ]);
  });

  test('stage latency gives exact percentiles', async () => {
    const rows = await rowsOf(warehouse, 'stage_latency');
    expect(rows.map(({ stage, samples, p50_us, p99_us, max_us }) => [stage, samples, p50_us, p99_us, max_us])).toEqual([
      ['ingress', 12, 100, 100, 100],
      ['auction', 12, 106, 111, 111],
      ['answer', 12, 2500, 2500, 2500],
    ]);
    const premium = await rowsOf(warehouse, 'stage_latency', { tier: 'premium' });
    expect(premium.map(({ samples }) => samples)).toEqual([4, 4, 4]);
  });

  test('pacing error holds what was spent against an even flight', async () => {
    expect(await rowsOf(warehouse, 'pacing_error')).toEqual([
      {
        window_start: '2026-01-05T10:00:00.000Z',
        campaign_id: 'cmp_a',
        currency: 'EUR',
        target_micros: '10000',
        actual_micros: '4014',
        target_so_far_micros: '10000',
        actual_so_far_micros: '4014',
        error_ppm: -59_860,
      },
      {
        window_start: '2026-01-05T11:00:00.000Z',
        campaign_id: 'cmp_a',
        currency: 'EUR',
        target_micros: '10000',
        actual_micros: '0',
        target_so_far_micros: '20000',
        actual_so_far_micros: '4014',
        error_ppm: -159_860,
      },
    ]);
  });

  test('freshness says how far each shard has come', async () => {
    const rows = await rowsOf(warehouse, 'freshness');
    expect(rows.find(({ topic, shard }) => topic === 'selected' && shard === 3)).toMatchObject({
      records: 6,
      next_offset: 6,
      complete: true,
    });
    expect(rows.every(({ age_ms }) => Number(age_ms) >= 0 && Number(age_ms) < 60_000)).toBe(true);
  });

  test('each selection has its facts in one row, for the reconciler', async () => {
    const facts = await allFacts();
    expect(facts.map((row) => row['selection_id'])).toEqual(
      Array.from({ length: 12 }, (_, n) => billingOf(n, 'CPM').selection_id),
    );
    expect(facts[2]).toEqual({
      selection_id: billingOf(2, 'CPM').selection_id,
      shard: 2,
      selected_at: '2026-01-05T10:00:20.000Z',
      advertiser_id: 'adv_1',
      campaign_id: 'cmp_a',
      placement_id: 'pl_y',
      currency: 'EUR',
      test: false,
      price_micros: '1002',
      contents: '1',
      selected: '1',
      returned: '1',
      impressions: '1',
      viewables: '0',
      clicks: '0',
      reservations: '1',
      charges: '1',
      charged_micros: '1002',
      drawn_micros: '1002',
      released_micros: '0',
      incurred_micros: '1002',
      suspended_micros: '0',
      voided_micros: '0',
      passed_micros: '1002',
      certified_micros: '1002',
      reversed_micros: '1002',
      absorbed_micros: '0',
      absorbed_voided_micros: '0',
    });
    expect(facts[10]).toMatchObject({ test: true, charged_micros: '1010', drawn_micros: '0', certified_micros: '0' });
    expect(facts[6]).toMatchObject({ impressions: '0', charges: '0', released_micros: '1006' });
  });

  test('a price that was changed in one record of a selection shows as a second content', async () => {
    await warehouse.command(
      'INSERT INTO adtally.spend_incurred SELECT * REPLACE (price_micros + 1 AS price_micros) FROM adtally.spend_incurred WHERE shard = 0 AND offset = 1',
    );
    await warehouse.command('OPTIMIZE TABLE adtally.spend_incurred FINAL');
    const changed = (await allFacts()).filter((row) => row['contents'] !== '1');
    expect(changed.map((row) => [row['contents'], row['charged_micros']])).toEqual([['2', '1001']]);
  });
});

test('What is in suspense is neither pending nor voided', async () => {
  const fate = { impression: 'accepted', viewable: false, click: false, spend: 'suspended', verdict: 'none' } as const;
  await sinkFresh(lifeOf(billingOf(20, 'CPM'), fate));
  const [row] = await rowsOf(warehouse, 'spend_by_state');
  expect(row).toMatchObject({
    incurred_micros: '1020',
    suspended_micros: '1020',
    voided_micros: '0',
    pending_micros: '0',
  });
});

describe('No reported number changes', () => {
  let expected: Record<string, unknown>;
  beforeAll(async () => {
    await sinkFresh(scenario());
    expected = await everyReport();
  });

  test('and none of the reports, whoever added it, is unchanged because it is empty', () => {
    expect(timeless.filter((name) => (expected[name] as readonly unknown[]).length === 0)).toEqual([]);
  });

  test('when the whole log is sunk a second time into the same tables', async () => {
    await remake(warehouse);
    const parts = { ...emptyLog(), warehouse };
    await append(parts.log, parts.registry, scenario());
    await sinkAll(parts);
    // Every row once more, as after a crash between an insert and the knowledge of it.
    for (const table of [
      'ad_selected',
      'markup_returned',
      'impression_rendered',
      'ad_clicked',
      'spend_incurred',
      'entry_booked',
    ]) {
      await warehouse.command(`SYSTEM STOP MERGES adtally.${table}`);
      await warehouse.command(`INSERT INTO adtally.${table} SELECT * FROM adtally.${table}`);
    }
    const { rows } = await warehouse.query('SELECT count() AS n FROM adtally.ad_selected');
    expect(rows).toEqual([{ n: '24' }]);
    expect(await everyReport()).toEqual(expected);
  });

  test('when its hours are counted once and for all, moved again by a replay, and counted again', async () => {
    await remake(warehouse);
    const parts = { ...emptyLog(), warehouse };
    const tallies = createTallies({ warehouse, clock: createSystemClock(), onFailure: () => {} });
    const sunk = { ...parts, warehouse: tallies.warehouse };
    await append(parts.log, parts.registry, scenario());
    await sinkAll(sunk);
    expect(await everyReport()).toEqual(expected);
    expect(await tallies.countAll()).toBe(1);
    expect(await tallies.countAll()).toBe(0);
    expect(await everyReport()).toEqual(expected);
    await append(parts.log, parts.registry, scenario().toReversed());
    await sinkAll(sunk);
    const { rows } = await warehouse.query('SELECT hour FROM adtally.moving_hours');
    expect(rows).toHaveLength(1);
    expect(await everyReport()).toEqual(expected);
    expect(await tallies.countAll()).toBe(1);
    expect(await everyReport()).toEqual(expected);
  });

  test('when the log holds everything up to three times, in any order', async () => {
    const records = scenario();
    const order = fc.shuffledSubarray([...records, ...records, ...records], { minLength: records.length * 2 });
    await fc.assert(
      fc.asyncProperty(order, async (again) => {
        // Each record is there at least once; what precedes it is chance.
        await sinkFresh([...again, ...records]);
        expect(await everyReport()).toEqual(expected);
      }),
      { numRuns: 3 },
    );
  });
});

describe('A report', () => {
  const parts = () => ({ reports, warehouse, clock: createSystemClock() });

  test.each([
    ['nonsense', {}, { code: 'NOT_FOUND' }],
    ['delivery', { nonsense: '1' }, { code: 'UNKNOWN_FIELD', path: 'nonsense' }],
    ['delivery', { from: 'yesterday' }, { code: 'VALIDATION_FAILED', path: 'from' }],
    ['delivery', { from: '2026-13-01' }, { code: 'VALIDATION_FAILED', path: 'from' }],
    ['delivery', { from: '1969-01-01' }, { code: 'VALIDATION_FAILED', path: 'from' }],
    ['delivery', { from: '2026-01-02', to: '2026-01-02' }, { code: 'VALIDATION_FAILED', path: 'from' }],
    ['delivery', { limit: '0' }, { code: 'VALIDATION_FAILED', path: 'limit' }],
    ['delivery', { limit: '-1' }, { code: 'VALIDATION_FAILED', path: 'limit' }],
    ['delivery', { limit: '1e3' }, { code: 'VALIDATION_FAILED', path: 'limit' }],
    ['pacing_error', { window_seconds: '1' }, { code: 'VALIDATION_FAILED', path: 'window_seconds' }],
  ])('%s with %j is refused by name', async (name, given, error) => {
    await expect(runReport(parts(), name, given)).rejects.toMatchObject(error);
  });

  test.each(timeless)('%s takes SQL in a parameter as text', async (name) => {
    const texts = reports.get(name)?.parameters.filter(({ kind }) => kind === 'text') ?? [];
    for (const { name: parameter } of texts) {
      const { rows } = await runReport(parts(), name, { [parameter]: "x' OR '1'='1" });
      expect(rows).toEqual([]);
    }
  });

  test.each([...reports.keys()])('%s runs with its defaults and documents its columns', async (name) => {
    const { columns, parameters } = await runReport(parts(), name);
    expect(columns.every(({ description }) => description.endsWith('.') || description.length > 5)).toBe(true);
    expect(Object.keys(parameters)).toEqual(reports.get(name)?.parameters.map((parameter) => parameter.name));
  });
});
