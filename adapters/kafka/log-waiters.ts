import type { Clock } from '../../ports/clock.ts';
import type { TopicShard } from '../../ports/event-log.ts';
import type { KafkaConnection } from './connection.ts';
import { kafkaType } from './failures.ts';
import { mostShardBytes } from './log-reader.ts';
import type { Cluster } from './protocol.ts';
import type { ReadAhead } from './read-ahead.ts';
import { type FetchPlace, fetchShards } from './shard-fetch.ts';

interface Waiter {
  readonly awaited: readonly FetchPlace[];
  /** Settle once; later calls do nothing. */
  readonly resolve: (found: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export interface LogWaitersOptions {
  /** Used for nothing else: a broker keeps it busy while there is nothing to tell. */
  readonly connection: KafkaConnection;
  readonly clock: Clock;
  readonly ahead: ReadAhead;
  readonly names: (place: TopicShard) => string;
}

/** A waiter that comes while a request is under way is seen by the next one: so long at the latest. */
const requestWaitMs = 100;

/**
 * Wakes readers: one long request to each broker for all shards that anybody of this process waits for. What comes with the answer is kept for
 * the read that follows.
 */
export class LogWaiters {
  readonly #options: LogWaitersOptions;
  readonly #waiters = new Set<Waiter>();
  readonly #ends = new Map<string, number>();
  #isAsking = false;

  constructor(options: LogWaitersOptions) {
    this.#options = options;
  }

  wait(awaited: readonly FetchPlace[], timeoutMs: number): Promise<boolean> {
    if (awaited.some((one) => this.#isKnown(one))) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      const settle = <T>(end: (value: T) => void) => {
        return (value: T) => {
          this.#waiters.delete(waiter);
          timer.cancel();
          end(value);
        };
      };
      const waiter: Waiter = { awaited, resolve: settle(resolve), reject: settle(reject) };
      const timer = this.#options.clock.after(timeoutMs, () => waiter.resolve(false));
      this.#waiters.add(waiter);
      if (!this.#isAsking) void this.#ask();
    });
  }

  /** A shard is known to reach up to here. */
  notify({ topic, shard, offset }: FetchPlace): void {
    const name = `${topic}/${shard}`;
    if (offset <= (this.#ends.get(name) ?? 0)) return;
    this.#ends.set(name, offset);
    for (const { awaited, resolve } of this.#waiters) if (awaited.some((one) => this.#isKnown(one))) resolve(true);
  }

  /** Ends all waiting. */
  close(): void {
    for (const waiter of this.#waiters) waiter.resolve(false);
  }

  #isKnown({ topic, shard, offset }: FetchPlace): boolean {
    return (this.#ends.get(`${topic}/${shard}`) ?? 0) > offset;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiters.size > 0) {
      const asked = [...this.#waiters];
      try {
        await this.#askOnce(this.#places());
      } catch (error) {
        // An offset that is gone: its reader is to learn it, by reading.
        if (kafkaType(error) === 'OFFSET_OUT_OF_RANGE') for (const { resolve } of asked) resolve(true);
        else for (const { reject } of asked) reject(error);
      }
    }
    this.#isAsking = false;
  }

  async #askOnce(places: readonly FetchPlace[]): Promise<void> {
    const { connection, clock, ahead, names } = this.#options;
    if (places.length === 0) return clock.sleep(requestWaitMs);
    const limits = { shardBytes: mostShardBytes / 4, waitMs: requestWaitMs };
    const ask = (cluster: Cluster) => fetchShards(cluster, { places, names, limits });
    for (const { topic, shard, records } of await connection.run(ask)) {
      const last = records.at(-1);
      if (!last) continue;
      ahead.offer(records);
      this.notify({ topic, shard, offset: last.offset + 1 });
    }
  }

  /** Every awaited shard, from the lowest offset that anybody waits for. */
  #places(): readonly FetchPlace[] {
    const places = new Map<string, FetchPlace>();
    for (const { awaited } of this.#waiters) {
      for (const one of awaited) {
        const name = `${one.topic}/${one.shard}`;
        if (one.offset < (places.get(name)?.offset ?? Number.POSITIVE_INFINITY)) places.set(name, one);
      }
    }
    return [...places.values()];
  }
}
