import { isUuid } from '../../domain/identity.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventIndex } from '../../ports/event-index.ts';
import type { EventLog, TopicShard } from '../../ports/event-log.ts';

/**
 * Topics whose records are keyed by their selection, and what was refused of them. In `nodes` what a boot's decisions rest on is keyed by the boot, all else by
 * the name of a node; in `models` a version of the model stands under an id of its own. Both come last, so that of every selection that was found they were
 * read.
 */
const indexedTopics = [
  'selected',
  'impression',
  'engagement',
  'click',
  'spend',
  'quarantine',
  'nodes',
  'models',
] as const satisfies readonly Topic[];

export interface FollowEventsOptions {
  readonly log: EventLog;
  readonly events: EventIndex;
  readonly clock: Clock;
}

export interface EventFollower {
  /** Rejects with an error that can't pass (`OFFSET_GONE` …); the follower has then stopped. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

const recordsAtATime = 2000;
const waitMs = 500;
const retryMs = 1000;

/** Keeps the index of selections' events up to date for as long as the process lives. */
export function followEvents({ log, events, clock }: FollowEventsOptions): EventFollower {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        const { more, offsets } = await advanceEvents({ log, events });
        if (more) await clock.sleep(0, stopping.signal);
        else await log.wait(offsets, waitMs);
      } catch (error) {
        if (!isAdtallyError(error) || !error.retriable) throw error;
        await clock.sleep(retryMs, stopping.signal);
      }
    }
  };
  const done = run();
  const stop = () => {
    stopping.abort();
    return done;
  };
  return { done, stop };
}

/** Reads the topics to their ends now. */
export async function catchUpEvents(options: Omit<FollowEventsOptions, 'clock'>): Promise<void> {
  while ((await advanceEvents(options)).more);
}

/** One step of every shard; where each stands, and whether one has more. */
async function advanceEvents({ log, events }: Omit<FollowEventsOptions, 'clock'>) {
  let more = false;
  const offsets: (TopicShard & { offset: number })[] = [];
  for (const topic of indexedTopics) {
    for (let shard = 0; shard < log.shards(topic); shard += 1) {
      const from = await events.indexedEvents(topic, shard);
      const records = await log.read(topic, shard, from, recordsAtATime);
      const next = from + records.length;
      const keyed = records.filter(({ key }) => isUuid(key)).map(({ key, offset }) => ({ selectionId: key, offset }));
      const added = records.length === 0 || (await events.addEvents({ topic, shard, from, next }, keyed));
      // Another reader of this index was faster, and may have read less.
      more ||= !added || records.length === recordsAtATime;
      offsets.push({ topic, shard, offset: next });
    }
  }
  return { more, offsets };
}
