import { AdtallyError } from '../domain/errors.ts';
import type { Json } from './console-client.ts';
import type { PricedLineItem } from './account.ts';

// Written from docs/auction.md alone, since the account is to be independent of the platform's code.

/** How a placement is sold, as the simulator wrote it; amounts are micros for a thousand. */
export interface PlacementTerms {
  readonly auction: string;
  readonly floorMicros: number;
  readonly softFloorMicros: number;
  readonly incrementMicros: number;
  readonly deals: readonly { readonly dealId: string; readonly auction: string; readonly floorMicros: number }[];
}

/** What an answer tells of one sale besides the line item. */
export interface Sale {
  readonly terms: PlacementTerms | undefined;
  /** Ranking value of the best rival, as the answer explains it; undefined: the answer explains nothing. */
  readonly runnerUpMicros: number | null | undefined;
  /** What a bidder of outside demand bid for a thousand, by its own word in its own markup; the line item's bid if omitted. */
  readonly bidMicros?: number;
}

export function placementTerms(body: Json): PlacementTerms {
  const { auction } = body;
  const amount = (name: string, absent: number) => Number(body[name] ?? absent);
  const deals = (body['deals'] ?? []) as readonly Readonly<Record<string, string>>[];
  return {
    auction: typeof auction === 'string' ? auction : 'first_price',
    floorMicros: amount('floor_micros', 0),
    softFloorMicros: amount('soft_floor_micros', 0),
    incrementMicros: amount('increment_micros', 1000),
    deals: deals.map((deal) => ({
      dealId: String(deal['deal_id']),
      auction: String(deal['auction']),
      floorMicros: Number(deal['floor_micros']),
    })),
  };
}

/** True if the price of a sale may depend on who else was there. */
export function dependsOnRivals({ auction, deals }: PlacementTerms): boolean {
  return auction === 'second_price' || deals.some((deal) => deal.auction === 'second_price');
}

/** A thousandth, rounded down. */
function ofOne(micros: number): number {
  return (micros - (micros % 1000)) / 1000;
}

/**
 * The price of one billable event. A bid for a thousand is divided by a thousand and rounded down, a bid for a click is its price; a fixed-price deal
 * costs what was agreed; at second price the rival, floor and soft floor say what is due. Error: `INVARIANT_BROKEN` where no rule gives a price.
 */
export function priceOfSale(item: PricedLineItem, { terms, runnerUpMicros, bidMicros = item.bidMicros }: Sale): number {
  const { pricingModel, deals } = item;
  if (pricingModel === 'NONE') return 0;
  const deal = terms?.deals.find(({ dealId }) => deals.includes(dealId));
  if (deals.length > 0 && deal === undefined) throw underivable(item, 'it buys by deals that are not here');
  const auction = deal?.auction ?? terms?.auction ?? 'first_price';
  const bid = pricingModel === 'CPC' ? bidMicros : ofOne(bidMicros);
  if (auction === 'first_price') return bid;
  if (pricingModel !== 'CPM') throw underivable(item, 'what is predicted of it is not in the answer');
  if (auction === 'fixed') return Math.min(bid, ofOne(deal?.floorMicros ?? 0));
  if (runnerUpMicros === undefined) throw underivable(item, 'the answer names no rival');
  const soft = deal === undefined ? (terms?.softFloorMicros ?? 0) : 0;
  if (bidMicros < soft) return bid;
  const toBeat = runnerUpMicros === null ? 0 : runnerUpMicros + (terms?.incrementMicros ?? 0);
  return Math.min(bid, ofOne(Math.max(deal?.floorMicros ?? terms?.floorMicros ?? 0, soft, toBeat)));
}

function underivable({ lineItemId }: PricedLineItem, why: string): AdtallyError {
  return new AdtallyError('INVARIANT_BROKEN', `no price can be derived for ${lineItemId}: ${why}`);
}
