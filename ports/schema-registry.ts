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
  /** Number of the schema (`schemas/avro/ids.json`, the same for all registries) that has this id here; null if none has. */
  numberOf(id: number): number | null;
  /** Id under which the schema of this number is kept here; null if it is not known here. */
  idOf(number: number): number | null;
  /** Asks for schemas registered since the start; true if there were any. */
  refresh(): Promise<boolean>;
}
