import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { microsOf, unitsOf } from './amount.ts';

describe('An amount in a form', () => {
  it('is entered in units and sent in micros', () => {
    expect(['12.5', '0.000001', '100', ' 7.25 ', '9000000000'].map(microsOf)).toEqual([
      '12500000',
      '1',
      '100000000',
      '7250000',
      '9000000000000000',
    ]);
  });

  it('is refused where it could be read in two ways, or not at all', () => {
    expect(['1,000', '1.0000001', '-1', '', '1e3', '.5', '01', '€5'].map(microsOf)).toEqual(Array(8).fill(null));
  });

  it('comes back as it was, whatever it is', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 9_000_000_000_000_000n }), (micros) => {
        expect(microsOf(unitsOf(String(micros)))).toBe(String(micros));
      }),
    );
    expect([unitsOf(null), unitsOf('12,5')]).toEqual(['', '12,5']);
  });
});
