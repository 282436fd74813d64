import { describe, expect, it } from 'vitest';
import { axesOf, barsOf, linesOf, others, type QueryAnswer } from './chart-of.ts';

const answer: QueryAnswer = {
  columns: [
    { name: 'hour', type: 'DateTime' },
    { name: 'tier', type: 'LowCardinality(String)' },
    { name: 'ads', type: 'UInt64' },
    { name: 'share', type: 'Nullable(Float64)' },
  ],
  rows: [
    { hour: '2026-11-22 13:00:00', tier: 'premium', ads: '5', share: null },
    { hour: '2026-11-22T12:00:00Z', tier: 'standard', ads: '7', share: 0.5 },
    { hour: '2026-11-22 13:00:00', tier: 'standard', ads: '1', share: 1 },
    { hour: 'never', tier: 'standard', ads: '100', share: 1 },
  ],
  elapsed_ms: 1,
  freshness: { as_of: null, behind_ms: null },
};

describe('A chart of a result', () => {
  it('lies along times and draws numbers', () => {
    expect(axesOf(answer)).toEqual({ times: ['hour'], values: ['ads', 'share'] });
  });

  it('sums what has the same time, in the order of time, and leaves out what is none', () => {
    const noon = Date.UTC(2026, 10, 22, 12) / 1_000;
    expect(linesOf(answer, 'hour', 'ads')).toEqual({
      times: [noon, noon + 3_600],
      lines: [{ title: 'ads', values: [7, 6] }],
    });
  });

  it('has a line for each text of a column, the largest first, and one for all that are too many', () => {
    const noon = Date.UTC(2026, 10, 22, 12) / 1_000;
    expect(linesOf(answer, 'hour', 'ads', 'tier')).toEqual({
      times: [noon, noon + 3_600],
      lines: [
        { title: 'standard', values: [7, 1] },
        { title: 'premium', values: [null, 5] },
      ],
    });
    const rows = Array.from({ length: 9 }, (_, n) => ({
      hour: '2026-11-22 12:00:00',
      tier: `t${n}`,
      ads: String(9 - n),
    }));
    const { lines } = linesOf({ ...answer, rows }, 'hour', 'ads', 'tier');
    expect(lines.map(({ title }) => title)).toEqual(['t0', 't1', 't2', 't3', 't4', others]);
    expect(lines.at(-1)?.values).toEqual([4 + 3 + 2 + 1]);
  });

  it('or by a text, the largest first', () => {
    expect(barsOf(answer, 'tier', 'ads')).toEqual([
      { title: 'standard', value: 108 },
      { title: 'premium', value: 5 },
    ]);
  });
});
