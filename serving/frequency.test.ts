import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countExposures, exposuresOf, RecentSelections, viewLagMs } from './frequency.ts';

const now = 10_000_000;
const window = { nowMs: now, windowMs: 3_600_000 };

describe('exposures', () => {
  test('are those of the view within the window, its first instant excluded', () => {
    expect(countExposures([now - 3_600_000, now - 3_599_999, now], [], window)).toBe(2);
  });

  test('count a selection that the view does not show yet', () => {
    expect(countExposures([now - 200_000], [now - 10], window)).toBe(2);
  });

  test('count a selection once that the view shows already', () => {
    expect(countExposures([now - 9000], [now - 10_000], window)).toBe(1);
    expect(countExposures([now - 9000], [now - 10_000, now - 5000], window)).toBe(2);
  });

  test('do not take a later exposure, of another selection, for one of long ago', () => {
    expect(countExposures([now], [now - viewLagMs - 1], window)).toBe(2);
  });

  test('are never fewer than those of the view and never more than all together', () => {
    const times = fc
      .array(fc.integer({ min: now - 4_000_000, max: now }))
      .map((list) => list.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(times, times, (exposed, selected) => {
        const count = countExposures(exposed, selected, window);
        const within = (list: readonly number[]) => list.filter((time) => time > now - window.windowMs).length;
        expect(count).toBeGreaterThanOrEqual(within(exposed));
        expect(count).toBeLessThanOrEqual(within(exposed) + within(selected));
        expect(countExposures(exposed, [], window)).toBe(within(exposed));
      }),
    );
  });

  test('are counted in the window of the cap of each line item', () => {
    const source = { exposed: new Map([['li_A', [now - 5000, now - 50]]]), selected: undefined, nowMs: now };
    expect(exposuresOf(source, 'li_A', { impressions: 1, window_ms: 100, calendar: '' })).toBe(1);
    expect(exposuresOf(source, 'li_A', { impressions: 1, window_ms: 10_000, calendar: '' })).toBe(2);
    expect(exposuresOf(source, 'li_B', { impressions: 1, window_ms: 10_000, calendar: '' })).toBe(0);
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
});
