import { WireCodec, type SchemaVersion } from '../../adapters/avro/wire-codec.ts';
import { pinnedSchemas, readSchemaVersions } from '../../adapters/embedded/file-schema-registry.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { RecordName } from '../../domain/records.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

/** Which schemas a process has, and which it writes: highest numbers. */
export interface Release {
  readonly name: string;
  readonly knows: number;
  /** `SCHEMA_CEILING`. */
  readonly writes: number;
}

const frozen = readSchemaVersions();
/** Before the decision engine: all but one of the records stand at their first version. */
const oldest = 42;
const newest = Math.max(...frozen.map(({ id }) => id));
const beforeLatest = Math.max(...frozen.filter(({ name }) => name === 'AdSelected').map(({ id }) => id)) - 1;
/** Ids of the schemas of the release after this one. */
const comingFrom = 1_000;
const coming: readonly SchemaVersion[] = withOneFieldMore(frozen);
const versions = [...frozen, ...coming];
const everything = new WireCodec(versions, newest);

/** The release after this one: every record, those of money as well, has got a field. */
function withOneFieldMore(all: readonly SchemaVersion[]): readonly SchemaVersion[] {
  const last = new Map<RecordName, SchemaVersion>(all.map((version) => [version.name, version]));
  return [...last.values()].map(({ name, schema }, index) => {
    const { fields, ...rest } = schema as { readonly fields: readonly object[] };
    const field = { name: 'of_the_next_release', type: ['null', 'string'], default: null };
    return { name, id: comingFrom + index, schema: { ...rest, fields: [...fields, field] } };
  });
}

export const releases = {
  former: { name: 'the former release', knows: oldest, writes: oldest },
  /** The one before the latest change of a selection's record. */
  latest: { name: 'the release before', knows: beforeLatest, writes: beforeLatest },
  present: { name: 'this release', knows: newest, writes: newest },
  coming: { name: 'the release after', knows: comingFrom + coming.length, writes: comingFrom + coming.length },
} as const satisfies Readonly<Record<string, Release>>;

/** A release that writes what another one reads. */
export function heldBack(release: Release, to: Release): Release {
  return { name: `${release.name}, which writes for ${to.name}`, knows: release.knows, writes: to.knows };
}

/** Knows all of every release and writes what this one does: for who only looks. */
export const registry: SchemaRegistry = pinnedSchemas(everything);

const known = new Map<string, SchemaRegistry>([[keyOf(releases.present), registryOfUpTo(releases.present)]]);

function keyOf({ knows, writes }: Release): string {
  return `${knows}/${writes}`;
}

/** The schemas of a release. The code is this one's, so that everything is read in its shape; what the release does not have is unknown to it. */
export function registryOf(release: Release): SchemaRegistry {
  const key = keyOf(release);
  const one = known.get(key) ?? registryOfUpTo(release);
  known.set(key, one);
  return one;
}

function registryOfUpTo({ knows, writes }: Release): SchemaRegistry {
  const all = knows > newest ? versions : frozen;
  const schemas = pinnedSchemas(new WireCodec(all, writes));
  return {
    ...schemas,
    decode: (bytes) => {
      const id = bytes.length < 5 ? 0 : Buffer.from(bytes.buffer, bytes.byteOffset, 5).readUInt32BE(1);
      const isNewer = id > knows && (id <= newest || versions.some((version) => version.id === id));
      if (isNewer) throw new AdtallyError('UNKNOWN_SCHEMA', `schema ${id} came after this release`);
      return schemas.decode(bytes);
    },
  };
}
