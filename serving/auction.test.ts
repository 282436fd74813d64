import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxAmountMicros } from '../domain/money.ts';
import {
  type Bid,
  compareRanks,
  ecpmLimit,
  ecpmMicros,
  hashText,
  housePriority,
  incrementMicros,
  type PriceTerms,
  priceMicros,
  priorityOf,
  tieBreak,
} from './auction.ts';

const cpm = (bidMicros: number): Bid => ({ model: 'CPM', bidMicros, clickRatePpm: 2000 });
const cpc = (bidMicros: number, clickRatePpm: number): Bid => ({ model: 'CPC', bidMicros, clickRatePpm });
const second = (floorMicros: number, runnerUpEcpmMicros: number | null): PriceTerms => ({
  rule: 'second_price',
  floorMicros,
  runnerUpEcpmMicros,
});

describe('eCPM', () => {
  test('of a bid for a thousand is the bid', () => {
    expect(ecpmMicros(cpm(2_500_000))).toBe(2_500_000);
    expect(ecpmMicros({ ...cpm(2_500_000), model: 'VCPM' })).toBe(2_500_000);
  });

  test('of a bid for a click is a thousand predicted clicks: 0.50 at 0.2 % is 1.00', () => {
    expect(ecpmMicros(cpc(500_000, 2000))).toBe(1_000_000);
  });

  test('is rounded down, exact where the product is beyond 2^53, and below its limit', () => {
    expect(ecpmMicros(cpc(999, 1001))).toBe(999);
    expect(ecpmMicros(cpc(140_000_000_000_999, 1000))).toBe(140_000_000_000_999);
    expect(ecpmMicros(cpc(100_000_000_000_001, 999))).toBe(99_900_000_000_000);
    expect([cpm(maxAmountMicros), cpc(maxAmountMicros, 1_000_000)].map(ecpmMicros)).toEqual([
      ecpmLimit - 1,
      ecpmLimit - 1,
    ]);
  });

  test('of a house ad is nothing, and it ranks behind the last paid priority', () => {
    expect(ecpmMicros({ ...cpm(5), model: 'NONE' })).toBe(0);
    expect(priorityOf({ pricing_model: 'NONE', priority: 1 })).toBe(housePriority);
    expect(priorityOf({ pricing_model: 'CPM', priority: 16 })).toBeLessThan(housePriority);
  });
});

describe('the price', () => {
  test('of the first-price rule is the bid, for one impression rounded down', () => {
    expect(priceMicros(cpm(2_500_999), { ...second(0, 1_000_000), rule: 'first_price' })).toBe(2500);
    expect(priceMicros(cpc(500_000, 2000), { ...second(0, null), rule: 'first_price' })).toBe(500_000);
  });

  // Vickrey (1961): the winner pays the second highest bid, here with the increment of one micro an impression.
  test('of the second-price rule is the runner-up and the increment: bids of 4.00 and 2.50 give 2.501', () => {
    expect(priceMicros(cpm(4_000_000), second(0, 2_500_000))).toBe(2501);
  });

  test('of the second-price rule is the floor where nobody else is above it', () => {
    expect(priceMicros(cpm(4_000_000), second(1_500_000, null))).toBe(1500);
    expect(priceMicros(cpm(4_000_000), second(3_000_000, 2_500_000))).toBe(3000);
  });

  test('never exceeds the bid, though the increment would', () => {
    expect(priceMicros(cpm(4_000_000), second(0, 4_000_000))).toBe(4000);
  });

  /*
   * Varian, "Position auctions" (2007), as Google describes it: price per click = (rank of the next one ÷ own rate) + increment. A bid of 2.00 at
   * 1 % (eCPM 20.00) against an eCPM of 12.00 pays 1.20 a click, and here the increment of 0.001 for a thousand: 0.0001 a click.
   */
  test('of a click is what would just have won: eCPM of the runner-up over the own click rate', () => {
    expect(priceMicros(cpc(2_000_000, 10_000), second(0, 12_000_000))).toBe(1_200_100);
  });

  test('of a click is rounded up, since less would not have won', () => {
    const price = priceMicros(cpc(2_000_000, 7000), second(0, 5_000_000));
    expect(ecpmMicros(cpc(price, 7000))).toBeGreaterThanOrEqual(5_000_000 + incrementMicros);
    expect(ecpmMicros(cpc(price - 1, 7000))).toBeLessThan(5_000_000 + incrementMicros);
  });

  test('of a click that is never predicted is the bid', () => {
    expect(priceMicros(cpc(2_000_000, 0), second(0, null))).toBe(2_000_000);
  });

  test('of a house ad is nothing', () => {
    expect(priceMicros({ ...cpm(9_000), model: 'NONE' }, second(5_000_000, null))).toBe(0);
  });
});

const bid: fc.Arbitrary<Bid> = fc.record({
  model: fc.constantFrom('CPM' as const, 'VCPM' as const, 'CPC' as const),
  bidMicros: fc.oneof(
    fc.nat(50_000_000),
    fc.maxSafeNat().map((n) => n % maxAmountMicros),
  ),
  clickRatePpm: fc.integer({ min: 1, max: 1_000_000 }),
});
const rule = fc.constantFrom('first_price' as const, 'second_price' as const);

/** Price of one event that a bid allows at the most. */
const bidPrice = ({ model, bidMicros }: Bid) => (model === 'CPC' ? bidMicros : Math.floor(bidMicros / 1000));

test('no winner pays above its bid or less than the floor, and only whole micros', () => {
  fc.assert(
    fc.property(bid, rule, fc.nat(1_000_000), fc.nat(1_000_000), (winner, auction, floorPart, runnerPart) => {
      const ecpm = ecpmMicros(winner);
      const floorMicros = Math.floor((ecpm * floorPart) / 1_000_000);
      const runnerUpEcpmMicros = Math.floor((ecpm * runnerPart) / 1_000_000);
      const price = priceMicros(winner, { rule: auction, floorMicros, runnerUpEcpmMicros });
      expect(price).toBeLessThanOrEqual(bidPrice(winner));
      expect(Number.isSafeInteger(price)).toBe(true);
      if (winner.model === 'CPC')
        expect(ecpmMicros({ ...winner, bidMicros: price })).toBeGreaterThanOrEqual(floorMicros);
      else expect(price).toBeGreaterThanOrEqual(Math.floor(floorMicros / 1000));
    }),
    { numRuns: 1000 },
  );
});

test('a second price depends on the own bid only in whether it wins: bidding higher never costs more', () => {
  fc.assert(
    fc.property(bid, fc.nat(10_000_000), fc.nat(1_000_000), (winner, raise, runnerPart) => {
      const terms = second(0, Math.floor((ecpmMicros(winner) * runnerPart) / 1_000_001));
      const higher = { ...winner, bidMicros: Math.min(maxAmountMicros, winner.bidMicros + raise) };
      const price = priceMicros(winner, terms);
      const higherPrice = priceMicros(higher, terms);
      // Only the cap at the own bid may have made the lower one cheaper.
      expect(higherPrice).toBeGreaterThanOrEqual(price);
      if (price < bidPrice(winner)) expect(higherPrice).toBe(price);
    }),
  );
});

test('raising a losing bid never lowers the price of the winner', () => {
  fc.assert(
    fc.property(bid, fc.nat(1_000_000), fc.nat(1_000_000), (winner, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      const price = (part: number) =>
        priceMicros(winner, second(0, Math.floor((ecpmMicros(winner) * part) / 1_000_000)));
      expect(price(high)).toBeGreaterThanOrEqual(price(low));
    }),
  );
});

test('ranks are a total order: priority, then value, then the hash', () => {
  const rank = (priority: number, ecpm: number, tie: number) => ({ priority, ecpmMicros: ecpm, tie });
  const inOrder = [rank(1, 5, 9), rank(1, 5, 10), rank(1, 4, 1), rank(2, 900, 0)];
  expect([...inOrder].reverse().toSorted(compareRanks)).toEqual(inOrder);
});

test('ties fall evenly over many requests, and always the same way for one', () => {
  const wins = [0, 0, 0];
  for (let request = 0; request < 30_000; request += 1) {
    const seed = hashText(`018f0000-0000-7000-8000-0000000${request}/s/0`);
    const ties = ['li_A', 'li_B', 'li_C'].map((id) => tieBreak(seed, hashText(id)));
    const winner = ties.indexOf(Math.min(...ties));
    wins[winner] = (wins[winner] as number) + 1;
  }
  for (const count of wins) expect(Math.abs(count - 10_000)).toBeLessThan(400); // five standard deviations
  expect(tieBreak(hashText('r'), hashText('li_A'))).toBe(tieBreak(hashText('r'), hashText('li_A')));
});
