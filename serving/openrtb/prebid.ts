import { decimalOf, microsOf } from './decimal.ts';
import { type Fields, fieldsOf, flagOf, isFields, listOf, numberOf } from './fields.ts';
import { ownSeat } from './seat.ts';

/** What Prebid asks of an answer; null if the request is none of Prebid's. */
export interface PrebidTerms {
  readonly targeting: TargetingTerms | null;
  /** The name under which we were asked: ours, or an alias of it. */
  readonly seat: string;
}

interface TargetingTerms {
  readonly ranges: readonly PriceRange[];
  readonly precision: number;
  readonly winners: boolean;
  readonly bidderKeys: boolean;
  readonly format: boolean;
}

interface PriceRange {
  readonly maxMicros: bigint;
  readonly incrementMicros: bigint;
}

function range(max: number, increment: number): PriceRange {
  return { maxMicros: microsOf(max, 'down') ?? 0n, incrementMicros: microsOf(increment, 'down') ?? 0n };
}

/** Prebid's own granularities. */
const usual: readonly PriceRange[] = [range(20, 0.1)];
const granularities: ReadonlyMap<unknown, readonly PriceRange[]> = new Map([
  ['low', [range(5, 0.5)]],
  ['med', usual],
  ['medium', usual],
  ['high', [range(20, 0.01)]],
  ['auto', [range(5, 0.05), range(10, 0.1), range(20, 0.5)]],
  ['dense', [range(3, 0.01), range(8, 0.05), range(20, 0.5)]],
]);
const usualPrecision = 2;
const mostRanges = 20;

export function prebidTermsOf(body: Fields): PrebidTerms | null {
  const prebid = fieldsOf(body['ext'])['prebid'];
  if (!isFields(prebid)) return null;
  const { targeting } = prebid;
  return { targeting: isFields(targeting) ? termsOf(targeting) : null, seat: askedSeat(body) };
}

/** The name under which Prebid asks us: ours or, if it does not use that, an alias of it. */
export function askedSeat(body: Fields): string {
  const { aliases } = fieldsOf(fieldsOf(body['ext'])['prebid']);
  const own = Object.entries(fieldsOf(aliases)).filter(([, of]) => of === ownSeat);
  if (own.length === 0) return ownSeat;
  const asked = new Set(listOf(body['imp']).flatMap(biddersOf));
  return asked.has(ownSeat) ? ownSeat : (own.find(([name]) => asked.has(name))?.[0] ?? ownSeat);
}

function biddersOf(imp: unknown): string[] {
  return Object.keys(fieldsOf(fieldsOf(fieldsOf(fieldsOf(imp)['ext'])['prebid'])['bidder']));
}

function termsOf(targeting: Fields): TargetingTerms {
  const { pricegranularity } = targeting;
  const own = fieldsOf(pricegranularity);
  const named = granularities.get(pricegranularity);
  const given = listOf(own['ranges']).slice(0, mostRanges).flatMap(rangeOf);
  const precision = numberOf(own['precision']) ?? usualPrecision;
  return {
    ranges: named ?? (given.length > 0 ? given : usual),
    precision: Number.isInteger(precision) && precision >= 0 && precision <= 6 ? precision : usualPrecision,
    winners: flagOf(targeting['includewinners']) ?? true,
    bidderKeys: flagOf(targeting['includebidderkeys']) ?? true,
    format: flagOf(targeting['includeformat']) ?? false,
  };
}

function rangeOf(given: unknown): PriceRange[] {
  const { max, increment } = fieldsOf(given);
  const made = range(numberOf(max) ?? 0, numberOf(increment) ?? 0);
  return made.maxMicros > 0n && made.incrementMicros > 0n ? [made] : [];
}

/** The price bucket of a price, as the publisher's ad server has line items for: rounded down to its range's increment. */
export function priceBucket(
  micros: bigint,
  { ranges, precision }: Pick<TargetingTerms, 'ranges' | 'precision'>,
): string {
  let least = 0n;
  for (const { maxMicros, incrementMicros } of ranges) {
    if (micros <= maxMicros)
      return withPlaces(least + ((micros - least) / incrementMicros) * incrementMicros, precision);
    least = maxMicros;
  }
  return withPlaces(least, precision);
}

function withPlaces(micros: bigint, places: number): string {
  const [whole = '0', part = ''] = decimalOf(micros).split('.');
  return places === 0 ? whole : `${whole}.${part.padEnd(places, '0').slice(0, places)}`;
}

export interface TargetedBid {
  readonly seat: string;
  readonly cpmMicros: bigint;
  readonly width: number;
  readonly height: number;
  readonly format: string;
  readonly dealId: string | null;
  /** No other bid of its imp pays more. */
  readonly isBest: boolean;
}

const longestKey = 20;

/** Key-values for the publisher's ad server. */
export function targetingOf(terms: TargetingTerms, bid: TargetedBid): Readonly<Record<string, string>> {
  const values: [key: string, value: string][] = [
    ['hb_pb', priceBucket(bid.cpmMicros, terms)],
    ['hb_bidder', bid.seat],
    ...(bid.width > 0 && bid.height > 0 ? [['hb_size', `${bid.width}x${bid.height}`] as [string, string]] : []),
    ...(terms.format ? [['hb_format', bid.format] as [string, string]] : []),
    ...(bid.dealId === null ? [] : [['hb_deal', bid.dealId] as [string, string]]),
  ];
  return Object.fromEntries([
    ...(terms.winners && bid.isBest ? values : []),
    ...(terms.bidderKeys
      ? values.map(([key, value]) => [`${key}_${bid.seat}`.slice(0, longestKey), value] as const)
      : []),
  ]);
}
