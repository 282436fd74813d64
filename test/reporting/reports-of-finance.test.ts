import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { noteFreshness } from '../../streams/processors/warehouse-freshness.ts';
import { emptyLog, openTestWarehouse, remake, rowsOf, sinkAll } from './reporting-platform.ts';
import { append, sampleStart } from './sample-log.ts';
import { scenario } from './sample-scenario.ts';

let warehouse: Warehouse;
let remove: () => Promise<void>;

let published = 0;
/** A name that an entity had from a time on. */
async function publish([table, id, revision, name, at]: readonly [string, string, number, string, string]) {
  const offset = (published += 1);
  const columns = ['topic', 'shard', 'offset', 'appended_at', `${table}_id`, 'name', 'revision', 'changed_at'];
  await warehouse.insert(`${table}_published`, columns, [['catalog', 0, offset, at, id, name, revision, at]]);
}

beforeAll(async () => {
  ({ warehouse, remove } = await openTestWarehouse());
  await remake(warehouse);
  const parts = { ...emptyLog(), warehouse };
  await append(parts.log, parts.registry, scenario());
  await sinkAll(parts);
  await publish(['campaign', 'cmp_a', 1, 'Spring', '2026-01-01 00:00:00.000']);
  // Of two records of one revision the first counts; a later name does not hold yet.
  await publish(['campaign', 'cmp_a', 1, 'Copy', '2026-01-02 00:00:00.000']);
  await publish(['campaign', 'cmp_a', 2, 'Summer', '2026-02-01 00:00:00.000']);
  await publish(['publisher', 'pub_1', 1, 'Daily', '2026-01-01 00:00:00.000']);
  await publish(['placement', 'pl_x', 1, 'Top', '2026-01-01 00:00:00.000']);
});
afterAll(() => remove());

const day = '2026-01-05T00:00:00Z';
const hour = '2026-01-05T10:00:00Z';

describe('Of twelve selections whose fate is known', () => {
  test('spend by campaign shows each truth, under the name that the campaign had then', async () => {
    const rows = await rowsOf(warehouse, 'spend_by_campaign');
    expect(rows.map(({ campaign_id, campaign, advertiser }) => [campaign_id, campaign, advertiser])).toEqual([
      ['cmp_a', 'Spring', ''],
      ['cmp_b', '', ''],
    ]);
    expect(rows[0]).toMatchObject({
      day,
      impressions: 4,
      clicks: 2,
      charged_micros: '4014',
      drawn_micros: '5020',
      incurred_micros: '4014',
      pending_micros: '1004',
      voided_micros: '0',
      certified_micros: '3010',
      reversed_micros: '1002',
      billable_micros: '2008',
      absorbed_micros: '0',
    });
    expect(await rowsOf(warehouse, 'spend_by_campaign', { advertiser_id: 'adv_1', campaign_id: 'cmp_a' })).toEqual([
      rows[0],
    ]);
  });

  test("a publisher's revenue adds up with ours and what rounding left", async () => {
    const [row, ...others] = await rowsOf(warehouse, 'publisher_revenue', { publisher_id: 'pub_1' });
    expect(others).toEqual([]);
    // Shares of 70 %, rounded down, of 1000, 1001, 1008 (certified) and 1007 (absorbed); 1002 was taken back.
    expect(row).toMatchObject({
      day,
      publisher: 'Daily',
      certified_micros: '4011',
      reversed_micros: '1002',
      absorbed_micros: '1007',
      publisher_micros: String(700 + 700 + 705 + 704),
      platform_micros: String(300 + 300 + 302 + 302),
      rounding_micros: '3',
    });
  });

  test('discrepancy shows what one truth has and the next one lacks', async () => {
    const rows = await rowsOf(warehouse, 'discrepancy');
    expect(rows).toEqual([
      {
        hour,
        campaign_id: 'cmp_a',
        currency: 'EUR',
        selections: 5,
        unreturned: 0,
        charged_micros: '4014',
        unbooked_micros: '0',
        open_micros: '0',
        pending_micros: '1004',
        suspended_micros: '0',
        uncertified_micros: '0',
      },
      expect.objectContaining({ campaign_id: 'cmp_b', unbooked_micros: '0', pending_micros: '0' }),
    ]);
  });

  test('delivery by minute has the minutes that had something', async () => {
    const rows = await rowsOf(warehouse, 'delivery_by_minute');
    expect(rows.map(({ minute, selections, impressions }) => [minute, selections, impressions])).toEqual([
      ['2026-01-05T10:00:00Z', 6, 5],
      ['2026-01-05T10:01:00Z', 5, 3],
    ]);
    const some = {
      from: new Date(sampleStart + 15_000).toISOString(),
      to: new Date(sampleStart + 75_000).toISOString(),
    };
    const pieces = await rowsOf(warehouse, 'delivery_by_minute', some);
    expect(pieces.map(({ selections }) => selections)).toEqual([4, 2]);
  });

  test('viewability divides by what was delivered, and fill by what was asked', async () => {
    const rows = await rowsOf(warehouse, 'viewability');
    expect(rows).toEqual([
      expect.objectContaining({
        placement_id: 'pl_x',
        placement: 'Top',
        selections: 4,
        fill: 1,
        viewable_rate: 0.333333,
        late: 1,
      }),
      expect.objectContaining({
        placement_id: 'pl_y',
        placement: '',
        selections: 7,
        house: 1,
        fill: 0.857143,
        viewables: 1,
        viewable_rate: 0.2,
        render_rate: 0.714286,
      }),
    ]);
  });

  test('reach counts persons once and their impressions each', async () => {
    expect(await rowsOf(warehouse, 'reach_frequency')).toEqual([
      expect.objectContaining({
        campaign_id: 'cmp_a',
        impressions: 4,
        known: 4,
        persons: 4,
        frequency: 1,
        once: 4,
        most: 1,
      }),
      expect.objectContaining({ campaign_id: 'cmp_b', impressions: 4, known: 0, persons: 0, frequency: null }),
    ]);
  });

  test('invalid traffic is held against what its source delivered', async () => {
    const rows = await rowsOf(warehouse, 'invalid_traffic');
    expect(
      rows.map(({ placement_id, rule, verdicts, placement_selections, rate, price_micros }) => [
        placement_id,
        rule,
        verdicts,
        placement_selections,
        rate,
        price_micros,
      ]),
    ).toEqual([
      ['pl_x', 'givt-robot', 2, 4, 0.5, '2012'],
      ['pl_y', 'sivt-click-farm', 1, 7, 0.142857, '1002'],
    ]);
  });

  test('reversals tell what was taken back before certification from what came after it', async () => {
    const rows = await rowsOf(warehouse, 'reversals');
    expect(
      rows.map(({ taken_back, kind, reference, selections, amount_micros }) => [
        taken_back,
        kind,
        reference,
        selections,
        amount_micros,
      ]),
    ).toEqual([
      ['after', 'reverse', 'sivt-click-farm', 1, '1002'],
      ['before', 'void', 'givt-robot', 2, '2012'],
    ]);
  });

  test('exclusions count line items by why they took no part', async () => {
    expect(await rowsOf(warehouse, 'exclusions')).toEqual([
      { tier: 'premium', step: 'targeting', reason: 'country', excluded: 12, selections: 4, per_selection: 3 },
      { tier: 'standard', step: 'targeting', reason: 'country', excluded: 21, selections: 7, per_selection: 3 },
    ]);
  });
});

test('The delay of the sink is noted for what was appended since it began, each record with its own', async () => {
  const clock = createSimulatedClock({ startMs: sampleStart });
  // The delays of the sample's day are older than the table keeps them: a merge would take them away.
  await warehouse.command('ALTER TABLE adtally.sink_delays REMOVE TTL');
  const freshness = noteFreshness(warehouse, clock);
  await clock.advance(2_000);
  const columns = ['topic', 'shard', 'offset', 'appended_at'];
  const row = (offset: number, at: string) => ['click', 3, 100 + offset, `2026-01-05 ${at}`];
  await freshness.warehouse.insert('ad_clicked', columns, [
    row(0, '09:59:59.999'),
    row(1, '10:00:00.010'),
    row(2, '10:00:01.600'),
    row(3, '10:00:01.600'),
  ]);
  await freshness.flush();
  const range = { from: '2026-01-05T10:00:02Z', to: '2026-01-05T10:00:03Z' };
  const sums = { records: 3, p50_ms: 400, p95_ms: 2000, p99_ms: 2000, max_ms: 2000 };
  expect(await rowsOf(warehouse, 'sink_delay', range)).toEqual([
    { topic: 'all', ...sums },
    { topic: 'click', ...sums },
  ]);
});
