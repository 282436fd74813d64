import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assignShards,
  type Claim,
  decodeAssignment,
  decodeClaim,
  encodeAssignment,
  encodeClaim,
} from './shard-assignment.ts';

const claim = (memberId: string, owned: readonly number[] = [], generation = 1): Claim => ({
  memberId,
  owned,
  generation,
});

/** Members with whatever they believe to own, in generations of their own. */
const anyClaims = fc
  .array(fc.record({ owned: fc.uniqueArray(fc.nat(9), { maxLength: 6 }), generation: fc.nat(3) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((claims) => claims.map((one, i) => ({ ...one, memberId: `m${i}` })));

describe('An assignment of shards', () => {
  it('gives a shard to nobody while another has it', () => {
    expect(assignShards([claim('a', [0, 1, 2, 3]), claim('b')], 4)).toEqual(
      new Map([
        ['a', [0, 1]],
        ['b', []],
      ]),
    );
    expect(assignShards([claim('a', [0, 1], 2), claim('b', [], 2)], 4).get('b')).toEqual([2, 3]);
  });

  it('believes of two that claim a shard the one that got it later', () => {
    const assigned = assignShards([claim('zombie', [0, 1], 3), claim('owner', [0, 1], 5)], 2);
    expect(assigned.get('zombie')).toEqual([]);
  });

  it('never gives a shard twice, nor one that a member claims to another', () => {
    fc.assert(
      fc.property(anyClaims, fc.integer({ min: 1, max: 10 }), (claims, shards) => {
        const assigned = assignShards(claims, shards);
        const given = [...assigned.values()].flat();
        expect(new Set(given).size).toBe(given.length);
        for (const [memberId, owned] of assigned) {
          for (const shard of owned) {
            const others = claims.filter((one) => one.memberId !== memberId && one.owned.includes(shard));
            const own = claims.find((one) => one.memberId === memberId);
            if (others.length === 0) continue;
            // Contested: it stays with the claimant of the latest generation.
            expect(own?.owned).toContain(shard);
            expect(Math.max(...others.map((one) => one.generation))).toBeLessThanOrEqual(own?.generation ?? -1);
          }
        }
      }),
    );
  });

  it('is even, and complete, after the second round at the latest', () => {
    fc.assert(
      fc.property(anyClaims, fc.integer({ min: 1, max: 10 }), (start, shards) => {
        let claims: readonly Claim[] = start;
        for (let round = 4; round < 6; round++) {
          const assigned = assignShards(claims, shards);
          claims = claims.map(({ memberId }) => claim(memberId, assigned.get(memberId), round));
        }
        const counts = claims.map(({ owned }) => owned.length);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(shards);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        // And then it stays.
        for (const { memberId, owned } of claims) expect(assignShards(claims, shards).get(memberId)).toEqual(owned);
      }),
    );
  });
});

describe('What members of a group tell each other', () => {
  it('comes through Kafka as it was', () => {
    const sent = { owned: [1, 3], generation: 7 };
    expect(decodeClaim('m', encodeClaim(['p.spend'], sent))).toEqual({ memberId: 'm', ...sent });
  });

  it('names every partition of every topic, so that a topic of one shard goes to the owner of shard 0', () => {
    const topics = new Map([
      ['p.spend', 4],
      ['p.catalog', 1],
    ]);
    expect(decodeAssignment(encodeAssignment(topics, [3, 0]))).toEqual([0, 3]);
    expect(decodeAssignment(encodeAssignment(topics, []))).toEqual([]);
  });
});
