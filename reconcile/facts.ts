import type {
  AdSelected,
  Adjusted,
  AnyRecord,
  Beacon,
  Billing,
  Lease,
  MarkupReturned,
  SpendIncurred,
  SpendReserved,
  TrafficInvalidated,
} from '../domain/records.ts';
import { inner, isNamed, type Placed, type RecordRef } from './log-reading.ts';

/** A beacon as evidence, with the lease that a click drew. */
export interface BeaconFact extends Beacon {
  readonly drawLease: Lease | null;
}

/** Everything that the log says of one selection, as it stands; nothing is judged here. */
export interface SelectionFacts {
  readonly selectionId: string;
  readonly selected: Placed<AdSelected>[];
  readonly returned: Placed<MarkupReturned>[];
  readonly beacons: Placed<BeaconFact>[];
  readonly reserved: Placed<SpendReserved>[];
  readonly incurred: Placed<SpendIncurred>[];
  readonly verdicts: Placed<TrafficInvalidated>[];
  readonly adjustments: Placed<Adjusted>[];
  /** Records keyed by it that can't be read, and of which quarantine says so. */
  readonly unreadable: RecordRef[];
}

/** Facts by selection. */
export class FactBook {
  readonly selections = new Map<string, SelectionFacts>();
  /** Longest life of a token and of what may be held back after it, of all selections, ms. */
  longestTokenMs = 0;

  of(selectionId: string): SelectionFacts {
    let facts = this.selections.get(selectionId);
    if (facts === undefined) {
      facts = {
        selectionId,
        selected: [],
        returned: [],
        beacons: [],
        reserved: [],
        incurred: [],
        verdicts: [],
        adjustments: [],
        unreadable: [],
      };
      this.selections.set(selectionId, facts);
    }
    return facts;
  }

  /** Files a record of evidence or of spend with its selection; records of no selection are not for this book. */
  add(placed: Placed<AnyRecord>): void {
    if (isNamed(placed, 'AdSelected')) this.addSelected(inner(placed));
    else if (isNamed(placed, 'MarkupReturned')) this.of(placed.value.value.selection_id).returned.push(inner(placed));
    else if (isNamed(placed, 'SpendReserved'))
      this.of(placed.value.value.billing.selection_id).reserved.push(inner(placed));
    else if (isNamed(placed, 'SpendIncurred'))
      this.of(placed.value.value.billing.selection_id).incurred.push(inner(placed));
    else if (isNamed(placed, 'TrafficInvalidated'))
      this.of(placed.value.value.selection_id).verdicts.push(inner(placed));
    else if (isNamed(placed, 'Adjusted')) this.of(placed.value.value.selection_id).adjustments.push(inner(placed));
    else this.addBeacon(placed);
  }

  private addSelected(at: Placed<AdSelected>): void {
    const { billing, click_expires_at, impression_expires_at } = at.value;
    const heldBackMs = Math.max(0, billing.expires_at - impression_expires_at);
    const lifeMs = Math.max(click_expires_at, impression_expires_at) - billing.selected_at + heldBackMs;
    this.longestTokenMs = Math.max(this.longestTokenMs, lifeMs);
    this.of(billing.selection_id).selected.push(at);
  }

  private addBeacon(placed: Placed<AnyRecord>): void {
    const { name, value } = placed.value;
    if (
      name !== 'ImpressionRendered' &&
      name !== 'AdViewable' &&
      name !== 'VideoProgressed' &&
      name !== 'AdInteracted' &&
      name !== 'AdClicked'
    )
      return;
    const drawLease = name === 'AdClicked' ? value.draw_lease : value.beacon.billing.draw_lease;
    const { topic, shard, offset } = placed;
    this.of(value.beacon.billing.selection_id).beacons.push({
      topic,
      shard,
      offset,
      value: { ...value.beacon, drawLease },
    });
  }
}

/** The billing facts of a selection: from its own record, else from any evidence, else from spend; null if only a verdict is known. */
export function billingOf(facts: SelectionFacts): Billing | null {
  return (
    facts.selected[0]?.value.billing ??
    facts.beacons[0]?.value.billing ??
    facts.returned[0]?.value.billing ??
    facts.reserved[0]?.value.billing ??
    facts.incurred[0]?.value.billing ??
    null
  );
}

/** The same facts without what stands in other shards than its own: no fold of that shard has seen it. */
export function factsInShard(facts: SelectionFacts, shard: number): SelectionFacts {
  const own = <T extends RecordRef>(records: readonly T[]): T[] => records.filter((at) => at.shard === shard);
  return {
    ...facts,
    reserved: own(facts.reserved),
    incurred: own(facts.incurred),
    verdicts: own(facts.verdicts),
    adjustments: own(facts.adjustments),
  };
}

/** Names of the billing facts in which two records differ: every field, by value. */
export function differingFacts(a: Billing, b: Billing): readonly (keyof Billing)[] {
  if (a === b) return [];
  const differing: (keyof Billing)[] = [];
  for (const field of Object.keys(a) as (keyof Billing)[]) {
    if (a[field] === b[field]) continue;
    if (field !== 'draw_lease' || !sameLease(a.draw_lease, b.draw_lease)) differing.push(field);
  }
  return differing;
}

/** True if both name the same lease, or neither names one. */
export function sameLease(a: Lease | null, b: Lease | null): boolean {
  return a === null || b === null ? a === b : a.node === b.node && a.boot === b.boot && a.day === b.day;
}
