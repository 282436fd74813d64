import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSchemaVersions } from '../../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { Settings } from '../../config/settings.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import type { EventLog } from '../../ports/event-log.ts';
import {
  openKeys,
  openLedger,
  openLedgerIndex,
  openLog,
  openSchemas,
  openStates,
  openViews,
  openWarehouse,
} from '../engines.ts';
import { type Finding, note, sentenceOf, well, wrong } from './finding.ts';

interface Closable {
  close(): Promise<void>;
}

const damaged = 'restore the folder from a backup; the log is what everything else is built from';

/** Opens every engine and asks it something. @returns the log of DATA_DIR, open, or null if there is none that can be opened */
export async function checkEngines(
  settings: Settings,
  { isRunning }: { readonly isRunning: boolean },
): Promise<{ findings: Finding[]; log: EventLog | null }> {
  const hasData = existsSync(join(settings.dataDir, 'log'));
  const trial = hasData ? null : mkdtempSync(join(tmpdir(), 'adtally-doctor-'));
  const place = trial === null ? settings : { ...settings, dataDir: trial };
  const where = trial === null ? '' : ' (tried in a temporary folder: there is no data yet)';
  const findings = [await checkSchemas(settings)];
  const { finding, log } = await checkLog(place, where);
  findings.push(finding, ...(await checkStores(place, where)), await checkWarehouse(place, where, isRunning));
  if (trial === null) return { findings, log };
  await log?.close();
  rmSync(trial, { recursive: true, force: true });
  return { findings, log: null };
}

async function checkSchemas(settings: Settings): Promise<Finding> {
  const isEmbedded = settings.schemaRegistryUrl === 'embedded';
  try {
    await openSchemas(settings, createSystemClock());
    const where = isEmbedded ? 'are readable' : 'are registered, and compatible with those before';
    return well('schemas', `${readSchemaVersions().length} versions ${where}`);
  } catch (error) {
    const advice = isEmbedded
      ? 'restore schemas/avro from the repository'
      : 'look at the registry, or SCHEMA_REGISTRY_URL';
    return wrong('schemas', sentenceOf(error), advice);
  }
}

async function checkLog(settings: Settings, where: string): Promise<{ finding: Finding; log: EventLog | null }> {
  try {
    const log = await openLog(settings, createSystemClock());
    let records = 0;
    for (let shard = 0; shard < log.shards('spend'); shard += 1) records += (await log.bounds('spend', shard)).next;
    return { finding: well('event log', `opens; ${records} records of spend${where}`), log };
  } catch (error) {
    const isOther = isAdtallyError(error, 'SHARDS_CHANGED');
    const advice = isOther ? 'set SHARDS to what DATA_DIR was made with: it can never change' : damaged;
    return { finding: wrong('event log', sentenceOf(error), advice), log: null };
  }
}

async function checkStores(settings: Settings, where: string): Promise<Finding[]> {
  const clock = createSystemClock();
  const disposable = (folder: string) =>
    `stop the platform and delete ${join(settings.dataDir, folder)}: it is built again from the log`;
  const stores: readonly (readonly [string, string, () => Promise<Closable>, (store: never) => Promise<unknown>])[] = [
    ['ledger store', damaged, () => openLedger(settings, clock), askLedger],
    ['ledger index', disposable('index'), async () => (await openLedgerIndex(settings, clock)).ledgers, askIndex],
    ['view store', disposable('views'), () => openViews(settings, clock), askViews],
    ['key store', damaged, () => openKeys(settings, clock), async () => {}],
    ['streams state', disposable('state/streams'), () => openStates(settings, clock, 'streams'), async () => {}],
    ['console state', disposable('state/console'), () => openStates(settings, clock, 'console'), async () => {}],
  ];
  const findings: Finding[] = [];
  for (const [what, advice, open, ask] of stores) {
    try {
      const store = await open();
      await ask(store as never);
      await store.close();
      findings.push(well(what, `opens and answers${where}`));
    } catch (error) {
      findings.push(wrong(what, sentenceOf(error), advice));
    }
  }
  return findings;
}

type Ledger = Awaited<ReturnType<typeof openLedger>>;
type Index = Awaited<ReturnType<typeof openLedgerIndex>>['ledgers'];
type Views = Awaited<ReturnType<typeof openViews>>;
const askLedger = (ledger: Ledger) => ledger.tail('tentative-0');
const askIndex = (index: Index) => index.indexedStreams();
const askViews = (views: Views) => views.getMany(['doctor']);

/** The engine in process takes a folder for one process, so a running platform is asked over the console instead (`/readyz`). */
async function checkWarehouse(settings: Settings, where: string, isRunning: boolean): Promise<Finding> {
  const isEmbedded = settings.warehouseUrl === 'embedded';
  if (isRunning && isEmbedded) return note('warehouse', 'the console holds it; its readiness above includes it');
  try {
    const warehouse = await openWarehouse(settings, createSystemClock());
    const { rows } = await warehouse.query('SELECT version() AS version');
    await warehouse.close();
    return well(
      'warehouse',
      `ClickHouse ${String(rows[0]?.['version'])} answers ${isEmbedded ? `in process${where}` : 'over HTTP'}`,
    );
  } catch (error) {
    if (!isEmbedded)
      return wrong('warehouse', sentenceOf(error), 'reporting waits for it, and nothing else: see to the server');
    const folder = join(settings.dataDir, 'warehouse');
    const advice = `end any other process that holds ${folder} (a console?) and run npm ci; if it persists, delete the folder: it is filled again`;
    return wrong('warehouse', sentenceOf(error), advice);
  }
}
