import { type AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { LedgerCheckpoint, LedgerEvent, LedgerSubscription } from '../../ports/ledger-store.ts';
import type { IndexingPorts, StreamFollower } from './follow-stream.ts';

/** Events taken from the subscription at a time. */
const eventsAtATime = 16;

/** One subscription to all ledger streams, opened again whenever it ends, and the checkpoint of what came by it. */
export class LedgerFeed {
  readonly #followers: ReadonlyMap<string, StreamFollower>;
  readonly #failures: Map<string, AdtallyError>;
  readonly #ports: IndexingPorts;
  #subscription: LedgerSubscription | null = null;
  /** What is still to be kept, once the streams have been read. */
  #checkpoint: LedgerCheckpoint | null = null;

  constructor(followers: readonly StreamFollower[], failures: Map<string, AdtallyError>, ports: IndexingPorts) {
    this.#followers = new Map(followers.map((follower) => [follower.stream, follower]));
    this.#failures = failures;
    this.#ports = ports;
  }

  /**
   * Subscribes if there is no subscription: after the checkpoint, or where none is kept, at the end, since what was written before is read by revision.
   * @returns whether there is one and whether it is new: what was written in between may be missing
   */
  async open(): Promise<'none' | 'new' | 'open'> {
    if (this.#subscription !== null) return 'open';
    const { store, index } = this.#ports;
    try {
      const checkpoint = await index.checkpoint(store.name);
      this.#subscription = await store.subscribe(checkpoint ?? 'end');
      return 'new';
    } catch (error) {
      // The streams are read by revision then, and say themselves why they can't be.
      if (isAdtallyError(error) && error.retriable) return 'none';
      throw error;
    }
  }

  /**
   * Takes what has come into the index, and only then keeps the checkpoint after it. False in `isWhole`: some of it may be missing, and the streams have to
   * be read by revision before this is called again.
   */
  async take(): Promise<{ more: boolean; isWhole: boolean }> {
    const { store, index } = this.#ports;
    try {
      const step = await this.#subscription?.next(eventsAtATime);
      if (step === undefined) return { more: false, isWhole: false };
      const { events } = step;
      const isWhole = await this.#index(events);
      this.#checkpoint = step.checkpoint ?? this.#checkpoint;
      if (isWhole && this.#checkpoint !== null) {
        await index.setCheckpoint(store.name, this.#checkpoint);
        this.#checkpoint = null;
      }
      return { more: events.length === eventsAtATime, isWhole };
    } catch (error) {
      if (!isAdtallyError(error) || !error.retriable) throw error;
      await this.close();
      return { more: true, isWhole: false };
    }
  }

  async close(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = null;
    this.#checkpoint = null;
    await subscription?.close();
  }

  /** False if a stream could not take its events for a reason that may pass. A damaged one stays where it is, whatever comes. */
  async #index(events: readonly LedgerEvent[]): Promise<boolean> {
    let isWhole = true;
    for (const [stream, list] of Map.groupBy(events, (event) => event.stream)) {
      try {
        await this.#followers.get(stream)?.take(list);
        this.#failures.delete(stream);
      } catch (error) {
        if (!isAdtallyError(error)) throw error;
        this.#failures.set(stream, error);
        if (error.retriable) isWhole = false;
      }
    }
    return isWhole;
  }
}
