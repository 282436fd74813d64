import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  majorUnits,
  maxAmountMicros,
  parseAmount,
  portionMicros,
  pricePerEventMicros,
  requireAmount,
  splitRevenue,
} from './money.ts';
import { Rounding } from './records.ts';

const amount = fc.oneof(
  fc.integer({ min: 0, max: 10_000_000 }),
  fc.maxSafeNat().map((value) => Math.min(value, maxAmountMicros)),
);
const ppm = fc.integer({ min: 0, max: 1_000_000 });
const rule = fc.constantFrom(...Rounding);

describe('An amount', () => {
  it('is read from its decimal text and from nothing else', () => {
    fc.assert(fc.property(amount, (value) => parseAmount(String(value)) === value));
  });

  it.each([
    '',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    ' 1',
    '1 ',
    '0x1',
    'NaN',
    'Infinity',
    '9000000000000001',
    '99999999999999999',
    '１',
  ])('is not %j', (text) =>
    expect(() => parseAmount(text, 'bid_micros')).toThrowError(
      expect.objectContaining({ code: 'AMOUNT_OUT_OF_RANGE', path: 'bid_micros' }),
    ),
  );

  it.each([-1, 0.5, Number.NaN, Infinity, maxAmountMicros + 1])('is not the number %d', (value) => {
    expect(() => requireAmount(value)).toThrowError(expect.objectContaining({ code: 'AMOUNT_OUT_OF_RANGE' }));
  });

  it('is shown in major units without losing a micro', () => {
    expect(majorUnits(1_234_567n)).toBe('1.234567');
    expect(majorUnits(-1n)).toBe('-0.000001');
    fc.assert(fc.property(fc.bigInt(), (value) => BigInt(majorUnits(value).replace('.', '')) === value));
  });
});

describe('The price of one event', () => {
  it('never sums to more than the bid for a thousand, and to less than a thousand micros below it', () => {
    fc.assert(
      fc.property(amount, (bid) => {
        const thousand = pricePerEventMicros(bid, 'CPM') * 1000;
        return thousand <= bid && bid - thousand < 1000;
      }),
    );
  });

  it('is the bid itself for a click, the same for a viewable impression as for any, nothing for a house ad', () => {
    expect(pricePerEventMicros(1_999, 'CPC')).toBe(1_999);
    expect(pricePerEventMicros(1_999, 'VCPM')).toBe(1);
    expect(pricePerEventMicros(1_999, 'NONE')).toBe(0);
  });
});

describe('A portion', () => {
  it('is exact by its rule, whether its product is a safe integer or not', () => {
    fc.assert(
      fc.property(amount, ppm, rule, (value, part, rounding) => {
        const product = BigInt(value) * BigInt(part);
        const error = BigInt(portionMicros(value, part, rounding)) * 1_000_000n - product;
        if (rounding === 'DOWN') return error <= 0n && error > -1_000_000n;
        if (rounding === 'UP') return error >= 0n && error < 1_000_000n;
        return error >= -500_000n && error <= 500_000n;
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [1, 500_000, 0],
    [3, 500_000, 2],
    [5, 500_000, 2],
    [7, 500_000, 4],
    [9_000_000_000_000_000, 999_999, 8_999_991_000_000_000],
  ])('of %d at %d ppm is %d by HALF_EVEN', (value, part, expected) => {
    expect(portionMicros(value, part, 'HALF_EVEN')).toBe(expected);
  });

  it('grows with the amount, so that parts of a reversal never overshoot', () => {
    fc.assert(
      fc.property(
        amount,
        amount,
        ppm,
        rule,
        (a, b, part, rounding) =>
          portionMicros(Math.min(a, b), part, rounding) <= portionMicros(Math.max(a, b), part, rounding),
      ),
    );
  });
});

describe('A revenue split', () => {
  it('sums to the amount, with no part below zero and a residue of at most one micro', () => {
    fc.assert(
      fc.property(amount, ppm, rule, (value, share, rounding) => {
        const { publisherMicros, platformMicros, roundingMicros } = splitRevenue(value, share, rounding);
        return (
          publisherMicros + platformMicros + roundingMicros === value &&
          publisherMicros >= 0 &&
          platformMicros >= 0 &&
          (roundingMicros === 0 || roundingMicros === 1)
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives everything to one side at the ends', () => {
    expect(splitRevenue(7, 1_000_000, 'DOWN')).toEqual({ publisherMicros: 7, platformMicros: 0, roundingMicros: 0 });
    expect(splitRevenue(7, 0, 'UP')).toEqual({ publisherMicros: 0, platformMicros: 7, roundingMicros: 0 });
  });
});
