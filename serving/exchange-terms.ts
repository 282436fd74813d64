import type { CreativePublished, LineItemPublished, RequestContext } from '../domain/records.ts';

/** What a bid request of an exchange asks of one slot, over and above what every request does. */
export interface ExchangeTerms {
  /** Advertisers who alone may buy (adv_…); empty: all. */
  readonly seats: readonly string[];
  /** Advertisers (adv_…), domains, apps and IAB categories that are not to be shown. */
  readonly blocked: readonly string[];
  /** IAB creative attributes that are not to be shown. */
  readonly blockedAttributes: readonly number[];
  /** Lengths of video and audio that fit, seconds as `from-to`; empty: any. */
  readonly durations: readonly string[];
  /** Slots of one pod keep competitors apart among themselves; null: the slot stands alone, since others may be alternatives to it. */
  readonly pod: string | null;
  readonly bidRequestId: string;
  /** `schain` in one line. */
  readonly supplyChain: string;
}

export const noExchangeTerms: ExchangeTerms = {
  seats: [],
  blocked: [],
  blockedAttributes: [],
  durations: [],
  pod: null,
  bidRequestId: '',
  supplyChain: '',
};

/** The same, as line items and creatives are held against it. Made of what is recorded, so that a recorded selection can be judged again. */
export interface PlaceLimits {
  /** An exchange takes no bid without a price: no house ads. */
  readonly paidOnly: boolean;
  readonly seats: readonly string[];
  readonly blocked: readonly string[];
  readonly durations: readonly (readonly [fromMs: number, toMs: number])[];
}

export function limitsOf({ channel, seats, blocked, durations }: RequestContext): PlaceLimits {
  return { paidOnly: channel === 'openrtb', seats, blocked, durations: durations.map(inMs) };
}

function inMs(range: string): readonly [number, number] {
  const [from = 0, to = 0] = range.split('-').map(Number);
  return [from * 1000, to * 1000];
}

/** Why a line item may not buy at all; null if it may. */
export function refusedBuyer(
  { advertiser_id, pricing_model }: LineItemPublished,
  { paidOnly, seats }: PlaceLimits,
): 'no_price' | 'seat_not_allowed' | null {
  if (paidOnly && pricing_model === 'NONE') return 'no_price';
  return seats.length > 0 && !seats.includes(advertiser_id) ? 'seat_not_allowed' : null;
}

/** Whether a creative may be shown: none of its categories blocked, and its length, where it has one, among those that fit. */
export function isShowable({ categories, duration_ms, format }: CreativePublished, limits: PlaceLimits): boolean {
  const { blocked, durations } = limits;
  if (blocked.length > 0 && categories.some((category) => isBlocked(category, blocked))) return false;
  if (durations.length === 0 || duration_ms === 0 || (format !== 'video' && format !== 'audio')) return true;
  return durations.some(([from, to]) => duration_ms >= from && duration_ms <= to);
}

/** Who blocks `IAB7` blocks `IAB7-39`. */
function isBlocked(category: string, blocked: readonly string[]): boolean {
  return blocked.includes(category) || blocked.includes(category.split('-', 1)[0] as string);
}
