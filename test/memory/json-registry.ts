import { AdtallyError } from '../../domain/errors.ts';
import type { AnyRecord } from '../../domain/records.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

/** Records as JSON, for tests of what does not depend on their encoding. Bytes that are no JSON are corrupt. */
export function jsonRegistry(): SchemaRegistry {
  return {
    encode: (name, value) => Buffer.from(JSON.stringify({ name, value })),
    decode: (bytes) => {
      try {
        return JSON.parse(Buffer.from(bytes).toString()) as AnyRecord;
      } catch (cause) {
        throw new AdtallyError('UNREADABLE_RECORD', 'these bytes are no JSON', { cause });
      }
    },
    schemaId: () => 1,
    numberOf: (id) => id,
    idOf: (number) => number,
    refresh: async () => false,
  };
}
