import type { EntriesBooked, Position } from '../../domain/records.ts';
import { BatchBuilder, ledgerStream, type StreamTail } from '../../ledger/batch.ts';
import { EntryChain } from '../../ledger/chain.ts';
import type { Post, Posting } from '../../ledger/entries.ts';
import type { LedgerTruth } from '../../ports/ledger-index.ts';
import type { SpendStep } from './spend-lifecycle-state.ts';

export interface LedgerDraftOptions {
  readonly truth: LedgerTruth;
  readonly shard: number;
  /** Where the stream stands: everything below `next` is in it already and is not written again. */
  readonly tail: StreamTail;
  /** Bytes that one append may have. */
  readonly maxBytes: number;
}

/** What one ledger is about to append: entries in their place, chained, in batches. */
export class LedgerDraft {
  readonly truth: LedgerTruth;
  readonly #resume: Position;
  readonly #chain: EntryChain;
  readonly #batches: BatchBuilder;
  readonly #post: Post;
  #step: SpendStep | null = null;
  #ordinal = 0;
  /** Entries of the step that the stream holds already; Infinity: the whole step. */
  #writtenOrdinals = 0;

  constructor(options: LedgerDraftOptions) {
    this.truth = options.truth;
    this.#resume = options.tail.next;
    this.#chain = new EntryChain(ledgerStream(options.truth, options.shard), options.tail.chainHead);
    this.#batches = new BatchBuilder(options);
    this.#post = (posting) => this.#place(posting);
  }

  /** True if there is something that must be appended at once. */
  get isUrgent(): boolean {
    return this.#batches.isUrgent;
  }

  /** True if the source has gone on since the last batch. */
  get hasProgress(): boolean {
    return this.#batches.hasProgress;
  }

  get chainHead(): Uint8Array {
    return this.#chain.head;
  }

  /** Takes a step in: `translate` posts its entries of this ledger. Steps come in order, from anywhere at or before the tail. */
  write(step: SpendStep, translate: (post: Post) => void): void {
    this.#step = step;
    this.#ordinal = 0;
    this.#writtenOrdinals = this.#alreadyWritten(step.offset);
    const { mark, offset, foldTime } = step;
    if (this.#writtenOrdinals === 0 && mark?.kind === 'tick') {
      this.#batches.tick({ offset, advanced_to: mark.advancedTo }, foldTime);
    }
    translate(this.#post);
    if (this.#writtenOrdinals === Number.POSITIVE_INFINITY) return;
    if (mark?.kind === 'closed') {
      this.#batches.close({ offset, calendar: mark.calendar, period: mark.period }, foldTime);
    }
    this.#batches.advance(offset + 1);
  }

  /** Takes the batches out. */
  take(foldTime: number): readonly EntriesBooked[] {
    return this.#batches.take(foldTime);
  }

  #alreadyWritten(offset: number): number {
    if (offset < this.#resume.offset) return Number.POSITIVE_INFINITY;
    return offset === this.#resume.offset ? this.#resume.ordinal : 0;
  }

  #place(posting: Posting): void {
    const ordinal = this.#ordinal;
    this.#ordinal += 1;
    if (ordinal < this.#writtenOrdinals) return;
    const step = this.#step as SpendStep;
    posting.source_offset = step.offset;
    posting.ordinal = ordinal;
    posting.posted_at = step.foldTime;
    posting.chain_hash = this.#chain.link(posting);
    this.#batches.entry(posting);
  }
}
