import { isAdtallyError } from '../../domain/errors.ts';
import type { AnyRecord, RecordName, RecordTypes } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Http } from '../../ports/http.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { schemaShape } from '../avro/schema-shape.ts';
import { type SchemaVersion, WireCodec } from '../avro/wire-codec.ts';
import { RegistryClient } from './registry-client.ts';

export interface ConfluentSchemaRegistryOptions {
  /** Root of the API, with user and password if it asks for them: `https://user:password@host`, or for Apicurio `http://host/apis/ccompat/v7`. */
  readonly url: string;
  /** Connections are held while something is asked, at the start and in a refresh, and no longer. */
  readonly openHttp: () => Http;
  readonly clock: Clock;
  /** What this build writes and reads, each record's oldest first; their own ids are the numbers of the schemas. */
  readonly versions: readonly SchemaVersion[];
  /** Highest number of a schema that is written; any if omitted. All are registered. */
  readonly ceiling?: number;
  /** How long the registry is waited for at the start. Default 30,000. */
  readonly patienceMs?: number;
}

const defaultPatienceMs = 30_000;
const tryAgainMs = 500;
/** A registry is not asked for news more often than this. */
const refreshEveryMs = 10_000;

/**
 * Schemas of this build under the ids that a registry with Confluent's API gives them. All are registered, checked and pinned before it resolves; after
 * that nothing needs the registry any more.
 * Errors: `SCHEMAS_UNAVAILABLE` if it gives no answer for so long, `SCHEMA_INCOMPATIBLE` if it refuses a schema, `BAD_SETTING`.
 */
export async function openConfluentSchemaRegistry(options: ConfluentSchemaRegistryOptions): Promise<SchemaRegistry> {
  const subjects = bySubject(options.versions);
  const pinned = await withClient(options, (client) =>
    Promise.all(
      Array.from(subjects, ([subject, versions]) => patiently(options, () => pin(client, subject, versions))),
    ),
  );
  return new PinnedSchemas(options, new Map(Array.from(subjects.keys(), (one, i) => [one, pinned[i] ?? []])));
}

async function withClient<T>(
  { url, openHttp }: ConfluentSchemaRegistryOptions,
  work: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  const http = openHttp();
  try {
    return await work(new RegistryClient(url, http));
  } finally {
    await http.close();
  }
}

/** Versions by subject: the full name of the record, whatever the topic. */
function bySubject(versions: readonly SchemaVersion[]): Map<string, SchemaVersion[]> {
  const subjects = new Map<string, SchemaVersion[]>();
  for (const version of versions) {
    const { namespace } = version.schema as { namespace?: string };
    const subject = namespace === undefined ? version.name : `${namespace}.${version.name}`;
    subjects.set(subject, [...(subjects.get(subject) ?? []), version]);
  }
  return subjects;
}

/** Repeats what is safe to repeat while the registry is away. */
async function patiently<T>(options: ConfluentSchemaRegistryOptions, work: () => Promise<T>): Promise<T> {
  const { clock, patienceMs = defaultPatienceMs } = options;
  const untilUs = clock.monotonicUs() + patienceMs * 1000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAdtallyError(error, 'SCHEMAS_UNAVAILABLE') || clock.monotonicUs() >= untilUs) throw error;
      await clock.sleep(tryAgainMs);
    }
  }
}

/** The versions of one subject under the registry's ids. */
async function pin(
  client: RegistryClient,
  subject: string,
  versions: readonly SchemaVersion[],
): Promise<readonly SchemaVersion[]> {
  await client.requireCompatibility(subject);
  const pinned: SchemaVersion[] = [];
  // One after the other: compatibility is checked against those before.
  for (const { name, id: number, schema } of versions) {
    const id = (await client.find(subject, schema)) ?? (await registerOnce(client, subject, schema));
    pinned.push({ name, id, number, schema });
  }
  return pinned;
}

/** Another process that starts at the same time may be first; then its id is taken. */
async function registerOnce(client: RegistryClient, subject: string, schema: unknown): Promise<number> {
  try {
    return await client.register(subject, schema);
  } catch (error) {
    const id = await client.find(subject, schema);
    if (id === null) throw error;
    return id;
  }
}

class PinnedSchemas implements SchemaRegistry {
  readonly #options: ConfluentSchemaRegistryOptions;
  readonly #pinned: ReadonlyMap<string, readonly SchemaVersion[]>;
  /** Pinned schemas under further ids. */
  readonly #aliases = new Map<number, SchemaVersion>();
  #codec: WireCodec;
  #refreshing: Promise<boolean> | null = null;
  #nextRefreshUs = 0;

  constructor(options: ConfluentSchemaRegistryOptions, pinned: ReadonlyMap<string, readonly SchemaVersion[]>) {
    this.#options = options;
    this.#pinned = pinned;
    this.#codec = this.#compile();
  }

  encode<N extends RecordName>(name: N, value: RecordTypes[N]): Uint8Array {
    return this.#codec.encode(name, value);
  }

  decode(bytes: Uint8Array): AnyRecord {
    return this.#codec.decode(bytes);
  }

  schemaId(name: RecordName): number {
    return this.#codec.schemaId(name);
  }

  numberOf(id: number): number | null {
    return this.#codec.numberOf(id);
  }

  idOf(number: number): number | null {
    return this.#codec.idOf(number);
  }

  /**
   * Finds further ids of what this build knows: the same schema, registered again with other words. A schema that this build does not have stays
   * unknown, however compatible: old code must not book what new code means. A registry that is away has no news.
   */
  async refresh(): Promise<boolean> {
    if (this.#refreshing !== null) return this.#refreshing;
    const nowUs = this.#options.clock.monotonicUs();
    if (nowUs < this.#nextRefreshUs) return false;
    this.#nextRefreshUs = nowUs + refreshEveryMs * 1000;
    this.#refreshing = this.#findAliases().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #findAliases(): Promise<boolean> {
    const known = this.#aliases.size;
    try {
      await withClient(this.#options, (client) =>
        Promise.all(Array.from(this.#pinned, ([subject, versions]) => this.#findAliasesOf(client, subject, versions))),
      );
    } catch (error) {
      if (!isAdtallyError(error, 'SCHEMAS_UNAVAILABLE')) throw error;
      return false;
    }
    if (this.#aliases.size === known) return false;
    this.#codec = this.#compile();
    return true;
  }

  async #findAliasesOf(client: RegistryClient, subject: string, versions: readonly SchemaVersion[]): Promise<void> {
    const ids = new Set(versions.map(({ id }) => id));
    for (const { id, schema } of await client.versions(subject)) {
      if (ids.has(id)) continue;
      const shape = shapeOf(schema);
      const same = versions.find((version) => schemaShape(version.schema) === shape);
      if (same !== undefined) this.#aliases.set(id, { ...same, id });
    }
  }

  /** Aliases come first: the last of a name is what is written. */
  #compile(): WireCodec {
    const versions = [...this.#aliases.values(), ...Array.from(this.#pinned.values()).flat()];
    return new WireCodec(versions, this.#options.ceiling);
  }
}

/** Null for what is no Avro schema: nobody here has written it. */
function shapeOf(text: string): string | null {
  try {
    return schemaShape(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
