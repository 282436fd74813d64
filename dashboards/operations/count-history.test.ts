import { describe, expect, it } from 'vitest';
import { CountHistory, cameBetween } from './count-history.ts';

const of = (value: number, outcome = 'ad') => ({ name: 'slots', labels: { outcome }, value });
const hour = 3_600_000;

describe('The history of counts', () => {
  it('sums what came in a window that ends now', () => {
    const history = new CountHistory({ sinceMs: 0, pieceMs: 10_000, spanMs: hour });
    history.add(5_000, [of(1), of(2, 'none')]);
    history.add(65_000, [of(4)]);
    history.add(125_000, [of(8)]);
    expect(history.last(129_000, 60_000)).toEqual({ samples: [of(8)], watchedMs: 60_000 });
    expect(history.last(129_000, 70_000).samples).toEqual([of(12)]);
    expect(history.last(129_000, hour).samples).toEqual([of(13), of(2, 'none')]);
  });

  it('says how much of a window was watched, never more than there was', () => {
    const history = new CountHistory({ sinceMs: 1_000_000, pieceMs: 10_000, spanMs: hour });
    expect(history.last(1_030_000, 300_000).watchedMs).toBe(30_000);
    expect(history.last(1_400_000, 300_000).watchedMs).toBe(300_000);
  });

  it('forgets what is older than its span', () => {
    const history = new CountHistory({ sinceMs: 0, pieceMs: 10_000, spanMs: 60_000 });
    history.add(5_000, [of(1)]);
    history.add(200_000, [of(2)]);
    expect(history.last(200_000, 10 * hour).samples).toEqual([of(2)]);
  });

  it('has steps in which nothing came, and none that is not over', () => {
    const history = new CountHistory({ sinceMs: 30_000, pieceMs: 10_000, spanMs: hour });
    history.add(65_000, [of(1)]);
    history.add(185_000, [of(3)]);
    expect(history.steps(190_000, 60_000)).toEqual([
      { startMs: 60_000, samples: [of(1)] },
      { startMs: 120_000, samples: [] },
    ]);
  });

  it('takes a counter that is lower than it was for a process that began anew', () => {
    expect(cameBetween([of(10), of(7, 'none')], [of(12), of(3, 'none'), of(1, 'late')])).toEqual([
      of(2),
      of(3, 'none'),
      of(1, 'late'),
    ]);
  });
});
