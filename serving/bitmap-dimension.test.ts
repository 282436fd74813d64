import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyValueRule, ListRule } from '../domain/records.ts';
import { countBits, hasBit, type SlotSet, setBit } from './bitmap.ts';
import { BitmapDimension } from './bitmap-dimension.ts';
import { BitmapKeyValues } from './bitmap-key-values.ts';

/** So many that the sets of common values are bitmaps and those of rare ones lists. */
const slots = 300;
const length = 10;
const wanted = fc.constantFrom<string[][]>([], [], ['common'], ['common', 'rare'], ['usual', 'common']);
const unwanted = fc.constantFrom<string[][]>([], [], [], ['usual'], ['rare', 'gone']);
const requested = fc.subarray(['common', 'usual', 'rare', 'gone', 'unnamed']);
const rule: fc.Arbitrary<ListRule> = fc.record({ include: wanted, exclude: unwanted });
/** Most slots have one of two rules, a few have their own. */
const rules = fc
  .tuple(fc.array(rule, { minLength: slots, maxLength: slots }), rule, fc.nat(slots))
  .map(([own, common, upTo]) => own.map((one, slot) => (slot < upTo ? common : one)));

function takes({ include, exclude }: ListRule, values: readonly string[]): boolean {
  const included = include.length === 0 || include.some((value) => values.includes(value));
  return included && !exclude.some((value) => values.includes(value));
}

function wordsOf(present: (slot: number) => boolean): Uint32Array {
  const words = new Uint32Array(length);
  for (let slot = 0; slot < slots; slot += 1) if (present(slot)) setBit(words, slot);
  return words;
}

function listOf(words: Uint32Array): number[] {
  return Array.from({ length: slots }, (_, slot) => slot).filter((slot) => hasBit(words, slot));
}

test('a dimension lets through whom the rules let through, after line items have left it, too', () => {
  fc.assert(
    fc.property(rules, requested, fc.nat(6), fc.nat(4), (given, values, modulus, gone) => {
      const dimension = new BitmapDimension();
      const memberships = given.map((one, slot) => {
        const sets: SlotSet[] = [];
        dimension.add(slot, one, sets);
        return sets;
      });
      const left = (slot: number) => gone > 0 && slot % gone === 0;
      for (const [slot, sets] of memberships.entries()) if (left(slot)) for (const set of sets) set.delete(slot);
      const words = wordsOf((slot) => modulus === 0 || slot % modulus === 0);
      const before = listOf(words);
      const count = dimension.filter(words, length, before.length, values);
      expect(listOf(words)).toEqual(before.filter((slot) => left(slot) || takes(given[slot] as ListRule, values)));
      expect(count).toBe(countBits(words, length));
    }),
    { numRuns: 200 },
  );
});

const keyValueRules: fc.Arbitrary<KeyValueRule[]> = fc.array(
  fc.record({ key: fc.constantFrom('section', 'user', 'game'), include: wanted, exclude: unwanted }),
  { maxLength: 3 },
);
const manyRules = fc
  .tuple(fc.array(keyValueRules, { minLength: slots, maxLength: slots }), keyValueRules, fc.nat(slots))
  .map(([own, common, upTo]) => own.map((one, slot) => (slot < upTo ? common : one)));

test('of key-values every rule must hold, several on one key too', () => {
  fc.assert(
    fc.property(manyRules, fc.dictionary(fc.constantFrom('section', 'user', 'other'), requested), (given, request) => {
      const keyValues = new BitmapKeyValues();
      for (const [slot, one] of given.entries()) keyValues.add(slot, one, []);
      const words = wordsOf((slot) => slot % 3 !== 1);
      const before = listOf(words);
      const asked = new Map(Object.entries(request));
      const count = keyValues.filter(words, length, before.length, asked);
      const passes = (slot: number) =>
        (given[slot] as KeyValueRule[]).every((one) => takes(one, asked.get(one.key) ?? []));
      expect(listOf(words)).toEqual(before.filter(passes));
      expect(count).toBe(countBits(words, length));
    }),
    { numRuns: 200 },
  );
});

test('a value that no line item names is told apart from one that is', () => {
  const dimension = new BitmapDimension();
  expect(dimension.matters).toBe(false);
  dimension.add(0, { include: ['a'], exclude: ['b'] }, []);
  expect([dimension.matters, dimension.names('a'), dimension.names('b'), dimension.names('c')]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
