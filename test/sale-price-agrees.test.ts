import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AdSelected } from '../domain/records.ts';
import type { SelectedFact } from '../reconcile/facts.ts';
import { type DerivedPrice, salePrice } from '../reconcile/sale-price.ts';
import type { CatalogIndex } from '../serving/catalog-index.ts';
import { decideIn, market } from './auction-market.ts';

/** The recount's price of a selection, by what was predicted for it. */
function recounted(selected: AdSelected, { catalog }: CatalogIndex): DerivedPrice {
  const { billing } = selected;
  const lineItem = catalog.lineItems.get(billing.line_item_id);
  const placement = catalog.placements.get(billing.placement_id);
  if (lineItem === undefined || placement === undefined) throw new Error('nothing was sold');
  const { prediction: predicted } = selected;
  const fact: SelectedFact = { ...selected, predicted, catalogSeen: undefined };
  return salePrice(fact, lineItem, placement);
}

const changed = (selected: AdSelected, changes: Partial<AdSelected['auction']>): AdSelected => ({
  ...selected,
  auction: { ...selected.auction, ...changes },
});

test('the recount, which shares no code with it, derives the price of every sale: first and second price, floors, soft floors, deals', () => {
  fc.assert(
    fc.property(market, (given) => {
      const { selections, index } = decideIn(given);
      for (const one of selections) expect(recounted(one, index)).toEqual({ micros: one.billing.price_micros });
    }),
    { numRuns: 300 },
  );
});

test('the recount believes no terms that the catalogue did not have', () => {
  fc.assert(
    fc.property(market, (given) => {
      const { selections, index } = decideIn(given);
      for (const one of selections) {
        const { floor_micros, soft_floor_micros, increment_micros, deal_id } = one.auction;
        for (const changes of [
          { rule: 'fallback' },
          { floor_micros: floor_micros - 1 },
          { soft_floor_micros: soft_floor_micros + 1 },
          { increment_micros: increment_micros + 1 },
          { deal_id: deal_id === null ? 'private' : null },
          { deal_id: 'nobody knows' },
        ]) {
          expect(recounted(changed(one, changes), index)).toHaveProperty('problem');
        }
      }
    }),
    { numRuns: 60 },
  );
});
