import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockFolder } from '../adapters/embedded/folder-lock.ts';
import { embeddedLogShards } from '../adapters/embedded/log-shards.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { readSettings } from '../config/settings.ts';
import { AdtallyError, isAdtallyError } from '../domain/errors.ts';
import { firstKept } from '../streams/processors/warehouse-kept.ts';
import { type Audits, createAudits } from './audits.ts';
import { openLedger, openLog, openSchemas, openWarehouse } from './engines.ts';

export interface OfflineAudits extends Audits {
  readonly close: () => Promise<void>;
}

/**
 * Opens a data directory on which no platform runs, for audits alone. It changes nothing in it but for the reports; the warehouse is kept from
 * merging rows meanwhile. Error: `NOT_READY` if there is no data, or if a platform runs on it.
 */
export async function openOffline(
  dataDir: string,
  { reporting }: { readonly reporting: boolean },
): Promise<OfflineAudits> {
  const folder = resolve(dataDir);
  const shards = embeddedLogShards(join(folder, 'log'));
  if (shards === null) throw new AdtallyError('NOT_READY', `there is no data in ${folder}`);
  const settings = readSettings({ ...process.env, DATA_DIR: folder, SHARDS: String(shards) });
  const lock = lockAgainstPlatform(folder);
  const clock = createSystemClock();
  const log = await openLog(settings, clock);
  const ledger = await openLedger(settings, clock);
  const isEmbedded = settings.warehouseUrl === 'embedded';
  const hasWarehouse = !isEmbedded || existsSync(join(folder, 'warehouse'));
  const warehouse = reporting && hasWarehouse ? await openWarehouse(settings, clock).catch(refuseTaken) : null;
  // A server serves others as well, and its numbers are the same while it merges.
  if (isEmbedded) await warehouse?.command('SYSTEM STOP MERGES');
  const audits = createAudits({
    settings,
    log,
    ledger,
    registry: await openSchemas(settings, clock),
    reporting:
      warehouse === null
        ? null
        : (read) => read(warehouse, firstKept({ log, clock, keepMs: settings.warehouseKeepMs })),
    clock,
    random: createSystemRandom(),
    disk: createSystemDisk(),
  });
  const close = async (): Promise<void> => {
    await warehouse?.close();
    await Promise.all([log.close(), ledger.close()]);
    lock.release();
  };
  return { ...audits, close };

  function refuseTaken(error: unknown): never {
    lock.release();
    if (!isAdtallyError(error, 'WAREHOUSE_UNAVAILABLE')) throw error;
    throw new AdtallyError('NOT_READY', `the warehouse in ${folder} can't be opened: ${error.message}`, {
      cause: error,
    });
  }
}

/** The lock that `adtally start` holds as long as it runs. */
function lockAgainstPlatform(folder: string) {
  mkdirSync(join(folder, 'run'), { recursive: true });
  try {
    return lockFolder(join(folder, 'run'));
  } catch (error) {
    if (!isAdtallyError(error, 'NODE_NAME_TAKEN')) throw error;
    const how = 'have its console do it (--key, or CONSOLE_KEY in the environment), or stop it first';
    throw new AdtallyError('NOT_READY', `Adtally runs on ${folder}: ${how}`, { cause: error });
  }
}
