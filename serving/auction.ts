import { pricePerEventMicros } from '../domain/money.ts';
import type { PricingModel } from '../domain/records.ts';

/** Priority tier of house ads: behind the sixteen of paid line items. */
export const housePriority = 17;

/**
 * Ranking values stay below this, 140 million units of a currency for a thousand, so that a priority and a value fit into one exact number. Bids
 * above it rank equal.
 */
export const ecpmLimit = 2 ** 47;

/** A factor or a rate of one, parts per million. */
export const certainPpm = 1_000_000;

/**
 * first_price: the winner pays its bid. second_price: the least with which it would still have won. fixed_price: the price of the deal, whoever else
 * is there.
 */
export type AuctionRule = 'first_price' | 'second_price' | 'fixed_price';

export interface Bid {
  readonly model: PricingModel;
  /** For a thousand (CPM, VCPM) or for one click (CPC), micros. What is bid: in a fixed-price deal its price. */
  readonly bidMicros: number;
  /** Predicted clicks of a million impressions; read for CPC only. */
  readonly clickRatePpm: number;
  /** Predicted viewable ones of a million impressions; read for VCPM only. */
  readonly viewRatePpm: number;
  /** Factor of the ranking, from 1 to `certainPpm`, which is none. It moves ranks, never floors. */
  readonly qualityPpm: number;
}

/** What decides between two that could win. */
export interface Rank {
  /** Lower is first. */
  readonly priority: number;
  /** By a fixed-price deal: before everything else of its priority, since its price is agreed and bids can't move it. */
  readonly preferred: boolean;
  /** `rankValueMicros`; higher is first, within a priority. */
  readonly ecpmMicros: number;
  /** Lower is first, within equal value: `tieBreak` of request and line item. */
  readonly tie: number;
}

/** Tier in which a line item is ranked: its own, or the last one for a house ad. */
export function priorityOf(lineItem: { readonly pricing_model: PricingModel; readonly priority: number }): number {
  return lineItem.pricing_model === 'NONE' ? housePriority : lineItem.priority;
}

/**
 * Expected income of a thousand impressions, micros, rounded down: bid × predicted rate of what is billed; nothing for house ads. Always below
 * `ecpmLimit`. This is what floors are held against.
 */
export function ecpmMicros({ model, bidMicros, clickRatePpm, viewRatePpm }: Bid): number {
  switch (model) {
    case 'CPM':
      return Math.min(bidMicros, ecpmLimit - 1);
    case 'VCPM':
      return Math.min(part(bidMicros, viewRatePpm), ecpmLimit - 1);
    case 'CPC':
      return Math.min(mulDiv(bidMicros, clickRatePpm, 1000, 'down'), ecpmLimit - 1);
    case 'NONE':
      return 0;
    default:
      return model satisfies never;
  }
}

/** eCPM × quality, rounded down: what line items are ranked by. */
export function rankValueMicros(bid: Bid): number {
  return part(ecpmMicros(bid), bid.qualityPpm);
}

function part(amountMicros: number, ppm: number): number {
  return ppm === certainPpm ? amountMicros : mulDiv(amountMicros, ppm, certainPpm, 'down');
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

/** True if value alone decides between them: who is behind by priority, or by a deal, could not have taken the place at any price. */
export function competes(a: Rank, b: Rank): boolean {
  return a.priority === b.priority && a.preferred === b.preferred;
}

/** Below 0 if `a` is ranked before `b`. */
export function compareRanks(a: Rank, b: Rank): number {
  return (
    a.priority - b.priority || Number(b.preferred) - Number(a.preferred) || b.ecpmMicros - a.ecpmMicros || a.tie - b.tie
  );
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

/** By what rule a place is sold. Amounts are micros for a thousand impressions. */
export interface PriceTerms {
  readonly rule: AuctionRule;
  /** At most the winner's eCPM; with fixed_price the price, for a thousand of what the line item is billed for. */
  readonly floorMicros: number;
  /** Second price: a winner whose eCPM is below it pays its bid, any other one at least this; 0: none. */
  readonly softFloorMicros: number;
  /** Second price: paid above the runner-up. */
  readonly incrementMicros: number;
}

/**
 * Price of one billable event, micros, never above the bid: `dueMicros`, divided by a thousand where the bid is for a thousand, rounded down.
 * `runnerUpMicros` is the ranking value of the next one that competes (`competes`), or null.
 */
export function priceMicros(winner: Bid, terms: PriceTerms, runnerUpMicros: number | null): number {
  return pricePerEventMicros(dueMicros(winner, terms, runnerUpMicros), winner.model);
}

/**
 * What the winner owes, in the unit of its bid. Second price (generalised: Edelman, Ostrovsky and Schwarz 2007; with predicted rates and quality: Varian
 * 2007): the least bid with which it would still have won and met the floor, at most its own. Soft floor: Zeithammer 2019.
 */
export function dueMicros(winner: Bid, terms: PriceTerms, runnerUpMicros: number | null): number {
  const { rule, floorMicros, softFloorMicros, incrementMicros } = terms;
  if (winner.model === 'NONE') return 0;
  if (rule === 'fixed_price') return Math.min(winner.bidMicros, floorMicros);
  if (rule === 'first_price' || ecpmMicros(winner) < softFloorMicros) return winner.bidMicros;
  const toBeat = runnerUpMicros === null ? 0 : ecpmRankedAt(winner, runnerUpMicros) + incrementMicros;
  return Math.min(winner.bidMicros, bidWorth(winner, Math.max(floorMicros, softFloorMicros, toBeat)));
}

/** The least eCPM with which that quality reaches a ranking value. */
function ecpmRankedAt({ qualityPpm }: Bid, rankMicros: number): number {
  return qualityPpm === certainPpm ? rankMicros : mulDiv(rankMicros, certainPpm, qualityPpm, 'up');
}

/** The least bid of that model whose eCPM reaches a value; its own where no bid would. */
function bidWorth({ model, bidMicros, clickRatePpm, viewRatePpm }: Bid, neededEcpmMicros: number): number {
  if (model === 'CPM') return neededEcpmMicros;
  const [scale, ratePpm] = model === 'CPC' ? [1000, clickRatePpm] : [certainPpm, viewRatePpm];
  if (ratePpm === 0) return bidMicros;
  return ratePpm === scale ? neededEcpmMicros : mulDiv(neededEcpmMicros, scale, ratePpm, 'up');
}
