import { billableKind } from '../domain/billing.ts';
import { eventId } from '../domain/identity.ts';
import type { AdClicked, Beacon, BeaconKind, Lease, SpendIncurred, Topic } from '../domain/records.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { BufferRecord } from './local-buffer.ts';

type EvidenceName = 'ImpressionRendered' | 'AdViewable' | 'VideoProgressed' | 'AdInteracted' | 'AdClicked';

interface EvidenceKind {
  readonly topic: Topic;
  readonly name: EvidenceName;
  /** The ordinal is always 0, so that no client can mint a second event. */
  readonly once: boolean;
}

const rendered: EvidenceKind = { topic: 'impression', name: 'ImpressionRendered', once: true };
const viewable: EvidenceKind = { topic: 'engagement', name: 'AdViewable', once: true };
const progressed: EvidenceKind = { topic: 'engagement', name: 'VideoProgressed', once: true };
const interacted: EvidenceKind = { topic: 'engagement', name: 'AdInteracted', once: false };
const clicked: EvidenceKind = { topic: 'click', name: 'AdClicked', once: true };

/** Where a kind of beacon is recorded, and as what. */
export const evidenceKinds: Readonly<Record<BeaconKind, EvidenceKind>> = {
  impression: rendered,
  viewable,
  start: progressed,
  first_quartile: progressed,
  midpoint: progressed,
  third_quartile: progressed,
  complete: progressed,
  mute: interacted,
  unmute: interacted,
  pause: interacted,
  resume: interacted,
  skip: interacted,
  error: interacted,
  click: clicked,
};

/** True if this beacon is the event that its selection is charged for. */
export function isBillable(beacon: Beacon): boolean {
  const { pricing_model, price_micros } = beacon.billing;
  return beacon.judgement === 'ACCEPTED' && beacon.kind === billableKind(pricing_model) && price_micros > 0;
}

/** The id that landing pages receive of a click. */
export function clickIdOf(selectionId: string): string {
  return eventId(selectionId, 'click_id', 0);
}

/** The evidence of one arrival, encoded. `drawLease` is what a click drew here. */
export function evidenceRecord(registry: SchemaRegistry, beacon: Beacon, drawLease: Lease | null): BufferRecord {
  const { topic, name } = evidenceKinds[beacon.kind];
  const { shard, selection_id: key } = beacon.billing;
  if (name === 'AdClicked') {
    const value: AdClicked = { beacon, click_id: clickIdOf(key), draw_lease: drawLease };
    return { topic, shard, key, value: registry.encode('AdClicked', value) };
  }
  return { topic, shard, key, value: registry.encode(name, { beacon }) };
}

/** That the selection of a billable beacon is now charged; on what lease it draws is the fold's to accept. */
export function spendRecord(registry: SchemaRegistry, beacon: Beacon, drawLease: Lease | null): BufferRecord {
  const { billing, receipt_id, kind, origin, received_at } = beacon;
  const value: SpendIncurred = {
    event_id: eventId(billing.selection_id, 'incurred', 0),
    receipt_id,
    kind,
    billing,
    draw_lease: drawLease,
    origin,
    incurred_at: received_at,
  };
  const bytes = registry.encode('SpendIncurred', value);
  return { topic: 'spend', shard: billing.shard, key: billing.selection_id, value: bytes };
}
