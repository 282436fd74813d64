import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { openLedger, openSchemas } from '../../apps/engines.ts';
import type { ProcessKind } from '../../apps/supervisor.ts';
import { readSettings, type Settings } from '../../config/settings.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { ConsoleClient } from '../../simulate/console-client.ts';
import { type PublishedCatalog, publishCatalog } from '../../simulate/publish-catalog.ts';
import { Wire } from '../../simulate/wire.ts';
import { freePort } from '../serve-process.ts';
import { campaignCatalogs } from './campaign-catalog.ts';
import type { CampaignEngine, CampaignEngines } from './campaign-engines.ts';
import { LedgerCount } from './ledger-count.ts';
import type { Namespace, Namespaces } from './namespaces.ts';
import { type PlannedMember, ProcessGroup } from './process-group.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

/** Windows close soon, and a process that stands still for some seconds is given up by the others. */
export const campaignSettings = {
  HOLD_MS: '2s',
  IMPRESSION_TOKEN_MS: '20s',
  CLICK_TOKEN_MS: '25s',
  BUFFER_BOUND_MS: '6s',
  CLOCK_SKEW_MS: '500',
  TICK_MS: '250',
  QUALITY_CLICK_DELAY_MS: '5s',
  MODEL_WAIT_MS: '5s',
  MODEL_PUBLISH_MS: '10s',
} as const;

export interface StageOptions {
  /** Where this round keeps everything. */
  readonly folder: string;
  /** Servers; null, or a port for which there is none here: embedded. */
  readonly engines: CampaignEngines | null;
  readonly namespaces: Namespaces | null;
  /** Apart from other rounds on the same engines. */
  readonly prefix: string;
  /** Folder of the code that all processes begin with; omitted: this one. */
  readonly home?: string;
  /** Settings besides those of a campaign. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Processes of a platform and everything that can be done to them. */
export interface Stage {
  readonly group: ProcessGroup;
  readonly serveUrls: readonly string[];
  readonly client: ConsoleClient;
  readonly settings: Settings;
  /** By what they hold. */
  readonly disks: ReadonlyMap<string, SmallDisk>;
  /** Why there are none. */
  readonly diskReason: string | null;
  readonly engines: readonly CampaignEngine[];
  /** Networks of single processes, by their names. */
  readonly networks: ReadonlyMap<string, Namespace>;
  publish(): Promise<readonly PublishedCatalog[]>;
  /** Both ledgers, read past every proxy. */
  openLedgers(): Promise<OpenLedgers>;
  /** @param keep true: what was on small disks stays in the folder of the round */
  close(keep?: boolean): Promise<void>;
}

export interface OpenLedgers {
  readonly count: LedgerCount;
  readonly ledger: LedgerStore;
  readonly registry: SchemaRegistry;
  readonly shards: number;
  readonly close: () => Promise<void>;
}

// On a machine that is busy with other things a console takes minutes to start.
const readyWithinMs = 300_000;
const diskMebibytes = { data: 768, buffer: 24 } as const;
const compiled = resolve(import.meta.dirname, '../../node_modules/.cache/adtally');
const portVariables = { streams: 'STREAMS_PORT', console: 'CONSOLE_PORT', serve: 'SERVE_PORT' } as const;
const keyBytes = 24;

interface Place {
  readonly dataDir: string;
  readonly namespaces: Namespaces | null;
  readonly common: Readonly<Record<string, string>>;
  readonly home: string | undefined;
}

/** Starts the processes and resolves when all are ready. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { folder, engines, namespaces, prefix } = options;
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { recursive: true });
  const urls = engines?.urls(prefix) ?? {};
  const isEmbedded = urls['LOG_URL'] === undefined;
  const { disks, reason } = mountDisks(dataDir, isEmbedded);
  const key = randomBytes(keyBytes).toString('base64url');
  const { PATH = '', HOME = '' } = process.env;
  const own = { PATH, HOME, NODE_COMPILE_CACHE: compiled, ADTALLY_KEYS: `admin=${key}`, DATA_DIR: dataDir };
  const common = { ...own, ...campaignSettings, ...options.env, ...urls };
  const members = await planMembers({ dataDir, namespaces, common, home: options.home }, isEmbedded ? 1 : 3);
  const group = new ProcessGroup(members, join(folder, 'processes.log'));
  const wire = new Wire();
  const urlOf = ({ readyUrl }: PlannedMember) => new URL(readyUrl).origin;
  const consoleUrl = members.filter(({ kind }) => kind === 'console').map(urlOf)[0] ?? '';
  const client = new ConsoleClient({ wire, url: consoleUrl, key });
  const settings = readSettings(common);
  const close = async (keep = false) => {
    await wire.close();
    await group.stop();
    if (keep) cpSync(dataDir, join(folder, 'kept'), { recursive: true });
    for (const disk of [...disks.values()].toReversed()) disk.remove();
  };
  try {
    await Promise.all(members.map(({ name }) => group.untilReady(name, readyWithinMs)));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    group,
    serveUrls: members.filter(({ kind }) => kind === 'serve').map(urlOf),
    client,
    settings,
    disks,
    diskReason: reason,
    engines: engines?.engines ?? [],
    networks: namespaces?.of ?? new Map(),
    publish: () => publishAll(client),
    openLedgers: () => openLedgers({ ...common, ...engines?.directUrls(prefix) }),
    close,
  };
}

/** Two serving nodes, a console and so many stream owners; those that a namespace is named after live in it. */
async function planMembers(
  { dataDir, namespaces, common, home }: Place,
  streams: number,
): Promise<readonly PlannedMember[]> {
  const names: (readonly [string, ProcessKind])[] = [
    ...Array.from({ length: streams }, (_, index) => [`streams-${index + 1}`, 'streams'] as const),
    ['console', 'console'],
    ['serve-1', 'serve'],
    ['serve-2', 'serve'],
  ];
  const members: PlannedMember[] = [];
  for (const [name, kind] of names) {
    const space = namespaces?.of.get(name);
    const [host, port] = [space?.address ?? '127.0.0.1', await freePort()];
    const hostVariable = kind === 'serve' ? 'SERVE_HOST' : 'CONSOLE_HOST';
    const apart = kind === 'streams' && streams > 1;
    const env = {
      ...common,
      [hostVariable]: host,
      [portVariables[kind]]: String(port),
      ...(kind === 'serve' && { NODE_NAME: name }),
      ...(apart && { DATA_DIR: join(dataDir, name), MODEL_KEYS_DIR: join(dataDir, 'secrets') }),
    };
    const readyUrl = `http://${host}:${port}/${kind === 'streams' ? 'healthz' : 'readyz'}`;
    members.push({
      name,
      kind,
      env,
      readyUrl,
      ...(home !== undefined && { home }),
      ...(space !== undefined && { wrapper: space.wrapper }),
    });
  }
  return members;
}

/** Embedded engines keep everything on one small disk; the private buffers have one of their own everywhere. */
function mountDisks(dataDir: string, embedded: boolean) {
  const disks = new Map<string, SmallDisk>();
  const wanted = [...(embedded ? [['data', dataDir] as const] : []), ['buffer', join(dataDir, 'buffer')] as const];
  let reason: string | null = null;
  for (const [name, folder] of wanted) {
    const disk = mountSmallDisk(folder, diskMebibytes[name]);
    if (typeof disk === 'string') reason = disk;
    else disks.set(name, disk);
  }
  return { disks, reason };
}

async function publishAll(client: ConsoleClient): Promise<readonly PublishedCatalog[]> {
  const published: PublishedCatalog[] = [];
  for (const spec of campaignCatalogs(Date.now())) published.push(await publishCatalog(client, spec));
  return published;
}

async function openLedgers(env: NodeJS.ProcessEnv): Promise<OpenLedgers> {
  const settings = readSettings(env);
  const clock = createSystemClock();
  const [ledger, registry] = [await openLedger(settings, clock), await openSchemas(settings, clock)];
  const { shards } = settings;
  const count = new LedgerCount({ ledger, registry, shards });
  return { count, ledger, registry, shards, close: () => ledger.close() };
}
