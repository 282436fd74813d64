import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxAmountMicros } from '../domain/money.ts';
import {
  type Bid,
  certainPpm,
  compareRanks,
  competes,
  dueMicros,
  ecpmLimit,
  ecpmMicros,
  hashText,
  housePriority,
  type PriceTerms,
  priceMicros,
  priorityOf,
  rankValueMicros,
  tieBreak,
} from './auction.ts';

const plain = { clickRatePpm: 2000, viewRatePpm: certainPpm, qualityPpm: certainPpm };
const cpm = (bidMicros: number): Bid => ({ ...plain, model: 'CPM', bidMicros });
const cpc = (bidMicros: number, clickRatePpm: number): Bid => ({ ...plain, model: 'CPC', bidMicros, clickRatePpm });
const terms = (changes: Partial<PriceTerms> = {}): PriceTerms => ({
  rule: 'second_price',
  floorMicros: 0,
  softFloorMicros: 0,
  incrementMicros: 1000,
  ...changes,
});
/** Price at the second-price rule. */
const second = (winner: Bid, floorMicros: number, runnerUpMicros: number | null) =>
  priceMicros(winner, terms({ floorMicros }), runnerUpMicros);

describe('eCPM', () => {
  test('of a bid for a thousand is the bid', () => {
    expect(ecpmMicros(cpm(2_500_000))).toBe(2_500_000);
  });

  test('of a bid for a thousand viewable ones is the part that is predicted to be seen: 4.00 at 62.5 % is 2.50', () => {
    expect(ecpmMicros({ ...cpm(4_000_000), model: 'VCPM' })).toBe(4_000_000);
    expect(ecpmMicros({ ...cpm(4_000_000), model: 'VCPM', viewRatePpm: 625_000 })).toBe(2_500_000);
  });

  test('times quality is what is ranked', () => {
    expect(rankValueMicros({ ...cpm(2_500_001), qualityPpm: 500_000 })).toBe(1_250_000);
    expect(rankValueMicros(cpm(2_500_001))).toBe(2_500_001);
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
    expect(priceMicros(cpm(2_500_999), terms({ rule: 'first_price' }), 1_000_000)).toBe(2500);
    expect(priceMicros(cpc(500_000, 2000), terms({ rule: 'first_price' }), null)).toBe(500_000);
  });

  // Vickrey (1961): the winner pays the second highest bid, here with the increment of one micro an impression.
  test('of the second-price rule is the runner-up and the increment: bids of 4.00 and 2.50 give 2.501', () => {
    expect(second(cpm(4_000_000), 0, 2_500_000)).toBe(2501);
    expect(priceMicros(cpm(4_000_000), terms({ incrementMicros: 0 }), 2_500_000)).toBe(2500);
    expect(priceMicros(cpm(4_000_000), terms({ incrementMicros: 10_000 }), 2_500_000)).toBe(2510);
  });

  test('of the second-price rule is the floor where nobody else is above it', () => {
    expect(second(cpm(4_000_000), 1_500_000, null)).toBe(1500);
    expect(second(cpm(4_000_000), 3_000_000, 2_500_000)).toBe(3000);
  });

  test('never exceeds the bid, though the increment would', () => {
    expect(second(cpm(4_000_000), 0, 4_000_000)).toBe(4000);
  });

  // Zeithammer, "Soft Floors in Auctions" (2019): a bid level below which the winner pays its own bid instead of the second highest.
  test.each([
    [1_999_999, null, 1999],
    [1_999_999, 1_200_000, 1999],
    [2_000_000, 1_200_000, 2000],
    [5_000_000, 1_200_000, 2000],
    [5_000_000, 3_200_000, 3201],
    [5_000_000, null, 2000],
  ])('with a floor of 1.00 and a soft floor of 2.00, a bid of %d against %s pays %d', (bid, runnerUp, price) => {
    expect(priceMicros(cpm(bid), terms({ floorMicros: 1_000_000, softFloorMicros: 2_000_000 }), runnerUp)).toBe(price);
  });

  // OpenRTB 2.6, Deal.at = 3: the value passed in bidfloor is the agreed upon deal price.
  test('of a fixed-price deal is that of the deal, whoever else is there', () => {
    const fixed = terms({ rule: 'fixed_price', floorMicros: 3_000_000 });
    expect(priceMicros(cpm(3_000_000), fixed, null)).toBe(3000);
    expect(priceMicros(cpm(9_000_000), fixed, 8_000_000)).toBe(3000);
  });

  test('of a click is what would just have won: eCPM of the runner-up over the own click rate', () => {
    expect(second(cpc(2_000_000, 10_000), 0, 12_000_000)).toBe(1_200_100);
  });

  test('of a click is rounded up, since less would not have won', () => {
    const price = second(cpc(2_000_000, 7000), 0, 5_000_000);
    expect(ecpmMicros(cpc(price, 7000))).toBeGreaterThanOrEqual(5_001_000);
    expect(ecpmMicros(cpc(price - 1, 7000))).toBeLessThan(5_001_000);
  });

  test('of a click that is never predicted is the bid', () => {
    expect(second(cpc(2_000_000, 0), 0, null)).toBe(2_000_000);
  });

  test('of a house ad is nothing', () => {
    expect(second({ ...cpm(9_000), model: 'NONE' }, 5_000_000, null)).toBe(0);
  });
});

const amount = fc.oneof(
  fc.nat(50_000_000),
  fc.maxSafeNat().map((n) => n % maxAmountMicros),
);
const ppm = fc.integer({ min: 1, max: certainPpm });
const bid: fc.Arbitrary<Bid> = fc.record({
  model: fc.constantFrom('CPM' as const, 'VCPM' as const, 'CPC' as const),
  bidMicros: amount,
  clickRatePpm: ppm,
  viewRatePpm: fc.oneof(fc.constant(certainPpm), ppm),
  qualityPpm: fc.oneof(fc.constant(certainPpm), ppm),
});
const rule = fc.constantFrom('first_price' as const, 'second_price' as const);
const increment = fc.constantFrom(0, 1, 1000, 250_000);
/** So many millionths of an amount. */
const portion = (of: number, millionths: number) => Number((BigInt(of) * BigInt(millionths)) / 1_000_000n);

/** Price of one event that a bid allows at the most. */
const bidPrice = ({ model, bidMicros }: Bid) => (model === 'CPC' ? bidMicros : Math.floor(bidMicros / 1000));

test('no winner pays above its bid or less than the floor, and only whole micros', () => {
  fc.assert(
    fc.property(bid, rule, increment, fc.tuple(ppm, ppm, fc.nat(2_000_000)), (winner, auction, step, parts) => {
      const ecpm = ecpmMicros(winner);
      const [floorMicros, runnerUp, softFloorMicros] = [
        portion(ecpm, parts[0]),
        portion(rankValueMicros(winner), parts[1]),
        portion(ecpm, parts[2]),
      ];
      const sale = { rule: auction, floorMicros, softFloorMicros, incrementMicros: step };
      const price = priceMicros(winner, sale, runnerUp);
      expect(price).toBeLessThanOrEqual(bidPrice(winner));
      expect(Number.isSafeInteger(price)).toBe(true);
      const due = dueMicros(winner, sale, runnerUp);
      expect(due).toBeLessThanOrEqual(winner.bidMicros);
      // What is owed is worth the floor; of a thousand, an impression's part of it is rounded down.
      expect(ecpmMicros({ ...winner, bidMicros: due })).toBeGreaterThanOrEqual(floorMicros);
      if (winner.model === 'CPM') expect(price).toBeGreaterThanOrEqual(Math.floor(floorMicros / 1000));
      expect(rankValueMicros({ ...winner, bidMicros: due })).toBeGreaterThanOrEqual(runnerUp);
    }),
    { numRuns: 2000 },
  );
});

test('a second price does not depend on the own bid: as long as it wins and stays above the soft floor, another bid pays the same', () => {
  fc.assert(
    fc.property(
      bid,
      increment,
      fc.tuple(ppm, ppm, ppm),
      ppm,
      (winner, step, [floorPart, softPart, runnerPart], cut) => {
        const sale = terms({
          incrementMicros: step,
          floorMicros: portion(ecpmMicros(winner), floorPart),
          softFloorMicros: portion(ecpmMicros(winner), softPart),
        });
        const runnerUp = portion(rankValueMicros(winner), runnerPart);
        const price = dueMicros(winner, sale, runnerUp);
        const lower = { ...winner, bidMicros: price + portion(winner.bidMicros - price, cut) };
        expect(dueMicros(lower, sale, runnerUp)).toBe(price);
      },
    ),
    { numRuns: 1000 },
  );
});

test('raising a losing bid never lowers the price of the winner, and taking the loser away never raises it', () => {
  fc.assert(
    fc.property(bid, fc.tuple(ppm, ppm), fc.tuple(ppm, fc.nat(2_000_000)), (winner, [one, other], [floor, soft]) => {
      const ecpm = ecpmMicros(winner);
      const sale = terms({ floorMicros: portion(ecpm, floor), softFloorMicros: portion(ecpm, soft) });
      const price = (part: number) => priceMicros(winner, sale, portion(rankValueMicros(winner), part));
      expect(price(Math.max(one, other))).toBeGreaterThanOrEqual(price(Math.min(one, other)));
      expect(priceMicros(winner, sale, null)).toBeLessThanOrEqual(price(one));
    }),
    { numRuns: 1000 },
  );
});

test('value decides only within a priority, and behind its fixed-price deals', () => {
  const rank = (priority: number, preferred: boolean) => ({ priority, preferred, ecpmMicros: 1, tie: 0 });
  expect(competes(rank(8, false), rank(8, false))).toBe(true);
  expect(competes(rank(8, true), rank(8, false))).toBe(false);
  expect(competes(rank(7, false), rank(8, false))).toBe(false);
});

test('ranks are a total order: priority, fixed-price deals, value, then the hash', () => {
  const rank = (priority: number, ecpm: number, tie: number, preferred = false) => ({
    priority,
    preferred,
    ecpmMicros: ecpm,
    tie,
  });
  const inOrder = [rank(1, 2, 9, true), rank(1, 5, 9), rank(1, 5, 10), rank(1, 4, 1), rank(2, 900, 0)];
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
