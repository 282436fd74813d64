import avro from 'avsc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileType } from './avro-types.ts';

const billing = {
  type: 'record',
  name: 'Billing',
  fields: [
    { name: 'selection_id', type: 'string' },
    { name: 'price_micros', type: 'long' },
    { name: 'draw_lease', type: ['null', 'string'] },
  ],
};
const schemaOf = (name: string) => ({
  type: 'record',
  name,
  fields: [
    { name: 'billing', type: billing },
    { name: 'text', type: 'string' },
    { name: 'texts', type: { type: 'array', items: 'string' } },
  ],
});
const [ours, another] = [compileType(schemaOf('Ours')), compileType(schemaOf('Another'))];
const plain = avro.Type.forSchema(schemaOf('Ours') as never);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ minLength: 60, maxLength: 66 }),
  fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\u007f', '\u0080'), maxLength: 70 }),
);
const value = fc.record({
  billing: fc.record({
    selection_id: text,
    price_micros: fc.nat(),
    draw_lease: fc.option(text),
  }),
  text,
  texts: fc.array(text, { maxLength: 4 }),
});

test('Texts of any length and alphabet are written as avsc itself writes them, into buffers of any size', () => {
  fc.assert(
    fc.property(value, fc.nat(300), (one, size) => {
      const bytes = plain.toBuffer(one);
      expect(ours.toBuffer(one)).toEqual(bytes);
      const [buffer, expected] = [Buffer.alloc(size), Buffer.alloc(size)];
      expect(ours.encode(one, buffer)).toBe(plain.encode(one, expected));
      if (bytes.length <= size) expect(buffer.subarray(0, bytes.length)).toEqual(bytes);
    }),
  );
});

test('What records of one event share is written the same in each of them, whatever was written in between', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 2, maxLength: 4 }),
      fc.array(fc.nat(3)),
      fc.nat(120),
      (given, order, cut) => {
        for (const index of order) {
          const one = given[index % given.length] as (typeof given)[number];
          const other = { ...one, text: 'other' };
          ours.encode(one, Buffer.alloc(cut));
          expect(ours.toBuffer(one)).toEqual(plain.toBuffer(one));
          expect(another.toBuffer(other)).toEqual(plain.toBuffer(other));
        }
      },
    ),
  );
});

test('What is no text is refused', () => {
  for (const wrong of [1, null, undefined, {}, ['a']]) {
    const one = { billing: { selection_id: 's', price_micros: 1, draw_lease: null }, text: wrong, texts: [] };
    expect(() => ours.toBuffer(one)).toThrow('not a text');
  }
});
