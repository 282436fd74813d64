import { describe, expect, it } from 'vitest';
import { forecastOf, type Pacing } from './forecast.ts';

const at = '2026-11-22T12:01:10.000Z';
const window = (from: string, to: string, actual: string) => ({
  from: `2026-11-22T12:${from}.000Z`,
  to: `2026-11-22T12:${to}.000Z`,
  target_micros: '0',
  actual_micros: actual,
  error_ppm: null,
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
  spend: { committed_micros: '100' },
  today: {},
  available_micros: '0',
  target_micros: null,
  actual_micros: '0',
  rate_micros: null,
  render_ppm: 0,
  throttle: '',
  leases: [],
  windows: [window('00:00', '00:30', '60'), window('00:30', '01:00', '30'), window('01:00', '01:30', '999')],
};

describe('The forecast', () => {
  it('goes on as the last whole windows went; the one that still runs says nothing', () => {
    // 90 micros in 60 s, and 100 s are left.
    expect(forecastOf(pacing)).toEqual({ micros: 250n, perSecond: 1.5, endsBefore: null });
  });

  it('never exceeds the budget, and says when that is gone', () => {
    const budget = { ...pacing.budget, effective_micros: '130' };
    expect(forecastOf({ ...pacing, budget })).toEqual({
      micros: 130n,
      perSecond: 1.5,
      endsBefore: '2026-11-22T12:01:30.000Z',
    });
  });

  it('says nothing before the first whole window, and after the flight', () => {
    expect(forecastOf({ ...pacing, windows: pacing.windows.slice(2) })).toBeNull();
    expect(forecastOf({ ...pacing, flight: { ...pacing.flight, ends_at: at } })).toBeNull();
  });
});
