import { isAdtallyError } from '../domain/errors.ts';
import type { AnyRecord, Topic } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog, LogRecord } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';

export interface LogTailOptions {
  readonly log: Pick<EventLog, 'read' | 'wait' | 'bounds'>;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly topic: Topic;
  /** Next offset to be read, by shard. */
  readonly from: readonly number[];
  /** Takes each record of a shard in order; null for one that was skipped or can't be read. */
  readonly apply: (record: AnyRecord | null, place: { readonly shard: number; readonly offset: number }) => void;
  /** Records that need not be decoded, by the id of their schema. */
  readonly skip?: ReadonlySet<number>;
  /** The log is out of reach and is asked again, or a record can't be read and is passed over. */
  readonly onTrouble: (error: unknown) => void;
}

const readRecords = 500;
const waitMs = 1_000;
const retryMs = 200;
/** Records are taken for so long without a turn for others, microseconds: decisions wait on the same loop. */
const turnUs = 2_000;

/** Follows all shards of a topic on one process, without a group. */
export class LogTail {
  readonly #options: LogTailOptions;
  readonly #next: number[];
  /** Where each shard ended when the tail began. */
  #goal: readonly number[] | null = null;
  #stopped = false;
  readonly #caughtUp = Promise.withResolvers<void>();

  constructor(options: LogTailOptions) {
    this.#options = options;
    this.#next = [...options.from];
  }

  /** True once everything was taken that the log held when the tail began. */
  get caughtUp(): boolean {
    return this.#goal?.every((goal, shard) => (this.#next[shard] ?? 0) >= goal) ?? false;
  }

  /** Resolves when `caughtUp` becomes true. */
  whenCaughtUp(): Promise<void> {
    return this.#caughtUp.promise;
  }

  /** Follows until `stop`. Errors: what can't pass, such as `OFFSET_GONE` or `UNKNOWN_SCHEMA`. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const found = await this.#readOn();
        if (this.caughtUp) this.#caughtUp.resolve();
        if (!found) await this.#wait();
      } catch (error) {
        if (this.#stopped) return;
        if (!isAdtallyError(error) || !error.retriable) throw error;
        this.#options.onTrouble(error);
        await this.#options.clock.sleep(retryMs);
      }
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Takes the next records of every shard; false if there were none. */
  async #readOn(): Promise<boolean> {
    const { log, topic, clock } = this.#options;
    this.#goal ??= await this.#ends();
    let found = false;
    for (const [shard, offset] of this.#next.entries()) {
      const records = await log.read(topic, shard, offset, readRecords);
      let since = clock.monotonicUs();
      for (const record of records) {
        if (clock.monotonicUs() - since > turnUs) {
          await clock.sleep(0);
          since = clock.monotonicUs();
        }
        if (this.#stopped) return true;
        this.#options.apply(await this.#decode(record), record);
        this.#next[shard] = record.offset + 1;
      }
      found ||= records.length > 0;
    }
    return found;
  }

  async #ends(): Promise<readonly number[]> {
    const { log, topic } = this.#options;
    const bounds = await Promise.all(this.#next.map((_, shard) => log.bounds(topic, shard)));
    return bounds.map(({ next }) => next);
  }

  async #wait(): Promise<void> {
    const { log, topic } = this.#options;
    await log.wait(
      this.#next.map((offset, shard) => ({ topic, shard, offset })),
      waitMs,
    );
  }

  async #decode({ value }: LogRecord): Promise<AnyRecord | null> {
    const { registry, skip, onTrouble } = this.#options;
    if (skip?.has(schemaIdOf(value))) return null;
    try {
      return registry.decode(value);
    } catch (error) {
      if (isAdtallyError(error, 'UNREADABLE_RECORD')) {
        onTrouble(error);
        return null;
      }
      if (isAdtallyError(error, 'UNKNOWN_SCHEMA') && (await registry.refresh())) return registry.decode(value);
      throw error;
    }
  }
}

/** The id in a Confluent wire header, or −1. */
function schemaIdOf(value: Uint8Array): number {
  if (value.length < 5) return -1;
  return new DataView(value.buffer, value.byteOffset, 5).getUint32(1);
}
