import { AdtallyError } from '../../domain/errors.ts';
import { type Fraction, fractionOf, scaled, type Toward } from './decimal.ts';
import { fieldsOf, isFields } from './fields.ts';

/** Currency → currency → what one unit of the first is worth in the second. */
type Rates = ReadonlyMap<string, ReadonlyMap<string, Fraction>>;

const currencyForm = /^[A-Z]{3}$/;

interface RatesFile {
  /** ms. */
  readonly asOf: number;
  readonly rates: Rates;
}

function unreadable(sentence: string): never {
  throw new AdtallyError('VALIDATION_FAILED', `the file of rates ${sentence}`);
}

/** Reads `{"dataAsOf": "2026-11-22", "conversions": {"USD": {"EUR": 0.93}}}`, the form that Prebid has made common. Error: `VALIDATION_FAILED`. */
export function readRates(text: string): RatesFile {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new AdtallyError('VALIDATION_FAILED', 'the file of rates is no JSON', { cause: error });
  }
  const { dataAsOf, conversions } = fieldsOf(file);
  const asOf = typeof dataAsOf === 'string' ? Date.parse(dataAsOf) : Number.NaN;
  if (Number.isNaN(asOf)) unreadable('does not say when it was made (dataAsOf)');
  if (!isFields(conversions)) return unreadable('has no conversions');
  return { asOf, rates: new Map(Object.entries(conversions).map(([from, row]) => [from, readRow(from, row)])) };
}

function readRow(from: string, row: unknown): ReadonlyMap<string, Fraction> {
  if (!currencyForm.test(from) || !isFields(row)) return unreadable('has a row that is none of a currency');
  return new Map(
    Object.entries(row).map(([to, value]) => {
      const rate = typeof value === 'number' ? fractionOf(value) : null;
      if (!currencyForm.test(to) || rate === null || rate.numerator === 0n) {
        return unreadable(`has no rate that can be used from ${from} to ${to.slice(0, 10)}`);
      }
      return [to, rate];
    }),
  );
}

/** Converts amounts by the rates of a file, as long as it is not too old. */
export class CurrencyRates {
  readonly #oldestMs: number;
  readonly #now: () => number;
  #file: RatesFile | null = null;

  /** @param oldestMs what was made longer ago is refused. @param now wall clock, ms */
  constructor(oldestMs: number, now: () => number) {
    this.#oldestMs = oldestMs;
    this.#now = now;
  }

  /** From here on these rates hold. Error: `VALIDATION_FAILED`; those before hold on. */
  load(text: string): void {
    this.#file = readRates(text);
  }

  get isStale(): boolean {
    return this.#file !== null && this.#now() - this.#file.asOf > this.#oldestMs;
  }

  canConvert(from: string, to: string): boolean {
    return from === to || this.#rate(from, to) !== null;
  }

  /** Null if there is no rate for the pair, or the rates are too old. */
  convert(amount: bigint, pair: { readonly from: string; readonly to: string }, toward: Toward): bigint | null {
    if (pair.from === pair.to) return amount;
    const rate = this.#rate(pair.from, pair.to);
    return rate === null ? null : scaled(amount, rate, toward);
  }

  #rate(from: string, to: string): Fraction | null {
    const file = this.#file;
    if (file === null || this.isStale) return null;
    // One direction of a pair makes the rate, the other is its inverse: what is converted there and back is never less than its floor.
    const forward = from < to ? found(file.rates, from, to) : null;
    if (from < to) return forward;
    const backward = found(file.rates, to, from);
    return backward === null ? null : inverse(backward);
  }
}

/** The rate of a pair: as it stands, as the inverse of the other direction, or by way of a currency that has both. */
function found(rates: Rates, from: string, to: string): Fraction | null {
  const direct = rates.get(from)?.get(to);
  if (direct !== undefined) return direct;
  const other = rates.get(to)?.get(from);
  if (other !== undefined) return inverse(other);
  for (const row of rates.values()) {
    const [one, two] = [row.get(from), row.get(to)];
    if (one !== undefined && two !== undefined) return product(two, inverse(one));
  }
  return null;
}

function inverse({ numerator, denominator }: Fraction): Fraction {
  return { numerator: denominator, denominator: numerator };
}

function product(a: Fraction, b: Fraction): Fraction {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}
