/**
 * OpenRTB writes money as decimal numbers of whole units; everywhere else in the house it is integer micros. These are the only two crossings, by
 * digits: no sum or product of floats stands between.
 */

/** `up` where the result is a floor, so that nothing below it passes; `down` where it is a price. */
export type Toward = 'up' | 'down';

const million = 1_000_000n;

/** A decimal as a fraction of two integers. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Decimals further from one than this are no amounts and no rates: they are taken for nothing, and for more than anything. */
const mostExponent = 60;

/**
 * The exact value of a decimal. A number that JSON gave is taken by its shortest text, which is what the client wrote, up to 15 digits. Null for what is
 * negative or no number.
 */
export function fractionOf(value: number | string): Fraction | null {
  const [, whole, part = '', exponentText = '0'] =
    /^([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$/.exec(String(value)) ?? [];
  if (whole === undefined) return null;
  const exponent = Number(exponentText) - part.length;
  if (exponent < -mostExponent) return { numerator: 0n, denominator: 1n };
  const digits = BigInt(whole + part);
  return exponent >= 0
    ? { numerator: digits * 10n ** BigInt(Math.min(exponent, mostExponent)), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-exponent) };
}

/** `amount × fraction`, rounded to an integer. */
export function scaled(amount: bigint, { numerator, denominator }: Fraction, toward: Toward): bigint {
  const product = amount * numerator;
  return toward === 'up' ? (product + denominator - 1n) / denominator : product / denominator;
}

/** Micros of a decimal of whole units; null if it is none. */
export function microsOf(value: number | string, toward: Toward): bigint | null {
  const fraction = fractionOf(value);
  return fraction === null ? null : scaled(million, fraction, toward);
}

/** Whole units as an exact decimal without trailing zeros: 1_250_000 → `1.25`. */
export function decimalOf(micros: bigint): string {
  const part = (micros % million).toString().padStart(6, '0').replace(/0+$/, '');
  return part === '' ? String(micros / million) : `${micros / million}.${part}`;
}
