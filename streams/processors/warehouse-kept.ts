import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Bounds, EventLog, TopicShard } from '../../ports/event-log.ts';

/** First offset of a shard whose row must be in the warehouse; rows below it may have been forgotten. */
export type FirstKept = (at: TopicShard, bounds: Bounds) => Promise<number>;

export interface KeptParts {
  readonly log: EventLog;
  readonly clock: Clock;
  /** How long rows are kept from when their record was appended, ms; a topic that is not named keeps all. */
  readonly keepMs: ReadonlyMap<Topic, number>;
}

/** Clocks of appenders, of the warehouse and of this process differ by less. */
const slackMs = 3_600_000;

/** Rows are forgotten by the time of their records, which rises with the offset but for the differences of clocks. */
export function firstKept({ log, clock, keepMs }: KeptParts): FirstKept {
  return async ({ topic, shard }, { first, next }) => {
    const keptMs = keepMs.get(topic);
    if (keptMs === undefined) return first;
    const cutMs = clock.now() - keptMs + slackMs;
    let [low, high] = [first, next];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [record] = await log.read(topic, shard, middle, 1);
      if (record !== undefined && record.appendedAt < cutMs) low = record.offset + 1;
      else high = middle;
    }
    return Math.min(low, next);
  };
}
