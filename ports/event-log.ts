import type { Topic } from '../domain/records.ts';

/** A record as it lies in the log. `value` is in the Confluent wire format. */
export interface LogRecord {
  readonly topic: Topic;
  readonly shard: number;
  readonly offset: number;
  readonly key: string;
  readonly value: Uint8Array;
  /** Clock of whoever appended it, ms; information only, no rule reads it. */
  readonly appendedAt: number;
  /** W3C Trace Context of what the record comes from, if it is traced; information only, no rule reads it. */
  readonly traceparent?: string;
}

export interface NewRecord {
  readonly shard: number;
  readonly key: string;
  readonly value: Uint8Array;
  /** For copies of another log alone: when it was appended there, ms. */
  readonly appendedAt?: number;
  /** Kept beside the record, not in it: a record header. Omitted: none, and the log is the same as without tracing. */
  readonly traceparent?: string;
}

export interface TopicShard {
  readonly topic: Topic;
  readonly shard: number;
}

/** Up to where a group has read a shard. */
export interface Commit extends TopicShard {
  readonly group: string;
  readonly next: number;
}

/** First offset that is still there, and the offset the next record will get. */
export interface Bounds {
  readonly first: number;
  readonly next: number;
}

/**
 * The log: topics of explicit shards (partitions). Within one shard there is one order; between shards none.
 * Errors: `OFFSET_GONE` (read below `first` or beyond `next`), `UNKNOWN_SHARD`, `LOG_UNAVAILABLE` (retriable).
 */
export interface EventLog {
  /** Number of shards of a topic; immutable once the log exists. */
  shards(topic: Topic): number;
  /**
   * Appends in the order given. Resolves when all records are durable; then every reader sees them.
   * After a rejection any subset may have been written: the caller repeats the same batch (duplicates are harmless by identity).
   */
  append(topic: Topic, records: readonly NewRecord[]): Promise<readonly number[]>;
  /** At most `max` records from `from` on, in order without gaps; empty at the end. */
  read(topic: Topic, shard: number, from: number, max: number): Promise<readonly LogRecord[]>;
  bounds(topic: Topic, shard: number): Promise<Bounds>;
  /**
   * Has a shard begin, and go on, at an offset that it has not come to: everything below is forgotten. For copies of a log that has forgotten its
   * beginning. May be called again after it was broken off. Error: `STATE_CONFLICT` if the shard has come further.
   */
  beginAt(topic: Topic, shard: number, first: number): Promise<void>;
  /**
   * Notes about the log as a whole, kept as long as it is: by name the text that was noted first, for ever. Those given that are missing are noted; resolves
   * with all there are.
   */
  note(notes: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>>;
  /** Resolves true as soon as any of the shards may have a record at or beyond the offset given, false after `timeoutMs`. */
  wait(from: readonly (TopicShard & { readonly offset: number })[], timeoutMs: number): Promise<boolean>;
  /** Next offset to be read by a group, or null. */
  committed(group: string, topic: Topic, shard: number): Promise<number | null>;
  commit(group: string, topic: Topic, shard: number, next: number): Promise<void>;
  /** All that was committed, in no order: for a copy. */
  commits(): Promise<readonly Commit[]>;
  /**
   * Joins a group: the shards numbered 0..shards-1 are divided among its live members; co-keyed topics of one group give a
   * shard to one owner. `onAssigned` is awaited with the whole new set after every change, `onRevoked` before a shard leaves.
   * Topics with fewer shards than the largest are read by the owners of their numbers. A callback that rejects ends the membership and is
   * raised as a failure of the process. `onRevoked` is given a few seconds, then the shard leaves all the same.
   * At least once: a slow former owner may still be at work (it is fenced by the ledger's expected revision).
   */
  join(group: string, options: GroupOptions): Promise<Membership>;
  close(): Promise<void>;
}

export interface GroupOptions {
  readonly topics: readonly Topic[];
  readonly onAssigned: (shards: readonly number[]) => Promise<void>;
  readonly onRevoked: (shards: readonly number[]) => Promise<void>;
}

export interface Membership {
  readonly memberId: string;
  owned(): readonly number[];
  leave(): Promise<void>;
}
