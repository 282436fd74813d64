import type { AnyRecord, Topic } from '../../domain/records.ts';
import type { BidderNotice } from '../../ports/bidder-connection.ts';
import type { ViewWrite } from '../../ports/view-store.ts';

/** A decoded record with its place in the log. */
export interface SourceRecord {
  readonly topic: Topic;
  readonly shard: number;
  readonly offset: number;
  readonly key: string;
  readonly record: AnyRecord;
}

/** What a processor wants done. Every output is idempotent by identity, by version, or by the source position that it carries. */
export type Outcome =
  | {
      readonly to: 'log';
      readonly topic: Topic;
      readonly shard: number;
      readonly key: string;
      readonly record: AnyRecord;
    }
  | { readonly to: 'view'; readonly write: ViewWrite }
  | { readonly to: 'view-delete'; readonly keys: readonly string[] }
  /** Mint a user_key for the hash unless there is one; randomness is the output's, not the processor's. */
  | { readonly to: 'key-mint'; readonly hash: string }
  | { readonly to: 'key-delete'; readonly hash: string }
  /** Known by its id: what was handed over once is not sent again. */
  | { readonly to: 'notice'; readonly notice: BidderNotice }
  | { readonly to: 'quarantine'; readonly code: string; readonly reason: string };

/**
 * A stream processor: pure but for its own state. The runtime reads the co-keyed topics of a shard in order within each topic, calls
 * `process`, writes the outcomes, then checkpoints state and positions. It may be called again with records it has seen (at least once).
 */
export interface Processor<State> {
  readonly name: string;
  /** Topics with the same number of shards; a shard of all of them has one owner. */
  readonly topics: readonly Topic[];
  /** One of them whose records are processed only after everything that was in the others when they were read: its ticks are the time of all. */
  readonly timeTopic?: Topic;
  initial(shard: number): State;
  process(state: State, source: SourceRecord): readonly Outcome[];
  /** Called when all records at hand were processed, at most every `flushEveryMs`: for outcomes gathered over many records. */
  flush?(state: State): readonly Outcome[];
  readonly flushEveryMs?: number;
  /**
   * Of the bytes of `encode`: changes with every change of what they hold or mean. A state of another format is never read: the runtime folds the log
   * again from its start, silently up to where the state stood.
   */
  readonly format: number;
  /**
   * Set if every output may be put out again at any later time and changes nothing then: views with versions, and nothing else. Such a processor has only its
   * state, and begins anew without it. Of any other the log keeps up to where it was put out, whoever owned the shard, and nothing below is put out again.
   */
  readonly repeatable?: true;
  /** State to bytes and back, for checkpoints. */
  encode(state: State): Uint8Array;
  decode(bytes: Uint8Array, shard: number): State;
}

/** What to do about a failure: decided in one place by the error's code. */
export type FailureClass = 'retry' | 'quarantine' | 'stop';
