import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countExposures, mergedTimes, RecentSelections, viewLagMs } from './frequency.ts';

const now = 10_000_000;
const hourAgo = now - 3_600_000;
const unseen = { exposed: [], shown: [], selected: [] };

describe('exposures', () => {
  test('are those of the view after the moment, itself excluded', () => {
    expect(countExposures({ ...unseen, exposed: [hourAgo, hourAgo + 1, now] }, hourAgo)).toBe(2);
  });

  test('count a selection that the view does not show yet', () => {
    expect(countExposures({ exposed: [now - 200_000], shown: [], selected: [now - 10] }, hourAgo)).toBe(2);
  });

  test('count a selection once that the view shows already, however late it was seen', () => {
    const known = { exposed: [now - 9000], shown: [now - 50_000], selected: [now - 50_000] };
    expect(countExposures(known, hourAgo)).toBe(1);
    expect(countExposures({ ...known, selected: [now - 50_000, now - 5000] }, hourAgo)).toBe(2);
  });

  test('count two selections of the same millisecond as two', () => {
    const twice = [now - 10, now - 10];
    expect(countExposures({ ...unseen, selected: twice }, hourAgo)).toBe(2);
    expect(countExposures({ exposed: [now], shown: [now - 10], selected: twice }, hourAgo)).toBe(2);
    expect(countExposures({ exposed: [now, now], shown: twice, selected: twice }, hourAgo)).toBe(2);
    const own = new Map([['li_A', twice]]);
    expect(mergedTimes(own, new Map([['li_A', [now - 10]]])).get('li_A')).toEqual(twice);
    expect(mergedTimes(new Map([['li_A', [now - 10]]]), own).get('li_A')).toEqual(twice);
  });

  test("do not take what another node's selection led to for one of ours", () => {
    expect(countExposures({ exposed: [now - 100], shown: [now - 900], selected: [now - 1000] }, hourAgo)).toBe(2);
  });

  test('are never fewer than those of the view and never more than all together', () => {
    const times = fc
      .uniqueArray(fc.integer({ min: now - 4_000_000, max: now }))
      .map((list) => list.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(times, times, fc.integer({ min: 0, max: 60_000 }), (exposed, selected, delay) => {
        const shown = exposed.map((time) => time - delay);
        const count = countExposures({ exposed, shown, selected }, hourAgo);
        const within = (list: readonly number[]) => list.filter((time) => time > hourAgo).length;
        expect(count).toBe(within(exposed) + within(selected.filter((time) => !shown.includes(time))));
      }),
    );
  });
});

describe('times of two sources', () => {
  test('are put together, each once and in order', () => {
    const a = new Map([
      ['li_A', [1, 5]],
      ['li_B', [2]],
    ]);
    const b = new Map([
      ['li_A', [3, 5]],
      ['li_C', [4]],
    ]);
    expect(mergedTimes(a, b)).toEqual(
      new Map([
        ['li_A', [1, 3, 5]],
        ['li_B', [2]],
        ['li_C', [4]],
      ]),
    );
    expect(mergedTimes(a, undefined)).toBe(a);
    expect(mergedTimes(undefined, b)).toBe(b);
  });
});

describe('recent selections', () => {
  test('are remembered for as long as a view may lag, then forgotten', () => {
    const recent = new RecentSelections();
    recent.note('u', 'li_A', now);
    recent.note('u', 'li_A', now + 1000);
    expect(recent.of('u', now + viewLagMs - 1)?.get('li_A')).toEqual([now, now + 1000]);
    expect(recent.of('u', now + viewLagMs)?.get('li_A')).toEqual([now + 1000]);
    expect(recent.of('u', now + viewLagMs + 1000)).toBeUndefined();
  });

  test('of one person say nothing of another', () => {
    const recent = new RecentSelections();
    recent.note('u', 'li_A', now);
    expect(recent.of('v', now)).toBeUndefined();
  });

  test('are forgotten in order, however many there were', () => {
    const recent = new RecentSelections();
    for (let number = 0; number < 5000; number += 1) recent.note(`u${number}`, 'li_A', now + number);
    const later = now + viewLagMs + 4000;
    expect(recent.of('u3999', later)).toBeUndefined();
    expect(recent.of('u4001', later)?.get('li_A')).toEqual([now + 4001]);
  });

  test('are told to others as they are noted', () => {
    const told: unknown[][] = [];
    new RecentSelections((...selection) => told.push(selection)).note('u', 'li_A', now);
    expect(told).toEqual([['u', 'li_A', now]]);
  });
});
