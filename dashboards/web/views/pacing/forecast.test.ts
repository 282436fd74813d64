import { describe, expect, it } from 'vitest';
import { forecastOf, type Pacing, phaseOf, windowErrors } from './forecast.ts';
import { outlookOf } from './outlook.ts';

const at = '2026-11-22T12:01:10.000Z';
const window = (from: string, to: string, actual: string, error: number | null = null) => ({
  from: `2026-11-22T12:${from}.000Z`,
  to: `2026-11-22T12:${to}.000Z`,
  target_micros: '0',
  actual_micros: actual,
  error_ppm: error,
});
const pacing: Pacing = {
  campaign_id: 'cmp_1',
  advertiser_id: 'adv_1',
  currency: 'EUR',
  time_zone: 'UTC',
  pacing: 'even',
  active: true,
  flight: { starts_at: '2026-11-22T12:00:00.000Z', ends_at: '2026-11-22T12:02:50.000Z' },
  at,
  budget: { wanted_micros: '1000', effective_micros: '1000', daily_micros: null },
  spend: { committed_micros: '130' },
  today: { committed_micros: '130' },
  available_micros: '0',
  target_micros: null,
  actual_micros: '100',
  rate_micros: null,
  render_ppm: 0,
  throttle: '',
  leases: [],
  windows: [window('00:00', '00:30', '60'), window('00:30', '01:00', '30'), window('01:00', '01:30', '999')],
};
const day = 86_400_000;
/** At noon UTC, with a million micros a second in the last whole window. */
const long = (days: number, budget: Partial<Pacing['budget']>, zone = 'UTC'): Pacing => ({
  ...pacing,
  at: '2026-11-22T12:00:00.000Z',
  time_zone: zone,
  flight: {
    starts_at: '2026-11-20T00:00:00.000Z',
    ends_at: new Date(Date.UTC(2026, 10, 22, 12) + days * day).toISOString(),
  },
  budget: { ...pacing.budget, wanted_micros: '9000000000000', effective_micros: '9000000000000', ...budget },
  actual_micros: '0',
  today: { committed_micros: '0' },
  windows: [
    { ...window('00:00', '00:30', '30000000'), from: '2026-11-22T11:59:30.000Z', to: '2026-11-22T12:00:00.000Z' },
  ],
});

describe('The forecast', () => {
  it('goes on as the last whole windows went; the one that still runs says nothing', () => {
    // 90 micros in 60 s, and 100 s are left.
    expect(forecastOf(pacing)).toEqual({ micros: 250n, perSecond: 1.5, overMs: 60_000, endsBefore: null });
  });

  it('never exceeds the budget, and says when that is gone', () => {
    const budget = { ...pacing.budget, effective_micros: '130' };
    expect(forecastOf({ ...pacing, budget })).toEqual({
      micros: 130n,
      perSecond: 1.5,
      overMs: 60_000,
      endsBefore: '2026-11-22T12:01:30.000Z',
    });
  });

  it('spends on no day more than the budget of a day, by the days of the advertiser', () => {
    // A million a second would be 86,400,000,000 a day; the budget of a day is gone in 1,000 s of each.
    const daily = { daily_micros: '1000000000' };
    // The rest of today, nine whole days, half a day: each has room for 1,000 s.
    expect(forecastOf(long(10, daily))?.micros).toBe(11_000_000_000n);
    // That of today is committed already.
    const today = { committed_micros: '1000000000' };
    expect(forecastOf({ ...long(10, daily), today })?.micros).toBe(10_000_000_000n);
    // In Kiritimati (UTC+14) it is 02:00, and the flight ends at 02:00: as many days.
    expect(forecastOf(long(10, daily, 'Pacific/Kiritimati'))?.micros).toBe(11_000_000_000n);
    // Two hours before midnight in Berlin there are two days in the next four hours.
    const evening = { ...long(4 / 24, daily, 'Europe/Berlin'), at: '2026-11-22T21:00:00.000Z' };
    const flight = { ...evening.flight, ends_at: '2026-11-23T01:00:00.000Z' };
    expect(forecastOf({ ...evening, flight, windows: shiftedTo(evening) })?.micros).toBe(2_000_000_000n);
  });

  it('says on which day the whole budget runs out where days are limited', () => {
    const budget = { daily_micros: '1000000000', effective_micros: '2500000000' };
    // Today 1,000 s from noon on, tomorrow 1,000 s from midnight on, then 500 s of the day after.
    expect(forecastOf(long(10, budget))).toMatchObject({
      micros: 2_500_000_000n,
      endsBefore: '2026-11-24T00:08:20.000Z',
    });
  });

  it('says nothing before the first whole window, while it is paused, and after the flight', () => {
    expect(forecastOf({ ...pacing, windows: pacing.windows.slice(2) })).toBeNull();
    expect(forecastOf({ ...pacing, active: false })).toBeNull();
    expect(forecastOf({ ...pacing, flight: { ...pacing.flight, ends_at: at } })).toBeNull();
  });

  it('takes what was taken back for no spending, never for a negative rate', () => {
    const windows = [window('00:00', '00:30', '-500')];
    expect(forecastOf({ ...pacing, windows })).toMatchObject({ micros: 100n, perSecond: 0 });
  });
});

function shiftedTo({ at: end, windows }: Pacing): Pacing['windows'] {
  return windows.map((one) => ({ ...one, from: new Date(Date.parse(end) - 30_000).toISOString(), to: end }));
}

describe('The outlook', () => {
  const cases: [string, Partial<Pacing>, string, string][] = [
    [
      'runs',
      {},
      'running',
      'At the rate of the last 60 s it will have spent 25.0 % of its budget, €0.00025, when its flight ends at 2026-11-22 12:02:50 UTC.',
    ],
    [
      'runs out',
      { budget: { ...pacing.budget, effective_micros: '131' }, spend: {} },
      'running',
      'At the rate of the last 60 s its budget runs out at 2026-11-22 12:01:30 UTC, in 21 s and 79 s before the end of its flight.',
    ],
    [
      'has not spent',
      { windows: [window('00:00', '00:30', '0')] },
      'running',
      'Nothing was spent in the last 30 s; if that goes on, it will have spent 10.0 % of its budget',
    ],
    ['has no window yet', { windows: [] }, 'running', 'No forecast yet'],
    [
      'is over',
      { at: '2026-11-23T00:00:00.000Z' },
      'over',
      'Its flight ended at 2026-11-22 12:02:50 UTC. It spent €0.0001, 10.0 % of its budget.',
    ],
    [
      'has not begun',
      { at: '2026-11-22T11:00:00.000Z' },
      'before',
      'Its flight begins at 2026-11-22 12:00:00 UTC, in 60 min.',
    ],
    [
      'is paused',
      { active: false },
      'paused',
      'It is paused or archived, so nothing is granted. It has spent €0.0001, 10.0 % of its budget.',
    ],
    [
      'is committed',
      { spend: { committed_micros: '1000' } },
      'spent',
      'All of its budget is committed, 100 s before the end',
    ],
    [
      'has no budget yet',
      { budget: { ...pacing.budget, effective_micros: null } },
      'waiting',
      'Its budget of €0.001 is not in effect yet.',
    ],
  ];
  it.each(cases)('of a campaign that %s is said in a sentence', (_name, changes, phase, sentence) => {
    const one = { ...pacing, ...changes };
    expect(phaseOf(one)).toBe(phase);
    expect(outlookOf(one)).toContain(sentence);
  });
});

describe('The error of windows', () => {
  it('is that of whole ones with a target, without sign', () => {
    const windows = [
      window('00:00', '00:30', '1', -200_000),
      window('00:30', '01:00', '1', 100_000),
      window('01:00', '01:30', '1', 900_000),
    ];
    expect(windowErrors({ at, windows })).toEqual({ count: 2, medianPpm: 100_000, p95Ppm: 200_000 });
    expect(windowErrors({ at, windows: pacing.windows })).toBeNull();
  });
});
