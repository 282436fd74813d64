import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog, LogRecord } from '../../ports/event-log.ts';
import type { StoppedAt } from './stopped-at.ts';

/** How far one shard of a processor is behind. */
export interface ShardLag {
  readonly shard: number;
  /** Records that were in the log when it last looked and are not processed, over all topics. */
  readonly offsets: number;
  /** Age of the oldest record of the last batch when its outputs were written, ms; 0 when nothing is left. */
  readonly ms: number;
  /** 95th percentile, since the start, of the time from append to written outputs, ms. */
  readonly p95Ms: number;
  /** Records processed, and states written down, since the start. */
  readonly processed: number;
  readonly checkpoints: number;
}

/** Whether a shard makes progress. */
export interface ShardHealth {
  readonly shard: number;
  readonly status: 'starting' | 'running' | 'retrying' | 'stopped' | 'failed';
  /** Code and sentence of what it retries or failed of; empty otherwise. */
  readonly code: string;
  readonly reason: string;
  /** The record that it failed at, if it was one. */
  readonly about?: StoppedAt;
}

/** A shard that this process works on. */
export interface OwnedShard extends ShardHealth {
  /** Since when it does, ms. */
  readonly takenAt: number;
}

/** Measures delays for one shard. */
export class LagMeter {
  readonly #delays: RecordableHistogram = createHistogram();
  readonly #clock: Clock;
  #behind = 0;
  #ms = 0;
  #processed = 0;
  #checkpoints = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Outputs of a batch are written. Only the first and the last record are measured: the log is in order of time. */
  processed(batch: readonly LogRecord[]): void {
    this.#processed += batch.length;
    const now = this.#clock.now();
    const first = batch[0];
    const last = batch.at(-1);
    if (first === undefined || last === undefined) return;
    this.#ms = Math.max(0, now - first.appendedAt);
    this.#delays.record(Math.max(1, this.#ms));
    this.#delays.record(Math.max(1, now - last.appendedAt));
  }

  /** A state was written down. */
  checkpointed(): void {
    this.#checkpoints += 1;
  }

  /** Compares with the end of the log. */
  async look(log: EventLog, shard: number, positions: ReadonlyMap<Topic, number>): Promise<void> {
    let behind = 0;
    for (const [topic, offset] of positions) behind += (await log.bounds(topic, shard)).next - offset;
    this.#behind = Math.max(0, behind);
    if (this.#behind === 0) this.#ms = 0;
  }

  read(shard: number): ShardLag {
    return {
      shard,
      offsets: this.#behind,
      ms: this.#ms,
      p95Ms: this.#delays.count === 0 ? 0 : this.#delays.percentile(95),
      processed: this.#processed,
      checkpoints: this.#checkpoints,
    };
  }
}
