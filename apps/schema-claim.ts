import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdtallyError, isAdtallyError } from '../domain/errors.ts';
import { type AnyRecord, type RecordName, type Topic, topicRecords } from '../domain/records.ts';
import type { EventLog, LogRecord } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';

/** Number of a schema (schemas/avro/ids.json) → its id, both in decimals: which registry something was written with. */
export type SchemaIds = ReadonlyMap<string, string>;

const prefix = 'schema/';
const whatToDo =
  'set SCHEMA_REGISTRY_URL to the registry it was begun with (restored, if it was lost), or copy it by adtally migrate, which translates the ids';

/** What a registry says of every schema that this build has. */
export function schemaIds(registry: SchemaRegistry, records: readonly RecordName[] = allRecords): SchemaIds {
  const newest = records.map((name) => registry.numberOf(registry.schemaId(name)) ?? 0);
  // Older versions have lower numbers, and what is no number of ours has no id.
  const numbers = Array.from({ length: Math.max(...newest) }, (_, i) => i + 1);
  return new Map(
    numbers.flatMap((number) => {
      const id = registry.idOf(number);
      return id === null ? [] : [[`${prefix}${number}`, String(id)] as const];
    }),
  );
}

/**
 * Holds a log to one registry for ever: the ids of its schemas are noted in it when it is first opened, and any other registry is refused. A log from before
 * there were notes is read at its ends. Error: `OTHER_REGISTRY`.
 */
export async function claimLog(log: EventLog, registry: SchemaRegistry): Promise<void> {
  await checkLogClaim(log, registry);
  const claimed = await log.note(schemaIds(registry));
  await requireSame('the log', claimed, registry); // another process may have been first
}

/** Whether a log could be of this registry; claims nothing. Error: `OTHER_REGISTRY`. */
export async function checkLogClaim(log: EventLog, registry: SchemaRegistry): Promise<void> {
  const noted = await log.note(new Map());
  await requireSame('the log', noted, registry);
  if (![...noted.keys()].some((name) => name.startsWith(prefix))) await requireReadable(log, registry);
}

const fileName = 'schemas.json';

/** The same for what a data directory holds besides: records that wait in buffers for the log. Error: `OTHER_REGISTRY`. */
export async function claimFolder(dataDir: string, registry: SchemaRegistry): Promise<void> {
  const noted = await checkFolderClaim(dataDir, registry);
  const claimed = { ...Object.fromEntries(schemaIds(registry)), ...noted };
  if (Object.keys(claimed).length > Object.keys(noted).length) writeClaim(dataDir, new Map(Object.entries(claimed)));
}

/** Whether a data directory could be of this registry; claims nothing. @returns what it says. Error: `OTHER_REGISTRY`. */
export async function checkFolderClaim(
  dataDir: string,
  registry: SchemaRegistry,
): Promise<Readonly<Record<string, string>>> {
  const path = join(dataDir, fileName);
  const noted = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>) : {};
  await requireSame(dataDir, new Map(Object.entries(noted)), registry);
  return noted;
}

/** Says which registry a data directory is of from now on. */
export function writeClaim(dataDir: string, ids: SchemaIds): void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, fileName);
  const own = `${path}.${process.pid}`; // several processes may start at once: they write the same
  writeFileSync(own, `${JSON.stringify(Object.fromEntries(ids), null, 2)}\n`);
  renameSync(own, path);
}

async function requireSame(what: string, noted: SchemaIds, registry: SchemaRegistry): Promise<void> {
  const other = () => firstOther(noted, registry);
  if (other() === null) return;
  await registry.refresh(); // it may know one schema under several ids
  const found = other();
  if (found === null) return;
  const [number, id] = found;
  const own = registry.idOf(number);
  const detail = `${what} was written with another schema registry: schema ${number} has the id ${id} there, ${own} in this one`;
  throw new AdtallyError('OTHER_REGISTRY', `${detail}; ${whatToDo}`);
}

/** The first schema of this build whose noted id means something else, or nothing, to the registry. What this build does not have a newer one has noted. */
function firstOther(noted: SchemaIds, registry: SchemaRegistry): readonly [number: number, id: number] | null {
  for (const [name, text] of noted) {
    if (!name.startsWith(prefix)) continue;
    const [number, id] = [Number(name.slice(prefix.length)), Number(text)];
    if (registry.idOf(number) !== null && registry.numberOf(id) !== number) return [number, id];
  }
  return null;
}

/** Every shard of `spend` begins with a policy, and no topic ends with a record of another. */
async function requireReadable(log: EventLog, registry: SchemaRegistry): Promise<void> {
  for (const topic of Object.keys(topicRecords) as (Topic | 'ledger')[]) {
    if (topic === 'ledger') continue;
    for (let shard = 0; shard < log.shards(topic); shard += 1) await requireOwnEnds(log, registry, { topic, shard });
  }
}

async function requireOwnEnds(
  log: EventLog,
  registry: SchemaRegistry,
  { topic, shard }: { readonly topic: Topic; readonly shard: number },
): Promise<void> {
  const { first, next } = await log.bounds(topic, shard);
  if (first === next) return;
  for (const offset of topic === 'spend' ? [first, next - 1] : [next - 1]) {
    const [record] = await log.read(topic, shard, offset, 1);
    if (record === undefined) continue;
    const found = readAs(record, registry);
    const isOwn = found === null ? offset !== first || topic !== 'spend' : namesOf(topic).includes(found.name);
    if (isOwn) continue;
    const read = found === null ? "can't be read" : `reads as ${found.name}`;
    const detail = `the log was written with another schema registry: ${topic}/${shard}@${offset} ${read} with this one`;
    throw new AdtallyError('OTHER_REGISTRY', `${detail}; ${whatToDo}`);
  }
}

function readAs({ value }: LogRecord, registry: SchemaRegistry): AnyRecord | null {
  try {
    return registry.decode(value);
  } catch (error) {
    if (isAdtallyError(error, 'UNKNOWN_SCHEMA') || isAdtallyError(error, 'UNREADABLE_RECORD')) return null;
    throw error;
  }
}

function namesOf(topic: Topic): readonly RecordName[] {
  return topicRecords[topic];
}

const allRecords: readonly RecordName[] = Object.values(topicRecords).flat();
