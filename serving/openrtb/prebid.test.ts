import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { microsOf } from './decimal.ts';
import { prebidTermsOf, priceBucket, targetingOf } from './prebid.ts';

function bucket(price: number, pricegranularity?: unknown): string {
  const terms = prebidTermsOf({ ext: { prebid: { targeting: { pricegranularity } } } })?.targeting;
  return priceBucket(microsOf(price, 'down') ?? 0n, terms ?? { ranges: [], precision: 2 });
}

describe("Prebid's terms", () => {
  test('price buckets are those of Prebid', () => {
    expect([
      bucket(1.37),
      bucket(1.37, 'low'),
      bucket(1.37, 'high'),
      bucket(1.37, 'auto'),
      bucket(1.37, 'dense'),
    ]).toEqual(['1.30', '1.00', '1.37', '1.35', '1.37']);
    expect([bucket(7.33, 'auto'), bucket(14.99, 'dense'), bucket(25, 'high'), bucket(6, 'low')]).toEqual([
      '7.30',
      '14.50',
      '20.00',
      '5.00',
    ]);
    const own = {
      precision: 1,
      ranges: [
        { max: 2, increment: 0.5 },
        { max: 10, increment: 1 },
      ],
    };
    expect([bucket(1.7, own), bucket(3.9, own), bucket(1.7, 'constructor'), bucket(1.7, { precision: {} })]).toEqual([
      '1.5',
      '3.0',
      '1.70',
      '1.70',
    ]);
  });

  test('a bucket is never above the price', () => {
    const prices = fc.integer({ min: 0, max: 50_000_000 }).map(BigInt);
    const kinds = fc.constantFrom('low', 'med', 'high', 'auto', 'dense');
    fc.assert(
      fc.property(prices, kinds, (price, pricegranularity) => {
        const { targeting } = prebidTermsOf({ ext: { prebid: { targeting: { pricegranularity } } } }) ?? {};
        return (
          targeting !== null &&
          targeting !== undefined &&
          (microsOf(priceBucket(price, targeting), 'up') ?? 0n) <= price
        );
      }),
    );
  });

  test('keys are those asked for, and no longer than ad servers take', () => {
    const bid = {
      seat: 'a-long-name-of-a-bidder',
      cpmMicros: 1_370_000n,
      width: 300,
      height: 250,
      format: 'banner',
      dealId: 'D',
      isBest: true,
    };
    const keys = (asked: Record<string, unknown>, isBest = true) => {
      const terms = prebidTermsOf({ ext: { prebid: { targeting: asked } } })?.targeting;
      return terms ? Object.keys(targetingOf(terms, { ...bid, isBest })) : [];
    };
    expect(keys({ includebidderkeys: false })).toEqual(['hb_pb', 'hb_bidder', 'hb_size', 'hb_deal']);
    expect(keys({ includewinners: false, includeformat: true })).toContain('hb_format_a-long-nam');
    expect(keys({ includebidderkeys: false }, false)).toEqual([]);
    expect(keys({}).every((key) => key.length <= 20)).toBe(true);
  });

  test('a request that is none of Prebid asks nothing', () => {
    expect(prebidTermsOf({ ext: {} })).toBeNull();
    expect(prebidTermsOf({ ext: { prebid: {} } })).toEqual({ targeting: null, seat: 'adtally' });
  });
});
