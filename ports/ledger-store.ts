/** An event to be appended to a ledger stream. `id` is a deterministic UUID. */
export interface NewLedgerEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
}

export interface LedgerEvent extends NewLedgerEvent {
  readonly stream: string;
  /** From 0, without gaps. */
  readonly revision: number;
}

/** Bytes of data that one append may have, on every engine, so that ledgers can be moved between them: 1 MiB less room for what an engine adds. */
export const greatestAppendBytes = 1_000_000;

/** How many of a stream's last events an append is held against for repetition at its end. */
export const repetitionWindow = 64;

/** What the writer believes of the stream: its last revision, or that it does not exist. Never "any". */
export type ExpectedRevision = number | 'no_stream';

/** A place in the order in which a store holds the events of all its streams. Engines that know one number for it give it twice. */
export interface LedgerCheckpoint {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** Follows all streams of a store. It is for one reader and keeps at most a few hundred events waiting. */
export interface LedgerSubscription {
  /**
   * Events that have come since the last call, in the order of their streams; none if none has come yet. The checkpoint lies after them; null if it has not
   * moved. Error: `LEDGER_UNAVAILABLE`: it has ended; subscribe again from the last checkpoint.
   */
  next(max: number): Promise<{ readonly events: readonly LedgerEvent[]; readonly checkpoint: LedgerCheckpoint | null }>;
  close(): Promise<void>;
}

/**
 * Append-only streams with optimistic concurrency.
 * Errors: `WRONG_EXPECTED_REVISION`, `LEDGER_UNAVAILABLE` (outcome unknown: the caller drops its state and reads the tail),
 * `APPEND_TOO_LARGE` (more than `maxAppendBytes`).
 */
export interface LedgerStore {
  /** Tells this store from others: a checkpoint of one is of no use in another. */
  readonly name: string;
  readonly maxAppendBytes: number;
  /**
   * Appends all or nothing; durable on resolution. Idempotent by event id at the exact revision: repeating an append that was
   * written resolves with the same revision; the same ids at another revision, or other ids at this one, are a conflict. An id that lies more than
   * `repetitionWindow` events before the end may be missed: a writer makes ids of source ranges, so none can come again there.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewLedgerEvent[]): Promise<{ revision: number }>;
  /** Forwards from a revision (0: the start), at most `max`. A stream that does not exist is empty. */
  readForwards(stream: string, from: number, max: number): Promise<readonly LedgerEvent[]>;
  /** Backwards from a revision, or from the end. */
  readBackwards(stream: string, from: number | 'end', max: number): Promise<readonly LedgerEvent[]>;
  /** Last event as the leader has it, or null. */
  tail(stream: string): Promise<LedgerEvent | null>;
  streams(): Promise<readonly string[]>;
  /**
   * Everything after a checkpoint, at least once: events about it may come again. `end`: what is written once this has resolved.
   */
  subscribe(from: LedgerCheckpoint | 'start' | 'end'): Promise<LedgerSubscription>;
  close(): Promise<void>;
}
