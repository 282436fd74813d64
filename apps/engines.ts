import { join } from 'node:path';
import { openEmbeddedEventLog } from '../adapters/embedded/event-log.ts';
import { openClickhouseWarehouse } from '../adapters/clickhouse/warehouse.ts';
import { openConfluentSchemaRegistry } from '../adapters/confluent/schema-registry.ts';
import { openFileSchemaRegistry, readSchemaVersions } from '../adapters/embedded/file-schema-registry.ts';
import { openEmbeddedKeyStore } from '../adapters/embedded/key-store.ts';
import { type EmbeddedLedgerIndex, openEmbeddedLedgerIndex } from '../adapters/embedded/ledger-index-store.ts';
import { openEmbeddedLedgerStore } from '../adapters/embedded/ledger-store.ts';
import { openEmbeddedStateStore } from '../adapters/embedded/state-store.ts';
import { openEmbeddedViewStore } from '../adapters/embedded/view-store.ts';
import { openEventStoreDbLedgerStore } from '../adapters/eventstoredb/ledger-store.ts';
import { openKafkaEventLog } from '../adapters/kafka/event-log.ts';
import { openRedisKeyStore } from '../adapters/redis/key-store.ts';
import { openRedisViewStore } from '../adapters/redis/view-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemHttp } from '../adapters/system/http.ts';
import type { Settings } from '../config/settings.ts';
import type { Topic } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { KeyStore } from '../ports/key-store.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { ViewStore } from '../ports/view-store.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import { EngineMeter } from './engine-meter.ts';
import { claimFolder, claimLog } from './schema-claim.ts';

const msPerDay = 86_400_000;
const systemClock = createSystemClock();

/** What the engines that are opened here look like from this process. */
export const engineMeter = new EngineMeter(() => systemClock.monotonicUs());

/** How many shards every topic has. */
export function topicShards(shards: number): Readonly<Record<Topic, number>> {
  return {
    selected: shards,
    impression: shards,
    engagement: shards,
    click: shards,
    spend: shards,
    exposure: shards,
    persons: shards,
    journal: shards,
    pacing: shards,
    conversion: 1,
    catalog: 1,
    nodes: 1,
    accounts: 1,
    quarantine: 1,
    models: 1,
  };
}

/** The event log that the settings name, if it and the data directory are of the schema registry that they name. Error: `OTHER_REGISTRY`. */
export async function openLog(settings: Settings, clock: Clock): Promise<EventLog> {
  const registry = await openSchemas(settings, clock);
  const log = await openLogOfAny(settings, clock);
  try {
    await claimLog(log, registry);
    await claimFolder(settings.dataDir, registry);
    return engineMeter.measure('log', log);
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** The same, whatever registry it was written with: for who has looked, or moves it. With `onlyLook` brokers that have no log are given none: `NOT_FOUND`. */
export function openLogOfAny(
  settings: Settings,
  clock: Clock,
  { onlyLook = false }: { readonly onlyLook?: boolean } = {},
): Promise<EventLog> {
  const { logUrl, logSaslUsername: username, logSaslPassword: password } = settings;
  const options = { shards: topicShards(settings.shards), clock, retentionMs: { persons: msPerDay } };
  if (logUrl === 'embedded') return openEmbeddedEventLog({ ...options, folder: join(settings.dataDir, 'log') });
  const { sasl: mechanism, ...address } = logUrl;
  return openKafkaEventLog({ ...options, ...address, onlyLook, sasl: mechanism && { mechanism, username, password } });
}

/** Asked once in the life of a process: what they know never changes. */
const schemas = new Map<string, Promise<SchemaRegistry>>();

/** The schemas of this build, under the ids that the settings name: its own, or those of a registry, which must answer now and not later: it is waited for, 30 s unless said otherwise. */
export function openSchemas(
  { schemaRegistryUrl: url, schemaCeiling }: Settings,
  clock: Clock,
  patienceMs?: number,
): Promise<SchemaRegistry> {
  const ceiling = schemaCeiling === 0 ? Number.POSITIVE_INFINITY : schemaCeiling;
  const known = schemas.get(url) ?? openSchemasAt(url, { clock, ceiling, patienceMs });
  schemas.set(url, known);
  known.catch(() => schemas.delete(url));
  return known;
}

async function openSchemasAt(
  url: string,
  {
    clock,
    ceiling,
    patienceMs,
  }: { readonly clock: Clock; readonly ceiling: number; readonly patienceMs: number | undefined },
): Promise<SchemaRegistry> {
  if (url === 'embedded') return openFileSchemaRegistry(undefined, ceiling);
  const openHttp = () => createSystemHttp({ connections: 8 });
  return openConfluentSchemaRegistry({
    url,
    openHttp,
    clock,
    versions: readSchemaVersions(),
    ceiling,
    ...(patienceMs && { patienceMs }),
  });
}

/** The materialised views that the settings name. */
export async function openViews(settings: Settings, clock: Clock): Promise<ViewStore> {
  const { viewsUrl: url } = settings;
  const folder = join(settings.dataDir, 'views');
  const views = url === 'embedded' ? openEmbeddedViewStore({ folder, clock }) : openRedisViewStore({ url, clock });
  return engineMeter.measure('views', await views);
}

/** The keys of persons. */
export async function openKeys(settings: Settings, clock: Clock): Promise<KeyStore> {
  const { keysUrl: url } = settings;
  const folder = join(settings.dataDir, 'keys');
  const keys = url === 'embedded' ? openEmbeddedKeyStore({ folder, clock }) : openRedisKeyStore({ url, clock });
  return engineMeter.measure('keys', await keys);
}

/** The ledgers. */
export async function openLedger(settings: Settings, clock: Clock): Promise<LedgerStore> {
  const { ledgerUrl: address } = settings;
  const folder = join(settings.dataDir, 'ledger');
  const ledger =
    address === 'embedded'
      ? openEmbeddedLedgerStore({ folder, clock })
      : openEventStoreDbLedgerStore({ address, clock });
  return engineMeter.measure('ledger', await ledger);
}

/** Read models of ledgers and log, shared by all processes; they can be thrown away. */
export function openLedgerIndex(settings: Settings, clock: Clock): Promise<EmbeddedLedgerIndex> {
  return openEmbeddedLedgerIndex({ folder: join(settings.dataDir, 'index'), clock });
}

/** States of the folds of one kind of process; they can be thrown away. */
export async function openStates(settings: Settings, clock: Clock, owner: 'streams' | 'console'): Promise<StateStore> {
  const folder = join(settings.dataDir, 'state', owner);
  return engineMeter.measure('states', await openEmbeddedStateStore({ folder, clock }));
}

/** The warehouse: a server, which need not answer yet, or the engine in this process, which allows one process for a folder. */
export async function openWarehouse(settings: Settings, clock: Clock): Promise<Warehouse> {
  const { warehouseUrl: url, warehouseAnalystUrl } = settings;
  const where =
    url === 'embedded'
      ? { path: join(settings.dataDir, 'warehouse') }
      : { url, analystUrl: warehouseAnalystUrl || null };
  return engineMeter.measure('warehouse', await openClickhouseWarehouse({ ...where, clock }));
}
