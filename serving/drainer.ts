import type { Topic } from '../domain/records.ts';
import type { EventLog, NewRecord } from '../ports/event-log.ts';
import { readEntries } from './buffer-frames.ts';
import type { DrainBatch } from './drain-feed.ts';
import type { LogWriter } from './log-writer.ts';

/** Appends buffered entries to the log on the thread that calls it. */
export function createDrainer(log: Pick<EventLog, 'append'>): LogWriter {
  return {
    drain: (batch) => drain(log, batch),
    async append(topic, records) {
      await log.append(topic, records);
    },
  };
}

/** `spend` first: money that is committed must be known before the evidence of it, never the other way round. */
async function drain(log: Pick<EventLog, 'append'>, batch: DrainBatch): Promise<void> {
  const { spend = [], ...evidence } = recordsByTopic(batch);
  if (spend.length > 0) await log.append('spend', spend);
  const appends = Object.entries(evidence).map(([topic, records]) => log.append(topic as Topic, records));
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
