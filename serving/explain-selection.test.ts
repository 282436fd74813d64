import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AdSelected } from '../domain/records.ts';
import { decideIn, market } from '../test/auction-market.ts';
import { FixedLeases, indexOf, inputOf, inventory, selectionsOf, supply, worldOf } from '../test/decision-world.ts';
import { explainSelection } from './explain-selection.ts';

const second = { auction: 'second_price', floor_micros: 500_000, soft_floor_micros: 900_000 };
const bids = (...amounts: number[]) =>
  amounts.flatMap((bid_micros, at) => supply(at + 1, { lineItem: { bid_micros } }));

/** A decision among li_1, li_2 … with these bids, explained. */
function explained(
  amounts: readonly number[],
  leases = new FixedLeases(),
  changes: (one: AdSelected) => AdSelected = (one) => one,
) {
  const index = indexOf([...inventory(1, { placement: second }), ...bids(...amounts)]);
  const world = worldOf(index, leases);
  const [selected] = selectionsOf(world, inputOf(world));
  if (selected === undefined) throw new Error('there was no ad');
  return explainSelection(changes(selected), index.catalog);
}

test('what was decided is decided again, and nothing of the record differs: priorities, deals, floors, one advertiser with several line items', () => {
  fc.assert(
    fc.property(market, (given) => {
      const { selections, index } = decideIn(given);
      for (const selected of selections) {
        const { differences, ranking, price, known, exclusions, participating } = explainSelection(
          selected,
          index.catalog,
        );
        expect(differences).toEqual([]);
        expect(ranking[0]).toMatchObject({
          line_item_id: selected.billing.line_item_id,
          outcome: 'won',
          would_pay_micros: selected.billing.price_micros,
        });
        expect(price?.price_micros).toBe(selected.billing.price_micros);
        // Everybody is accounted for.
        expect(exclusions.reduce((sum, { count }) => sum + count, participating)).toBe(known);
        // Nobody would have paid more than it bid.
        for (const { would_pay_micros, bid_micros, pricing_model } of ranking) {
          expect(would_pay_micros).toBeLessThanOrEqual(
            pricing_model === 'CPC' ? bid_micros : Math.floor(bid_micros / 1000),
          );
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('a budget that no record names explains whom the winner had ahead of it, as far as the recorded count goes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1_000_000, max: 3_000_000 }), { minLength: 3, maxLength: 40 }),
      fc.nat(39),
      (amounts, at) => {
        const ranked = amounts.map((bid, place) => ({ bid, place })).toSorted((a, b) => b.bid - a.bid);
        const poor = ranked.slice(0, at % (amounts.length - 1)).map(({ place }) => `cmp_${place + 1}`);
        const leases = new FixedLeases(Object.fromEntries(poor.map((id) => [id, 0])));
        expect(explained(amounts, leases).differences).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});

test('a walk that was cut for want of time explains whom it did not reach', () => {
  const cut = (one: AdSelected) => ({
    ...one,
    billing: { ...one.billing, line_item_id: 'li_2', campaign_id: 'cmp_2', creative_id: 'cr_2', price_micros: 900 },
    auction: { ...one.auction, bid_micros: 2_000_000, ecpm_micros: 2_000_000, runner_up_ecpm_micros: null },
    losers: [],
    degradations: [{ stage: 'targeting', reason: 'walk_cut', cost_micros: 0 }],
  });
  const told = explained([3_000_000, 2_000_000, 1_000_000], new FixedLeases(), cut);
  expect(told.differences).toEqual([]);
  expect(told.ranking.map(({ outcome }) => outcome)).toEqual(['not_reached', 'won', 'not_reached']);
  expect(told.exclusions).toEqual([{ step: 'ranking', reason: 'not_reached', count: 2 }]);
});

describe('the explanation', () => {
  const told = explained([3_000_000, 2_000_000, 1_000_000, 400_000]);

  test('names who was there, what each would have paid, and who was excluded at which step', () => {
    expect(told.ranking.map((one) => [one.line_item_id, one.would_pay_micros, one.outcome])).toEqual([
      ['li_1', 2001, 'won'],
      ['li_2', 1001, 'outbid'],
      ['li_3', 900, 'outbid'],
    ]);
    expect(told.exclusions).toEqual([{ step: 'floor', reason: 'below_floor', count: 1 }]);
    expect(told).toMatchObject({ known: 4, eligible: 4, participating: 3 });
  });

  test('gives every number of the price', () => {
    expect(told.price).toMatchObject({
      rule: 'second_price',
      deal_id: null,
      bid_micros: 3_000_000,
      floor_micros: 500_000,
      soft_floor_micros: 900_000,
      increment_micros: 1000,
      runner_up_line_item_id: 'li_2',
      runner_up_rank_value_micros: 2_000_000,
      due_micros: 2_001_000,
      price_micros: 2001,
    });
  });
});

describe('a record that was changed afterwards', () => {
  const auction = (changes: Partial<AdSelected['auction']>) => (one: AdSelected) => ({
    ...one,
    auction: { ...one.auction, ...changes },
  });
  const billing = (changes: Partial<AdSelected['billing']>) => (one: AdSelected) => ({
    ...one,
    billing: { ...one.billing, ...changes },
  });

  test.each([
    ['price_micros', billing({ price_micros: 2002 })],
    ['line_item_id', billing({ line_item_id: 'li_4', campaign_id: 'cmp_4' })],
    ['creative_id', billing({ creative_id: 'cr_2' })],
    ['ecpm_micros', auction({ ecpm_micros: 3_000_001 })],
    ['runner_up_ecpm_micros', auction({ runner_up_ecpm_micros: 1_999_999 })],
    ['floor_micros', auction({ floor_micros: 500_001 })],
    ['soft_floor_micros', auction({ soft_floor_micros: 0 })],
    ['increment_micros', auction({ increment_micros: 2000 })],
    ['rule', auction({ rule: 'first_price' })],
    ['deal_id', auction({ deal_id: 'fixed' })],
    ['bid_micros', auction({ bid_micros: 3_000_001 })],
    ['priority', auction({ priority: 1 })],
    ['eligible', auction({ eligible: 5 })],
    [
      'losers.li_2',
      (one: AdSelected) => ({ ...one, losers: one.losers.map((loser) => ({ ...loser, ecpm_micros: 1 })) }),
    ],
  ])('differs in %s, and is told so', (field, change) => {
    const { differences } = explained([3_000_000, 2_000_000, 1_000_000, 400_000], new FixedLeases(), change);
    expect(differences.map((one) => one.field)).toContain(field);
  });

  test('in favour of the second best, differs in its winner: nothing says that the best had no budget', () => {
    const { differences } = explained(
      [3_000_000, 2_000_000],
      new FixedLeases(),
      billing({ line_item_id: 'li_2', campaign_id: 'cmp_2', creative_id: 'cr_2', price_micros: 2000 }),
    );
    expect(differences).toContainEqual({
      field: 'ranking.li_1',
      recorded: 'behind the winner',
      recomputed: 'ahead of the winner',
    });
    expect(differences).toContainEqual({ field: 'line_item_id', recorded: 'li_2', recomputed: 'li_1' });
  });
});

test('is made of the catalogue of then, not of another one', () => {
  const { selections, index } = decideIn({
    bidders: [{ pricing_model: 'CPM', bid_micros: 2_000_000, priority: 8, deals: ['fixed'] }],
    perAdvertiser: 1,
    floor_micros: 0,
    soft_floor_micros: 0,
    increment_micros: 0,
    auction: 'first_price',
    count: 1,
  });
  const [selected] = selections;
  if (selected === undefined) throw new Error('there was no ad');
  expect(explainSelection(selected, index.catalog).price).toMatchObject({
    rule: 'fixed_price',
    deal_id: 'fixed',
    price_micros: 1400,
  });
  const [record] = supply(9);
  if (record !== undefined) index.apply(record, index.revision);
  expect(() => explainSelection(selected, index.catalog)).toThrow('of catalog');
});
