import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { readSettings } from '../../config/settings.ts';
import { CatalogLog } from '../../dashboards/catalog/catalog-log.ts';
import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import { catchUpEvents } from '../../ledger/index/follow-events.ts';
import { catchUpLedgers } from '../../ledger/index/follow-ledgers.ts';
import { createLedgerQueries } from '../../ledger/queries/ledger-queries.ts';
import type { LedgerQueries } from '../../ports/ledger-queries.ts';
import { openLedger, openLedgerIndex, openLog, openSchemas } from '../engines.ts';
import { type Command, exitCodes } from '../exit-codes.ts';
import { ledgerOptions, readLedgerQuestion } from '../ledger-verbs.ts';

const usage = `adtally ledger balances [--truth tentative|final] [--advertiser ADV] [--campaign CMP]
adtally ledger entries [--truth …] [--account A] [--kind K] [--advertiser ADV] [--campaign CMP] [--selection ID]
                       [--service-period YYYY-MM] [--posting-period YYYY-MM] [--limit N] [--csv]
adtally ledger statement ADVERTISER YYYY-MM [--csv]
adtally ledger explain SELECTION

Answers from the ledger streams in DATA_DIR, whether the platform runs or not. Entries are held against the hash chain when they are read into
the index; --rebuild holds all of them against it again.
  --as-of TIME            in each shard everything before the first tick at or after it; the latest common cut if left out
  --as-of-position P      exact positions, as 0:123,1:456
  --rebuild               builds the index anew from the streams
  --json                  the answer as the console gives it; entries come one a line with or without it
Exit 1: a ledger stream is damaged.`;

export const command: Command = { usage, run };

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: ledgerOptions, allowPositionals: true });
  const [verb, ...names] = positionals;
  if (verb === undefined) {
    process.stderr.write(`${usage}\n`);
    return exitCodes.couldNotRun;
  }
  const ask = readLedgerQuestion(verb, names, values);
  try {
    await withQueries(values.rebuild ?? false, ask);
    return exitCodes.tallies;
  } catch (error) {
    if (!isAdtallyError(error, 'CHAIN_BROKEN')) throw error;
    process.stderr.write(`CHAIN_BROKEN: ${error.message}\n`);
    return exitCodes.differs;
  }
}

/** Opens what is in DATA_DIR and brings the index up to it. Damage that no question asked about is an error as well. */
async function withQueries(rebuild: boolean, ask: (queries: LedgerQueries) => Promise<void>): Promise<void> {
  const settings = readSettings(process.env);
  const clock = createSystemClock();
  if (!existsSync(join(settings.dataDir, 'log'))) {
    throw new AdtallyError(
      'NOT_READY',
      `there is no data in ${settings.dataDir}: start the platform first, or set DATA_DIR`,
    );
  }
  const registry = await openSchemas(settings, clock);
  const log = await openLog(settings, clock);
  const store = await openLedger(settings, clock);
  const { ledgers: index, events } = await openLedgerIndex(settings, clock);
  try {
    if (rebuild) await Promise.all([index.dropLedgers(), events.dropEvents()]);
    await catchUpEvents({ log, events });
    const shards = log.shards('spend');
    const failures = await catchUpLedgers({ store, registry, index, shards });
    const advertiser = partyOf(new CatalogLog({ log, registry }, () => {}));
    const ports = { index, shards, failures: () => failures, advertiser, log, registry, events };
    await ask(createLedgerQueries(ports));
    for (const failure of failures.values()) throw failure;
  } finally {
    await Promise.all([index.close(), store.close(), log.close()]);
  }
}

function partyOf(catalog: CatalogLog) {
  return async (advertiserId: string) => {
    await catalog.refresh();
    return catalog.catalog.advertisers.get(advertiserId) ?? null;
  };
}
