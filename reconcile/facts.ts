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
import type { Placed, RecordRef } from './log-reading.ts';
import { Texts } from './texts.ts';

// Of every record only what the recount looks at: a run holds the facts of all selections of a shard in memory.

export interface SelectedFact extends Pick<AdSelected, 'billing' | 'impression_expires_at' | 'click_expires_at'> {
  readonly auction: Pick<
    AdSelected['auction'],
    | 'rule'
    | 'bid_micros'
    | 'runner_up_ecpm_micros'
    | 'floor_micros'
    | 'soft_floor_micros'
    | 'increment_micros'
    | 'deal_id'
  >;
  /** Null: nothing was predicted. */
  readonly predicted: Pick<NonNullable<AdSelected['prediction']>, 'click_ppm' | 'view_ppm' | 'quality_ppm'> | null;
  /** Who bid for it from outside; null: the line item bid by itself. */
  readonly external: Pick<NonNullable<AdSelected['external']>, 'bidder_id' | 'bid_micros'> | null;
  /** Revision of the catalogue that it saw, if it names one. */
  readonly catalogSeen: number | undefined;
}
export type ReturnedFact = Pick<MarkupReturned, 'billing'>;
export type ReservedFact = Pick<SpendReserved, 'billing' | 'draw_lease' | 'origin'>;
export type IncurredFact = Pick<SpendIncurred, 'billing' | 'draw_lease' | 'origin' | 'receipt_id' | 'kind'>;

/** A beacon as evidence, with the lease that a click drew. */
export interface BeaconFact
  extends Pick<
    Beacon,
    'billing' | 'kind' | 'receipt_id' | 'received_at' | 'kind_expires_at' | 'judgement' | 'network' | 'user_agent'
  > {
  readonly drawLease: Lease | null;
  /** Whose buffer it lay in. */
  readonly node: string;
  readonly boot: string;
}

/** Everything that the log says of one selection, as it stands; nothing is judged here. */
export interface SelectionFacts {
  readonly selectionId: string;
  readonly selected: Placed<SelectedFact>[];
  readonly returned: Placed<ReturnedFact>[];
  readonly beacons: Placed<BeaconFact>[];
  readonly reserved: Placed<ReservedFact>[];
  readonly incurred: Placed<IncurredFact>[];
  readonly verdicts: Placed<TrafficInvalidated>[];
  readonly adjustments: Placed<Adjusted>[];
  /** Records keyed by it that can't be read, and of which quarantine says so. */
  readonly unreadable: RecordRef[];
}

/** Facts by selection. */
export class FactBook {
  readonly selections = new Map<string, SelectionFacts>();
  private readonly texts = new Texts();
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
  add({ topic, shard, offset, value: { name, value } }: Placed<AnyRecord>): void {
    const place = { topic, shard, offset };
    switch (name) {
      case 'AdSelected':
        return this.addSelected(place, value);
      case 'MarkupReturned': {
        const { facts, billing } = this.known(value.billing);
        facts.returned.push({ ...place, value: { billing } });
        return;
      }
      case 'SpendReserved': {
        const { facts, billing } = this.known(value.billing);
        const { draw_lease, origin } = value;
        facts.reserved.push({
          ...place,
          value: { billing, draw_lease: this.lease(draw_lease), origin: this.texts.share(origin) },
        });
        return;
      }
      case 'SpendIncurred': {
        const { facts, billing } = this.known(value.billing);
        const { draw_lease, origin, receipt_id, kind } = value;
        const shared = { draw_lease: this.lease(draw_lease), origin: this.texts.share(origin) };
        facts.incurred.push({ ...place, value: { billing, ...shared, receipt_id, kind } });
        return;
      }
      case 'TrafficInvalidated':
        this.of(value.selection_id).verdicts.push({ ...place, value });
        return;
      case 'Adjusted':
        this.of(value.selection_id).adjustments.push({ ...place, value });
        return;
      case 'AdClicked':
        return this.addBeacon(place, value.beacon, value.draw_lease);
      case 'ImpressionRendered':
      case 'AdViewable':
      case 'VideoProgressed':
      case 'AdInteracted':
        return this.addBeacon(place, value.beacon, value.beacon.billing.draw_lease);
      default:
    }
  }

  /** The facts of a selection, and its billing facts: those that are known already, if these are the same. */
  private known(billing: Billing): { readonly facts: SelectionFacts; readonly billing: Billing } {
    const facts = this.of(billing.selection_id);
    const before = billingOf(facts);
    if (before !== null && differingFacts(before, billing).length === 0) return { facts, billing: before };
    this.lease(billing.draw_lease);
    return { facts, billing: { ...this.texts.share(billing), selection_id: facts.selectionId } };
  }

  private lease(lease: Lease | null): Lease | null {
    return lease === null ? null : this.texts.share(lease);
  }

  private addSelected(place: RecordRef, value: AdSelected): void {
    const { facts, billing } = this.known(value.billing);
    const { auction, prediction, external, views, click_expires_at, impression_expires_at } = value;
    const heldBackMs = Math.max(0, billing.expires_at - impression_expires_at);
    const lifeMs = Math.max(click_expires_at, impression_expires_at) - billing.selected_at + heldBackMs;
    this.longestTokenMs = Math.max(this.longestTokenMs, lifeMs);
    const { rule, bid_micros, runner_up_ecpm_micros, deal_id } = auction;
    const { floor_micros, soft_floor_micros, increment_micros } = auction;
    const floors = { floor_micros, soft_floor_micros, increment_micros };
    const catalogSeen = views.find((view) => view.view === 'catalog')?.revision;
    const deal = deal_id === null ? null : this.texts.of(deal_id);
    const paid = { rule: this.texts.of(rule), bid_micros, runner_up_ecpm_micros, ...floors, deal_id: deal };
    facts.selected.push({
      ...place,
      value: {
        billing,
        auction: paid,
        predicted: predictedOf(prediction),
        external:
          external === null ? null : { bidder_id: this.texts.of(external.bidder_id), bid_micros: external.bid_micros },
        catalogSeen,
        click_expires_at,
        impression_expires_at,
      },
    });
  }

  private addBeacon(place: RecordRef, beacon: Beacon, drawLease: Lease | null): void {
    const { facts, billing } = this.known(beacon.billing);
    const { kind, receipt_id, received_at, kind_expires_at, judgement, network, user_agent } = beacon;
    const sender = { network: this.texts.of(network), user_agent: this.texts.of(user_agent) };
    const taker = { node: this.texts.of(beacon.origin.node), boot: this.texts.of(beacon.origin.boot) };
    const of = { kind, receipt_id, received_at, kind_expires_at, judgement, ...sender, ...taker };
    facts.beacons.push({ ...place, value: { billing, ...of, drawLease: this.lease(drawLease) } });
  }
}

function predictedOf(prediction: AdSelected['prediction']): SelectedFact['predicted'] {
  if (prediction === null) return null;
  const { click_ppm, view_ppm, quality_ppm } = prediction;
  return { click_ppm, view_ppm, quality_ppm };
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
