import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { openLog } from '../apps/engines.ts';
import { readSettings } from '../config/settings.ts';
import { genesis } from '../ledger/chain.ts';
import type { SpendRecord } from '../streams/processors/spend-lifecycle.ts';
import { SpendFold } from '../streams/runtime/spend-fold.ts';
import type { LedgerFoldOptions } from './ledger-fold.ts';
import { askedFigures, measureAlone } from './own-process.ts';
import { spendMix } from './spend-mix.ts';

const pageRecords = 2_000;
const start = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };

export interface ReplayFigures {
  readonly replay_per_s: number;
}

/** Replays a shard cold from the embedded log, in a process of its own. */
export function benchReplay(options: LedgerFoldOptions = {}): ReplayFigures {
  return measureAlone(import.meta.filename, options);
}

/** Spend records a second of CPU time when a shard is replayed cold from the embedded log: read, decoded, folded, every entry of both ledgers hashed. */
async function measure({ records = 300_000, rounds = 5 }: LedgerFoldOptions): Promise<ReplayFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-replay-'));
  const log = await openLog(readSettings({ DATA_DIR: folder, SHARDS: '1' }), createSystemClock());
  const registry = openFileSchemaRegistry();
  try {
    const values = spendMix({ registry, shard: 0, records, seed: 7 });
    for (let from = 0; from < values.length; from += pageRecords) {
      const page = values.slice(from, from + pageRecords);
      await log.append(
        'spend',
        page.map((value) => ({ shard: 0, key: '', value })),
      );
    }
    const rates: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = process.cpuUsage();
      const fold = new SpendFold({ shard: 0, tails: { tentative: start, final: start }, maxAppendBytes: 1 << 20 });
      for (let from = 0; ; ) {
        const page = await log.read('spend', 0, from, pageRecords);
        if (page.length === 0) break;
        for (const record of page) fold.fold(registry.decode(record.value) as SpendRecord);
        for (const truth of ['tentative', 'final'] as const) fold.take(truth, true);
        fold.pacing.take(fold.next, fold.state.foldTime);
        from += page.length;
      }
      const used = process.cpuUsage(before);
      rates.push((values.length * 1_000_000) / (used.user + used.system));
    }
    return { replay_per_s: Math.round(Math.max(...rates)) };
  } finally {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const asked = askedFigures<LedgerFoldOptions>();
  if (asked === null) for (const [name, value] of Object.entries(benchReplay())) console.log(`${name}: ${value}`);
  else process.stdout.write(JSON.stringify(await measure(asked)));
}
