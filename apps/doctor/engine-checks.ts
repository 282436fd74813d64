import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSchemaVersions } from '../../adapters/embedded/file-schema-registry.ts';
import { checkRedisKeepsKeys } from '../../adapters/redis/key-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { Settings } from '../../config/settings.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import {
  openKeys,
  openLedger,
  openLedgerIndex,
  openLogOfAny,
  openSchemas,
  openStates,
  openViews,
  openWarehouse,
} from '../engines.ts';
import { checkFolderClaim, checkLogClaim } from '../schema-claim.ts';
import { adviceFor, disposable, type EngineName, isRemote } from './engine-advice.ts';
import { type Finding, note, sentenceOf, well, wrong } from './finding.ts';

interface Closable {
  close(): Promise<void>;
}

/** What was opened while looking; the log is open. Null: it can't be had, or there is none yet. */
export interface Examined {
  readonly findings: readonly Finding[];
  readonly log: EventLog | null;
  readonly registry: SchemaRegistry | null;
}

/** Nobody waits for a registry that is away only to hear that it is. */
const registryPatienceMs = 2_000;

/** Opens every engine and asks it something. What DATA_DIR does not hold yet is tried in a temporary folder; on servers nothing is made. */
export async function checkEngines(
  settings: Settings,
  { isRunning }: { readonly isRunning: boolean },
): Promise<Examined> {
  const hasData = existsSync(join(settings.dataDir, 'log')) || isRemote(settings, 'event log');
  const trial = existsSync(settings.dataDir) && hasData ? null : mkdtempSync(join(tmpdir(), 'adtally-doctor-'));
  const place = trial === null ? settings : { ...settings, dataDir: trial };
  const tried = (name: EngineName | null) =>
    trial === null || (name !== null && isRemote(settings, name))
      ? ''
      : ' (tried in a temporary folder: there is no data yet)';
  const { finding: schemas, registry } = await checkSchemas(settings);
  const { finding, log } = await checkLog(place, registry, tried('event log'));
  const findings = [
    schemas,
    finding,
    ...(await checkStores(place, tried)),
    await checkWarehouse(place, tried, isRunning),
  ];
  if (trial === null) return { findings, log, registry };
  await log?.close();
  rmSync(trial, { recursive: true, force: true });
  return { findings, log: null, registry };
}

async function checkSchemas(settings: Settings): Promise<{ finding: Finding; registry: SchemaRegistry | null }> {
  try {
    const registry = await openSchemas(settings, createSystemClock(), registryPatienceMs);
    const where = isRemote(settings, 'schemas') ? 'are registered, and compatible with those before' : 'are readable';
    return { finding: well('schemas', `${readSchemaVersions().length} versions ${where}`), registry };
  } catch (error) {
    return { finding: wrong('schemas', sentenceOf(error), adviceFor(settings, 'schemas', error)), registry: null };
  }
}

async function checkLog(
  settings: Settings,
  registry: SchemaRegistry | null,
  where: string,
): Promise<{ finding: Finding; log: EventLog | null }> {
  let log: EventLog | null = null;
  try {
    log = await openLogOfAny(settings, createSystemClock(), { onlyLook: true });
    if (registry !== null) {
      await checkLogClaim(log, registry);
      await checkFolderClaim(settings.dataDir, registry);
    }
    let records = 0;
    for (let shard = 0; shard < log.shards('spend'); shard += 1) records += (await log.bounds('spend', shard)).next;
    return { finding: well('event log', `opens; ${records} records of spend${where}`), log };
  } catch (error) {
    await log?.close();
    if (isAdtallyError(error, 'NOT_FOUND'))
      return { finding: note('event log', `${error.message}: the first start makes them`), log: null };
    return { finding: wrong('event log', sentenceOf(error), adviceFor(settings, 'event log', error)), log: null };
  }
}

type Store = readonly [
  what: string,
  name: EngineName | null,
  advice: (error: unknown) => string,
  open: () => Promise<Closable>,
  ask: (store: never) => Promise<unknown>,
];

async function checkStores(settings: Settings, tried: (name: EngineName | null) => string): Promise<Finding[]> {
  const clock = createSystemClock();
  const engine = (name: EngineName) => (error: unknown) => adviceFor(settings, name, error);
  const folder = (name: string) => () => disposable(settings.dataDir, name);
  const keeps = () => checkKeeping(settings);
  const stores: readonly Store[] = [
    ['ledger store', 'ledger store', engine('ledger store'), () => openLedger(settings, clock), askLedger],
    ['ledger index', null, folder('index'), async () => (await openLedgerIndex(settings, clock)).ledgers, askIndex],
    ['view store', 'view store', engine('view store'), () => openViews(settings, clock), askViews],
    ['key store', 'key store', engine('key store'), () => openKeys(settings, clock), keeps],
    ['streams state', null, folder('state/streams'), () => openStates(settings, clock, 'streams'), async () => {}],
    ['console state', null, folder('state/console'), () => openStates(settings, clock, 'console'), async () => {}],
  ];
  const findings: Finding[] = [];
  for (const [what, name, advice, open, ask] of stores) {
    let store: Closable | null = null;
    try {
      store = await open();
      await ask(store as never);
      findings.push(well(what, `opens and answers${tried(name)}`));
    } catch (error) {
      findings.push(wrong(what, sentenceOf(error), advice(error)));
    }
    await store?.close();
  }
  return findings;
}

type Ledger = Awaited<ReturnType<typeof openLedger>>;
type Index = Awaited<ReturnType<typeof openLedgerIndex>>['ledgers'];
type Views = Awaited<ReturnType<typeof openViews>>;
const askLedger = (ledger: Ledger) => ledger.tail('tentative-0');
const askIndex = (index: Index) => index.indexedStreams();
const askViews = (views: Views) => views.getMany(['doctor']);

/** A Redis for keys must keep them. */
async function checkKeeping({ keysUrl: url }: Settings): Promise<void> {
  if (url !== 'embedded') await checkRedisKeepsKeys({ url, clock: createSystemClock() });
}

/** The embedded engine takes a folder for one process, so a running platform is asked over the console instead (`/readyz`). */
async function checkWarehouse(
  settings: Settings,
  tried: (name: EngineName) => string,
  isRunning: boolean,
): Promise<Finding> {
  const isElsewhere = isRemote(settings, 'warehouse');
  if (isRunning && !isElsewhere) return note('warehouse', 'the console holds it; its readiness above includes it');
  try {
    const warehouse = await openWarehouse(settings, createSystemClock());
    try {
      const { rows } = await warehouse.query('SELECT version() AS version');
      const where = isElsewhere ? 'on its server' : 'in process';
      return well('warehouse', `ClickHouse ${String(rows[0]?.['version'])} answers ${where}${tried('warehouse')}`);
    } finally {
      await warehouse.close();
    }
  } catch (error) {
    return wrong('warehouse', sentenceOf(error), adviceFor(settings, 'warehouse', error));
  }
}
