import { isAdtallyError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DrainFeed } from './drain-feed.ts';
import type { LogWriter } from './log-writer.ts';

export interface DrainPumpOptions {
  readonly feed: DrainFeed;
  readonly writer: LogWriter;
  readonly clock: Clock;
  /** Rest between two batches, so that one append carries many entries, ms. */
  readonly intervalMs: number;
  /** A batch that is larger is followed by the next without a rest, bytes. */
  readonly restlessBytes: number;
  /** The log was out of reach; it is tried again. */
  readonly onRetry: (error: unknown) => void;
}

const firstBackoffMs = 20;
const longestBackoffMs = 2_000;

/** Moves what is synced from the private buffer to the log, in order, one batch at a time, for as long as the feed lasts. */
export class DrainPump {
  readonly #options: DrainPumpOptions;
  readonly #hurry = new AbortController();

  constructor(options: DrainPumpOptions) {
    this.#options = options;
  }

  /** Resolves at the end of the feed; rejects with what can't be retried. */
  async run(): Promise<void> {
    const { feed, writer, clock } = this.#options;
    for (let batch = await feed.take(); batch !== null; batch = await feed.take()) {
      const same = batch;
      await persist(() => writer.drain(same), this.#options);
      await feed.drained(batch.through);
      const bytes = batch.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      if (bytes < this.#options.restlessBytes) await clock.sleep(this.#options.intervalMs, this.#hurry.signal);
    }
  }

  /** No rests any more: the process is stopping. */
  hurry(): void {
    this.#hurry.abort();
  }
}

/** Repeats a call whose outcome is unknown until it is known. Rejects with an error that is not retriable. */
export async function persist<T>(
  run: () => Promise<T>,
  { clock, onRetry }: Pick<DrainPumpOptions, 'clock' | 'onRetry'>,
): Promise<T> {
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(2 * backoffMs, longestBackoffMs)) {
    try {
      return await run();
    } catch (error) {
      if (!isAdtallyError(error) || !error.retriable) throw error;
      onRetry(error);
    }
    await clock.sleep(backoffMs);
  }
}
