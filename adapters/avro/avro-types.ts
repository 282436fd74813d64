import avro, { type Type } from 'avsc';

/** What avsc hands to a type's reader: not in its own typings. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  skipLong(): void;
  readString(): string | undefined;
  writeBytes(bytes: Buffer): void;
}

interface Readable {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

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

/** Takes any Uint8Array, where avsc insists on a Buffer. */
class AnyBytes extends avro.types.BytesType {
  _write(tap: Tap, value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw new TypeError('not bytes');
    tap.writeBytes(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }
}

/** Compiles a schema, given as parsed JSON. The type throws on values and bytes that do not fit, and never reads beyond its input. */
export function compileType(schema: unknown): Type {
  return avro.Type.forSchema(schema as never, {
    omitRecordMethods: true,
    typeHook(part, options) {
      const type = typeof part === 'object' && 'type' in part ? part.type : part;
      if (part === 'bytes' || type === 'bytes') return new AnyBytes();
      if (type === 'array') return new BoundedArray(part, options);
      if (type === 'map') return new BoundedMap(part, options);
      return undefined;
    },
  });
}
