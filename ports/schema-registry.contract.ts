import { describe, expect, it } from 'vitest';
import { isAdtallyError } from '../domain/errors.ts';
import type { AnyRecord } from '../domain/records.ts';
import type { SchemaRegistry } from './schema-registry.ts';

/** What the suite needs of an engine: how to open a registry that knows all schemas, and a valid record of every type. */
export interface SchemaRegistrySubject {
  readonly open: () => Promise<SchemaRegistry>;
  readonly samples: readonly AnyRecord[];
}

function outcome(registry: SchemaRegistry, bytes: Uint8Array): string {
  try {
    registry.decode(bytes);
    return 'decoded';
  } catch (error) {
    return isAdtallyError(error) ? error.code : String(error);
  }
}

function withByte(bytes: Uint8Array, index: number, change: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[index] = (changed[index] ?? 0) ^ change;
  return changed;
}

/** The contract of SchemaRegistry; every engine passes all of it. */
export function schemaRegistryContract(engine: string, { open, samples }: SchemaRegistrySubject): void {
  describe(`SchemaRegistry on ${engine}`, () => {
    it('gives back what it was given, of every record, and two encodings of it are the same bytes', async () => {
      const registry = await open();
      for (const { name, value } of samples) {
        const bytes = registry.encode(name, value);
        expect(registry.decode(bytes)).toEqual({ name, value });
        expect(registry.encode(name, value)).toEqual(bytes);
      }
    });

    it('writes the Confluent header: a zero byte and the schema id, big endian', async () => {
      const registry = await open();
      for (const { name, value } of samples) {
        const bytes = registry.encode(name, value);
        expect(bytes[0]).toBe(0);
        expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)).toBe(registry.schemaId(name));
      }
    });

    it('hands out bytes that later encodings leave alone', async () => {
      const registry = await open();
      const encoded = samples.map(({ name, value }) => registry.encode(name, value));
      expect(encoded.map((bytes) => registry.decode(bytes))).toEqual(samples);
    });

    it('calls every record that was cut off anywhere unreadable', async () => {
      const registry = await open();
      for (const { name, value } of samples) {
        const bytes = registry.encode(name, value);
        for (let length = 0; length < bytes.length; length += 1) {
          expect(outcome(registry, bytes.subarray(0, length)), `${name} cut to ${length}`).toBe('UNREADABLE_RECORD');
        }
      }
    });

    it('calls a record with bytes left over unreadable', async () => {
      const registry = await open();
      for (const { name, value } of samples) {
        expect(outcome(registry, Buffer.concat([registry.encode(name, value), new Uint8Array(1)]))).toBe(
          'UNREADABLE_RECORD',
        );
      }
    });

    it('meets any flipped bit with a value or a known error, never with another one and never without end', async () => {
      const registry = await open();
      const allowed = new Set(['decoded', 'UNREADABLE_RECORD', 'UNKNOWN_SCHEMA']);
      for (const { name, value } of samples) {
        const bytes = registry.encode(name, value);
        for (let bit = 0; bit < bytes.length * 8; bit += 1) {
          const found = outcome(registry, withByte(bytes, bit >> 3, 1 << (bit & 7)));
          expect(allowed.has(found), `${name} with bit ${bit} flipped: ${found}`).toBe(true);
        }
      }
    });

    it('tells the number of every schema by its id, and the id by its number', async () => {
      const registry = await open();
      const numbers = samples.map(({ name }) => registry.numberOf(registry.schemaId(name)) ?? -1);
      expect(numbers.map((number) => registry.idOf(number))).toEqual(
        samples.map(({ name }) => registry.schemaId(name)),
      );
      expect(new Set(numbers).size).toBe(new Set(samples.map(({ name }) => name)).size);
      expect([registry.numberOf(0x7fff_ffff), registry.idOf(0x7fff_ffff)]).toEqual([null, null]);
    });

    it('says that it does not know an id, also after a refresh', async () => {
      const registry = await open();
      const bytes = Uint8Array.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]);
      expect(outcome(registry, bytes)).toBe('UNKNOWN_SCHEMA');
      await registry.refresh();
      expect(outcome(registry, bytes)).toBe('UNKNOWN_SCHEMA');
    });

    it('refuses to encode what does not fit', async () => {
      const registry = await open();
      const tick = { advanced_to: 1.5, ticker: 'a' };
      expect(() => registry.encode('TimeAdvanced', tick)).toThrow(/TimeAdvanced/);
      expect(() => registry.encode('TimeAdvanced', { ...tick, advanced_to: 2 ** 60 })).toThrow(/TimeAdvanced/);
    });
  });
}
