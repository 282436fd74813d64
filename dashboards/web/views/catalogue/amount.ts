import { plainAmount } from '../../format.ts';

const amount = /^(0|[1-9][0-9]*)(?:\.([0-9]{1,6}))?$/;

/** Micros of an amount in units, as people write it: `12.5` → `12500000`. Null for what is none: signs, commas, more than six decimals. */
export function microsOf(units: string): string | null {
  const [, whole, fraction = ''] = amount.exec(units.trim()) ?? [];
  if (whole === undefined) return null;
  return String(BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0')));
}

/** What stands in the input for a value of the API; what is no amount stands as it is. */
export function unitsOf(micros: unknown): string {
  if (typeof micros !== 'string') return '';
  return /^[0-9]+$/.test(micros) ? plainAmount(micros) : micros;
}
