import type { Topic } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog, NewRecord } from '../ports/event-log.ts';
import type { Span } from '../ports/tracer.ts';
import { appendSpans } from './append-spans.ts';
import { readEntries } from './buffer-frames.ts';
import type { DrainBatch } from './drain-feed.ts';
import type { LogWriter } from './log-writer.ts';

/** Told how long records of traced ads took on their way to the log. */
export interface DrainTrace {
  readonly clock: Clock;
  readonly record: (spans: readonly Span[]) => void;
}

/** Appends buffered entries to the log on the thread that calls it. */
export function createDrainer(log: Pick<EventLog, 'append'>, trace: DrainTrace | null = null): LogWriter {
  return {
    drain: (batch) => drain(trace === null ? log : tracedLog(log, trace), batch),
    async append(topic, records) {
      await log.append(topic, records);
    },
  };
}

/**
 * First `spend`, for money that is committed must be known before the evidence of it, never the other way round; and `nodes`, for the click rates that a
 * selection names must be found by whoever finds the selection.
 */
async function drain(log: Pick<EventLog, 'append'>, batch: DrainBatch): Promise<void> {
  const { spend = [], nodes = [], ...evidence } = recordsByTopic(batch);
  await appendAll(log, { spend, nodes });
  await appendAll(log, evidence);
}

/** The log, telling of what was appended. */
function tracedLog(log: Pick<EventLog, 'append'>, { clock, record }: DrainTrace): Pick<EventLog, 'append'> {
  return {
    append: async (topic, records) => {
      const startMs = clock.now();
      const offsets = await log.append(topic, records);
      const spans = appendSpans(topic, { records, offsets, startMs, endMs: clock.now() });
      if (spans.length > 0) record(spans);
      return offsets;
    },
  };
}

async function appendAll(log: Pick<EventLog, 'append'>, byTopic: Partial<Record<Topic, NewRecord[]>>): Promise<void> {
  const filled = Object.entries(byTopic).filter(([, records]) => records.length > 0);
  const appends = filled.map(([topic, records]) => log.append(topic as Topic, records));
  // All have ended before the same batch is tried again.
  for (const result of await Promise.allSettled(appends)) if (result.status === 'rejected') throw result.reason;
}

function recordsByTopic(batch: DrainBatch): Partial<Record<Topic, NewRecord[]>> {
  const byTopic: Partial<Record<Topic, NewRecord[]>> = {};
  for (const chunk of batch.chunks) {
    for (const { sequence, records } of readEntries(chunk).entries) {
      if (sequence < batch.from || sequence > batch.through) continue;
      for (const record of records) (byTopic[record.topic] ??= []).push(record);
    }
  }
  return byTopic;
}
