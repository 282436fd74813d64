import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import { CountedByWindow, type Window } from '../../dashboards/overview/counted-figures.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { createTallies } from '../../streams/processors/warehouse-tallies.ts';
import { emptyLog, openTestWarehouse, remake, reports, rowsOf, sinkAll } from './reporting-platform.ts';
import { append, sampleStart } from './sample-log.ts';
import { scenario } from './sample-scenario.ts';

const hourMs = 3_600_000;
let warehouse: Warehouse;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ warehouse, remove } = await openTestWarehouse());
  await remake(warehouse);
  const parts = { ...emptyLog(), warehouse };
  await append(parts.log, parts.registry, scenario());
  await sinkAll(parts);
});
afterAll(() => remove());

/** Figures as a console shows them so long after the sample began. */
function figuresAt(afterMs: number, window: Window) {
  const clock = createSimulatedClock({ startMs: sampleStart + afterMs });
  return new CountedByWindow({ warehouse, reports, clock }).of(window);
}

describe('The figures of the overview', () => {
  test.each([
    ['while their hours move', false],
    ['once their hours are counted', true],
  ])('are those of the reports, to the micro: %s', async (_, isCounted) => {
    if (isCounted) {
      const clock = createSimulatedClock({ startMs: sampleStart });
      await warehouse.command(
        'INSERT INTO adtally.hours (hour, version) SELECT DISTINCT toStartOfHour(selected_at), 1 FROM adtally.ad_selected',
      );
      const raise = (error: unknown) => {
        throw error;
      };
      expect(await createTallies({ warehouse, clock, onFailure: raise }).countAll()).toBeGreaterThan(0);
    }
    const [funnel, spend] = [await rowsOf(warehouse, 'truth_funnel'), await rowsOf(warehouse, 'spend_by_state')];
    expect(funnel.length).toBeGreaterThan(8);
    // An hour, half of its last minute, a day, and a time of which only the last day goes by minute.
    for (const [window, afterMs] of [
      ['1h', hourMs],
      ['24h', 2 * hourMs + 30_500],
      ['7d', 2 * hourMs],
      ['30d', 40 * hourMs],
    ] as const) {
      const figures = await figuresAt(afterMs, window);
      expect([window, figures.funnel]).toEqual([window, funnel]);
      expect([window, figures.spendHours]).toEqual([window, spend]);
    }
  });

  test('go by minute of selection', async () => {
    const { minutes } = await figuresAt(hourMs, '1h');
    const sum = (name: string) => minutes.reduce((total, row) => total + Number(row[name]), 0);
    const [selected] = await rowsOf(warehouse, 'truth_funnel');
    expect(sum('selections')).toBe(selected?.['selections']);
    expect(minutes.length).toBe(2);
  });
});

describe('Counting', () => {
  /** A warehouse that takes its time. */
  function slow(tookMs: number) {
    const clock = createSimulatedClock({ startMs: sampleStart + hourMs });
    let counts = 0;
    /** It is asked before and after a count. */
    let isFirst = false;
    const counting: Warehouse = {
      ...warehouse,
      query: async (sql, parameters) => {
        if (sql.includes('settled_hours') && parameters !== undefined && (isFirst = !isFirst)) {
          counts += 1;
          await clock.advance(tookMs);
        }
        return warehouse.query(sql, parameters);
      },
    };
    return { clock, figures: new CountedByWindow({ warehouse: counting, reports, clock }), counts: () => counts };
  }

  test('is rested in proportion to what it took, and the figures say when they were counted', async () => {
    const { clock, figures, counts } = slow(200);
    const first = await figures.of('24h');
    expect(first.atMs).toBe(sampleStart + hourMs);
    await clock.advance(2_000);
    expect(await figures.of('24h')).toBe(first);
    expect(counts()).toBe(1);
    await clock.advance(2_000);
    expect(await figures.of('24h'), 'given while the next count is under way').toBe(first);
    await expect.poll(async () => (await figures.of('24h')).atMs, { timeout: 60_000 }).toBeGreaterThan(first.atMs);
    expect(counts()).toBe(2);
  });

  test('is waited for where the last figures are old', async () => {
    const { clock, figures } = slow(10);
    const first = await figures.of('1h');
    await clock.advance(10 * 60_000);
    expect((await figures.of('1h')).atMs).toBeGreaterThan(first.atMs);
  });
});
