import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LineItemPublished } from '../domain/records.ts';
import { indexOf, supply } from '../test/decision-world.ts';
import { compareRanks, hashText } from './auction.ts';
import { setBit } from './bitmap.ts';
import { TopCandidates } from './bitmap-ranking.ts';
import { bidOf, isBelowFloor, type Offer, type PlaceFacts, pace } from './candidate.ts';
import type { CatalogIndex, IndexedLineItem } from './catalog-index.ts';
import type { Eligible } from './eligibility.ts';
import { Ranking } from './ranking.ts';

const lineItemOf: fc.Arbitrary<Partial<LineItemPublished>> = fc.record({
  pricing_model: fc.constantFrom('CPM', 'CPM', 'VCPM', 'CPC', 'NONE'),
  // Few different values, so that ties are common.
  bid_micros: fc.constantFrom(0, 900, 1_000_000, 2_000_000, 2_000_001, 5_000_000),
  priority: fc.constantFrom(1, 8, 8, 16),
  frequency_cap: fc.constantFrom(null, null, { impressions: 1, window_ms: 1000, calendar: '' }),
});
const world = fc.record({
  items: fc.array(lineItemOf, { minLength: 1, maxLength: 90 }),
  blocked: fc.array(fc.nat(89)),
  capped: fc.array(fc.nat(89)),
  broke: fc.array(fc.nat(89)),
  eligible: fc.func(fc.boolean()),
  floorMicros: fc.constantFrom(0, 1_500_000, 4_000_000),
  requestHash: fc.nat(0xffffffff),
});
interface World {
  readonly items: readonly Partial<LineItemPublished>[];
  readonly blocked: readonly number[];
  readonly capped: readonly number[];
  readonly broke: readonly number[];
  readonly eligible: (id: string) => boolean;
  readonly floorMicros: number;
  readonly requestHash: number;
}

/** Predicts a different rate for every creative. */
const rates = { revision: 0, ratePpm: (id: string) => hashText(id) % 5000 };

function build({ items, blocked, capped, broke, floorMicros, requestHash, eligible }: World) {
  const index = indexOf(
    items.flatMap((lineItem, number) => [
      ...supply(number, { lineItem, creative: { attributes: blocked.includes(number) ? [17] : [] } }),
      { name: 'CreativePublished' as const, value: { ...secondCreative(number) } },
    ]),
    { rates },
  );
  const numberOf = (item: IndexedLineItem) => Number(item.lineItem.line_item_id.slice(3));
  const facts: PlaceFacts = {
    creativeKeys: ['banner:300x250'],
    blockedAttributes: [17],
    floorMicros,
    requestHash,
    rates,
    exposures: (item) => (capped.includes(numberOf(item)) ? 1 : 0),
    leftMicros: (item) => (broke.includes(numberOf(item)) ? 999 : 1_000_000_000),
  };
  const words = new Uint32Array(index.length);
  const chosen = items.map((_, number) => index.get(`li_${number}`)).filter((item) => item !== undefined);
  const present = chosen.filter((item) => eligible(item.lineItem.line_item_id));
  for (const { slot } of present) setBit(words, slot);
  return { index, facts, present, eligibleSet: setOf(words, present.length) };
}

/** Every third line item has another creative that fits. */
function secondCreative(number: number) {
  const [, , , record] = supply(number);
  const value = record?.value as Extract<NonNullable<typeof record>, { name: 'CreativePublished' }>['value'];
  return { ...value, creative_id: `cr_${number}b`, width: number % 3 === 0 ? 300 : 728 };
}

function setOf(words: Uint32Array, count: number): Eligible {
  return { words, length: words.length, count, targeted: count, exclusions: [] };
}

function walk(index: CatalogIndex, eligible: Eligible, facts: PlaceFacts, size: number): Ranking {
  const top = new TopCandidates(index.bounds, size);
  return new Ranking({ index, top, eligible, facts, time: { enter: () => undefined, mayGoOn: () => true } });
}

/** Every line item judged, and sorted as a whole. */
function fullRanking(present: readonly IndexedLineItem[], facts: PlaceFacts): Offer[] {
  const offers = present.filter((item) => pace(item, facts) === null).map((item) => bidOf(item, facts));
  return offers
    .filter((offer): offer is Offer => offer !== null && !isBelowFloor(offer, facts))
    .toSorted((a, b) => compareRanks(a.rank, b.rank));
}

const ids = (offers: readonly Offer[]) => offers.map(({ item }) => item.lineItem.line_item_id);

test('the walk names the same first few as a ranking of everybody, however few it looks at together', () => {
  fc.assert(
    fc.property(world, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 8 }), (given, size, wanted) => {
      const { index, facts, present, eligibleSet } = build(given);
      const ranking = walk(index, eligibleSet, facts, size);
      ranking.fill(wanted);
      const full = fullRanking(present, facts);
      expect(ids(ranking.offers).slice(0, wanted)).toEqual(ids(full).slice(0, wanted));
      expect(ranking.offers.length).toBeGreaterThanOrEqual(Math.min(wanted, full.length));
    }),
    { numRuns: 300 },
  );
});

test('among equal bids the hash alone decides, wherever a line item stands in the index', () => {
  const items = Array.from({ length: 200 }, () => ({ bid_micros: 1_000_000 }));
  const base = { items, blocked: [], capped: [], broke: [], eligible: () => true, floorMicros: 0 };
  const { index, present, eligibleSet, facts } = build({ ...base, requestHash: 0 });
  for (let requestHash = 1; requestHash <= 40; requestHash += 1) {
    const ofRequest = { ...facts, requestHash };
    const ranking = walk(index, eligibleSet, ofRequest, 8);
    ranking.fill(12);
    expect(ids(ranking.offers).slice(0, 12)).toEqual(ids(fullRanking(present, ofRequest)).slice(0, 12));
  }
});

test('a creative that is worth less than the best of its line item does not win by what the best is worth', () => {
  const items = Array.from({ length: 60 }, () => ({ pricing_model: 'CPC' as const, bid_micros: 1_000_000 }));
  const base = { items, blocked: [], capped: [], broke: [], eligible: () => true, floorMicros: 0 };
  const { index, present, eligibleSet, facts } = build({ ...base, requestHash: 0 });
  for (let requestHash = 1; requestHash <= 40; requestHash += 1) {
    const ofRequest = { ...facts, requestHash };
    const ranking = walk(index, eligibleSet, ofRequest, 4);
    ranking.fill(3);
    expect(ids(ranking.offers).slice(0, 3)).toEqual(ids(fullRanking(present, ofRequest)).slice(0, 3));
  }
});

test('participating and excluded line items add up to the eligible ones, after refused draws, too', () => {
  fc.assert(
    fc.property(world, fc.nat(3), (given, refused) => {
      const { index, facts, present, eligibleSet } = build(given);
      const ranking = walk(index, eligibleSet, facts, 8);
      ranking.fill(6);
      for (let times = 0; times < refused; times += 1) {
        ranking.refuseFirst();
        ranking.fill(6);
      }
      const excluded = ranking.exclusions().reduce((sum, { count }) => sum + count, 0);
      expect(ranking.participating + excluded).toBe(present.length);
      expect(ranking.responded).toBeGreaterThanOrEqual(ranking.participating);
      expect(ranking.solicited).toBeGreaterThanOrEqual(ranking.responded);
    }),
  );
});

test('a high floor does not make the walk visit everybody below it', () => {
  const items = Array.from({ length: 500 }, () => ({ bid_micros: 1_000_000 }));
  const given = {
    items,
    blocked: [],
    capped: [],
    broke: [],
    eligible: () => true,
    floorMicros: 1_000_001,
    requestHash: 1,
  };
  const { index, facts, eligibleSet } = build(given);
  const ranking = walk(index, eligibleSet, facts, 16);
  ranking.fill(6);
  expect(ranking.offers).toEqual([]);
  expect(ranking.solicited).toBe(0);
  expect(ranking.exclusions()).toEqual([{ step: 'floor', reason: 'below_floor', count: 500 }]);
});

test('without time for more, the walk ends with what it has and says so', () => {
  const items = Array.from({ length: 40 }, () => ({ frequency_cap: { impressions: 1, window_ms: 1, calendar: '' } }));
  const capped = items.map((_, number) => number);
  const given = { items, blocked: [], capped, broke: [], eligible: () => true, floorMicros: 0, requestHash: 1 };
  const { index, facts, eligibleSet } = build(given);
  const top = new TopCandidates(index.bounds, 16);
  const time = { enter: () => undefined, mayGoOn: () => false };
  const ranking = new Ranking({ index, top, eligible: eligibleSet, facts, time });
  ranking.fill(6);
  expect(ranking.cut).toBe(true);
  expect(ranking.exclusions()).toContainEqual({ step: 'ranking', reason: 'not_reached', count: 24 });
});
