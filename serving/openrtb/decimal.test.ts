import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimalOf, fractionOf, microsOf, scaled } from './decimal.ts';

describe('decimals', () => {
  test('are read by their digits, whatever a float would make of them', () => {
    expect(microsOf(0.03, 'up')).toBe(30_000n);
    expect(microsOf(0.426008552312851, 'up')).toBe(426_009n);
    expect(microsOf(0.426008552312851, 'down')).toBe(426_008n);
    expect(microsOf(1.1, 'up')).toBe(1_100_000n);
    expect(microsOf(1e-7, 'up')).toBe(1n);
    expect(microsOf(1e21, 'up')).toBe(10n ** 27n);
    expect(microsOf(5e-324, 'up')).toBe(0n);
    expect(microsOf(1.5e308, 'up')).toBeGreaterThan(10n ** 60n);
  });

  test('are none if they are negative or no number', () => {
    for (const value of [-1, Number.NaN, Infinity, '', 'x', '1.', '.5', '0x10']) expect(fractionOf(value)).toBeNull();
  });

  test('are written exactly, and read again give the same micros', () => {
    expect([0n, 1n, 1_250_000n, 12_345_678n, 9_000_000_000_000_000_000n].map(decimalOf)).toEqual([
      '0',
      '0.000001',
      '1.25',
      '12.345678',
      '9000000000000',
    ]);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (micros) => microsOf(decimalOf(micros), 'down') === micros),
    );
  });

  test('rounded up and down differ by one at most, and enclose the exact product', () => {
    const amounts = fc.bigInt({ min: 0n, max: 10n ** 18n });
    const rates = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(amounts, rates, (amount, rate) => {
        const fraction = fractionOf(rate);
        if (fraction === null) return false;
        const [down, up] = [scaled(amount, fraction, 'down'), scaled(amount, fraction, 'up')];
        const product = amount * fraction.numerator;
        return up - down <= 1n && down * fraction.denominator <= product && up * fraction.denominator >= product;
      }),
    );
  });
});
