import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { isAdtallyError } from '../../domain/errors.ts';

/** What doctor looks at that has an engine. */
export type EngineName = 'schemas' | 'event log' | 'ledger store' | 'view store' | 'key store' | 'warehouse';

const variables = {
  schemas: 'SCHEMA_REGISTRY_URL',
  'event log': 'LOG_URL',
  'ledger store': 'LEDGER_URL',
  'view store': 'VIEWS_URL',
  'key store': 'KEYS_URL',
  warehouse: 'WAREHOUSE_URL',
} as const satisfies Record<EngineName, string>;

/** What to do if an engine on a server does not answer, and what that costs meanwhile. */
const away: Readonly<Record<EngineName, string>> = {
  schemas: 'what runs goes on without it, and nothing starts',
  'event log':
    'serving goes on: what it acknowledges waits in the buffers of its nodes, and time, budgets and ledgers stand still. Kafka answers under the names that it advertises: this machine must reach those too',
  'ledger store': 'serving goes on and nothing is lost: the ledgers catch up from the log',
  'view store': 'decisions go on without frequency caps and profiles, and say so',
  'key store': 'people without a cached key count as unknown: their decisions are contextual',
  warehouse: 'reports wait, and nothing else: the sink goes on where it was',
};

const embedded: Readonly<Record<EngineName, (dataDir: string) => string>> = {
  schemas: () => 'restore schemas/avro from the repository',
  'event log': () => 'restore the folder from a backup; the log is what everything else is built from',
  'ledger store': () => 'restore the folder from a backup; the log is what everything else is built from',
  'view store': (dataDir) => disposable(dataDir, 'views'),
  'key store': () => 'restore the folder from a backup; nothing else holds the keys of persons',
  warehouse: (dataDir) =>
    `end any other process that holds ${join(dataDir, 'warehouse')} (a console?) and run npm ci; if it persists, delete the folder: it is filled again`,
};

/** What to do about a folder that can be thrown away. */
export function disposable(dataDir: string, folder: string): string {
  return `stop the platform and delete ${join(dataDir, folder)}: it is built again from the log`;
}

/** Whether the settings name an engine on a server, and not a folder or files of this machine. */
export function isRemote(settings: Settings, name: EngineName): boolean {
  const { schemaRegistryUrl, logUrl, ledgerUrl, viewsUrl, keysUrl, warehouseUrl } = settings;
  const urls = {
    schemas: schemaRegistryUrl,
    'event log': logUrl,
    'ledger store': ledgerUrl,
    'view store': viewsUrl,
    'key store': keysUrl,
    warehouse: warehouseUrl,
  };
  return urls[name] !== 'embedded';
}

/** What to do about an engine that could not be opened or asked. */
export function adviceFor(settings: Settings, name: EngineName, error: unknown): string {
  const isElsewhere = isRemote(settings, name);
  if (isAdtallyError(error, 'OTHER_REGISTRY')) return 'do what it says; nothing was changed';
  if (isAdtallyError(error, 'SHARDS_CHANGED'))
    return `set SHARDS to what ${isElsewhere ? 'the topics have' : 'DATA_DIR was made with'}: it can never change`;
  if (!isElsewhere) return embedded[name](settings.dataDir);
  if (isAdtallyError(error, 'TOPIC_MISCONFIGURED'))
    return 'alter the topic with kafka-configs.sh --alter --entity-type topics, or LOG_URL; nothing starts before';
  if (isAdtallyError(error, 'SCHEMA_INCOMPATIBLE'))
    return 'a newer version has registered this record in another way: run that version, or another registry';
  if (isAdtallyError(error, 'BAD_SETTING'))
    return `correct ${variables[name]}, its user and its rights, or the server as it says`;
  return `is the server of ${variables[name]} up, and can this machine reach it? Meanwhile ${away[name]}`;
}
