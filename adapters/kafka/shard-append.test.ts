import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRounds } from './shard-append.ts';

const anyRecords = fc.array(
  fc.record({ shard: fc.nat(3), size: fc.oneof(fc.nat(1000), fc.integer({ min: 100_000, max: 800_000 })) }),
  { maxLength: 30 },
);

describe('The rounds of an append', () => {
  it('hold every record once, in its shard, in the order given, and no batch too large for a broker', () => {
    fc.assert(
      fc.property(anyRecords, (wanted) => {
        const records = wanted.map(({ shard, size }) => ({ shard, key: '', value: new Uint8Array(size) }));
        const rounds = planRounds(
          records,
          records.map(() => Buffer.alloc(8)),
        );
        for (let shard = 0; shard < 4; shard++) {
          const batches = rounds.map((round) => round.get(shard) ?? []);
          const expected = records.flatMap((record, place) => (record.shard === shard ? [place] : []));
          expect(batches.flat()).toEqual(expected);
          for (const batch of batches) {
            const bytes = batch.reduce((sum, place) => sum + (wanted[place]?.size ?? 0), 0);
            if (batch.length > 1) expect(bytes).toBeLessThan(1_000_000);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are as few as possible: one for what fits', () => {
    const records = Array.from({ length: 400 }, (_, i) => ({ shard: i % 4, key: '', value: new Uint8Array(600) }));
    expect(
      planRounds(
        records,
        records.map(() => Buffer.alloc(0)),
      ),
    ).toHaveLength(1);
  });
});
