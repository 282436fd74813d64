import { describe, expect, it } from 'vitest';
import {
  addEvents,
  budgetLeft,
  burnRate,
  burnWindows,
  type CounterSample,
  eventsBetween,
  type Objective,
  objectives,
} from './objectives.ts';

const decisions = objectives.find(({ name }) => name === 'decisions') as Objective;
const pacing = objectives.find(({ name }) => name === 'pacing') as Objective;

function counted(values: Readonly<Record<string, number>>, labels: Readonly<Record<string, string>> = {}) {
  const { metric } = 'truth' in labels ? pacing : decisions;
  return Object.entries(values).map(
    ([outcome, value]): CounterSample => ({ name: metric, labels: { outcome, ...labels }, value }),
  );
}

describe('An objective', () => {
  it('counts what came between two readings, and of that what was good', () => {
    const before = counted({ in_time: 100, late: 5, shed: 0 });
    const after = counted({ in_time: 290, late: 10, shed: 5 });
    expect(eventsBetween(decisions, before, after)).toEqual({ good: 190, total: 200 });
    expect(eventsBetween(decisions, null, after)).toEqual({ good: 290, total: 305 });
  });

  it('takes no process that began anew for one that went back', () => {
    const after = counted({ in_time: 40, late: 2 });
    expect(eventsBetween(decisions, counted({ in_time: 900, late: 1 }), after)).toEqual({ good: 40, total: 41 });
  });

  it('counts only the series of its own labels', () => {
    const after = [
      ...counted({ within: 9, behind: 1 }, { truth: 'pacing' }),
      ...counted({ within: 1, behind: 9 }, { truth: 'final' }),
      ...counted({ in_time: 5 }),
    ];
    expect(eventsBetween(pacing, null, after)).toEqual({ good: 9, total: 10 });
  });

  it('burns at 1 what it may lose, and has no rate without events', () => {
    expect(burnRate({ target: 0.99 }, { good: 99, total: 100 })).toBeCloseTo(1, 9);
    expect(burnRate({ target: 0.99 }, { good: 0, total: 100 })).toBeCloseTo(100, 9);
    expect(burnRate({ target: 0.99 }, { good: 0, total: 0 })).toBeNull();
    expect(budgetLeft({ target: 0.99 }, { good: 98, total: 100 })).toBeCloseTo(-1, 9);
    expect(budgetLeft({ target: 0.99 }, { good: 0, total: 0 })).toBeNull();
  });

  it('adds processes up before it divides', () => {
    expect(
      addEvents([
        { good: 1, total: 2 },
        { good: 97, total: 98 },
      ]),
    ).toEqual({ good: 98, total: 100 });
  });

  it('can burn as fast as the fastest alert asks, or nobody would ever be told', () => {
    const fastest = Math.max(...burnWindows.map(({ rate }) => rate));
    for (const { target, name } of objectives) {
      expect([name, burnRate({ target }, { good: 0, total: 1 }) ?? 0]).toEqual([name, expect.any(Number)]);
      expect(burnRate({ target }, { good: 0, total: 1 })).toBeGreaterThan(fastest);
    }
  });
});
