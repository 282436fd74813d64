import type { AskWhyNot } from '../dashboards/routes/why-not.ts';
import { applyCatalog, type Catalog, type CatalogRecord, emptyCatalog } from '../domain/catalog.ts';
import { AdtallyError } from '../domain/errors.ts';
import type { AdSelected } from '../domain/records.ts';
import type { EventIndex } from '../ports/event-index.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { whyNot } from '../serving/why-not.ts';

export interface WhyNotParts {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly events: EventIndex;
  /** Brings the index of selections' records up to the end of the log. */
  readonly catchUp: () => Promise<void>;
}

const pageRecords = 2_000;

/** Answers from the log alone: the selection as it was recorded, the catalogue folded up to the revision that it names. */
export function askWhyNot(parts: WhyNotParts): AskWhyNot {
  return async (selectionId, lineItemId) => {
    await parts.catchUp();
    const selected = await readSelection(parts, selectionId);
    const revision = selected.views.find(({ view }) => view === 'catalog')?.revision ?? 0;
    return whyNot(selected, lineItemId, await catalogAt(parts, revision));
  };
}

async function readSelection({ log, registry, events }: WhyNotParts, selectionId: string): Promise<AdSelected> {
  for (const { topic, shard, offset } of await events.eventsOf(selectionId)) {
    if (topic !== 'selected') continue;
    const [record] = await log.read(topic, shard, offset, 1);
    const decoded = record === undefined ? null : registry.decode(record.value);
    if (decoded?.name === 'AdSelected') return decoded.value;
  }
  throw new AdtallyError('NOT_FOUND', `there is no selection ${selectionId}`, { path: 'selection_id' });
}

async function catalogAt({ log, registry }: WhyNotParts, revision: number): Promise<Catalog> {
  const catalog = emptyCatalog();
  for (let from = 0; from < revision; ) {
    const page = await log.read('catalog', 0, from, Math.min(pageRecords, revision - from));
    if (page.length === 0) break;
    for (const { offset, value } of page) applyCatalog(catalog, registry.decode(value) as CatalogRecord, offset);
    from += page.length;
  }
  return catalog;
}
