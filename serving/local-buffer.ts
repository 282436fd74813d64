import type { Topic } from '../domain/records.ts';

/** A record on its way to the log. `value` is in the Confluent wire format. */
export interface BufferRecord {
  readonly topic: Topic;
  readonly shard: number;
  readonly key: string;
  readonly value: Uint8Array;
  /** For records of a traced ad: their header in the log. */
  readonly traceparent?: string;
}

/** Who asks for room: as the buffer fills up, decisions are refused first, beacons and clicks last. */
export type BufferUse = 'decision' | 'beacon';

/**
 * The private buffer of one boot of a serving process: what was appended here will be in the log, even after `kill -9`.
 *
 * A sequence number is taken and appended in one synchronous step (the numbers on disk have no disorder: what is below the last one that
 * `BufferDrained` names was drained). All records of one decision or one beacon are one entry.
 */
export interface LocalBuffer {
  readonly node: string;
  /** UUIDv7 of this life of the process. */
  readonly boot: string;
  /** Next sequence number, from 1. */
  nextSequence(): number;
  /**
   * Appends one atomic entry; resolves after the fsync of its group. `spend` reaches the log before the other topics.
   * Errors: `BUFFER_FULL` (nothing was appended), `INVARIANT_BROKEN` (the number is not above the last one).
   */
  append(sequence: number, records: readonly BufferRecord[]): Promise<void>;
  /** False when the buffer is too full for that use; ask before money is drawn. */
  hasRoomFor(use: BufferUse): boolean;
}
