import { describe, expect, it } from 'vitest';
import { budgetDayBounds } from '../../domain/calendar.ts';
import { Delivery, type DeliveryOptions, type Delivered } from '../../test/pacing-delivery.ts';
import { appendPacing, budgetSet } from '../../test/pacing-world.ts';
import type { AnyRecord } from '../../domain/records.ts';
import type { SourceRecord } from '../runtime/processor.ts';
import { type AllocationContext, nextRecord } from './pacing-allocator.ts';
import { type CampaignPacing, emptyPacingLedger, foldPacing } from './pacing-ledger.ts';
import { DayBook, newSteering } from './pacing-steering.ts';

const reservationMs = 60_000;
const priceMicros = 2_000;
const total_micros = 30_000 * priceMicros;
const noon = Date.UTC(2026, 10, 1, 12);

function deliver(over: Partial<DeliveryOptions> & Pick<DeliveryOptions, 'budget'>): Delivered {
  const startsAt = over.startsAt ?? noon;
  return new Delivery({
    startsAt,
    endsAt: startsAt + 50 * reservationMs,
    reservationMs,
    priceMicros,
    renderRate: 0.7,
    requestsPerSecond: () => 100,
    ...over,
  }).run();
}

/** Figures for the report; the 30 s error only where one line is followed all the time. */
function print(name: string, result: Delivered, followsOneLine = false): void {
  const { deliveredMicros, totalMicros, overMicros, grants, windowErrors } = result;
  const share = ((100 * deliveredMicros) / totalMicros).toFixed(2);
  const p95 = Math.abs(windowErrors[Math.floor(windowErrors.length * 0.95)] ?? Number.NaN);
  const error = followsOneLine ? `, 30 s error p95 ${(100 * p95).toFixed(1)} %` : '';
  process.stdout.write(`${name}: delivered ${share} %, over ${overMicros}, grants ${grants}${error}\n`);
}

describe('delivery of a flight of 50 reservation lives, two nodes, traffic far above budget, 70 % rendered', () => {
  it('even: nothing over at any step, at least 99 % at the end, close to the line in between', () => {
    const result = deliver({ budget: { total_micros, pacing: 'even' } });
    print('even', result, true);
    expect(result.overMicros).toBe(0);
    expect(result.deliveredMicros).toBeGreaterThanOrEqual(0.99 * total_micros);
    expect(result.firstGrantMs).toBeLessThanOrEqual(300);
    for (const [index, delivered] of result.curve.entries()) {
      const planned = Math.min(1, (index + 1) / 10 / 0.97) * total_micros;
      expect(Math.abs(delivered - planned)).toBeLessThan(0.02 * total_micros);
    }
    expect(Math.abs(result.windowErrors[Math.floor(result.windowErrors.length * 0.95)] as number)).toBeLessThan(0.1);
  });

  it('even, with a node killed in the middle: the same, and its undrawn lease is spent by others', () => {
    const result = deliver({
      budget: { total_micros, pacing: 'even' },
      killAt: noon + 25 * reservationMs,
      restartMs: 20_000,
    });
    print('even, one node killed', result, true);
    expect(result.overMicros).toBe(0);
    expect(result.deliveredMicros).toBeGreaterThanOrEqual(0.99 * total_micros);
  });

  it('asap: as fast as the traffic allows, nothing over, at least 99 % at the end', () => {
    const result = deliver({ budget: { total_micros, pacing: 'asap' } });
    print('asap', result);
    expect(result.overMicros).toBe(0);
    expect(result.deliveredMicros).toBeGreaterThanOrEqual(0.99 * total_micros);
    // 200 requests a second spend 30,000 in 150 s and what comes back in a few lives
    expect(result.curve[0]).toBeGreaterThan(0.95 * total_micros);
  });

  it('even, with one of the nodes at a fiftieth of the traffic: its share does not keep the other waiting', () => {
    const result = deliver({
      budget: { total_micros, pacing: 'even' },
      requestsPerSecond: (_, node) => (node === 'a' ? 1 : 60),
    });
    print('even, uneven nodes', result, true);
    expect(result.overMicros).toBe(0);
    expect(result.deliveredMicros).toBeGreaterThanOrEqual(0.99 * total_micros);
  });

  it('catches up after a drought without swinging: the rate falls back to the line from above and stays', () => {
    const drought = (now: number): number => (now >= noon + 600_000 && now < noon + 1_200_000 ? 0 : 100);
    const result = deliver({ budget: { total_micros, pacing: 'even' }, requestsPerSecond: drought });
    print('even, a fifth of the flight without traffic', result);
    expect(result.overMicros).toBe(0);
    expect(result.deliveredMicros).toBeGreaterThanOrEqual(0.99 * total_micros);
    const steps = result.curve.map((value, index) => value - (result.curve[index - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThan((2.2 * total_micros) / 9.7); // never much above twice the plan
    const after = steps.slice(4, 9);
    for (const [index, step] of after.entries()) {
      expect(step).toBeGreaterThan((0.93 * total_micros) / 9.7); // never below the line once traffic is back
      if (index > 0) expect(step).toBeLessThan(1.05 * (after[index - 1] as number));
    }
  });
});

describe('daily budgets in the zone of the advertiser', () => {
  const zone = 'Europe/Berlin';
  it.each([
    ['a day of 24 hours', Date.UTC(2026, 5, 10, 12), 24],
    ['the day that loses an hour', Date.UTC(2026, 2, 29, 12), 23],
    ['the day that gains an hour', Date.UTC(2026, 9, 25, 12), 25],
  ])('spends the budget of %s, evenly over its length, and no more', (_, within, hours) => {
    const { startsAt, endsAt, day } = budgetDayBounds(within, zone);
    expect(endsAt - startsAt).toBe(hours * 3_600_000);
    const life = 20 * 60_000;
    const reach = endsAt - 1.5 * life;
    const daily = 5_000 * priceMicros;
    const result = deliver({
      budget: { total_micros: 10 * daily, daily_micros: daily, pacing: 'even', time_zone: zone },
      startsAt,
      endsAt: endsAt + 30 * 60_000,
      reservationMs: life,
      requestsPerSecond: () => 2,
      stepMs: 1_000,
      probeAt: [
        startsAt + Math.round((reach - startsAt) / 4 / 1_000) * 1_000,
        startsAt + Math.round((reach - startsAt) / 2 / 1_000) * 1_000,
      ],
    });
    print(`daily, ${hours} h`, { ...result, totalMicros: daily, deliveredMicros: result.byDay.get(day) ?? 0 });
    expect(result.overMicros).toBe(0);
    expect(result.overDailyMicros).toBe(0);
    expect(result.byDay.get(day)).toBeGreaterThanOrEqual(0.99 * daily);
    expect(Math.abs((result.probes[0] as number) / daily - 0.25)).toBeLessThan(0.02);
    expect(Math.abs((result.probes[1] as number) / daily - 0.5)).toBeLessThan(0.02);
    expect(result.byDay.size).toBe(2); // and the next day began anew
  });
});

describe('what the allocator writes', () => {
  const log: SourceRecord[] = [];
  const context = (now: number): AllocationContext => ({
    now,
    live: [{ node: 'a', boot: 'a1', markedAt: now }],
    days: new DayBook(),
    prices: () => ({ least: 500, most: 2_000 }),
    allocator: 'x',
    reservationMs,
    grantEveryMs: 1_000,
  });

  function start(budget: AnyRecord): {
    state: CampaignPacing;
    ask: (now: number) => AnyRecord | null;
    put: (record: AnyRecord) => void;
  } {
    log.length = 0;
    const ledger = emptyPacingLedger(0, 1);
    const steering = newSteering();
    const put = (record: AnyRecord): void => void foldPacing(ledger, appendPacing(log, record));
    put(budget);
    const state = ledger.campaigns.get('cmp_1') as CampaignPacing;
    return { state, put, ask: (now) => nextRecord(state, steering, context(now)) };
  }

  const flight = { starts_at: noon, ends_at: noon + 3_600_000 };

  it('puts a budget into effect first, and grants in the name of the budget day, next number by next number', () => {
    const { ask, put } = start(budgetSet({ flight, time_zone: 'Pacific/Kiritimati' }));
    const applied = ask(noon) as AnyRecord;
    expect(applied).toMatchObject({
      name: 'BudgetApplied',
      value: { number: 1, revision: 1, total_micros: 1_000_000 },
    });
    put(applied);
    const lease = { node: 'a', boot: 'a1', day: '2026-11-02' };
    expect(ask(noon)).toMatchObject({ name: 'LeaseGranted', value: { number: 2, lease } });
  });

  it.each([
    ['before its flight', budgetSet({ flight: { ...flight, starts_at: noon + 1 } })],
    ['after its flight', budgetSet({ flight: { ...flight, ends_at: noon } })],
    ['while it is paused', budgetSet({ flight, active: false })],
    ['on a spent daily budget', budgetSet({ flight, daily_micros: 0 })],
    ['below the least price', budgetSet({ flight, total_micros: 499 })],
  ])('grants nothing %s', (_, budget) => {
    const { ask, put } = start(budget);
    put(ask(noon) as AnyRecord);
    expect(ask(noon)).toBeNull();
  });

  it('lets a lower budget take effect as what is claimed, and brings it down as that comes back', () => {
    const { ask, put, state } = start(budgetSet({ flight }));
    put(ask(noon) as AnyRecord);
    const granted = ask(noon) as AnyRecord & { name: 'LeaseGranted' };
    put(granted);
    const { lease, amount_micros } = granted.value;
    expect(amount_micros).toBeGreaterThan(2_000);
    put(budgetSet({ flight, revision: 2, total_micros: 100 }));
    expect(ask(noon)).toMatchObject({ name: 'BudgetApplied', value: { revision: 2, total_micros: amount_micros } });
    put(ask(noon) as AnyRecord);
    expect(ask(noon + 5_000)).toBeNull();
    put({
      name: 'LeaseReturned',
      value: { campaign_id: 'cmp_1', lease, returned_micros: amount_micros - 40, returned_at: noon },
    });
    expect(ask(noon + 5_000)).toMatchObject({ name: 'BudgetApplied', value: { revision: 2, total_micros: 100 } });
    expect(state.applied?.total_micros).toBe(amount_micros);
  });

  it('grants nothing of a lowered budget before that budget is in effect', () => {
    const { ask, put } = start(budgetSet({ flight }));
    put(ask(noon) as AnyRecord);
    put(budgetSet({ flight, revision: 2, total_micros: 0 }));
    expect(ask(noon)).toMatchObject({ name: 'BudgetApplied', value: { total_micros: 0 } });
    put(ask(noon) as AnyRecord);
    expect(ask(noon)).toBeNull();
  });
});
