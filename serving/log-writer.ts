import type { Topic } from '../domain/records.ts';
import type { NewRecord } from '../ports/event-log.ts';
import type { DrainBatch } from './drain-feed.ts';

/**
 * What the serving thread needs of the log in order to write: in production it runs on a thread of its own, since an engine may block while
 * it syncs. A rejection that is retriable leaves the outcome unknown; the caller repeats the same call.
 */
export interface LogWriter {
  /** Appends all entries of the batch, `spend` before the other topics. */
  drain(batch: DrainBatch): Promise<void>;
  append(topic: Topic, records: readonly NewRecord[]): Promise<void>;
}
