import fc from 'fast-check';
import type { AdSelected, Deal, LineItemPublished } from '../domain/records.ts';
import type { CatalogIndex } from '../serving/catalog-index.ts';
import { indexOf, inputOf, inventory, selectionsOf, supply, worldOf } from './decision-world.ts';

/** Markets of all rules at once, and what a decision for one slot sells in them. Line items are li_0, li_1 … */

export const marketDeals: readonly Deal[] = [
  { deal_id: 'fixed', floor_micros: 1_400_000, auction: 'fixed', advertisers: [] },
  { deal_id: 'private', floor_micros: 1_100_000, auction: 'second_price', advertisers: [] },
];
const bidder = fc.record({
  pricing_model: fc.constantFrom('CPM' as const, 'CPM' as const, 'VCPM' as const, 'CPC' as const),
  bid_micros: fc.oneof(fc.constantFrom(1_000_000, 2_000_000, 2_000_001), fc.nat(3_000_000)),
  priority: fc.constantFrom(4, 8, 8, 8),
  deals: fc.constantFrom([], [], [], ['private'], ['fixed']),
});
export type Bidder = Partial<LineItemPublished>;
export interface Market {
  readonly bidders: readonly (Bidder & Pick<LineItemPublished, 'bid_micros'>)[];
  /** So many line items in a row are of one advertiser. */
  readonly perAdvertiser: number;
  readonly floor_micros: number;
  readonly soft_floor_micros: number;
  readonly increment_micros: number;
  readonly auction: string;
  /** Ads of the slot. */
  readonly count: number;
}
export const market: fc.Arbitrary<Market> = fc.record({
  bidders: fc.array(bidder, { minLength: 2, maxLength: 12 }),
  perAdvertiser: fc.constantFrom(1, 1, 2, 4),
  floor_micros: fc.constantFrom(0, 900_000),
  soft_floor_micros: fc.constantFrom(0, 0, 1_500_000),
  increment_micros: fc.constantFrom(0, 1000, 100_000),
  auction: fc.constantFrom('second_price', 'second_price', 'first_price'),
  count: fc.integer({ min: 1, max: 3 }),
});

export function sellIn(given: Market): AdSelected[] {
  return decideIn(given).selections;
}

export function decideIn({ bidders, perAdvertiser, count, ...placement }: Market): {
  readonly selections: AdSelected[];
  readonly index: CatalogIndex;
} {
  const records = bidders.flatMap((lineItem, number) => {
    const advertiser_id = `adv_${Math.floor(number / perAdvertiser) * perAdvertiser}`;
    return supply(number, {
      campaign: { advertiser_id },
      lineItem: { ...lineItem, advertiser_id },
      creative: { advertiser_id },
    });
  });
  const index = indexOf([...inventory(1, { placement: { ...placement, deals: marketDeals } }), ...records]);
  const world = worldOf(index);
  const body = { slots: [{ id: 's', placement_id: 'pl_1', count }] };
  return { selections: selectionsOf(world, inputOf(world, { body })), index };
}
