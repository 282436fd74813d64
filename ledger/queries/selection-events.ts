import { isAdtallyError } from '../../domain/errors.ts';
import type { EventIndex, EventPlace } from '../../ports/event-index.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SelectionEvent } from '../../ports/ledger-queries.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { formatTime } from '../../domain/time-text.ts';

export interface EventPorts {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly events: EventIndex;
}

/** A beacon may be sent any number of times; all arrivals are kept. */
const eventsShown = 1000;

/** The records of a selection as they lie in the log: the first of them in the order of their arrival, and how many there are. */
export async function readSelectionEvents(
  { log, registry, events }: EventPorts,
  selectionId: string,
): Promise<{ readonly events: readonly SelectionEvent[]; readonly total: number }> {
  const places = await events.eventsOf(selectionId);
  const read: SelectionEvent[] = [];
  for (const place of places.slice(0, eventsShown)) read.push(await readEvent(log, registry, place));
  read.sort((a, b) => (a.appended_at < b.appended_at ? -1 : a.appended_at > b.appended_at ? 1 : 0));
  return { events: read, total: places.length };
}

async function readEvent(log: EventLog, registry: SchemaRegistry, { topic, shard, offset }: EventPlace) {
  const [record] = await log.read(topic, shard, offset, 1);
  const place = { topic, shard, offset, appended_at: formatTime(record?.appendedAt ?? 0) };
  try {
    if (record === undefined) return { ...place, record: null, problem: 'it is not there any more' };
    return { ...place, record: registry.decode(record.value), problem: null };
  } catch (error) {
    if (!isAdtallyError(error)) throw error;
    return { ...place, record: null, problem: error.message };
  }
}
