import avro, { type Schema, type Type } from 'avsc';
import { schemaShape } from './schema-shape.ts';

/** What avsc hands to a type's reader: not in its own typings. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  skipLong(): void;
  readString(): string | undefined;
  writeString(text: string): void;
  writeBytes(bytes: Buffer): void;
}

interface Readable {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

type Write = (tap: Tap, value: unknown) => void;

/**
 * Number of items of the next block. avsc itself believes any number and then reads past the end of the buffer until it is through, so one
 * flipped bit could hold a process for minutes; every item that we have takes at least a byte.
 */
function blockLength(tap: Tap): number {
  let length = tap.readLong();
  if (length < 0) {
    length = -length;
    tap.skipLong();
  }
  if (!(length <= tap.buf.length - tap.pos)) throw new RangeError('a block is longer than the bytes that are left');
  return length;
}

class BoundedArray extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as Readable;
    const values: unknown[] = [];
    for (let length = blockLength(tap); length > 0; length = blockLength(tap)) {
      for (let index = 0; index < length; index += 1) values.push(items._read(tap));
    }
    return values;
  }

  _skip(tap: Tap): void {
    const items = this.itemsType as unknown as Readable;
    for (let length = blockLength(tap); length > 0; length = blockLength(tap)) {
      for (let index = 0; index < length; index += 1) items._skip(tap);
    }
  }
}

class BoundedMap extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const items = this.valuesType as Readable;
    const values: Record<string, unknown> = {};
    for (let length = blockLength(tap); length > 0; length = blockLength(tap)) {
      for (let index = 0; index < length; index += 1) {
        const key = tap.readString() ?? '';
        const value = items._read(tap);
        // A plain assignment of `__proto__`, which a request may name, would be lost.
        if (key === '__proto__') Object.defineProperty(values, key, { value, enumerable: true, configurable: true });
        else values[key] = value;
      }
    }
    return values;
  }

  _skip(tap: Tap): void {
    const items = this.valuesType as Readable;
    for (let length = blockLength(tap); length > 0; length = blockLength(tap)) {
      for (let index = 0; index < length; index += 1) {
        tap.readString();
        items._skip(tap);
      }
    }
  }
}

/** avsc reads an int of more than 32 bits, which it would never write, as the number that it looks like. */
class Int extends avro.types.IntType {
  _read(tap: Tap): number {
    const value = tap.readLong();
    if (value !== (value | 0)) throw new RangeError('an int is longer than 32 bits');
    return value;
  }
}

/** Takes any Uint8Array, where avsc insists on a Buffer. */
class AnyBytes extends avro.types.BytesType {
  _write(tap: Tap, value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw new TypeError('not bytes');
    tap.writeBytes(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }
}

/** Up to this length, the length of a text in ASCII is one byte on the wire. */
const shortText = 63;

/** Ids, codes and names are short and in ASCII: a loop writes them in a third of the time of two calls into Node. */
class Text extends avro.types.StringType {
  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'string') throw new TypeError('not a text');
    const { buf, pos } = tap;
    const { length } = value;
    if (length > shortText || pos + 1 + length > buf.length) return tap.writeString(value);
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return tap.writeString(value);
      buf[pos + 1 + index] = code;
    }
    buf[pos] = 2 * length;
    tap.pos = pos + 1 + length;
  }
}

/** A part that several records of one event have in common, and its bytes as they were last written. */
class Remembered {
  #value: unknown = null;
  readonly #bytes = Buffer.allocUnsafeSlow(4096);
  #length = 0;

  /** Writes as `write` does, from memory if it is the same object as the last time: records are never changed. */
  write(tap: Tap, value: unknown, write: Write): void {
    const { buf, pos } = tap;
    if (value === this.#value && pos + this.#length <= buf.length) {
      this.#bytes.copy(buf, pos, 0, this.#length);
      tap.pos = pos + this.#length;
      return;
    }
    this.#value = null;
    write(tap, value);
    const length = tap.pos - pos;
    if (tap.pos > buf.length || length > this.#bytes.length) return;
    buf.copy(this.#bytes, 0, pos, tap.pos);
    this.#value = value;
    this.#length = length;
  }
}

/** The same shape means the same bytes, whichever record it is in. */
const rememberedByShape = new Map<string, Remembered>();
/** Parts worth remembering. */
const shared = new Set(['Billing']);

function remembering(part: Schema): Remembered {
  const shape = schemaShape(part);
  const known = rememberedByShape.get(shape) ?? new Remembered();
  rememberedByShape.set(shape, known);
  return known;
}

function sharedRecord(part: Schema, options: object): Type {
  const remembered = remembering(part);
  class SharedRecord extends avro.types.RecordType {
    _createWriter(): Write {
      const write = (avro.types.RecordType.prototype as unknown as { _createWriter(): Write })._createWriter.call(this);
      return (tap, value) => remembered.write(tap, value, write);
    }
  }
  return new SharedRecord(part as never, options as never);
}

/** Compiles a schema, given as parsed JSON. The type throws on values and bytes that do not fit, and never reads beyond its input. */
export function compileType(schema: unknown): Type {
  return avro.Type.forSchema(schema as never, {
    omitRecordMethods: true,
    typeHook(part, options) {
      const type = typeof part === 'object' && 'type' in part ? part.type : part;
      if (part === 'bytes' || type === 'bytes') return new AnyBytes();
      if (part === 'string' || type === 'string') return new Text();
      if (part === 'int' || type === 'int') return new Int();
      if (type === 'record' && typeof part === 'object' && 'name' in part && shared.has(String(part.name))) {
        return sharedRecord(part, options);
      }
      if (type === 'array') return new BoundedArray(part, options);
      if (type === 'map') return new BoundedMap(part, options);
      return undefined;
    },
  });
}
