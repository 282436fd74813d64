import { type AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { type IndexingPorts, StreamFollower } from './follow-stream.ts';
import { LedgerFeed } from './ledger-feed.ts';
import { ledgerStreams } from './stream-name.ts';

export interface FollowOptions extends IndexingPorts {
  readonly shards: number;
  readonly clock: Clock;
  readonly pollMs?: number;
}

/** Streams that can't be read on, each with what is wrong. A damaged stream stops at its damage; the others go on. */
export type StreamFailures = ReadonlyMap<string, AdtallyError>;

export interface LedgerFollower {
  failures(): StreamFailures;
  /** Resolves when every stream was read to its end, or to its damage, once. */
  caughtUp(): Promise<void>;
  /** Rejects with an error that nobody foresaw; the follower has then stopped. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

const defaultPollMs = 200;
/** How often every stream is read by revision although a subscription brings what is new: that finds what was changed, and mends what a subscription missed. */
const sweepMs = 5_000;

/**
 * Keeps the index up to date for as long as the process lives. All streams are followed by one subscription, from the checkpoint that the index keeps; while there
 * is none, and every few seconds anyway, each stream is read by revision from where it stands in the index, which is what counts.
 */
export function followLedgers(options: FollowOptions): LedgerFollower {
  const { clock, pollMs = defaultPollMs } = options;
  const failures = new Map<string, AdtallyError>();
  const stopping = new AbortController();
  const caughtUp = Promise.withResolvers<void>();
  const run = async () => {
    const followers = followersOf(options);
    const feed = new LedgerFeed(followers, failures, options);
    let sweepUs = Number.NEGATIVE_INFINITY;
    while (!stopping.signal.aborted) {
      const state = await feed.open();
      const isSweeping = state !== 'open' || clock.monotonicUs() >= sweepUs;
      const { more, isWhole } = isSweeping ? await sweep(followers, failures) : await feed.take();
      if (isSweeping && !more) caughtUp.resolve();
      // What the subscription may have missed is read by revision before anything more is taken from it, however often that fails.
      if (isSweeping) sweepUs = clock.monotonicUs() + sweepMs * 1000;
      if (!isWhole || (isSweeping && more)) sweepUs = Number.NEGATIVE_INFINITY;
      await clock.sleep(more ? 0 : pollMs, stopping.signal);
    }
    await feed.close();
  };
  const done = run();
  const stop = () => {
    stopping.abort();
    return done;
  };
  return { failures: () => failures, caughtUp: () => Promise.race([caughtUp.promise, done]), done, stop };
}

/** Reads every stream to its end now, or to its damage, as the command line does. */
export async function catchUpLedgers(options: Omit<FollowOptions, 'clock' | 'pollMs'>): Promise<StreamFailures> {
  const failures = new Map<string, AdtallyError>();
  const followers = followersOf(options);
  while (await advanceAll(followers, failures));
  for (const failure of failures.values()) if (failure.retriable) throw failure;
  return failures;
}

function followersOf({ shards, ...ports }: Omit<FollowOptions, 'clock' | 'pollMs'>): readonly StreamFollower[] {
  return ledgerStreams(shards).map(({ stream }) => new StreamFollower(stream, ports));
}

/** Damage is known and stays; `isWhole` is false while a stream can't be read for a reason that may pass. */
async function sweep(followers: readonly StreamFollower[], failures: Map<string, AdtallyError>) {
  const more = await advanceAll(followers, failures);
  return { more, isWhole: ![...failures.values()].some(({ retriable }) => retriable) };
}

/** One step of every stream; true if one of them has more. A failure stays until the stream can be read again. */
async function advanceAll(followers: readonly StreamFollower[], failures: Map<string, AdtallyError>): Promise<boolean> {
  let more = false;
  for (const follower of followers) {
    try {
      more = (await follower.advance()) || more;
      failures.delete(follower.stream);
    } catch (error) {
      if (!isAdtallyError(error)) throw error;
      failures.set(follower.stream, error);
    }
  }
  return more;
}
