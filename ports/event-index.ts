import type { Topic } from '../domain/records.ts';
import type { TopicShard } from './event-log.ts';

/** Where a record of a selection lies in the log. */
export interface EventPlace extends TopicShard {
  readonly offset: number;
}

/** A record that is keyed by a selection, or by a boot. */
export interface KeyedOffset {
  readonly selectionId: string;
  readonly offset: number;
}

/**
 * Finds the records of one selection in the log, and by the id of a boot those that its decisions rest on. Built from the log alone; it can be dropped and built again at any time. Error: `STATE_UNAVAILABLE`
 * (retriable).
 */
export interface EventIndex {
  /** Next offset of a shard to be indexed. */
  indexedEvents(topic: Topic, shard: number): Promise<number>;
  /** Adds what lies in `from` ≤ offset < `next` in one transaction; false, and nothing happens, if the shard is not at `from`. */
  addEvents(
    range: TopicShard & { readonly from: number; readonly next: number },
    records: readonly KeyedOffset[],
  ): Promise<boolean>;
  /** Ordered by topic, shard, offset. */
  eventsOf(selectionId: string): Promise<readonly EventPlace[]>;
  dropEvents(): Promise<void>;
}
