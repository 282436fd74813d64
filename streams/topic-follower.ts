import { isAdtallyError } from '../domain/errors.ts';
import type { Topic } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog, LogRecord } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { SourceRecord } from './runtime/processor.ts';
import { quarantined } from './runtime/quarantine.ts';
import { type Decoded, decodeBatch, startingOffset } from './runtime/source.ts';

export interface FollowerOptions {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  /** Who reads, for quarantine. */
  readonly reader: string;
  readonly topic: Topic;
  readonly shard: number;
  /** First offset to read. */
  readonly from: number;
}

const batchRecords = 1_000;

/**
 * Reads one shard in order and hands every record over once. Corrupt bytes are put aside; a schema that nobody knows is an error, and the reader
 * stands before that record. Errors: `UNKNOWN_SCHEMA`, `OFFSET_GONE`, `LOG_UNAVAILABLE`.
 */
export class TopicFollower {
  readonly #options: FollowerOptions;
  #next: number;
  #started = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#next = options.from;
  }

  get next(): number {
    return this.#next;
  }

  get position(): { readonly topic: Topic; readonly shard: number; readonly offset: number } {
    return { topic: this.#options.topic, shard: this.#options.shard, offset: this.#next };
  }

  /** Reads to the end as it is when this is called, or further. Returns the number of records. */
  async readToEnd(take: (source: SourceRecord) => void): Promise<number> {
    const { log, topic, shard } = this.#options;
    if (!this.#started) this.#next = await startingOffset(log, topic, shard, this.#next);
    this.#started = true;
    const from = this.#next;
    for (const { next: end } = await log.bounds(topic, shard); this.#next < end; ) {
      await this.#take(await log.read(topic, shard, this.#next, batchRecords), take);
    }
    return this.#next - from;
  }

  async #take(batch: readonly LogRecord[], take: (source: SourceRecord) => void): Promise<void> {
    const decoded = await decodeBatch(this.#options.registry, batch);
    for (const [index, one] of decoded.entries()) {
      const source = batch[index] as LogRecord;
      if ('error' in one) await this.#putAside(source, one);
      else {
        const { topic, shard, offset, key } = source;
        take({ topic, shard, offset, key, record: one.record });
      }
      this.#next = source.offset + 1;
    }
  }

  async #putAside(source: LogRecord, { error }: Extract<Decoded, { error: unknown }>): Promise<void> {
    if (!isAdtallyError(error, 'UNREADABLE_RECORD')) throw error;
    const { log, registry, clock, reader } = this.#options;
    const refused = { source, code: error.code, reason: error.message, processor: reader, at: clock.now() };
    await log.append('quarantine', [quarantined(refused, registry)]);
  }
}
