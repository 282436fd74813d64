import type { Catalog } from './catalog.ts';
import type { Fault } from './catalog-rules.ts';
import type { Deal, LineItemPublished, PlacementPublished } from './records.ts';

export const dealIdForm = /^[0-9A-Za-z_-]{1,40}$/;

/** What is wrong with the terms on which a placement is sold. Deals name live advertisers of its currency: others could never buy. */
export function saleFaults(catalog: Catalog, placement: PlacementPublished): Fault[] {
  const { auction, floor_micros, soft_floor_micros, deals } = placement;
  const faults: Fault[] = [];
  if (soft_floor_micros > 0 && auction !== 'second_price') {
    faults.push({
      path: 'soft_floor_micros',
      detail: 'needs auction second_price: at first price every bid pays itself',
    });
  } else if (soft_floor_micros > 0 && soft_floor_micros < floor_micros) {
    faults.push({ path: 'soft_floor_micros', detail: 'must be 0, or not below floor_micros' });
  }
  return [
    ...faults,
    ...repeatedIds(deals),
    ...deals.flatMap((deal, at) => dealFaults(catalog, { deal, at, currency: placement.floor_currency })),
  ];
}

function repeatedIds(deals: readonly Deal[]): Fault[] {
  const first = new Map<string, number>();
  return deals.flatMap(({ deal_id }, at) => {
    if (!first.has(deal_id)) first.set(deal_id, at);
    return first.get(deal_id) === at ? [] : [{ path: `deals[${at}].deal_id`, detail: 'is there twice' }];
  });
}

/** Least fixed price: a thousandth of it must be a micro. */
const leastFixedMicros = 1000;

function dealFaults(
  { advertisers }: Catalog,
  { deal, at, currency }: { readonly deal: Deal; readonly at: number; readonly currency: string },
): Fault[] {
  const path = `deals[${at}]`;
  const faults: Fault[] = [];
  if (!dealIdForm.test(deal.deal_id))
    faults.push({ path: `${path}.deal_id`, detail: 'is not of the form of a deal id' });
  if (deal.auction === 'fixed' && deal.floor_micros < leastFixedMicros) {
    faults.push({ path: `${path}.floor_micros`, detail: `is the price of a fixed deal: at least ${leastFixedMicros}` });
  }
  for (const [place, id] of deal.advertisers.entries()) {
    const advertiser = advertisers.get(id);
    const own = `${path}.advertisers[${place}]`;
    if (deal.advertisers.indexOf(id) !== place) faults.push({ path: own, detail: 'is there twice' });
    else if (advertiser === undefined || advertiser.change.archived) {
      faults.push({ path: own, detail: 'is no advertiser that could buy' });
    } else if (advertiser.currency !== currency) {
      faults.push({ path: own, detail: `pays in ${advertiser.currency}, the placement is sold in ${currency}` });
    }
  }
  return faults;
}

/** Deals that a line item may use: of any placements, so that they need not be there yet. */
export function dealListFaults({ deals }: LineItemPublished): Fault[] {
  return deals.flatMap((id, at) => {
    if (!dealIdForm.test(id)) return [{ path: `deals[${at}]`, detail: 'is not of the form of a deal id' }];
    return deals.indexOf(id) === at ? [] : [{ path: `deals[${at}]`, detail: 'is there twice' }];
  });
}
