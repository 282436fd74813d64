import { describe, expect, test } from 'vitest';
import { byBidder, countsOf, rangeOf, reasonsOf, yieldBars } from './steps.ts';

describe('What bidders did', () => {
  const rows = [
    { bidder_id: 'bd_a', currency: 'EUR', eligible: 5, solicited: 4, responded: 3, participating: 2, won: 1 },
    { bidder_id: 'bd_b', currency: 'EUR', eligible: 9, solicited: 9, responded: 9, participating: 9, won: 9 },
    { bidder_id: 'bd_a', currency: 'CHF', eligible: 1, solicited: 1, responded: 1, participating: 1, won: 1 },
  ];

  test('is added up over currencies, and by bidder with the one that won most first', () => {
    expect(countsOf(rows)).toEqual({ eligible: 15, solicited: 14, responded: 13, participating: 12, won: 11 });
    expect(byBidder(rows).map(({ id, rows: ones }) => [id, countsOf(ones).won])).toEqual([
      ['bd_b', 9],
      ['bd_a', 2],
    ]);
  });

  test('has its reasons added up over bidders, the most frequent first', () => {
    const reasons = reasonsOf([
      { bidder_id: 'bd_a', step: 'lost', reason: 'outbid', ads: 2 },
      { bidder_id: 'bd_a', step: 'fault', reason: 'bad_price', ads: 3 },
      { bidder_id: 'bd_b', step: 'lost', reason: 'outbid', ads: 4 },
    ]);
    expect(reasons).toEqual([
      { step: 'lost', reason: 'outbid', ads: 6 },
      { step: 'fault', reason: 'bad_price', ads: 3 },
    ]);
  });
});

test('Yield is what a thousand decisions brought, weighed by how many there were in each tier', () => {
  const row = (tier: string, selections: number, ecpm: string) => ({
    tier,
    plan: 'full',
    from_us: 1000,
    below_us: 2000,
    selections,
    ecpm_micros: ecpm,
  });
  expect(yieldBars([row('premium', 1, '9000000'), row('remnant', 3, '1000000')])).toEqual([
    { fromUs: 1000, belowUs: 2000, plan: 'full', ads: 4, perThousandMicros: 3_000_000n },
  ]);
});

test.each([
  [-1, -1, 'never handed over'],
  [0, 1000, '0–1 ms'],
  [100_000, -1, '100 ms and more'],
])('From %d to %d µs is told as %s', (from, below, told) => {
  expect(rangeOf(from, below)).toBe(told);
});
