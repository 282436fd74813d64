/** The Confluent wire format: 0, schema id as 4 bytes big endian, Avro body. Ids are a registry's own; a schema's number (`schemas/avro/ids.json`) is the same everywhere. */

const magicByte = 0;
const headerBytes = 5;
/** No registry gives an id with this bit: where it is set, the schema is known to nobody. */
const unknownBit = 0x8000_0000;

/** Null for bytes that are not in the wire format. */
export function schemaIdOf(bytes: Uint8Array): number | null {
  if (bytes.length < headerBytes || bytes[0] !== magicByte) return null;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
}

/**
 * Bytes as they are under every registry: the schema's number in place of the registry's id, so that equal records are equal bytes. An id that the
 * registry does not know gets a bit that no number has; what is not in the wire format stays as it is.
 */
export function toCanonical(
  bytes: Uint8Array,
  registry: { readonly numberOf: (id: number) => number | null },
): Uint8Array {
  const id = schemaIdOf(bytes);
  if (id === null) return bytes;
  return withSchemaId(bytes, id, registry.numberOf(id) ?? (id | unknownBit) >>> 0);
}

/** The reverse for another registry. What nobody knew stays unknown there too, even if that registry means something by its id. */
export function fromCanonical(
  bytes: Uint8Array,
  registry: { readonly numberOf: (id: number) => number | null; readonly idOf: (number: number) => number | null },
): Uint8Array {
  const number = schemaIdOf(bytes);
  if (number === null) return bytes;
  const bare = (number & ~unknownBit) >>> 0;
  if (bare !== number) return withSchemaId(bytes, number, registry.numberOf(bare) === null ? bare : number);
  return withSchemaId(bytes, number, registry.idOf(number) ?? (number | unknownBit) >>> 0);
}

/** The same bytes if the id is the same. */
function withSchemaId(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return bytes;
  const changed = Uint8Array.from(bytes);
  new DataView(changed.buffer).setUint32(1, to);
  return changed;
}
