import { isAdtallyError } from '../domain/errors.ts';
import type { AnyRecord } from '../domain/records.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';

/** A record of the log, or null if it can't be read: that is the processors' to quarantine. Error: `UNKNOWN_SCHEMA`. */
export function readableRecord(registry: SchemaRegistry, value: Uint8Array): AnyRecord | null {
  try {
    return registry.decode(value);
  } catch (error) {
    if (isAdtallyError(error, 'UNREADABLE_RECORD')) return null;
    throw error;
  }
}

/** Id of the schema that a record was written with, from its header; −1 if there is none. */
export function writtenSchema(value: Uint8Array): number {
  return value.length < 5 ? -1 : new DataView(value.buffer, value.byteOffset, 5).getUint32(1);
}
