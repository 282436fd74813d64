import { type Break, type Explained, sumKeys, unexplainedMicros } from './breaks.ts';
import { Bridges } from './bridges.ts';
import type { LedgerSums } from './ledger-sums.ts';
import type { Recounted } from './recount.ts';
import { Differences, Sides } from './report.ts';

/** One selection with what was found of it. */
export interface Judged {
  readonly one: Recounted;
  readonly breaks: readonly Break[];
  readonly explained: readonly Explained[];
  readonly ledger: LedgerSums;
  /** What reporting says may be billed of it. */
  readonly reportedMicros: number;
}

/** What a run keeps of the selections that it has recounted: sums, and what is wrong. */
export class Tally {
  readonly breaks: Break[] = [];
  readonly differences = new Differences();
  readonly sides = new Sides();
  readonly bridges = new Bridges();
  selections = 0;
  closed = 0;
  /** Of selections that have breaks, or may have some by their rows in reporting, the sums that they are in. */
  private readonly sums = new Map<string, readonly string[]>();

  add({ one, breaks, explained, ledger, reportedMicros }: Judged): void {
    this.selections += 1;
    if (one.closed) this.closed += 1;
    for (const difference of explained) this.differences.add(difference);
    this.sides.add(one, ledger, reportedMicros);
    this.bridges.add(one, { ledger, reportedMicros }, explained);
    this.breaks.push(...breaks);
    if (breaks.length > 0) this.place(one.selectionId, sumsWith(one));
  }

  place(selectionId: string, sums: readonly string[]): void {
    this.sums.set(selectionId, sums);
  }

  unexplained(): bigint {
    return unexplainedMicros(this.breaks, (id) => this.sums.get(id) ?? []);
  }
}

/** The sums of pacing and invoices that a selection is in: those of its shard, and of any in which records of it stand. */
export function sumsWith(one: Recounted): readonly string[] {
  const { reserved, incurred, verdicts } = one.facts;
  const shards = new Set([one.shard, ...[...reserved, ...incurred, ...verdicts].map(({ shard }) => shard)]);
  return [...shards].flatMap((shard) => Object.values(sumKeys({ ...one, shard })));
}
