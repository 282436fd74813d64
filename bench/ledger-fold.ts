import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import type { StreamTail } from '../ledger/batch.ts';
import { genesis } from '../ledger/chain.ts';
import { ledgerTruths } from '../ports/ledger-index.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { SpendRecord } from '../streams/processors/spend-lifecycle.ts';
import { SpendFold } from '../streams/runtime/spend-fold.ts';
import { askedFigures, measureAlone } from './own-process.ts';
import { spendMix } from './spend-mix.ts';

const start: StreamTail = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };
const pollRecords = 2_000;

export interface LedgerFoldOptions {
  readonly records?: number;
  readonly rounds?: number;
}

export interface LedgerFoldFigures {
  /** Spend records a second of CPU time, all threads: decoded, folded, translated into both ledgers, every entry hashed into its chain. */
  readonly ledger_fold_per_s: number;
  /** Entries of both ledgers that came of a record. */
  readonly ledger_entries_per_record: number;
}

/** Folds a realistic mix of one spend shard, in a process of its own. */
export function benchLedgerFold(options: LedgerFoldOptions = {}): LedgerFoldFigures {
  return measureAlone(import.meta.filename, options);
}

/** The best of the rounds counts: the first ones compile, and what else runs on the machine can only take time away. */
function measure({ records = 300_000, rounds = 5 }: LedgerFoldOptions): LedgerFoldFigures {
  const registry = openFileSchemaRegistry();
  const bytes = spendMix({ registry, shard: 0, records, seed: 7 });
  const rates: number[] = [];
  let entries = 0;
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    entries = foldAll(bytes, registry);
    const used = process.cpuUsage(before);
    rates.push((bytes.length * 1_000_000) / (used.user + used.system));
  }
  return {
    ledger_fold_per_s: Math.round(Math.max(...rates)),
    ledger_entries_per_record: Math.round((entries / bytes.length) * 100) / 100,
  };
}

function foldAll(bytes: readonly Uint8Array[], registry: SchemaRegistry): number {
  const fold = new SpendFold({ shard: 0, tails: { tentative: start, final: start }, maxAppendBytes: 1 << 20 });
  let entries = 0;
  for (let from = 0; from < bytes.length; from += pollRecords) {
    for (const one of bytes.slice(from, from + pollRecords)) fold.fold(registry.decode(one) as SpendRecord);
    for (const truth of ledgerTruths) for (const batch of fold.take(truth, true)) entries += batch.entries.length;
    fold.pacing.take(fold.next, fold.state.foldTime);
  }
  return entries;
}

if (import.meta.main) {
  const asked = askedFigures<LedgerFoldOptions>();
  if (asked === null) for (const [name, value] of Object.entries(benchLedgerFold())) console.log(`${name}: ${value}`);
  else process.stdout.write(JSON.stringify(measure(asked)));
}
