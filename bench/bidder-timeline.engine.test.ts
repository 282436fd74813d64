import { expect, it } from 'vitest';
import { runTimeline, type TimelineRow, type Trouble } from './bidder-timeline.ts';

const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

// All of this is a matter of milliseconds: a machine that is held up meanwhile shows something else, and is asked again.
const asked = { timeout: 120_000, retry: 4 };

it(
  'a bidder that slows down, dies, talks garbage or streams for ever is asked less, comes back when it is well, and harms no auction',
  asked,
  async () => {
    const { rows, mishandled } = await runTimeline({ perSecond: 30, seconds: 2, tmaxMs: 600, others: 3 });
    const of = (...troubles: readonly Trouble[]) => rows.filter(({ trouble }) => troubles.includes(trouble));
    const last = (trouble: Trouble) => of(trouble).at(-1) as TimelineRow;
    expect(mishandled).toBe(0);
    expect(rows.filter(({ requests, answers200 }) => requests !== answers200)).toEqual([]);

    expect(mean(of('slower').map(({ answered, solicited }) => answered / solicited))).toBeGreaterThan(0.5);
    expect(last('dead').breaker).not.toBe(0);
    expect(last('dead').solicited).toBeLessThan(5);
    expect(last('endless').breaker).not.toBe(0);
    // Garbage comes at once from a host that is well: it is asked less, not given up.
    expect(last('garbage').share).toBeLessThan(0.5);
    expect(last('garbage').answered).toBe(0);

    expect(last('well')).toMatchObject({ breaker: 0 });
    expect(last('well').answered).toBeGreaterThan(0);
    const others = (some: readonly TimelineRow[]) => mean(some.map(({ othersAnswered }) => othersAnswered));
    expect(others(of('dead', 'garbage', 'endless', 'slower'))).toBeGreaterThan(0.7 * others(of('well')));
  },
);
