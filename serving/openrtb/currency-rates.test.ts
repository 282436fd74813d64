import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CurrencyRates, readRates } from './currency-rates.ts';
import { floorIn } from './floor.ts';

const day = 86_400_000;
const made = Date.UTC(2026, 10, 22);

function ratesOf(conversions: Record<string, Record<string, number>>, now = made): CurrencyRates {
  const rates = new CurrencyRates(3 * day, () => now);
  rates.load(JSON.stringify({ dataAsOf: '2026-11-22', conversions }));
  return rates;
}

describe('rates', () => {
  test('convert as the file says, the other way round, and by way of a third currency', () => {
    const rates = ratesOf({ USD: { EUR: 0.8, GBP: 0.5 } });
    const convert = (from: string, to: string) => rates.convert(1_000_000n, { from, to }, 'down');
    expect([convert('USD', 'EUR'), convert('EUR', 'USD'), convert('GBP', 'EUR')]).toEqual([
      800_000n,
      1_250_000n,
      1_600_000n,
    ]);
    expect([convert('EUR', 'EUR'), convert('USD', 'JPY')]).toEqual([1_000_000n, null]);
  });

  test('are refused once they are too old', () => {
    const fresh = ratesOf({ USD: { EUR: 0.8 } }, made + 3 * day);
    const stale = ratesOf({ USD: { EUR: 0.8 } }, made + 3 * day + 1);
    expect([fresh.canConvert('USD', 'EUR'), stale.canConvert('USD', 'EUR'), stale.canConvert('USD', 'USD')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(stale.isStale).toBe(true);
  });

  test('a floor that was converted is met by every price that meets it, once that is converted back', () => {
    const rate = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    const floor = fc.bigInt({ min: 1n, max: 10n ** 10n });
    fc.assert(
      fc.property(rate, rate, floor, (there, back, micros) => {
        // A file whose two directions do not agree.
        const rates = ratesOf({ USD: { EUR: there }, EUR: { USD: back } });
        const inEuro = floorIn({ micros, currency: 'USD' }, 'EUR', rates);
        if (inEuro === null || inEuro % 1000 !== 0) return false;
        const price = rates.convert(BigInt(inEuro), { from: 'EUR', to: 'USD' }, 'down');
        return price !== null && price >= micros;
      }),
    );
  });

  test('a file that is none is refused and says why', () => {
    const refused = ['x', '{}', '{"dataAsOf":"never","conversions":{}}', '{"dataAsOf":"2026-11-22"}'];
    const rows = ['{"usd":{"EUR":1}}', '{"USD":{"EUR":0}}', '{"USD":{"EUR":"1"}}', '{"USD":{"EUR":-1}}', '{"USD":1}'];
    const files = [...refused, ...rows.map((row) => `{"dataAsOf":"2026-11-22","conversions":${row}}`)];
    for (const text of files) expect(() => readRates(text)).toThrow('the file of rates');
  });
});
