import { readFileSync } from 'node:fs';
import { AdtallyError } from '../../domain/errors.ts';
import type { RecordName } from '../../domain/records.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { schemaShape } from '../avro/schema-shape.ts';
import { type SchemaVersion, WireCodec } from '../avro/wire-codec.ts';

/** Record name → version → schema id, as in ids.json. An id, once written there, means the same schema for ever. */
export type SchemaIds = Readonly<Record<string, Readonly<Record<string, number>>>>;

const defaultFolder = new URL('../../schemas/avro/', import.meta.url);

function readJson(file: URL): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * All versions of all records, each record's oldest first, from the frozen copies in `golden/`. They ship with the code, so a process never sees
 * a schema that is newer than itself.
 * Error: `UNKNOWN_SCHEMA` if a record's .avsc was changed and not frozen as a new version: it would be written under an id that means something else.
 */
export function readSchemaVersions(folder: URL = defaultFolder): readonly SchemaVersion[] {
  const ids = readJson(new URL('ids.json', folder)) as SchemaIds;
  return Object.entries(ids).flatMap(([name, versions]) => {
    const numbered = Object.entries(versions).sort(([a], [b]) => Number(a) - Number(b));
    const frozen = numbered.map(([version, id]) => ({
      name: name as RecordName,
      id,
      schema: readJson(new URL(`golden/${name}.v${version}.avsc`, folder)),
    }));
    const current = readJson(new URL(`${name}.avsc`, folder));
    if (schemaShape(current) !== schemaShape(frozen.at(-1)?.schema)) {
      throw new AdtallyError(
        'UNKNOWN_SCHEMA',
        `${name}.avsc differs from its last frozen version: run \`npm run schemas\``,
      );
    }
    return frozen;
  });
}

/** The schema registry of one machine: the files in `schemas/avro`. `ceiling`: the highest number of a schema that is written; any if omitted. */
export function openFileSchemaRegistry(folder?: URL, ceiling?: number): SchemaRegistry {
  return pinnedSchemas(new WireCodec(readSchemaVersions(folder), ceiling));
}

/** A registry of what a codec knows, and of nothing else. */
export function pinnedSchemas(codec: WireCodec): SchemaRegistry {
  return {
    encode: (name, value) => codec.encode(name, value),
    decode: (bytes) => codec.decode(bytes),
    schemaId: (name) => codec.schemaId(name),
    numberOf: (id) => codec.numberOf(id),
    idOf: (number) => codec.idOf(number),
    refresh: async () => false,
  };
}
