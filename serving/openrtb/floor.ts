import { maxAmountMicros } from '../../domain/money.ts';
import type { CurrencyRates } from './currency-rates.ts';
import { microsOf } from './decimal.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';

/** A thousandth of a price for a thousand is billed, in whole micros: only such prices can be met exactly. */
const perThousand = 1000n;

export interface Floor {
  /** For a thousand, in whole micros of `currency`. */
  readonly micros: bigint;
  readonly currency: string;
}

/** The floor that an imp or a deal names; USD unless it says otherwise. What is more than any amount is no floor that can be met. */
export function floorOf(part: Fields, longestSeconds: number | null): Floor {
  const currency = textOf(part['bidfloorcur'], 3)?.toUpperCase() ?? 'USD';
  return { micros: highest([microsOfField(part['bidfloor']), ...floorsByLength(part, longestSeconds)]), currency };
}

/** Floors by the second and by ranges of lengths: the dearest that an ad of a length that fits could be held against. */
function floorsByLength(imp: Fields, longestSeconds: number | null): bigint[] {
  return [imp, fieldsOf(imp['video']), fieldsOf(imp['audio'])].flatMap(({ mincpmpersec, durfloors }) => [
    microsOfField(mincpmpersec) * BigInt(longestSeconds ?? 0),
    ...listOf(durfloors).map((range) => microsOfField(fieldsOf(range)['bidfloor'])),
  ]);
}

function microsOfField(value: unknown): bigint {
  return typeof value === 'number' ? (microsOf(value, 'up') ?? 0n) : 0n;
}

function highest(floors: readonly bigint[]): bigint {
  return floors.reduce((most, floor) => (floor > most ? floor : most), 0n);
}

/** A floor in the currency of a placement, at which every price that is billed meets it; null if there is no rate. */
export function floorIn({ micros, currency }: Floor, to: string, rates: CurrencyRates): number | null {
  if (micros === 0n) return 0;
  const converted = rates.convert(micros, { from: currency, to }, 'up');
  if (converted === null) return null;
  const whole = ((converted + perThousand - 1n) / perThousand) * perThousand;
  return Number(whole > BigInt(maxAmountMicros) ? BigInt(maxAmountMicros) : whole);
}
