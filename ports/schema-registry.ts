import type { AnyRecord, RecordName, RecordTypes } from '../domain/records.ts';

/**
 * Encodes and decodes records in the Confluent wire format (0, schema id as 4 bytes big endian, Avro body). Schemas are loaded before
 * the first use; encoding and decoding are synchronous and touch no network.
 * Errors of decode: `UNKNOWN_SCHEMA` (id not known here, even after `refresh`), `UNREADABLE_RECORD` (corrupt or truncated).
 */
export interface SchemaRegistry {
  encode<N extends RecordName>(name: N, value: RecordTypes[N]): Uint8Array;
  /** Decodes into the newest shape, whatever version wrote it. */
  decode(bytes: Uint8Array): AnyRecord;
  /** Id under which a record is written now. */
  schemaId(name: RecordName): number;
  /** Asks for schemas registered since the start; true if there were any. */
  refresh(): Promise<boolean>;
}
