import type { Break } from './breaks.ts';
import { LedgerComparison } from './compare-ledgers.ts';
import type { BookedEntry, LedgerStream } from './ledger-reading.ts';
import { ledgerSums, type LedgerSums, noSums } from './ledger-sums.ts';
import { PacingCheck, type PacingSums } from './pacing-check.ts';
import type { Recounted } from './recount.ts';
import { checkReported, unknownReported } from './reporting-check.ts';
import type { Reported } from './reporting-reading.ts';
import type { LogReader, ShardReading } from './sources.ts';
import type { Judged } from './tally.ts';

/** What the ledgers and reporting of one shard have of one selection. */
export interface Holding {
  readonly entries: Readonly<Record<LedgerStream['truth'], readonly BookedEntry[]>>;
  readonly ledger: LedgerSums;
  readonly reported: ReadonlyMap<string, number>;
}

const none: ReadonlyMap<string, number> = new Map();

/** One shard while its selections are compared, one after the other. */
export class ShardRun {
  readonly shard: number;
  private readonly comparisons: Readonly<Record<LedgerStream['truth'], LedgerComparison>>;
  private readonly pacing: PacingCheck;
  private readonly entries = new Map<string, Record<LedgerStream['truth'], BookedEntry[]>>();
  private readonly sums: ReadonlyMap<string, LedgerSums>;
  private readonly reported: Omit<Reported, 'rows'> | null;
  private readonly lastTime: number;

  constructor(reading: ShardReading, reader: LogReader, reported: Reported | null) {
    const { shard, timeline, ledgers, heardOf } = reading;
    const spendEnd = reader.positions[`spend/${shard}`]?.next ?? 0;
    const compared = (truth: LedgerStream['truth']) => {
      const stream = ledgers.find((one) => one.truth === truth) as LedgerStream;
      return new LedgerComparison(stream, { timeline, spendEnd, heardOf });
    };
    this.shard = shard;
    this.comparisons = { tentative: compared('tentative'), final: compared('final') };
    this.pacing = new PacingCheck(shard, reader.pacing.deltas(shard), timeline);
    this.sums = ledgerSums(ledgers);
    this.reported = reported;
    this.lastTime = timeline.lastTime();
    for (const { truth, entries } of ledgers) for (const entry of entries) this.file(truth, entry);
  }

  private file(truth: LedgerStream['truth'], entry: BookedEntry): void {
    if (entry.selection_id === '') return;
    const known = this.entries.get(entry.selection_id) ?? { tentative: [], final: [] };
    known[truth].push(entry);
    this.entries.set(entry.selection_id, known);
  }

  /** Takes out what the shard has of a selection. */
  take(selectionId: string): Holding {
    const entries = this.entries.get(selectionId) ?? { tentative: [], final: [] };
    const reported = this.reported?.bySelection.get(selectionId) ?? none;
    this.entries.delete(selectionId);
    this.reported?.bySelection.delete(selectionId);
    return { entries, ledger: this.sums.get(selectionId) ?? noSums(), reported };
  }

  /** Selections that the ledgers or reporting of the shard know and that nobody has taken. */
  left(): ReadonlySet<string> {
    return new Set([...this.entries.keys(), ...(this.reported?.bySelection.keys() ?? [])]);
  }

  /** Compares a selection of this shard with what was taken. */
  judge(one: Recounted, { entries, ledger, reported }: Holding): Judged {
    this.pacing.add({ campaignId: one.campaignId, lease: one.outcome.drawLease, movements: one.outcome.movements });
    const tentative = this.comparisons.tentative.selection(one, entries.tentative);
    const final = this.comparisons.final.selection(one, entries.final);
    const inReport = this.checkReported(one, reported);
    const found = [one, final, tentative, inReport];
    return {
      one,
      breaks: found.flatMap(({ breaks }) => breaks),
      explained: found.flatMap(({ explained }) => explained),
      ledger,
      reportedMicros: billableAsReported(reported),
    };
  }

  private checkReported(one: Recounted, sums: ReadonlyMap<string, number>): Pick<Judged, 'breaks' | 'explained'> {
    if (this.reported === null) return { breaks: [], explained: [] };
    const bySelection = new Map([[one.selectionId, sums]]);
    return checkReported(one, { bySelection, journalled: this.reported.journalled }, this.lastTime);
  }

  /** What is wrong because the ledgers of this shard have something of a selection that is none of its own. */
  foreign(selectionId: string, { entries }: Pick<Holding, 'entries'>): readonly Break[] {
    return (['final', 'tentative'] as const).flatMap((truth) =>
      entries[truth].length === 0 ? [] : this.comparisons[truth].unknown(selectionId, entries[truth]),
    );
  }

  /** The same, and because reporting has something of a selection that nobody knows. */
  unknown(selectionId: string, holding: Holding): readonly Break[] {
    const reported = holding.reported.size === 0 ? [] : [unknownReported(selectionId, holding.reported)];
    return [...this.foreign(selectionId, holding), ...reported];
  }

  /** Corrupts an entry of a selection in a copy and must find it; null if there is none. */
  testItself(one: Recounted, { entries }: Holding): 'passed' | 'failed' | null {
    const truth = entries.final.length > 0 ? 'final' : 'tentative';
    if (entries[truth].length === 0) return null;
    return this.comparisons[truth].noticesCorruption(one, entries[truth]) ? 'passed' : 'failed';
  }

  /** Once every selection was judged: what is wrong with the ledgers themselves, with invoices and with pacing. */
  conclude(pacing: PacingSums): readonly Break[] {
    this.pacing.believed(pacing);
    return [...this.comparisons.final.breaks(), ...this.comparisons.tentative.breaks(), ...this.pacing.breaks()];
  }
}

/** What reporting says may be billed of a selection: certified less reversed. */
function billableAsReported(sums: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [key, micros] of sums) {
    const [truth, kind, debit, credit] = key.split('|');
    if (truth !== 'final' || kind === 'invoice') continue;
    if (debit === 'advertiser:unbilled') sum += micros;
    if (credit === 'advertiser:unbilled') sum -= micros;
  }
  return sum;
}

/** What several shards have of one selection, as if one had it; the entries are those of the first. */
export function joinHoldings([first, ...others]: readonly [Holding, ...Holding[]]): Holding {
  const ledger = { ...first.ledger };
  const reported = new Map(first.reported);
  for (const other of others) {
    for (const [figure, micros] of Object.entries(other.ledger)) ledger[figure as keyof LedgerSums] += micros as number;
    for (const [key, micros] of other.reported) reported.set(key, (reported.get(key) ?? 0) + micros);
  }
  return { entries: first.entries, ledger, reported };
}
