import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromCanonical, schemaIdOf, toCanonical } from './wire-format.ts';

/** A registry that knows the numbers 1..9 under ids of its own. */
function registryOf(ids: readonly number[]) {
  return {
    numberOf: (id: number) => (ids.includes(id) ? ids.indexOf(id) + 1 : null),
    idOf: (number: number) => ids[number - 1] ?? null,
  };
}
const ids = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 9, maxLength: 9 });
const wire = (id: number) => Uint8Array.from([0, 0, 0, 0, id, 7, 7]);

describe('The canonical form of a record', () => {
  it('is the same under every registry, and goes from one to another and back', () => {
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 1, max: 60 }), (one, two, id) => {
        const [from, to] = [registryOf(one), registryOf(two)];
        const canonical = toCanonical(wire(id), from);
        const there = fromCanonical(canonical, to);
        expect(toCanonical(there, to)).toEqual(canonical);
        expect(fromCanonical(toCanonical(there, to), from)).toEqual(wire(id));
      }),
    );
  });

  it('is a number for what is known, and is known to no registry for what is not', () => {
    const registry = registryOf([11, 12, 13]);
    expect(schemaIdOf(toCanonical(wire(12), registry))).toBe(2);
    expect(schemaIdOf(toCanonical(wire(3), registry))).toBe(0x8000_0003);
    const other = registryOf([1, 2, 3]);
    expect(schemaIdOf(fromCanonical(toCanonical(wire(3), registry), other))).toBe(0x8000_0003);
    expect(schemaIdOf(fromCanonical(toCanonical(wire(4), registry), other))).toBe(4);
  });

  it('of bytes in no such format is those bytes', () => {
    const registry = registryOf([1]);
    for (const bytes of [Buffer.from([]), Buffer.from([0, 0, 0, 0]), Buffer.from('{"text":1}')]) {
      expect([toCanonical(bytes, registry), fromCanonical(bytes, registry)]).toEqual([bytes, bytes]);
      expect(schemaIdOf(bytes)).toBeNull();
    }
  });
});
