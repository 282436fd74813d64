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

/** What the writer believes of the stream: its last revision, or that it does not exist. Never "any". */
export type ExpectedRevision = number | 'no_stream';

/**
 * Append-only streams with optimistic concurrency.
 * Errors: `WRONG_EXPECTED_REVISION`, `LEDGER_UNAVAILABLE` (outcome unknown: the caller drops its state and reads the tail),
 * `APPEND_TOO_LARGE` (more than `maxAppendBytes`).
 */
export interface LedgerStore {
  readonly maxAppendBytes: number;
  /**
   * Appends all or nothing; durable on resolution. Idempotent by event id at the exact revision: repeating an append that was
   * written resolves with the same revision; the same ids at another revision, or other ids at this one, are a conflict.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewLedgerEvent[]): Promise<{ revision: number }>;
  /** Forwards from a revision (0: the start), at most `max`. A stream that does not exist is empty. */
  readForwards(stream: string, from: number, max: number): Promise<readonly LedgerEvent[]>;
  /** Backwards from a revision, or from the end. */
  readBackwards(stream: string, from: number | 'end', max: number): Promise<readonly LedgerEvent[]>;
  /** Last event as the leader has it, or null. */
  tail(stream: string): Promise<LedgerEvent | null>;
  streams(): Promise<readonly string[]>;
  close(): Promise<void>;
}
