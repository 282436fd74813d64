import { describe, expect, test } from 'vitest';
import type { AnyRecord, Deal, LineItemPublished, PlacementPublished } from '../domain/records.ts';
import { indexOf, inputOf, inventory, selectionsOf, supply, worldOf } from '../test/decision-world.ts';
import { type Bid, certainPpm, dueMicros, type PriceTerms, rankValueMicros } from './auction.ts';

/** Worked examples of the literature, each by the numbers of its source. Amounts are units of a currency; a click rate of 1 % stands for any. */

const units = (amount: number) => Math.round(amount * 1_000_000);
const clickRatePpm = 10_000;
const gsp: PriceTerms = { rule: 'second_price', floorMicros: 0, softFloorMicros: 0, incrementMicros: 0 };

interface Bidder {
  readonly name: string;
  readonly bid: number;
  /** Of eight. */
  readonly quality?: number;
}

/** Order of the bidders, and what each pays for a click at its place (in millionths); the last one pays the reserve. */
function positions(bidders: readonly Bidder[], terms = gsp): (readonly [name: string, price: number])[] {
  const bids = bidders.map(({ name, bid, quality = 8 }) => {
    const own: Bid = {
      model: 'CPC',
      bidMicros: units(bid),
      clickRatePpm,
      viewRatePpm: certainPpm,
      qualityPpm: (certainPpm * quality) / 8,
    };
    return { name, own, value: rankValueMicros(own) };
  });
  const ranked = bids.toSorted((a, b) => b.value - a.value);
  return ranked.map(({ name, own }, place) => [name, dueMicros(own, terms, ranked[place + 1]?.value ?? null)]);
}

const inUnits = (all: ReturnType<typeof positions>) => all.map(([name, price]) => [name, price / 1_000_000]);

/** Clicks an hour of each position times its price, as the sources count revenue. */
function revenue(all: ReturnType<typeof positions>, clicks: readonly number[]): number {
  return clicks.reduce((sum, count, place) => sum + (count * (all[place]?.[1] ?? 0)) / 1_000_000, 0);
}

// Edelman, Ostrovsky and Schwarz, "Internet Advertising and the Generalized Second-Price Auction", AER 97(1), 2007, section I and II.
test('Edelman, Ostrovsky and Schwarz: bids of 10, 4 and 2 on positions of 200 and 100 clicks pay 4 and 2, 1000 together', () => {
  const paid = positions([
    { name: 'three', bid: 2 },
    { name: 'one', bid: 10 },
    { name: 'two', bid: 4 },
  ]);
  expect(inUnits(paid).slice(0, 2)).toEqual([
    ['one', 4],
    ['two', 2],
  ]);
  expect(revenue(paid, [200, 100])).toBe(1000);
});

// Easley and Kleinberg, "Networks, Crowds, and Markets", 2010, chapter 15.5: values 7, 6 and 1; positions with click rates of 10, 4 and 0.
describe('Easley and Kleinberg', () => {
  const clicks = [10, 4, 0];
  const bids = (x: number, y: number, z: number) =>
    positions([
      { name: 'x', bid: x },
      { name: 'y', bid: y },
      { name: 'z', bid: z },
    ]);

  test('bidding the truth: x pays 6 for the first position and keeps 10; with a bid of 5 it pays 1 for the second and keeps 24', () => {
    const kept = (all: ReturnType<typeof positions>, place: number) =>
      (clicks[place] ?? 0) * (units(7) - (all[place]?.[1] ?? 0));
    expect(kept(bids(7, 6, 1), 0)).toBe(units(10));
    const shaded = bids(5, 6, 1);
    expect(inUnits(shaded).slice(0, 2)).toEqual([
      ['y', 5],
      ['x', 1],
    ]);
    expect(kept(shaded, 1)).toBe(units(24));
  });

  test('their two equilibria bring 48 and 34', () => {
    expect(revenue(bids(5, 4, 2), clicks)).toBe(48);
    expect(inUnits(bids(3, 5, 1)).slice(0, 2)).toEqual([
      ['y', 3],
      ['x', 1],
    ]);
    expect(revenue(bids(3, 5, 1), clicks)).toBe(34);
  });
});

// Varian, "Position auctions", IJIO 25(6), 2007, section 8: price = (bid × quality of the next one) ÷ own quality. Numbers: Google's own example of it.
test('Varian: bids of 4, 3, 2, 1 at qualities of 1, 3, 6, 8 rank the third first, and each pays what the next one forces', () => {
  const paid = positions([
    { name: 'first', bid: 4, quality: 1 },
    { name: 'second', bid: 3, quality: 3 },
    { name: 'third', bid: 2, quality: 6 },
    { name: 'fourth', bid: 1, quality: 8 },
  ]);
  expect(paid).toEqual([
    ['third', units(9 / 6)],
    ['second', Math.ceil(units(8) / 3)],
    ['fourth', units(4 / 8)],
    ['first', 0],
  ]);
});

// The reserve of Edelman and Schwarz, "Optimal Auction Design and Equilibrium Selection in Sponsored Search Auctions", AER 100(2), 2010.
test('a reserve is what the last one pays, and nobody pays less', () => {
  const reserve = { ...gsp, floorMicros: units(30) };
  const paid = positions(
    [
      { name: 'one', bid: 10 },
      { name: 'two', bid: 4 },
    ],
    reserve,
  );
  // 30 for a thousand at one click of a hundred: 3 a click.
  expect(inUnits(paid)).toEqual([
    ['one', 4],
    ['two', 3],
  ]);
});

interface Sold {
  readonly line_item_id: string;
  readonly price: number;
  readonly rule: string;
  readonly deal: string | null;
}

const numbered = (lineItem: Partial<LineItemPublished>, number: number): AnyRecord[] =>
  supply(number + 1, { lineItem });
const click = (bid: number) => ({ pricing_model: 'CPC' as const, bid_micros: units(bid) });
const thousand = (bid: number, changes: Partial<LineItemPublished> = {}) => ({ bid_micros: units(bid), ...changes });

/** What a whole decision sells, in order: line items li_1, li_2 … of an advertiser each. Prices in millionths. */
function sold(
  placement: Partial<PlacementPublished>,
  items: readonly Partial<LineItemPublished>[],
  slot: Readonly<Record<string, unknown>> = {},
): Sold[] {
  const world = worldOf(indexOf([...inventory(1, { placement }), ...items.flatMap(numbered)]));
  const body = { slots: [{ id: 's', placement_id: 'pl_1', ...slot }] };
  return selectionsOf(world, inputOf(world, { body })).map(({ billing, auction }) => ({
    line_item_id: billing.line_item_id,
    price: billing.price_micros,
    rule: auction.rule,
    deal: auction.deal_id,
  }));
}

test('the same example of Edelman, Ostrovsky and Schwarz as one decision for two ads: each position is sold at the next bid', () => {
  const placement = { auction: 'second_price', increment_micros: 0 };
  expect(sold(placement, [click(2), click(10), click(4)], { count: 2 })).toMatchObject([
    { line_item_id: 'li_2', price: units(4) },
    { line_item_id: 'li_3', price: units(2) },
  ]);
});

// OpenRTB 2.6: BidRequest.at and Deal.at (1 first price, 2 second price plus, 3 the deal's bidfloor is its price), Imp.bidfloor, Imp.Pmp.
describe('OpenRTB', () => {
  const deals: readonly Deal[] = [
    { deal_id: 'guaranteed-price', floor_micros: units(3), auction: 'fixed', advertisers: [] },
    { deal_id: 'private', floor_micros: units(2), auction: 'second_price', advertisers: ['adv_1', 'adv_2'] },
    { deal_id: 'first-look', floor_micros: units(0.5), auction: 'first_price', advertisers: [] },
  ];
  const second = { auction: 'second_price', floor_micros: units(1), deals };
  const by = (...ids: string[]) => ({ deals: ids });

  test('at = 1: the winner pays its bid', () => {
    expect(sold({ auction: 'first_price' }, [thousand(4), thousand(2)])).toMatchObject([{ price: 4000 }]);
  });

  test('at = 2: the winner pays the second bid and the increment, and never less than bidfloor', () => {
    expect(sold(second, [thousand(4), thousand(2)])).toMatchObject([{ price: 2001, rule: 'second_price' }]);
    expect(sold(second, [thousand(4)])).toMatchObject([{ price: 1000 }]);
    expect(sold(second, [thousand(0.9)])).toEqual([]);
  });

  test('a deal with at = 3 is sold at its bidfloor, before the open auction of the same priority and after a better one', () => {
    const fixed = { line_item_id: 'li_1', price: 3000, rule: 'fixed_price', deal: 'guaranteed-price' };
    expect(sold(second, [thousand(5, by('guaranteed-price')), thousand(9)])).toEqual([fixed]);
    expect(sold(second, [thousand(5, by('guaranteed-price')), thousand(9, { priority: 4 })])).toMatchObject([
      { line_item_id: 'li_2', price: 1000 },
    ]);
    expect(sold(second, [thousand(2.9, by('guaranteed-price')), thousand(1.5)])).toMatchObject([
      { line_item_id: 'li_2' },
    ]);
  });

  test('a private auction is part of the one ranking: its bids must meet its own floor, and pay what the next bid, of whomever, forces', () => {
    expect(sold(second, [thousand(4, by('private')), thousand(3)])).toMatchObject([
      { line_item_id: 'li_1', price: 3001, deal: 'private' },
    ]);
    expect(sold(second, [thousand(4, by('private')), thousand(1.5)])).toMatchObject([{ price: 2000, deal: 'private' }]);
    expect(sold(second, [thousand(4, by('private')), thousand(5)])).toMatchObject([
      { line_item_id: 'li_2', price: 4001, deal: null },
    ]);
  });

  test('a deal overrides at and bidfloor of the request', () => {
    expect(sold(second, [thousand(0.7, by('first-look'))])).toMatchObject([
      { price: 700, rule: 'first_price', deal: 'first-look' },
    ]);
    expect(sold(second, [thousand(0.7, by('first-look'))], { floor_micros: '2000000' })).toMatchObject([
      { price: 700 },
    ]);
  });

  test('wseat: a deal takes no other buyers than its own', () => {
    expect(sold(second, [thousand(1), thousand(1), thousand(4, by('private'))])).toMatchObject([{ deal: null }]);
  });

  test('only deals of the request are offered; without any, who buys by deals stays away', () => {
    const items = [thousand(5, by('guaranteed-price', 'private')), thousand(1.2)];
    expect(sold(second, items, { deals: ['private'] })).toMatchObject([{ line_item_id: 'li_1', deal: 'private' }]);
    expect(sold(second, items, { deals: [] })).toMatchObject([{ line_item_id: 'li_2', deal: null }]);
    expect(sold({ ...second, deals: [] }, items)).toMatchObject([{ line_item_id: 'li_2' }]);
  });

  test('of several deals the first of the placement counts', () => {
    const items = [thousand(5, by('first-look', 'private'))];
    expect(sold(second, items)).toMatchObject([{ deal: 'private' }]);
  });

  test('a price for a thousand takes nobody who pays by the click', () => {
    expect(sold(second, [{ ...click(9), ...by('guaranteed-price') }])).toEqual([]);
  });
});
