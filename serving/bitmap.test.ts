import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clearAll, countBits, hasBit, keepAll, keepHits, popcount, SlotSet, setBit } from './bitmap.ts';

const slots = fc.uniqueArray(fc.nat(499), { maxLength: 400 });
const length = 16;

function wordsOf(list: readonly number[]): Uint32Array {
  const words = new Uint32Array(length);
  for (const slot of list) setBit(words, slot);
  return words;
}

function listOf(words: Uint32Array): number[] {
  return Array.from({ length: length * 32 }, (_, slot) => slot).filter((slot) => hasBit(words, slot));
}

const ascending = (list: readonly number[]) => list.toSorted((a, b) => a - b);

test('the bits of a word are counted, the sign bit too', () => {
  expect([0, 1, 0x80000000, 0xffffffff, 0x10101].map(popcount)).toEqual([0, 1, 1, 32, 3]);
});

test('a slot set, as list or as bitmap, does what a set does', () => {
  fc.assert(
    fc.property(slots, fc.array(fc.nat(499)), slots, (added, removed, others) => {
      const set = new SlotSet();
      const model = new Set<number>();
      for (const slot of added) {
        set.add(slot);
        model.add(slot);
      }
      for (const slot of removed) if (model.delete(slot)) set.delete(slot);
      expect(set.size).toBe(model.size);
      for (const slot of [...added, ...removed]) expect(set.has(slot)).toBe(model.has(slot));
      const union = wordsOf(others);
      set.orInto(union, length);
      expect(listOf(union)).toEqual(ascending([...new Set([...others, ...model])]));
      const difference = wordsOf(others);
      const left = set.clearFrom(difference, length, others.length);
      expect(listOf(difference)).toEqual(ascending(others.filter((slot) => !model.has(slot))));
      expect(left).toBe(others.filter((slot) => !model.has(slot)).length);
    }),
  );
});

test('steps over words keep what they say and count what is left', () => {
  fc.assert(
    fc.property(slots, slots, slots, (present, restricted, hits) => {
      const cleared = wordsOf(present);
      expect(clearAll(cleared, wordsOf(restricted), length)).toBe(countBits(cleared, length));
      expect(listOf(cleared)).toEqual(ascending(present.filter((slot) => !restricted.includes(slot))));
      const both = new Uint32Array(length);
      expect(keepAll(both, wordsOf(present), wordsOf(hits), length)).toBe(countBits(both, length));
      expect(listOf(both)).toEqual(ascending(present.filter((slot) => hits.includes(slot))));
      const kept = wordsOf(present);
      expect(keepHits(kept, wordsOf(restricted), wordsOf(hits), length)).toBe(countBits(kept, length));
      expect(listOf(kept)).toEqual(
        ascending(present.filter((slot) => !restricted.includes(slot) || hits.includes(slot))),
      );
    }),
  );
});
