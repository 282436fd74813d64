import type { AnyRecord, Billing } from '../../domain/records.ts';
import type { EventIndex } from '../../ports/event-index.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { readableRecord } from '../readable.ts';

export interface SelectionContentDeps {
  readonly log: Pick<EventLog, 'read'>;
  readonly registry: SchemaRegistry;
  readonly events: EventIndex;
  /** Brings the index of selections' records up to the end of the log. */
  readonly catchUp: () => Promise<void>;
}

/** Evidence of what a selection was to cost, the money's own records first. */
const order: readonly string[] = ['spend', 'selected', 'impression', 'engagement', 'click'];

/** The content of a selection as the first of its records in the log has it, or null if none has any. */
export async function contentOf(deps: SelectionContentDeps, selectionId: string): Promise<Billing | null> {
  const { log, registry, events, catchUp } = deps;
  await catchUp();
  const places = (await events.eventsOf(selectionId)).filter(({ topic }) => order.includes(topic));
  for (const { topic, shard, offset } of places.toSorted((a, b) => order.indexOf(a.topic) - order.indexOf(b.topic))) {
    const [record] = await log.read(topic, shard, offset, 1);
    const decoded = record === undefined ? null : readableRecord(registry, record.value);
    const billing = decoded === null ? null : billingOf(decoded);
    if (billing?.selection_id === selectionId) return billing;
  }
  return null;
}

function billingOf({ value }: AnyRecord): Billing | null {
  if ('billing' in value) return value.billing;
  return 'beacon' in value ? value.beacon.billing : null;
}
