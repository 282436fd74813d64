import { AdtallyError } from './errors.ts';
import type { PricingModel, Rounding } from './records.ts';

/**
 * Largest single amount in micros: 9,000,000,000 units of a currency. Single amounts are safe integers (`number`), sums are `bigint`, so that
 * the fold is fast and nothing is ever rounded by a float.
 */
export const maxAmountMicros = 9_000_000_000_000_000;

const million = 1_000_000n;

/** The amount itself if it is a whole number of micros within bounds. Error: `AMOUNT_OUT_OF_RANGE`. */
export function requireAmount(amountMicros: number, path?: string): number {
  if (!Number.isSafeInteger(amountMicros) || amountMicros < 0 || amountMicros > maxAmountMicros) {
    throw new AdtallyError(
      'AMOUNT_OUT_OF_RANGE',
      `an amount is a whole number of micros from 0 to ${maxAmountMicros}, not ${amountMicros}`,
      path === undefined ? {} : { path },
    );
  }
  return amountMicros;
}

/** Reads the decimal string of integer micros that JSON carries. Error: `AMOUNT_OUT_OF_RANGE`. */
export function parseAmount(text: string, path?: string): number {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) {
    throw new AdtallyError(
      'AMOUNT_OUT_OF_RANGE',
      `an amount is a decimal string of micros, not ${JSON.stringify(text.slice(0, 40))}`,
      path === undefined ? {} : { path },
    );
  }
  return requireAmount(Number(text), path);
}

/**
 * Price of one billable event. CPM and VCPM bids are for a thousand: divided once, here, and rounded down (rule PRICE_DOWN), so that
 * nobody pays above a bid. CPC is the bid itself. NONE costs nothing.
 */
export function pricePerEventMicros(bidMicros: number, model: PricingModel): number {
  switch (model) {
    case 'CPM':
    case 'VCPM':
      return Math.floor(bidMicros / 1000);
    case 'CPC':
      return bidMicros;
    case 'NONE':
      return 0;
    default:
      return model satisfies never;
  }
}

/** `amount × ppm / 1,000,000` by a rounding rule. Exact: through bigint when the product is not a safe integer. */
export function portionMicros(amountMicros: number, ppm: number, rounding: Rounding): number {
  const product = amountMicros * ppm;
  if (product <= Number.MAX_SAFE_INTEGER) {
    const rest = product % 1_000_000;
    return roundedUp((product - rest) / 1_000_000, rest, rounding);
  }
  const exact = BigInt(amountMicros) * BigInt(ppm);
  return roundedUp(Number(exact / million), Number(exact % million), rounding);
}

/** `down`, or one more if the millionths left over ask for it. */
function roundedUp(down: number, rest: number, rounding: Rounding): number {
  switch (rounding) {
    case 'DOWN':
      return down;
    case 'UP':
      return rest === 0 ? down : down + 1;
    case 'HALF_EVEN':
      return rest > 500_000 || (rest === 500_000 && down % 2 === 1) ? down + 1 : down;
    default:
      return rounding satisfies never;
  }
}

/** How a certified amount is divided. The three parts sum to the amount; `roundingMicros` is 0 or 1. */
export interface Split {
  readonly publisherMicros: number;
  readonly platformMicros: number;
  readonly roundingMicros: number;
}

/** The publisher's part by its own rule, the platform's rounded down, and the residue that belongs to neither. */
export function splitRevenue(amountMicros: number, sharePpm: number, rounding: Rounding): Split {
  const publisherMicros = portionMicros(amountMicros, sharePpm, rounding);
  const platformMicros = portionMicros(amountMicros, 1_000_000 - sharePpm, 'DOWN');
  return { publisherMicros, platformMicros, roundingMicros: amountMicros - publisherMicros - platformMicros };
}

/** Exact amount in major units for people, always with six decimals: 1234567 → "1.234567". */
export function majorUnits(amountMicros: bigint): string {
  const sign = amountMicros < 0n ? '-' : '';
  const absolute = amountMicros < 0n ? -amountMicros : amountMicros;
  return `${sign}${absolute / million}.${(absolute % million).toString().padStart(6, '0')}`;
}
