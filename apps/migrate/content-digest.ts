import { createHash } from 'node:crypto';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import { schemaIdOf, toCanonical } from '../../domain/wire-format.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

const house = openFileSchemaRegistry();

/**
 * SHA-256 over records as they are read: each text and value with its length before it (4 bytes, big endian). A value is the number of its schema and what was decoded from
 * it, encoded again by this build; what can't be decoded counts as its bytes. So it is the same under every registry, and only if the same was read.
 */
export class ContentDigest {
  readonly #registry: SchemaRegistry;
  readonly #hash = createHash('sha256');
  count = 0;

  constructor(registry: SchemaRegistry) {
    this.#registry = registry;
  }

  add(texts: readonly string[], value: Uint8Array): void {
    for (const text of texts) this.#part(Buffer.from(text));
    const canonical = toCanonical(value, this.#registry);
    this.#part(Buffer.from(String(schemaIdOf(canonical))));
    this.#part(this.#read(value) ?? canonical);
    this.count += 1;
  }

  hex(): string {
    return this.#hash.copy().digest('hex');
  }

  #read(value: Uint8Array): Uint8Array | null {
    try {
      const record = this.#registry.decode(value);
      return house.encode(record.name, record.value as never);
    } catch (error) {
      if (isAdtallyError(error, 'UNKNOWN_SCHEMA') || isAdtallyError(error, 'UNREADABLE_RECORD')) return null;
      throw error;
    }
  }

  #part(bytes: Uint8Array): void {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    this.#hash.update(length).update(bytes);
  }
}
