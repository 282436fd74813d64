import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crossLayout } from '../domain/click-features.ts';
import type { Deal, LineItemPublished } from '../domain/records.ts';
import { indexOf, placement, supply } from '../test/decision-world.ts';
import { scatteredWeights, signedModel } from '../test/model-world.ts';
import { compareRanks, competes, hashText } from './auction.ts';
import { setBit } from './bitmap.ts';
import { TopCandidates } from './bitmap-ranking.ts';
import { admit, bidOf, floorRefusal, type Offer, type PlaceFacts, pace } from './candidate.ts';
import type { CatalogIndex, IndexedLineItem } from './catalog-index.ts';
import { termsOf } from './deals.ts';
import { noCounts } from './click-rates.ts';
import type { Eligible } from './eligibility.ts';
import { ServedModel } from './prediction/served-model.ts';
import { Ranking, runnerUpOf } from './ranking.ts';

const lineItemOf: fc.Arbitrary<Partial<LineItemPublished>> = fc.record({
  pricing_model: fc.constantFrom('CPM', 'CPM', 'VCPM', 'CPC', 'NONE'),
  // Few different values, so that ties are common.
  bid_micros: fc.constantFrom(0, 900, 1_000_000, 2_000_000, 2_000_001, 5_000_000),
  priority: fc.constantFrom(1, 8, 8, 16),
  frequency_cap: fc.constantFrom(null, null, { impressions: 1, window_ms: 1000, calendar: '' }),
  deals: fc.constantFrom(
    [],
    [],
    [],
    ['fixed'],
    ['private'],
    ['private', 'first'],
    ['fixed', 'elsewhere'],
    ['elsewhere'],
  ),
});

/** Deals of the placement: above and below what is bid and the floor, one of them for some advertisers only. */
const deals: readonly Deal[] = [
  { deal_id: 'fixed', floor_micros: 1_200_000, auction: 'fixed', advertisers: [] },
  {
    deal_id: 'private',
    floor_micros: 2_000_000,
    auction: 'second_price',
    advertisers: ['adv_1', 'adv_2', 'adv_3', 'adv_4'],
  },
  { deal_id: 'first', floor_micros: 800_000, auction: 'first_price', advertisers: [] },
];
const world = fc.record({
  items: fc.array(lineItemOf, { minLength: 1, maxLength: 90 }),
  blocked: fc.array(fc.nat(89)),
  capped: fc.array(fc.nat(89)),
  broke: fc.array(fc.nat(89)),
  eligible: fc.func(fc.boolean()),
  floorMicros: fc.constantFrom(0, 1_500_000, 4_000_000),
  requestHash: fc.nat(0xffffffff),
  offered: fc.subarray(['fixed', 'private', 'first']),
  second: fc.boolean(),
  shown: fc.constantFrom(null, null, ['IAB1'], ['IAB1', 'unknown']),
  /** So many line items have one advertiser each. */
  perAdvertiser: fc.constantFrom(1, 1, 3, 20),
  /** Versions of the model that were taken, and how far each came in taking over. */
  models: fc.array(fc.record({ model: fc.nat(2), steps: fc.constantFrom(0, 3, 7, 12, 20, 40) }), { maxLength: 2 }),
  placementId: fc.constantFrom('pl_1', 'pl_2', 'pl_3'),
});
interface World {
  readonly items: readonly Partial<LineItemPublished>[];
  readonly blocked: readonly number[];
  readonly capped: readonly number[];
  readonly broke: readonly number[];
  readonly eligible: (id: string) => boolean;
  readonly floorMicros: number;
  readonly requestHash: number;
  readonly offered?: readonly string[];
  readonly second?: boolean;
  readonly shown?: readonly string[] | null;
  readonly perAdvertiser?: number;
  readonly models?: readonly { readonly model: number; readonly steps: number }[];
  readonly placementId?: string;
}

/** Predictions that differ a little, a lot and beyond all measure with request and ad. */
const models = [4_000, 30_000, 400_000].map(
  (most, seed) => new ServedModel(signedModel({ version: seed + 1, weights: scatteredWeights(seed, most) })),
);
const slotsAStep = 8;

function requestOf(placementId: string) {
  const somewhere = { publisherId: 'pub_1', site: 'news.example', deviceType: 'phone', os: '', country: 'DE' };
  return { ...somewhere, placementId, shape: 'banner:300x250', hour: 12 };
}

/** Predicts a different rate for every creative. */
const rates = { revision: 0, ratePpm: (id: string) => hashText(id) % 5000, countsOf: () => noCounts };

function build(given: World) {
  const { items, blocked, capped, broke, floorMicros, requestHash, eligible } = given;
  const { offered = [], second = false, shown = null, perAdvertiser = 1 } = given;
  const owner = (number: number) => Math.floor(number / perAdvertiser) * perAdvertiser;
  const index = indexOf(
    items.flatMap((lineItem, number) => {
      const advertiser_id = `adv_${owner(number)}`;
      return [
        ...supply(number, {
          advertiser: { categories: number % 3 === 0 ? ['IAB1-2', 'IAB5'] : [] },
          campaign: { advertiser_id },
          lineItem: { ...lineItem, advertiser_id },
          creative: {
            advertiser_id,
            attributes: blocked.includes(number) ? [17] : [],
            categories: number % 5 === 0 ? ['IAB7'] : [],
          },
        }),
        { name: 'CreativePublished' as const, value: { ...secondCreative(number), advertiser_id } },
      ];
    }),
    { rates },
  );
  for (const { model, steps } of given.models ?? []) {
    index.models.take(models[model] as ServedModel);
    for (let step = 0; step < steps; step += 1) index.models.advance(index, slotsAStep);
  }
  const numberOf = (item: IndexedLineItem) => Number(item.lineItem.line_item_id.slice(3));
  const facts: PlaceFacts = {
    creativeKeys: ['banner:300x250'],
    blockedCategories: [],
    blockedAttributes: [17],
    terms: termsOf(
      placement(1, { auction: second ? 'second_price' : 'first_price', deals, soft_floor_micros: 2_000_000 }),
      { floorMicros, offered },
    ),
    shownCategories: shown === null ? null : new Set(shown),
    requestHash,
    rates,
    model: index.models.current?.forRequest(requestOf(given.placementId ?? 'pl_1')) ?? null,
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
  const asked = present.filter((item) => admit(item, facts) === null && pace(item, facts) === null);
  return asked
    .map((item) => bidOf(item, facts))
    .filter((offer): offer is Offer => offer !== null && floorRefusal(offer) === null)
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

test('the runner-up is the one that a ranking of everybody gives: of another advertiser, and one that value alone keeps behind', () => {
  fc.assert(
    fc.property(world, (given) => {
      const { index, facts, present, eligibleSet } = build(given);
      const ranking = walk(index, eligibleSet, facts, 8);
      ranking.fill(2);
      const full = fullRanking(present, facts);
      const [winner] = full;
      const found = ranking.runnerUp();
      const rival = full.find(
        (other) =>
          winner !== undefined &&
          competes(winner.rank, other.rank) &&
          other.item.lineItem.advertiser_id !== winner.item.lineItem.advertiser_id,
      );
      if (winner?.terms.rule === 'second_price') expect(found?.item.slot).toBe(rival?.item.slot);
      // Where it makes no price, it may be further down than the walk went.
      else expect([undefined, rival?.item.slot]).toContain(found?.item.slot);
      expect(runnerUpOf(full, 0)?.item.slot).toBe(rival?.item.slot);
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

test('bounds that leave no room are still bounds: a model without crosses, and line items that are all sold by the click', () => {
  const alone = scatteredWeights(5, 60_000).filter(([place]) => place < (crossLayout[0]?.from ?? 0));
  const model = new ServedModel(signedModel({ weights: alone }));
  const bids = fc.array(fc.integer({ min: 100_000, max: 900_000 }), { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(bids, fc.nat(500), fc.constantFrom(0, 500_000), (bid, number, floorMicros) => {
      const items = bid.map((bid_micros) => ({ pricing_model: 'CPC' as const, bid_micros, priority: 8 }));
      const given = { items, blocked: [], capped: [], broke: [], eligible: () => true, floorMicros, requestHash: 1 };
      const { index, facts, present, eligibleSet } = build(given);
      index.models.take(model);
      for (let step = 0; step < 2; step += 1) index.models.advance(index, 1000);
      const ofSlot = { ...facts, model: model.forRequest(requestOf(`pl_${number}`)) };
      const ranking = walk(index, eligibleSet, ofSlot, 2);
      ranking.fill(3);
      const full = fullRanking(present, ofSlot).slice(0, 3);
      expect(ranking.offers.slice(0, 3).map(({ item }) => item.slot)).toEqual(full.map(({ item }) => item.slot));
    }),
    { numRuns: 100 },
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
