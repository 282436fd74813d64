import { type Break, type Explained, structureBreak } from './breaks.ts';
import type { ExpectedEntry } from './expected-entries.ts';
import { checkInvoices, ExpectedInvoices } from './invoice-check.ts';
import { checkEntries } from './ledger-check.ts';
import type { BookedEntry, LedgerStream } from './ledger-reading.ts';
import type { Recounted } from './recount.ts';
import type { Timeline } from './timeline.ts';

/** A ledger may be so far behind the ticks that were read, in ms of fold time, before what it lacks is a break. */
export const ledgerToleranceMs = 10_000;

export interface Comparison {
  readonly breaks: readonly Break[];
  readonly explained: readonly Explained[];
}

/** What a ledger stream is compared with, besides its selections. */
export interface LedgerGround {
  readonly timeline: Timeline;
  /** End of the shard of `spend`, as it was read. */
  readonly spendEnd: number;
  /** Offset of it that pacing was told of: of nothing that the ledgers do not hold. */
  readonly heardOf: number;
}

/** Compares one ledger stream with what the recount expects of it: where it stands, each selection as it is recounted, and in the end the invoices. */
export class LedgerComparison {
  private readonly stream: Omit<LedgerStream, 'entries'>;
  private readonly ground: LedgerGround;
  private readonly dueBefore: number;
  private readonly invoices: ExpectedInvoices;
  private readonly invoiced: readonly BookedEntry[];

  constructor({ entries, ...stream }: LedgerStream, ground: LedgerGround) {
    this.stream = stream;
    this.ground = ground;
    const isLate = ground.timeline.lastTime() - stream.foldTime > ledgerToleranceMs;
    this.dueBefore = isLate ? Number.POSITIVE_INFINITY : Math.max(stream.nextOffset, ground.heardOf);
    this.invoices = new ExpectedInvoices(ground.timeline, stream.nextOffset);
    this.invoiced = entries.filter((entry) => entry.selection_id === '' && this.isWhole(entry));
  }

  /** One selection of this shard, with the entries that the stream has of it. */
  selection(one: Recounted, entries: readonly BookedEntry[]): Comparison {
    if (this.stream.truth === 'final') this.invoices.add(one);
    const young = this.expected(one).filter((entry) => entry.sourceOffset >= this.dueBefore);
    return {
      breaks: this.check(one, this.due(one), entries),
      explained: young.map((entry) => behind(one, this.stream, entry)),
    };
  }

  /** Entries of a selection of which no evidence and no spend of this shard knows. */
  unknown(selectionId: string, entries: readonly BookedEntry[]): Break[] {
    return this.check({ selectionId, campaignId: entries[0]?.campaign_id ?? '' }, [], entries);
  }

  /** Once all selections were compared: what is wrong with the stream itself, where it stands, and its invoices. */
  breaks(): Break[] {
    const { truth, breaks } = this.stream;
    const invoices = truth === 'final' ? checkInvoices(this.stream, this.invoices.byAdvertiser(), this.invoiced) : [];
    return [...breaks, ...this.positionBreaks(), ...invoices];
  }

  /** Corrupts the first of these entries in a copy, by one micro: what is found then must differ. A comparison that can't fail proves nothing. */
  noticesCorruption(one: Recounted, entries: readonly BookedEntry[]): boolean {
    const copy = entries.map((entry, index) =>
      index === 0 ? { ...entry, amount_micros: entry.amount_micros + 1 } : entry,
    );
    const due = this.due(one);
    const detailOf = (of: readonly BookedEntry[]) => this.check(one, due, of)[0]?.detail;
    return detailOf(copy) !== detailOf(entries);
  }

  private expected({ entries }: Recounted): readonly ExpectedEntry[] {
    return entries.filter((entry) => entry.truth === this.stream.truth);
  }

  private due(one: Recounted): readonly ExpectedEntry[] {
    return this.expected(one).filter((entry) => entry.sourceOffset < this.dueBefore);
  }

  private check(
    one: Pick<Recounted, 'selectionId' | 'campaignId'>,
    expected: readonly ExpectedEntry[],
    entries: readonly BookedEntry[],
  ): Break[] {
    const { truth, shard } = this.stream;
    const { selectionId, campaignId } = one;
    const whole = entries.filter((entry) => this.isWhole(entry));
    const found = checkEntries({ truth, shard, selectionId, campaignId }, expected, whole);
    return found === null ? [] : [found];
  }

  /** The record at which the stream stands may be booked in part: it is for the run that sees it whole. */
  private isWhole(entry: BookedEntry): boolean {
    return entry.source_offset < this.stream.nextOffset;
  }

  private positionBreaks(): Break[] {
    const { truth, shard, nextOffset, foldTime } = this.stream;
    const { timeline, spendEnd } = this.ground;
    const behindMs = timeline.lastTime() - foldTime;
    const problems = [
      nextOffset > spendEnd ? `stands at ${nextOffset}, beyond the end of spend at ${spendEnd}: its tail was cut` : '',
      behindMs > ledgerToleranceMs ? `stands at ${nextOffset} of ${spendEnd}, ${behindMs} ms of fold time behind` : '',
    ];
    return problems
      .filter((problem) => problem !== '')
      .map((problem) => structureBreak(truth, 'ledger_position', problem, { refs: [`${truth}-${shard}`] }));
  }
}

function behind(
  { selectionId, campaignId }: Recounted,
  { truth, shard }: Pick<LedgerStream, 'truth' | 'shard'>,
  entry: ExpectedEntry,
): Explained {
  return {
    cause: 'ledger_behind',
    between: truth === 'tentative' ? ['spend', 'tentative'] : ['tentative', 'final'],
    selectionId,
    campaignId,
    amountMicros: entry.amountMicros,
    refs: [{ topic: 'spend', shard, offset: entry.sourceOffset }],
  };
}
