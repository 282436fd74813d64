import { pricePerEventMicros } from '../domain/money.ts';
import type { PricingModel } from '../domain/records.ts';

/** Priority tier of house ads: behind the sixteen of paid line items. */
export const housePriority = 17;

/**
 * Ranking values stay below this, 140 million units of a currency for a thousand, so that a priority and a value fit into one exact number. Bids
 * above it rank equal.
 */
export const ecpmLimit = 2 ** 47;

/** What the winner of a second-price auction pays above the runner-up, for a thousand: one micro an impression. */
export const incrementMicros = 1000;

/** first_price: the winner pays its bid. second_price: the least with which it would still have won. */
export type AuctionRule = 'first_price' | 'second_price';

export interface Bid {
  readonly model: PricingModel;
  /** For a thousand (CPM, VCPM) or for one click (CPC), micros. */
  readonly bidMicros: number;
  /** Predicted clicks of a million impressions; read for CPC only. */
  readonly clickRatePpm: number;
}

/** What decides between two that could win. */
export interface Rank {
  /** Lower is first. */
  readonly priority: number;
  /** Higher is first, within a priority. */
  readonly ecpmMicros: number;
  /** Lower is first, within equal value: `tieBreak` of request and line item. */
  readonly tie: number;
}

/** Tier in which a line item is ranked: its own, or the last one for a house ad. */
export function priorityOf(lineItem: { readonly pricing_model: PricingModel; readonly priority: number }): number {
  return lineItem.pricing_model === 'NONE' ? housePriority : lineItem.priority;
}

/**
 * Expected income of a thousand impressions, micros, rounded down: the bid itself for CPM and vCPM, bid × predicted clicks for CPC, nothing for house
 * ads. Always below `ecpmLimit`.
 */
export function ecpmMicros({ model, bidMicros, clickRatePpm }: Bid): number {
  switch (model) {
    case 'CPM':
    case 'VCPM':
      return Math.min(bidMicros, ecpmLimit - 1);
    case 'CPC':
      return Math.min(mulDiv(bidMicros, clickRatePpm, 1000, 'down'), ecpmLimit - 1);
    case 'NONE':
      return 0;
    default:
      return model satisfies never;
  }
}

/** a × b ÷ c for whole numbers, exact: through bigint when the product is not a safe integer. */
function mulDiv(a: number, b: number, c: number, rounding: 'down' | 'up'): number {
  const product = a * b;
  if (Number.isSafeInteger(product)) {
    const rest = product % c;
    return (product - rest) / c + (rounding === 'up' && rest !== 0 ? 1 : 0);
  }
  const exact = BigInt(a) * BigInt(b) + (rounding === 'up' ? BigInt(c) - 1n : 0n);
  return Number(exact / BigInt(c));
}

/** Below 0 if `a` is ranked before `b`. */
export function compareRanks(a: Rank, b: Rank): number {
  return a.priority - b.priority || b.ecpmMicros - a.ecpmMicros || a.tie - b.tie;
}

/** 32 bits of a text (FNV-1a). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/**
 * Order among equal values: a hash of request and line item, so that nobody is favoured over many requests and anybody can work it out again.
 * Finalizer of MurmurHash3 over both hashes.
 */
export function tieBreak(requestHash: number, itemHash: number): number {
  let hash = requestHash ^ Math.imul(itemHash, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export interface PriceTerms {
  readonly rule: AuctionRule;
  /** For a thousand; at most the winner's eCPM. */
  readonly floorMicros: number;
  /** eCPM of the next one in the ranking of the same priority: who is behind by priority could not have taken the place. Null: none. */
  readonly runnerUpEcpmMicros: number | null;
}

/**
 * Price of one billable event, micros, never above the bid. Second price (generalised: Edelman, Ostrovsky and Schwarz 2007): the higher of floor and
 * runner-up plus increment, at most the bid; for CPC the least bid for a click that is worth so much, rounded up, since less would not have won.
 */
export function priceMicros(winner: Bid, terms: PriceTerms): number {
  if (terms.rule === 'first_price' || winner.model === 'NONE')
    return pricePerEventMicros(winner.bidMicros, winner.model);
  const { floorMicros, runnerUpEcpmMicros } = terms;
  const needed = Math.max(floorMicros, runnerUpEcpmMicros === null ? 0 : runnerUpEcpmMicros + incrementMicros);
  return pricePerEventMicros(Math.min(winner.bidMicros, bidWorth(winner, needed)), winner.model);
}

/** The least bid of that model whose eCPM reaches a value. */
function bidWorth({ model, bidMicros, clickRatePpm }: Bid, neededEcpmMicros: number): number {
  if (model !== 'CPC') return neededEcpmMicros;
  return clickRatePpm === 0 ? bidMicros : mulDiv(neededEcpmMicros, 1000, clickRatePpm, 'up');
}
