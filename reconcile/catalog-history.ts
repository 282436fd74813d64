import type {
  AnyRecord,
  BidderPublished,
  LineItemPublished,
  PlacementPublished,
  PublisherPublished,
} from '../domain/records.ts';
import type { SelectedFact } from './facts.ts';
import type { Placed } from './log-reading.ts';
import { type DerivedPrice, salePrice } from './sale-price.ts';

/** Every published version of an entity, by id, in the order of the log. */
type History<T> = Map<string, { readonly offset: number; readonly value: T }[]>;

/** What the catalogue said at any offset, for the few facts that a price rests on. */
export class CatalogHistory {
  private readonly lineItems: History<LineItemPublished> = new Map();
  private readonly publishers: History<PublisherPublished> = new Map();
  private readonly placements: History<PlacementPublished> = new Map();
  private readonly bidders: History<BidderPublished> = new Map();

  add(placed: Placed<AnyRecord>): void {
    const { name, value } = placed.value;
    if (name === 'LineItemPublished') remember(this.lineItems, value.line_item_id, placed.offset, value);
    if (name === 'PublisherPublished') remember(this.publishers, value.publisher_id, placed.offset, value);
    if (name === 'PlacementPublished') remember(this.placements, value.placement_id, placed.offset, value);
    if (name === 'BidderPublished') remember(this.bidders, value.bidder_id, placed.offset, value);
  }

  /** The price that follows from the catalogue as the selection saw it, or why none can be derived. */
  price(selected: SelectedFact): DerivedPrice {
    const { billing, auction, catalogSeen: seen } = selected;
    if (seen === undefined) return { problem: 'the selection names no revision of the catalogue' };
    const lineItem = before(this.lineItems, billing.line_item_id, seen);
    if (lineItem === undefined)
      return { problem: `${billing.line_item_id} was not in the catalogue at revision ${seen}` };
    if (lineItem.pricing_model !== billing.pricing_model)
      return { problem: `the pricing model of ${billing.line_item_id} was ${lineItem.pricing_model}` };
    if (lineItem.pricing_model === 'NONE') return { micros: 0 };
    const problem = this.bidProblem(selected, lineItem, seen);
    if (problem !== null) return { problem };
    const placement = before(this.placements, billing.placement_id, seen);
    return placement === undefined
      ? { problem: `${billing.placement_id} was not in the catalogue at revision ${seen}` }
      : salePrice(selected, { ...lineItem, bid_micros: auction.bid_micros }, placement);
  }

  /** A line item bids what it says; through one that has a bidder that bidder bids, and at most that. */
  private bidProblem({ auction, external }: SelectedFact, lineItem: LineItemPublished, seen: number): string | null {
    const { line_item_id, bid_micros } = lineItem;
    const bidder = this.bidderOf(line_item_id, seen);
    if (external === null) {
      if (bidder !== undefined)
        return `${bidder.bidder_id} buys through ${line_item_id}, and the selection names no bid of it`;
      return bid_micros === auction.bid_micros ? null : `the bid of ${line_item_id} was ${bid_micros}`;
    }
    if (bidder?.bidder_id !== external.bidder_id) return `${external.bidder_id} did not buy through ${line_item_id}`;
    if (external.bid_micros !== auction.bid_micros)
      return `the bid of ${external.bidder_id} was ${external.bid_micros}`;
    return external.bid_micros <= bid_micros ? null : `${line_item_id} takes no bid above ${bid_micros}`;
  }

  /** The last one made, as at a revision. */
  private bidderOf(lineItemId: string, seen: number): BidderPublished | undefined {
    let found: BidderPublished | undefined;
    for (const versions of this.bidders.values()) {
      const bidder = versions.findLast(({ offset }) => offset < seen)?.value;
      if (bidder?.line_item_id === lineItemId) found = bidder;
    }
    return found;
  }

  /** The publisher's share at the time of selection; null if the publisher is unknown at that revision. */
  share(selected: SelectedFact): { readonly ppm: number; readonly rounding: string } | null {
    const seen = selected.catalogSeen ?? 0;
    const publisher = before(this.publishers, selected.billing.publisher_id, seen);
    // Before its first term the first one holds.
    const term =
      publisher?.shares.findLast((share) => share.effective_from <= selected.billing.selected_at) ??
      publisher?.shares[0];
    return publisher === undefined || term === undefined
      ? null
      : { ppm: term.share_ppm, rounding: publisher.share_rounding };
  }
}

function remember<T extends { readonly change: { readonly revision: number } }>(
  history: History<T>,
  id: string,
  offset: number,
  value: T,
): void {
  const versions = history.get(id) ?? [];
  // A record whose revision is not the next one is void: the first wins.
  if (value.change.revision !== versions.length + 1) return;
  versions.push({ offset, value });
  history.set(id, versions);
}

function before<T>(history: History<T>, id: string, next: number): T | undefined {
  return history.get(id)?.findLast((version) => version.offset < next)?.value;
}
