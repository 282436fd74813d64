import type { Resolver, Type } from 'avsc';
import { AdtallyError } from '../../domain/errors.ts';
import type { AnyRecord, RecordName, RecordTypes } from '../../domain/records.ts';
import { compileType } from './avro-types.ts';

/** A version of a record's schema. The last one given of a name is the newest: what is written, and the shape that readers see. */
export interface SchemaVersion {
  readonly name: RecordName;
  readonly id: number;
  /** Its number in `schemas/avro/ids.json`, where the id is another registry's. */
  readonly number?: number;
  /** The parsed .avsc. */
  readonly schema: unknown;
}

interface Writer {
  readonly id: number;
  readonly type: Type;
  /** Older code has no schema for this record. */
  readonly isHeldBack: boolean;
}

interface Reader {
  readonly name: RecordName;
  readonly type: Type;
  readonly resolver: Resolver | undefined;
}

const magicByte = 0;
const headerLength = 5;

/** The Confluent wire format over compiled schemas: 0, schema id as 4 bytes big endian, Avro body. Touches no disk and no network. */
export class WireCodec {
  readonly #writers = new Map<RecordName, Writer>();
  readonly #newest = new Map<RecordName, { readonly id: number; readonly type: Type }>();
  readonly #readers = new Map<number, Reader>();
  readonly #numbers = new Map<number, number>();
  readonly #ids = new Map<number, number>();
  /** Everything is encoded here first and copied out once its length is known. */
  #scratch = Buffer.allocUnsafeSlow(16 * 1024);

  /**
   * `ceiling` is the highest number of a schema that is written (default: any), so that code of the release before can read all of it; what is read is
   * read in its newest shape all the same. Error: `UNKNOWN_SCHEMA` if the newest version of a record cannot read an older one.
   */
  constructor(versions: readonly SchemaVersion[], ceiling = Number.POSITIVE_INFINITY) {
    for (const version of versions) this.#add(version, ceiling);
    for (const version of versions) this.#readers.set(version.id, this.#reader(version));
    for (const { id, number = id } of versions) {
      this.#numbers.set(id, number);
      this.#ids.set(number, id);
    }
  }

  #add({ name, id, number = id, schema }: SchemaVersion, ceiling: number): void {
    const type = compileType(schema);
    this.#newest.set(name, { id, type });
    const isHeldBack = number > ceiling;
    if (!isHeldBack || !this.#writers.has(name)) this.#writers.set(name, { id, type, isHeldBack });
  }

  #reader({ name, id, schema }: SchemaVersion): Reader {
    const newest = this.#newest.get(name) ?? this.#writer(name);
    if (newest.id === id) return { name, type: newest.type, resolver: undefined };
    try {
      return { name, type: newest.type, resolver: newest.type.createResolver(compileType(schema)) };
    } catch (cause) {
      throw new AdtallyError('UNKNOWN_SCHEMA', `schema ${id} of ${name} can't be read in its newest shape`, { cause });
    }
  }

  #writer(name: RecordName): Writer {
    const writer = this.#writers.get(name);
    if (writer === undefined) throw new AdtallyError('UNKNOWN_SCHEMA', `no schema of a record ${name}`);
    return writer;
  }

  schemaId(name: RecordName): number {
    return this.#writer(name).id;
  }

  numberOf(id: number): number | null {
    return this.#numbers.get(id) ?? null;
  }

  idOf(number: number): number | null {
    return this.#ids.get(number) ?? null;
  }

  /** Errors: `INVARIANT_BROKEN` if the value does not fit the record's schema; `SCHEMA_HELD_BACK` if none below the ceiling has it. */
  encode<N extends RecordName>(name: N, value: RecordTypes[N]): Uint8Array {
    const { id, type, isHeldBack } = this.#writer(name);
    if (isHeldBack) throw new AdtallyError('SCHEMA_HELD_BACK', `${name}: the release before has no such record`);
    let end = this.#write(type, name, value);
    if (end < 0) {
      this.#scratch = Buffer.allocUnsafeSlow(2 * (this.#scratch.length - end));
      end = this.#write(type, name, value);
    }
    this.#scratch[0] = magicByte;
    this.#scratch.writeUInt32BE(id, 1);
    // From Node's pool: a memory of its own for each record costs more than encoding it.
    const bytes = Buffer.allocUnsafe(end);
    this.#scratch.copy(bytes, 0, 0, end);
    return bytes;
  }

  #write(type: Type, name: RecordName, value: unknown): number {
    try {
      return type.encode(value, this.#scratch, headerLength);
    } catch (cause) {
      throw new AdtallyError('INVARIANT_BROKEN', `not a ${name}: ${message(cause)}`, { cause });
    }
  }

  /** Errors: `UNKNOWN_SCHEMA`, `UNREADABLE_RECORD`. */
  decode(bytes: Uint8Array): AnyRecord {
    if (bytes.length < headerLength || bytes[0] !== magicByte) {
      throw new AdtallyError('UNREADABLE_RECORD', `${bytes.length} bytes that are not in the wire format`);
    }
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const id = buffer.readUInt32BE(1);
    const reader = this.#readers.get(id);
    if (reader === undefined) throw new AdtallyError('UNKNOWN_SCHEMA', `schema ${id} is not known here`);
    return { name: reader.name, value: read(reader, buffer) } as AnyRecord;
  }
}

function read({ name, type, resolver }: Reader, buffer: Buffer): unknown {
  let result: { readonly value: unknown; readonly offset: number };
  try {
    result = type.decode(buffer, headerLength, resolver);
  } catch (cause) {
    throw new AdtallyError('UNREADABLE_RECORD', `corrupt ${name}: ${message(cause)}`, { cause });
  }
  if (result.offset !== buffer.length) {
    throw new AdtallyError(
      'UNREADABLE_RECORD',
      `${name} is ${result.offset < 0 ? 'cut off' : 'followed by other bytes'}`,
    );
  }
  return result.value;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
