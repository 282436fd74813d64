import type { EntriesBooked, Position } from '../../domain/records.ts';
import type { StreamTail } from '../../ledger/batch.ts';
import type { LedgerTruth } from '../../ports/ledger-index.ts';
import { postClose, postFinal } from '../processors/final-ledger.ts';
import { LedgerDraft } from '../processors/ledger-draft.ts';
import { PacingDeltas } from '../processors/pacing-deltas.ts';
import { evolve, type SpendRecord } from '../processors/spend-lifecycle.ts';
import {
  createSpendState,
  type Refusal,
  type SpendState,
  type SpendStep,
} from '../processors/spend-lifecycle-state.ts';
import { type SelectionArchive, SelectionBook } from '../processors/spend-selection-book.ts';
import { postTentative } from '../processors/tentative-ledger.ts';
import { Unbilled } from '../processors/unbilled.ts';

export interface SpendFoldOptions {
  readonly shard: number;
  /** Where both streams stand: nothing below is drafted again. */
  readonly tails: Readonly<Record<LedgerTruth, StreamTail>>;
  /** Bytes that one append may have. */
  readonly maxAppendBytes: number;
  readonly archive?: SelectionArchive;
  /** Fold time that a settled selection stays in memory, ms. */
  readonly keepMs?: number;
}

const forgetEveryMs = 3_600_000;

/** The life cycle of one shard, folded once, and everything that is derived from it: both ledgers' entries and the pacing deltas. Does no I/O. */
export class SpendFold {
  readonly state: SpendState;
  readonly unbilled = new Unbilled();
  readonly pacing: PacingDeltas;
  readonly tentative: LedgerDraft;
  readonly final: LedgerDraft;
  readonly #lowerTail: Position;
  readonly #tailsAt: number;
  #next = 0;
  #forgotAt = Number.NEGATIVE_INFINITY;

  constructor({ shard, tails, maxAppendBytes: maxBytes, archive, keepMs }: SpendFoldOptions) {
    const book = new SelectionBook({
      ...(archive === undefined ? {} : { archive }),
      ...(keepMs === undefined ? {} : { keepMs }),
    });
    this.state = createSpendState(shard, book);
    this.pacing = new PacingDeltas(shard);
    this.tentative = new LedgerDraft({ truth: 'tentative', shard, tail: tails.tentative, maxBytes });
    this.final = new LedgerDraft({ truth: 'final', shard, tail: tails.final, maxBytes });
    this.#lowerTail = lower(tails.tentative.next, tails.final.next);
    this.#tailsAt = Math.max(tails.tentative.next.offset, tails.final.next.offset);
  }

  /** Offset of the next record. */
  get next(): number {
    return this.#next;
  }

  /** Told where a snapshot stands that was put into the state. */
  startAt(next: number): void {
    this.#next = next;
  }

  /** Folds the record at `next`. Returns what of it is refused and was not reported before. */
  fold(record: SpendRecord): Refusal | null {
    const offset = this.#next;
    const step = evolve(this.state, offset, record);
    this.#next = offset + 1;
    this.tentative.write(step, (post) => {
      for (const transition of step.transitions) postTentative(transition, post);
    });
    this.final.write(step, (post) => {
      for (const transition of step.transitions) postFinal(transition, this.unbilled, post);
      if (step.mark?.kind === 'closed') postClose(step.mark, this.unbilled, post);
    });
    this.pacing.add(step);
    return this.isReported(offset) ? null : step.refusal;
  }

  /** A record that says nothing to the fold (its bytes are corrupt): the position goes on. */
  skip(): void {
    const { foldTime } = this.state;
    const step: SpendStep = { offset: this.#next, foldTime, transitions: [], mark: null, refusal: null };
    this.tentative.write(step, () => {});
    this.final.write(step, () => {});
    this.#next += 1;
  }

  /** True if refusals of that offset were written in an earlier life: they are written before the ledgers go beyond it. */
  isReported(offset: number): boolean {
    return offset < this.#lowerTail.offset;
  }

  /** False while one of the ledgers holds what it folds already, and pacing has most likely heard of it. */
  get hasReachedTails(): boolean {
    return this.#next >= this.#tailsAt;
  }

  /** Lets pacing rows go that nothing can change any more; looks for them once an hour of fold time. */
  forgetPacing(): void {
    if (this.state.foldTime - this.#forgotAt < forgetEveryMs) return;
    this.#forgotAt = this.state.foldTime;
    let longestMs = 0;
    for (const policy of this.state.policies.values()) longestMs = Math.max(longestMs, policy.horizonMs);
    this.pacing.forget(this.state.foldTime, longestMs);
  }

  /** Takes the batches of a ledger out; without entries only if `checkpoint`. */
  take(truth: LedgerTruth, checkpoint: boolean): readonly EntriesBooked[] {
    const draft = truth === 'tentative' ? this.tentative : this.final;
    return draft.isUrgent || checkpoint ? draft.take(this.state.foldTime) : [];
  }
}

function lower(a: Position, b: Position): Position {
  return a.offset < b.offset || (a.offset === b.offset && a.ordinal < b.ordinal) ? a : b;
}
