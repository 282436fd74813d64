import { readMediaTemplate } from '../domain/creative-template.ts';
import type { Fields } from './openrtb/fields.ts';
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
  /** What it asks for in formats other than banners, as it came, for bidders of outside demand. Default: it does not say. */
  readonly offered?: OfferedFormats;
}

/** Objects `video` and `audio` of an imp, and its request of Native 1.2. */
export interface OfferedFormats {
  readonly video?: Fields;
  readonly audio?: Fields;
  readonly native?: Fields;
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
  readonly durations: readonly (readonly [fromMs: number, toMs: number])[];
}

export function limitsOf({ channel, seats, durations }: RequestContext): PlaceLimits {
  return { paidOnly: channel === 'openrtb', seats, durations: durations.map(inMs) };
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

/** Whether players of an exchange can show a creative: as VAST, and of a length that fits, where it has one. */
export function isShowable(creative: CreativePublished, limits: PlaceLimits): boolean {
  const { duration_ms, format } = creative;
  const { durations } = limits;
  if (format !== 'video' && format !== 'audio') return true;
  if (limits.paidOnly && !isVast(creative)) return false;
  if (durations.length === 0 || duration_ms === 0) return true;
  return durations.some(([from, to]) => duration_ms >= from && duration_ms <= to);
}

const vast = new WeakMap<CreativePublished, boolean>();

/** Players of others understand VAST; HTML is for a player of one's own. */
function isVast(creative: CreativePublished): boolean {
  const known = vast.get(creative);
  if (known !== undefined) return known;
  const made = readMediaTemplate(creative.markup) !== null;
  vast.set(creative, made);
  return made;
}
