import { pricePerEventMicros } from '../domain/money.ts';
import { type Bid, ecpmMicros, priorityOf, type Rank, tieBreak } from './auction.ts';
import type { IndexedCreative, IndexedLineItem } from './catalog-index.ts';
import type { ClickRates } from './click-rates.ts';

/** Everything of one ad's place against which single line items are judged, after the bitmaps. A recorded selection gives it again. */
export interface PlaceFacts {
  /** As in `slotKeys`. */
  readonly creativeKeys: readonly string[];
  /** IAB creative attributes that the placement does not show. */
  readonly blockedAttributes: readonly number[];
  /** For a thousand. */
  readonly floorMicros: number;
  /** `hashText` of `placeName`. */
  readonly requestHash: number;
  readonly rates: ClickRates;
  /** Exposures of the person within the cap's window. Asked only of capped line items of a known person. */
  exposures(item: IndexedLineItem): number;
  /** Left to draw for the campaign on this node, micros. */
  leftMicros(item: IndexedLineItem): number;
}

/** Names one ad's place in one answer: what ties and the rotation of creatives are hashed by. */
export function placeName(requestId: string, slotId: string, position: number): string {
  return `${requestId}/${slotId}/${position}`;
}

/** Why a line item that passed targeting takes no part in the ranking: step and reason of `ExclusionCount`. */
export interface Refusal {
  readonly step: 'frequency' | 'budget' | 'creative' | 'floor';
  readonly reason: 'cap_reached' | 'no_budget' | 'attribute_blocked' | 'below_floor';
}

const capReached: Refusal = { step: 'frequency', reason: 'cap_reached' };
export const noBudget: Refusal = { step: 'budget', reason: 'no_budget' };
export const attributeBlocked: Refusal = { step: 'creative', reason: 'attribute_blocked' };
export const belowFloor: Refusal = { step: 'floor', reason: 'below_floor' };

/** What one billable event of a line item costs at the most, micros. */
export function dearestMicros({ lineItem }: IndexedLineItem): number {
  return pricePerEventMicros(lineItem.bid_micros, lineItem.pricing_model);
}

/** Caps and budget: null if the line item is asked for a bid. A budget must cover the whole bid, whatever the price will be. */
export function pace(item: IndexedLineItem, facts: PlaceFacts): Refusal | null {
  const cap = item.lineItem.frequency_cap;
  if (cap !== null && facts.exposures(item) >= cap.impressions) return capReached;
  const dearest = dearestMicros(item);
  return dearest > 0 && facts.leftMicros(item) < dearest ? noBudget : null;
}

/** A line item with the creative that it would show and what that is worth. */
export interface Offer {
  readonly item: IndexedLineItem;
  readonly creative: IndexedCreative;
  readonly bid: Bid;
  readonly rank: Rank;
}

/** The bid of a line item, or null if all its creatives that fit are blocked. Creatives take turns by a hash of the place. */
export function bidOf(item: IndexedLineItem, facts: PlaceFacts): Offer | null {
  const creative = chooseCreative(item, facts);
  if (creative === null) return null;
  const { lineItem } = item;
  const bid: Bid = {
    model: lineItem.pricing_model,
    bidMicros: lineItem.bid_micros,
    clickRatePpm: facts.rates.ratePpm(creative.creative.creative_id),
  };
  const rank = {
    priority: priorityOf(lineItem),
    ecpmMicros: ecpmMicros(bid),
    tie: tieBreak(facts.requestHash, item.hash),
  };
  return { item, creative, bid, rank };
}

/** House ads have no floor. */
export function isBelowFloor({ bid, rank }: Offer, { floorMicros }: PlaceFacts): boolean {
  return bid.model !== 'NONE' && rank.ecpmMicros < floorMicros;
}

function chooseCreative({ creatives }: IndexedLineItem, facts: PlaceFacts): IndexedCreative | null {
  // Eligible means that one of them fits: of one alone nothing but its attributes is in question.
  if (creatives.length === 1 && facts.blockedAttributes.length === 0) return creatives[0] as IndexedCreative;
  let chosen: IndexedCreative | null = null;
  let lowest = Infinity;
  for (const candidate of creatives) {
    if (!fits(candidate, facts)) continue;
    const turn = tieBreak(facts.requestHash, candidate.hash);
    if (turn < lowest) {
      chosen = candidate;
      lowest = turn;
    }
  }
  return chosen;
}

function fits({ keys, creative }: IndexedCreative, { creativeKeys, blockedAttributes }: PlaceFacts): boolean {
  if (!keys.some((key) => creativeKeys.includes(key))) return false;
  return blockedAttributes.length === 0 || !creative.attributes.some((code) => blockedAttributes.includes(code));
}
