import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { Settings } from '../../config/settings.ts';
import { formatTime } from '../../domain/time-text.ts';
import { catchUpLedgers } from '../../ledger/index/follow-ledgers.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { openLedger, openLedgerIndex } from '../engines.ts';
import { isRemote } from './engine-advice.ts';
import { examined, type Finding, note, well, wrong } from './finding.ts';

/** What is in DATA_DIR: buffers, times, secrets, and how far the ledgers have come. */
export async function checkData(
  settings: Settings,
  { log, registry }: { readonly log: EventLog; readonly registry: SchemaRegistry | null },
  isRunning: boolean,
): Promise<Finding[]> {
  const { dataDir } = settings;
  const restore = isRemote(settings, 'event log')
    ? 'the line of event log above says what to do'
    : 'restore the log from a backup: everything else is built from it';
  const unread = 'the line of ledger store or ledger index above says what to do; without them nothing is proved';
  return [
    ...(await examined('buffers', `let this user read ${dataDir}/buffer`, () => checkBuffers(dataDir, isRunning))),
    ...(await examined('log time', restore, () => checkTimes(settings, log, isRunning))),
    ...(await examined('secrets', `let this user read ${dataDir}/secrets`, () => checkSecrets(dataDir))),
    ...(await examined('ledgers', unread, () => checkLedgers(settings, { log, registry }, isRunning))),
    ...(await examined('quarantine', restore, () => checkQuarantine(log))),
  ];
}

/** Segment files of boots: of a live one they are its buffer, of an ended one what its successor has to drain. */
function checkBuffers(dataDir: string, isRunning: boolean): Finding[] {
  const folder = join(dataDir, 'buffer');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((node) => {
    const files = readdirSync(join(folder, node)).filter((file) => !file.startsWith('lock.db'));
    const boots = new Set(files.map((file) => file.slice(0, 36)));
    const bytes = files.reduce((sum, file) => sum + sizeOf(join(folder, node, file)), 0);
    const detail = `${node}: ${boots.size} boots, ${(bytes / 1024).toFixed(0)} KiB`;
    if (boots.size === 0) return well('buffers', `${node}: empty`);
    if (isRunning && boots.size === 1) return well('buffers', `${detail}, in use`);
    return note('buffers', detail, `left by an unclean stop; the next start of ${node} drains them, nothing is lost`);
  });
}

/** 0 if the drainer has just removed it. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function checkTimes(settings: Settings, log: EventLog, isRunning: boolean): Promise<Finding> {
  let newest = 0;
  for (let shard = 0; shard < log.shards('spend'); shard += 1) {
    const { next } = await log.bounds('spend', shard);
    const [last] = next === 0 ? [] : await log.read('spend', shard, next - 1, 1);
    newest = Math.max(newest, last?.appendedAt ?? 0);
  }
  const aheadMs = newest - Date.now();
  if (newest === 0) return note('log time', 'nothing was ever written to spend');
  if (aheadMs > settings.clockSkewMs) {
    const detail = `the newest record of spend is ${aheadMs} ms in the future`;
    return wrong('log time', detail, 'the clock of this machine went back: set it right before you start the platform');
  }
  const stalledMs = settings.tickMs * 20 + settings.bufferBoundMs;
  if (isRunning && -aheadMs > stalledMs) {
    const advice = 'the ticker of the streams process stands: look at its lines and at nodes that hold time back';
    return wrong('log time', `no record of spend for ${Math.round(-aheadMs / 1000)} s`, advice);
  }
  return well('log time', `newest record of spend ${formatTime(newest)}`);
}

const othersBits = 0o077;

function checkSecrets(dataDir: string): Finding {
  const folder = join(dataDir, 'secrets');
  if (!existsSync(folder)) return note('secrets', 'none yet: the first start makes them');
  const open = [folder, ...readdirSync(folder).map((name) => join(folder, name))].filter(
    (path) => (statSync(path).mode & othersBits) !== 0 && statSync(path).isFile(),
  );
  if (open.length === 0) return well('secrets', 'readable by their owner alone');
  return note('secrets', `others may read ${open.join(', ')}`, `chmod 600 ${open.join(' ')}`);
}

/** Reads on every ledger stream to its end against its hash chain, and compares how far they have come with the log. */
async function checkLedgers(
  settings: Settings,
  { log, registry }: { readonly log: EventLog; readonly registry: SchemaRegistry | null },
  isRunning: boolean,
): Promise<Finding[]> {
  if (registry === null) return [note('ledgers', 'not looked at: without schemas they can not be read')];
  const clock = createSystemClock();
  const store = await openLedger(settings, clock);
  const { ledgers: index } = await openLedgerIndex(settings, clock);
  try {
    const shards = log.shards('spend');
    const failures = await catchUpLedgers({ store, registry, index, shards });
    if (failures.size > 0) {
      return [...failures].map(([stream, error]) =>
        wrong('ledgers', `${stream}: ${error.message}`, 'run adtally replay: it names the first entry that differs'),
      );
    }
    const streams = await index.indexedStreams();
    const entries = streams.reduce((sum, { entryCount }) => sum + entryCount, 0);
    let behind = 0;
    for (const { shard, next } of streams) behind += (await log.bounds('spend', shard)).next - next.offset;
    const detail = `${entries} entries in ${streams.length} streams, chains unbroken, ${behind} records behind the log`;
    const isLate = isRunning && behind > 100_000;
    return [isLate ? note('ledgers', detail, 'the streams process has not caught up yet') : well('ledgers', detail)];
  } finally {
    await index.close();
    await store.close();
  }
}

async function checkQuarantine(log: EventLog): Promise<Finding> {
  const { next } = await log.bounds('quarantine', 0);
  const detail = `${next} records could not be read, judged or believed`;
  return next === 0
    ? well('quarantine', 'empty')
    : note('quarantine', detail, 'an auditor reads them at GET /v1/audit/events?topic=quarantine');
}
