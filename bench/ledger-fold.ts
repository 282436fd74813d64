import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import type { AnyRecord } from '../domain/records.ts';
import type { StreamTail } from '../ledger/batch.ts';
import { genesis } from '../ledger/chain.ts';
import type { SpendRecord } from '../streams/processors/spend-lifecycle.ts';
import { SpendFold } from '../streams/runtime/spend-fold.ts';
import { spendMix } from './spend-mix.ts';

const start: StreamTail = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };
const pollRecords = 2_000;

export interface LedgerFoldFigures {
  /** Spend records a second on one core: decoded, folded, translated into both ledgers, every entry hashed into its chain. */
  readonly ledger_fold_per_s: number;
  /** Entries of both ledgers that came of a record. */
  readonly ledger_entries_per_record: number;
}

/** Folds a realistic mix of one spend shard: `rounds` times, the median counts. */
export function benchLedgerFold({ records = 300_000, rounds = 3 } = {}): LedgerFoldFigures {
  const registry = openFileSchemaRegistry();
  const bytes = spendMix({ registry, shard: 0, records, seed: 7 });
  const rates: number[] = [];
  let entries = 0;
  for (let round = 0; round < rounds; round += 1) {
    const fold = new SpendFold({ shard: 0, tails: { tentative: start, final: start }, maxAppendBytes: 1 << 20 });
    entries = 0;
    const before = process.cpuUsage();
    const startedAt = performance.now();
    for (let from = 0; from < bytes.length; from += pollRecords) {
      for (const one of bytes.slice(from, from + pollRecords)) fold.fold(spend(registry.decode(one)));
      for (const truth of ['tentative', 'final'] as const) {
        for (const batch of fold.take(truth, true)) entries += batch.entries.length;
      }
      fold.pacing.take(fold.next, fold.state.foldTime);
    }
    const elapsedMs = performance.now() - startedAt;
    const used = process.cpuUsage(before);
    rates.push((bytes.length * 1000) / Math.max(elapsedMs, (used.user + used.system) / 1000));
  }
  rates.sort((a, b) => a - b);
  return {
    ledger_fold_per_s: Math.round(rates[Math.floor(rounds / 2)] as number),
    ledger_entries_per_record: Math.round((entries / bytes.length) * 100) / 100,
  };
}

function spend(record: AnyRecord): SpendRecord {
  return record as SpendRecord;
}

if (import.meta.main) {
  for (const [name, value] of Object.entries(benchLedgerFold())) console.log(`${name}: ${value}`);
}
