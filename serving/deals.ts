import type { Deal, PlacementPublished } from '../domain/records.ts';
import type { AuctionRule, PriceTerms } from './auction.ts';

/** The terms on which one ad's place is sold: those of the open auction, or those of a deal. */
export interface SaleTerms extends PriceTerms {
  /** Null: the open auction. */
  readonly dealId: string | null;
  /** Who may buy on them (adv_…); null: everyone. */
  readonly advertisers: ReadonlySet<string> | null;
}

/** Terms of one place: the open auction, and the deals that are offered, in the order of the placement. */
export interface PlaceTerms {
  readonly open: SaleTerms;
  readonly deals: readonly SaleTerms[];
}

const noDeals: readonly SaleTerms[] = [];

/**
 * Terms of a placement where these of its deals are offered. `floorMicros` is that of the open auction; a deal brings its own floor in its place, and
 * knows no soft floor.
 */
export function termsOf(
  placement: PlacementPublished,
  { floorMicros, offered }: { readonly floorMicros: number; readonly offered: readonly string[] },
): PlaceTerms {
  const { soft_floor_micros, increment_micros, auction, deals } = placement;
  const open: SaleTerms = {
    dealId: null,
    advertisers: null,
    rule: auction === 'second_price' ? 'second_price' : 'first_price',
    floorMicros,
    softFloorMicros: soft_floor_micros,
    incrementMicros: increment_micros,
  };
  if (offered.length === 0) return { open, deals: noDeals };
  const known = deals.filter(({ deal_id }) => offered.includes(deal_id));
  return { open, deals: known.map((deal) => dealTerms(deal, increment_micros)) };
}

function dealTerms({ deal_id, floor_micros, auction, advertisers }: Deal, incrementMicros: number): SaleTerms {
  return {
    dealId: deal_id,
    advertisers: advertisers.length === 0 ? null : new Set(advertisers),
    rule: dealRule(auction),
    floorMicros: floor_micros,
    softFloorMicros: 0,
    incrementMicros,
  };
}

function dealRule(auction: string): AuctionRule {
  if (auction === 'fixed') return 'fixed_price';
  return auction === 'second_price' ? 'second_price' : 'first_price';
}

/** Deals that a request offers: those of the placement that it names, or all of them if it names none. */
export function offeredDeals({ deals }: PlacementPublished, named: readonly string[] | null): readonly string[] {
  if (deals.length === 0) return noIds;
  const ids = deals.map(({ deal_id }) => deal_id);
  return named === null ? ids : ids.filter((id) => named.includes(id));
}

const noIds: readonly string[] = [];

/** The terms on which a line item may buy: the first deal of the place that it names and that takes its advertiser; null if there is none. */
export function termsFor(
  { deals, advertiser_id }: { readonly deals: readonly string[]; readonly advertiser_id: string },
  place: PlaceTerms,
): SaleTerms | null {
  if (deals.length === 0) return place.open;
  const fits = ({ dealId, advertisers }: SaleTerms) =>
    dealId !== null && deals.includes(dealId) && (advertisers === null || advertisers.has(advertiser_id));
  return place.deals.find(fits) ?? null;
}
