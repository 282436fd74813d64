import type { AskExplanation } from '../dashboards/routes/explain.ts';
import type { AskWhyNot } from '../dashboards/routes/why-not.ts';
import { applyCatalog, type Catalog, type CatalogRecord, emptyCatalog } from '../domain/catalog.ts';
import { AdtallyError } from '../domain/errors.ts';
import type { AdSelected } from '../domain/records.ts';
import type { EventIndex } from '../ports/event-index.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { clickRatesView } from '../serving/click-rates.ts';
import { explainSelection } from '../serving/explain-selection.ts';
import { recordedRevision, type WhyNotFacts, whyNot } from '../serving/why-not.ts';
import type { ModelKeys } from '../serving/prediction/model-keys.ts';
import { RecordedClickRates } from './recorded-click-rates.ts';
import { RecordedModels } from './recorded-models.ts';

export interface WhyNotParts {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly events: EventIndex;
  readonly keys: ModelKeys;
  /** Brings the index of selections' and boots' records up to the end of the log. */
  readonly catchUp: () => Promise<void>;
}

const pageRecords = 2_000;

/** A decision with everything that it can be judged again by. */
interface RecordedDecision {
  readonly selected: AdSelected;
  readonly catalog: Catalog;
  readonly facts: WhyNotFacts;
}

/**
 * Reads decisions from the log alone: the selection as it was recorded, the catalogue and the click rates of its boot folded up to the revisions that it
 * names, and the model of the version that it names.
 */
function recordedDecisions(parts: WhyNotParts): (selectionId: string) => Promise<RecordedDecision> {
  const clickRates = new RecordedClickRates(parts);
  const models = new RecordedModels(parts);
  return async (selectionId) => {
    await parts.catchUp();
    const selected = await readSelection(parts, selectionId);
    const catalog = await catalogAt(parts, recordedRevision(selected, 'catalog'));
    const version = selected.prediction?.model_version ?? 0;
    const rates = await clickRates.at(selected.billing.boot, recordedRevision(selected, clickRatesView));
    const model = version === 0 ? null : await models.at(version);
    return { selected, catalog, facts: { ...(rates && { rates }), ...(model && { model }) } };
  };
}

export function askWhyNot(parts: WhyNotParts): AskWhyNot {
  const decisionOf = recordedDecisions(parts);
  return async (selectionId, lineItemId) => {
    const { selected, catalog, facts } = await decisionOf(selectionId);
    return whyNot(selected, lineItemId, catalog, facts);
  };
}

export function askExplanation(parts: WhyNotParts): AskExplanation {
  const decisionOf = recordedDecisions(parts);
  return async (selectionId, lineItemId) => {
    const { selected, catalog, facts } = await decisionOf(selectionId);
    const asked = lineItemId === null ? null : whyNot(selected, lineItemId, catalog, facts);
    return { ...explainSelection(selected, catalog, facts), recorded_exclusions: selected.exclusions, asked };
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
