import type { AnyRecord, Topic } from '../../domain/records.ts';
import { readTraceparent, selectionOfTrace } from '../../domain/trace-context.ts';
import type { LogRecord } from '../../ports/event-log.ts';

/** The record that a shard stopped at, as a line of the log names it. Its key is not part of it: it may name a person. */
export interface StoppedAt {
  readonly topic: Topic;
  readonly offset: number;
  /** The ad that it is about, where that is known. */
  readonly selection_id?: string;
  /** Where the record is traced. */
  readonly trace_id?: string;
}

/** @param record null if it could not be read: then only its header tells of an ad */
export function stoppedAt({ topic, offset, traceparent }: LogRecord, record: AnyRecord | null): StoppedAt {
  const traceId = traceparent === undefined ? undefined : readTraceparent(traceparent)?.traceId;
  const selectionId = selectionIn(record) ?? (traceId === undefined ? undefined : selectionOfTrace(traceId));
  return {
    topic,
    offset,
    ...(selectionId === undefined ? {} : { selection_id: selectionId }),
    ...(traceId === undefined ? {} : { trace_id: traceId }),
  };
}

function selectionIn(record: AnyRecord | null): string | undefined {
  if (record === null) return undefined;
  const { value } = record;
  if ('billing' in value) return value.billing.selection_id;
  return 'selection_id' in value ? (value.selection_id ?? undefined) : undefined;
}
