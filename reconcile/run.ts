import { createHash } from 'node:crypto';
import { Pass, type StreamHead } from './pass.ts';
import { listedDifferences, type ReconciliationReport, showBreak, totalsOf } from './report.ts';
import type { Progress, Sources } from './sources.ts';

export interface RunOptions {
  readonly id: string;
  /** Wall clock, ms: only to say when the run was. */
  readonly now: () => number;
  readonly progress: Progress;
}

/** A pass that shows strays is followed by one that knows them; on live traffic another one may turn up then. */
const mostPasses = 3;

/** Reads every truth, recounts each selection, and compares. Writes to none of them. */
export async function reconcile(sources: Sources, options: RunOptions): Promise<ReconciliationReport> {
  const startedAt = options.now();
  let strays: ReadonlySet<string> = new Set();
  for (let number = 1; ; number += 1) {
    const pass = new Pass(sources, options.progress, strays);
    await pass.run();
    if (pass.found.size === 0 || number === mostPasses) return assemble(pass, sources, { ...options, startedAt });
    strays = strays.union(pass.found);
  }
}

function assemble(
  { reader, tally, invariants, pacing, heads, selfTest }: Pass,
  sources: Sources,
  { id, now, startedAt }: RunOptions & { readonly startedAt: number },
): ReconciliationReport {
  const checks = invariants.checks(reader.pacing.budgets);
  const { breaks, differences } = tally;
  const sides = tally.sides.rows();
  const fine = breaks.length === 0 && checks.every((check) => check.holds) && selfTest !== 'failed';
  return {
    id,
    started_at: new Date(startedAt).toISOString(),
    finished_at: new Date(now()).toISOString(),
    result: fine ? 'tallies' : 'differs',
    selections: tally.selections,
    closed_selections: tally.closed,
    unexplained_micros: String(tally.unexplained()),
    breaks: breaks.slice(0, listedDifferences).map(showBreak),
    breaks_total: breaks.length,
    causes: differences.byCause(),
    differences: differences.listed,
    differences_total: differences.total,
    bridges: tally.bridges.rows(sources.reporting !== null),
    sides,
    pacing: pacing.rows(),
    quarantined_records: reader.knownDamages().length,
    totals: totalsOf(sides),
    positions: reader.positions,
    digest: digestOf(heads),
    self_test: selfTest,
    reporting: sources.reporting === null ? 'left_out' : 'compared',
    invariants: checks,
  };
}

/** SHA-256 over the sorted streams: name, position, chain head; names the state that was reconciled. */
function digestOf(heads: readonly StreamHead[]): string {
  const lines = heads.map(({ truth, shard, nextOffset, chainHead }) => `${truth}-${shard}:${nextOffset}:${chainHead}`);
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}
