import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AdSelected, AnyRecord } from '../domain/records.ts';
import { type Bidder, type Market, market, marketDeals, sellIn } from '../test/auction-market.ts';
import { indexOf, inputOf, inventory, selectionsOf, supply, worldOf } from '../test/decision-world.ts';

/** Rules of the auction, seen from outside: whole decisions, with priorities, deals, floors and separation at once. */

const numberOf = ({ billing }: AdSelected) => Number(billing.line_item_id.slice(3));
const prices = (ads: readonly AdSelected[]) => ads.map(({ billing }) => billing.price_micros);
const winners = (ads: readonly AdSelected[]) => ads.map(numberOf);
const changed = (given: Market, number: number, changes: Bidder): Market => ({
  ...given,
  bidders: given.bidders.map((one, at) => (at === number ? { ...one, ...changes } : one)),
});
const runs = { numRuns: 200 };

test('no winner pays above its bid, or less than the floor of its terms', () => {
  fc.assert(
    fc.property(market, (given) => {
      for (const { billing, auction } of sellIn(given)) {
        const perThousand = billing.pricing_model !== 'CPC';
        expect(billing.price_micros).toBeLessThanOrEqual(
          perThousand ? Math.floor(auction.bid_micros / 1000) : auction.bid_micros,
        );
        const worth = perThousand ? billing.price_micros * 1000 : (billing.price_micros * 2000) / 1000;
        expect(worth).toBeGreaterThan(auction.floor_micros - 1000);
        expect(auction.floor_micros).toBe(
          marketDeals.find(({ deal_id }) => deal_id === auction.deal_id)?.floor_micros ?? given.floor_micros,
        );
      }
    }),
    runs,
  );
});

test('raising a bid that goes on losing lowers no price, and taking a loser away raises none', () => {
  fc.assert(
    fc.property(market, fc.nat(11), fc.integer({ min: 1, max: 500_000 }), (given, at, raise) => {
      const before = sellIn(given);
      const number = at % given.bidders.length;
      const loser = given.bidders[number];
      fc.pre(loser !== undefined && !winners(before).includes(number));
      const raised = sellIn(changed(given, number, { bid_micros: loser.bid_micros + raise }));
      if (winners(raised).join() === winners(before).join()) {
        for (const [place, price] of prices(raised).entries())
          expect(price).toBeGreaterThanOrEqual(prices(before)[place] ?? Infinity);
      }
      const without = sellIn(changed(given, number, { status: 'PAUSED' }));
      expect(winners(without)).toEqual(winners(before));
      for (const [place, price] of prices(without).entries())
        expect(price).toBeLessThanOrEqual(prices(before)[place] ?? -1);
    }),
    runs,
  );
});

test('at second price the own bid decides whether it wins, not what it pays', () => {
  fc.assert(
    fc.property(market, fc.nat(1_000_000), (given, cut) => {
      const [first] = sellIn(given);
      fc.pre(first?.auction.rule === 'second_price');
      const number = numberOf(first);
      const bid = given.bidders[number]?.bid_micros ?? 0;
      const [again] = sellIn(
        changed(given, number, { bid_micros: Math.max(1, bid - Math.floor((bid * cut) / 1_000_000)) }),
      );
      fc.pre(again !== undefined && numberOf(again) === number);
      // Below the soft floor it would pay itself; and a bid within the increment of the runner-up is all that it can pay.
      const { ecpm_micros, soft_floor_micros, runner_up_ecpm_micros, increment_micros } = again.auction;
      fc.pre(
        ecpm_micros >= soft_floor_micros && ecpm_micros >= (runner_up_ecpm_micros ?? -Infinity) + increment_micros,
      );
      expect(again.billing.price_micros).toBe(first.billing.price_micros);
    }),
    runs,
  );
});

test('line items of one advertiser never make each other dearer', () => {
  const own = (bid_micros: number) => ({ pricing_model: 'CPM' as const, bid_micros, priority: 8, deals: [] });
  const given = {
    perAdvertiser: 2,
    floor_micros: 500_000,
    soft_floor_micros: 0,
    increment_micros: 1000,
    count: 1,
    auction: 'second_price',
  };
  expect(prices(sellIn({ ...given, bidders: [own(5_000_000), own(4_000_000)] }))).toEqual([500]);
  expect(prices(sellIn({ ...given, bidders: [own(5_000_000), own(4_000_000), own(2_000_000)] }))).toEqual([2001]);
  // Also when there are more of them than the walk looks at together.
  const many = {
    ...given,
    perAdvertiser: 30,
    bidders: [...Array.from({ length: 30 }, () => own(4_000_000)), own(2_000_000)],
  };
  expect(prices(sellIn(many))).toEqual([2001]);
});

describe('competitive separation', () => {
  const car = { categories: ['IAB2-3'] };
  const body = (...counts: number[]) => ({
    slots: counts.map((count, slot) => ({ id: `s${slot}`, placement_id: 'pl_1', count })),
  });
  function shown(separation: string, records: readonly AnyRecord[], asked = body(3)) {
    const world = worldOf(indexOf([...inventory(1, { publisher: { separation } }), ...records]));
    const input = inputOf(world, { body: asked });
    const { empty } = world.decider.choose(input);
    return { ads: winners(selectionsOf(world, input)), empty };
  }
  const cars = [1, 2].flatMap((number) =>
    supply(number, { advertiser: car, lineItem: { bid_micros: 9_000_000 - number } }),
  );
  const travel = supply(3, { advertiser: { categories: ['IAB20'] } });

  test('by category shows one car in an answer, where the publisher asks for it', () => {
    expect(shown('advertiser', [...cars, ...travel]).ads).toEqual([1, 2, 3]);
    expect(shown('category', [...cars, ...travel]).ads).toEqual([1, 3]);
    expect(shown('category', [...cars, ...travel], body(1, 1)).ads).toEqual([1, 3]);
  });

  test('goes by what the creative says before what the advertiser does', () => {
    const van = supply(4, { advertiser: { categories: ['IAB20'] }, creative: { categories: ['IAB2-9'] } });
    expect(shown('category', [...cars, ...van]).ads).toEqual([1]);
  });

  test('takes ads that say nothing for competitors of each other', () => {
    expect(
      shown('category', [...cars, ...supply(5), ...supply(6, { lineItem: { bid_micros: 1_000_000 } })]).ads,
    ).toEqual([1, 5]);
  });

  test('names itself as the reason of a slot that it left empty', () => {
    expect(shown('category', cars, body(1, 1)).empty).toMatchObject([
      {
        slotId: 's1',
        reason: 'same_category',
        exclusions: [{ reason: 'same_advertiser' }, { step: 'separation', reason: 'same_category', count: 1 }],
      },
    ]);
  });
});
