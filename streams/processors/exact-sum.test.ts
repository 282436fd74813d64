import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxAmountMicros } from '../../domain/money.ts';
import { ExactSum } from './exact-sum.ts';

describe('an exact sum', () => {
  it('is what bigints sum up to, whenever it is read', () => {
    const amount = fc.integer({ min: -maxAmountMicros, max: maxAmountMicros });
    fc.assert(
      fc.property(fc.bigInt(), fc.array(fc.tuple(amount, fc.boolean())), (start, amounts) => {
        const sum = new ExactSum(start);
        let expected = start;
        for (const [micros, isRead] of amounts) {
          sum.add(micros);
          expected += BigInt(micros);
          if (isRead) expect(sum.micros).toBe(expected);
        }
        const twice = new ExactSum(expected);
        twice.addAll(sum);
        expect([sum.micros, twice.micros]).toEqual([expected, expected * 2n]);
      }),
    );
  });
});
