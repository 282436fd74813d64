import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { TopicShard } from '../../ports/event-log.ts';

export type AwaitedOffsets = readonly (TopicShard & { readonly offset: number })[];

/** What the waiters ask of the topics. */
export interface WaiterSource {
  hasRecord(awaited: TopicShard & { readonly offset: number }): Promise<boolean>;
  /** Changes whenever another process has appended to the topic. */
  dataVersion(topic: Topic): Promise<number>;
}

interface Waiter {
  readonly awaited: AwaitedOffsets;
  /** Settles once; later calls do nothing. */
  readonly resolve: (found: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export const pollMs = 20;

/**
 * Wakes readers of a log. Appends of this process arrive by `notify`; those of others are seen by one cheap poll for each awaited topic
 * (3 µs), whatever the number of waiters. Polls only while somebody waits.
 */
export class LogWaiters {
  readonly #clock: Clock;
  readonly #source: WaiterSource;
  readonly #waiters = new Set<Waiter>();
  readonly #versions = new Map<Topic, number>();
  #polling = false;

  constructor(clock: Clock, source: WaiterSource) {
    this.#clock = clock;
    this.#source = source;
  }

  wait(awaited: AwaitedOffsets, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = <T>(end: (value: T) => void) => {
        return (value: T) => {
          this.#waiters.delete(waiter);
          timer.cancel();
          end(value);
        };
      };
      const waiter: Waiter = { awaited, resolve: settle(resolve), reject: settle(reject) };
      const timer = this.#clock.after(timeoutMs, () => waiter.resolve(false));
      // Registered before it is checked: an append in between is seen by one or the other.
      this.#waiters.add(waiter);
      void this.#check(waiter);
      if (!this.#polling) void this.#poll();
    });
  }

  /** This process has appended to a topic. */
  notify(topic: Topic): void {
    for (const waiter of this.#waiters) {
      if (waiter.awaited.some((one) => one.topic === topic)) void this.#check(waiter);
    }
  }

  /** Ends all waiting. */
  close(): void {
    for (const waiter of this.#waiters) waiter.resolve(false);
  }

  async #check({ awaited, resolve, reject }: Waiter): Promise<void> {
    try {
      for (const one of awaited) {
        if (await this.#source.hasRecord(one)) return resolve(true);
      }
    } catch (error) {
      reject(error);
    }
  }

  /** Sleeps on a timer that keeps the process alive: somebody awaits the answer. */
  async #poll(): Promise<void> {
    this.#polling = true;
    while (this.#waiters.size > 0) {
      await this.#clock.sleep(pollMs);
      for (const topic of this.#awaitedTopics()) await this.#pollTopic(topic);
    }
    this.#polling = false;
  }

  async #pollTopic(topic: Topic): Promise<void> {
    try {
      // Read before the checks: what is committed after it makes the next poll check again.
      const version = await this.#source.dataVersion(topic);
      if (this.#versions.get(topic) === version) return;
      this.#versions.set(topic, version);
      this.notify(topic);
    } catch (error) {
      for (const { awaited, reject } of this.#waiters) {
        if (awaited.some((one) => one.topic === topic)) reject(error);
      }
    }
  }

  #awaitedTopics(): ReadonlySet<Topic> {
    const topics = new Set<Topic>();
    for (const { awaited } of this.#waiters) for (const { topic } of awaited) topics.add(topic);
    return topics;
  }
}
