import { timeOfUuidV7 } from '../domain/identity.ts';
import type { Adjusted, Billing, Category, Lease } from '../domain/records.ts';
import { differingFacts, type SelectionFacts } from './facts.ts';
import type { Placed, RecordRef } from './log-reading.ts';
import type { Timeline } from './timeline.ts';

/** A movement of money that the recount expects, at the offset of the record or tick that brings it about. */
export interface Movement {
  readonly offset: number;
  readonly kind:
    | 'draw'
    | 'release'
    | 'incur'
    | 'void'
    | 'suspend'
    | 'certify'
    | 'reverse'
    | 'adjust'
    | 'absorb'
    | 'absorb_void';
  readonly amountMicros: number;
  /** void, reverse, absorb_void: the ground. */
  readonly category?: Category;
  readonly reference?: string;
  readonly fromSuspense?: boolean;
  /** reverse: how much of it was reversed before. */
  readonly reversedBeforeMicros?: number;
  /** draw, release of a second node's draw: the lease that drew; null: nobody remembers which it was. */
  readonly lease?: Lease | null;
  readonly surplus?: boolean;
}

/** Where the money of one selection stands. Micros of its currency. */
export interface Standing {
  drawn: number;
  open: number;
  released: number;
  incurred: number;
  pending: number;
  suspended: number;
  voided: number;
  certified: number;
  reversed: number;
  absorbed: number;
  absorbedVoided: number;
}

/** What the recount derives for one selection, and the named records that made it so. */
export interface Outcome {
  readonly standing: Standing;
  readonly movements: readonly Movement[];
  readonly drawLease: Lease | null;
  /** Why the billable event was not drawn, if it was not: which records say so. */
  readonly absorbedBecause: {
    readonly code: 'fenced' | 'no_lease' | 'released';
    readonly refs: readonly RecordRef[];
  } | null;
  readonly verdict: Placed<{ rule: string; category: Category }> | null;
  readonly conflict: RecordRef | null;
  /** Corrections beyond the horizon that rely on amounts which the records before them do not give. */
  readonly misreliances: readonly RecordRef[];
}

type SpendEvent =
  | { readonly type: 'reserve'; readonly at: Placed<SelectionFacts['reserved'][number]['value']> }
  | { readonly type: 'incur'; readonly at: Placed<SelectionFacts['incurred'][number]['value']> }
  | { readonly type: 'verdict'; readonly at: Placed<SelectionFacts['verdicts'][number]['value']> }
  | { readonly type: 'adjust'; readonly at: Placed<SelectionFacts['adjustments'][number]['value']> };

const horizonRule = 'horizon';

/**
 * Walks the spend records of one selection in order, asking the shard's timeline what had fallen due before each. Written from the
 * documents alone and on purpose unlike the production fold: no queue, no shard state, one selection at a time.
 */
export class Walk {
  readonly standing: Standing = {
    drawn: 0,
    open: 0,
    released: 0,
    incurred: 0,
    pending: 0,
    suspended: 0,
    voided: 0,
    certified: 0,
    reversed: 0,
    absorbed: 0,
    absorbedVoided: 0,
  };
  readonly movements: Movement[] = [];
  private readonly timeline: Timeline;
  private readonly validAdjustments: ReadonlySet<number>;
  private content: Billing | null = null;
  private drawLease: Lease | null = null;
  private readonly surplusLeases = new Set<string>();
  private verdict: Outcome['verdict'] = null;
  private conflict: RecordRef | null = null;
  private absorbedBecause: Outcome['absorbedBecause'] = null;
  private firstOffset = -1;
  private reservedAt = -1;
  private incurredAt = -1;
  private settled = false;
  private recalled = false;
  /** The state was forgotten at the horizon; what is known of it since, a correction said. */
  private isRecalled = false;
  private readonly misreliances: RecordRef[] = [];

  constructor(timeline: Timeline, validAdjustments: ReadonlySet<number>) {
    this.timeline = timeline;
    this.validAdjustments = validAdjustments;
  }

  run(facts: SelectionFacts, cut: number): Outcome {
    for (const event of spendEvents(facts)) {
      if (event.at.offset >= cut) break;
      this.advance(event.at.offset);
      if (this.firstOffset < 0) this.firstOffset = event.at.offset;
      this.apply(event, facts.selectionId);
    }
    this.advance(cut);
    const { standing, movements, drawLease, absorbedBecause, verdict, conflict, misreliances } = this;
    return { standing, movements, drawLease, absorbedBecause, verdict, conflict, misreliances };
  }

  private apply(event: SpendEvent, selectionId: string): void {
    const { offset } = event.at;
    if (event.type === 'adjust') return this.adjust(event.at);
    const selectedAt = event.type === 'verdict' ? timeOfUuidV7(selectionId) : event.at.value.billing.selected_at;
    const policy = this.policy();
    if (policy === undefined || this.timeline.timeAt(offset) > selectedAt + policy.horizon_ms) return;
    if (event.type === 'reserve') this.reserve(event.at);
    else if (event.type === 'incur') this.incur(event.at);
    else this.invalidate(event.at);
  }

  private policy() {
    return this.timeline.policyAt(this.firstOffset);
  }

  private move(movement: Movement): void {
    if (movement.amountMicros > 0) this.movements.push(movement);
  }

  private covers(lease: Lease | null, offset: number): lease is Lease {
    return lease !== null && this.timeline.fenceOffset(lease.node, lease.boot) > offset;
  }

  /** Carries out what ticks before `offset` brought due. */
  private advance(offset: number): void {
    const content = this.content;
    const policy = this.policy();
    if (content === null || policy === undefined) return;
    const s = this.standing;
    const price = content.price_micros;
    const expiry = s.open > 0 ? this.timeline.firstTick(content.expires_at, this.reservedAt) : Number.POSITIVE_INFINITY;
    if (expiry < offset) {
      s.released += s.open;
      s.open = 0;
      this.move({ offset: expiry, kind: 'release', amountMicros: price });
    }
    const certify =
      s.pending > 0
        ? this.timeline.firstTick(this.timeline.timeAt(this.incurredAt) + policy.hold_ms, this.incurredAt)
        : Number.POSITIVE_INFINITY;
    if (certify < offset) {
      s.certified += s.pending;
      s.pending = 0;
      this.move({ offset: certify, kind: 'certify', amountMicros: price });
    }
    const horizon =
      s.suspended > 0
        ? this.timeline.firstTick(content.selected_at + policy.horizon_ms, this.incurredAt)
        : Number.POSITIVE_INFINITY;
    if (horizon < offset) this.voidMoney(horizon, 'QUALITY', horizonRule);
  }

  private reserve(at: Placed<SelectionFacts['reserved'][number]['value']>): void {
    const { billing, draw_lease } = at.value;
    if (!this.admit(billing, at)) return;
    if (this.reservedAt >= 0 || this.incurredAt >= 0) return;
    this.reservedAt = at.offset;
    if (!this.covers(draw_lease, at.offset)) return;
    this.draw(draw_lease, at.offset);
    this.standing.open = billing.price_micros;
  }

  private draw(lease: Lease, offset: number): void {
    const price = this.content?.price_micros ?? 0;
    this.drawLease = lease;
    this.standing.drawn += price;
    this.move({ offset, kind: 'draw', amountMicros: price, lease });
  }

  private incur(at: Placed<SelectionFacts['incurred'][number]['value']>): void {
    const { billing, draw_lease } = at.value;
    const before = this.incurredAt;
    const agrees = this.admit(billing, at);
    if (before >= 0 || (!agrees && this.settled)) {
      if (agrees) this.surplus(at);
      return;
    }
    if (!agrees && this.reservedAt >= 0 && this.standing.open === 0) return;
    this.incurredAt = at.offset;
    const price = this.content?.price_micros ?? 0;
    const s = this.standing;
    if (s.open > 0) s.open = 0;
    else if (s.released > 0) return this.absorb(at, 'released', []);
    else if (this.covers(draw_lease, at.offset)) this.draw(draw_lease, at.offset);
    else
      return this.absorb(
        at,
        draw_lease === null ? 'no_lease' : 'fenced',
        draw_lease === null ? [] : this.fenceRefs(draw_lease),
      );
    s.incurred += price;
    s.pending += price;
    this.move({ offset: at.offset, kind: 'incur', amountMicros: price });
    if (this.verdict !== null) this.voidMoney(at.offset, this.verdict.value.category, this.verdict.value.rule);
    else if (this.conflict !== null) this.suspend(at.offset);
  }

  private fenceRefs(lease: Lease): RecordRef[] {
    const ref = this.timeline.fenceRef(lease.node, lease.boot);
    return ref === null ? [] : [ref];
  }

  private absorb(at: RecordRef, code: 'fenced' | 'no_lease' | 'released', refs: readonly RecordRef[]): void {
    const price = this.content?.price_micros ?? 0;
    this.settled = true;
    this.standing.absorbed += price;
    this.absorbedBecause = { code, refs: [{ topic: at.topic, shard: at.shard, offset: at.offset }, ...refs] };
    this.move({ offset: at.offset, kind: 'absorb', amountMicros: price });
    if (this.verdict !== null) this.voidAbsorbed(at.offset);
  }

  /** A second node drew for the same click: counted as drawn and released on its lease, once a lease. */
  private surplus(at: Placed<SelectionFacts['incurred'][number]['value']>): void {
    const lease = at.value.draw_lease;
    if (at.value.billing.pricing_model !== 'CPC' || !this.covers(lease, at.offset)) return;
    const key = `${lease.node}/${lease.boot}/${lease.day}`;
    const own = this.drawLease === null ? '' : `${this.drawLease.node}/${this.drawLease.boot}/${this.drawLease.day}`;
    if (key === own || this.surplusLeases.has(key)) return;
    this.surplusLeases.add(key);
    const amountMicros = this.content?.price_micros ?? 0;
    this.standing.drawn += amountMicros;
    this.standing.released += amountMicros;
    this.move({ offset: at.offset, kind: 'draw', amountMicros, lease, surplus: true });
    this.move({ offset: at.offset, kind: 'release', amountMicros, lease, surplus: true });
  }

  /** Takes the first content; says whether this one agrees with it, and notes the first that does not. */
  private admit(billing: Billing, at: RecordRef): boolean {
    if (this.content === null) this.content = billing;
    if (differingFacts(this.content, billing).length === 0) return true;
    const s = this.standing;
    if (this.conflict === null && (s.open > 0 || s.pending > 0)) {
      this.conflict = { topic: at.topic, shard: at.shard, offset: at.offset };
      if (s.pending > 0) this.suspend(at.offset);
    }
    return false;
  }

  private suspend(offset: number): void {
    const amountMicros = this.standing.pending;
    this.standing.suspended += amountMicros;
    this.standing.pending = 0;
    this.move({ offset, kind: 'suspend', amountMicros });
  }

  private voidMoney(offset: number, category: Category, reference: string): void {
    const s = this.standing;
    const fromSuspense = s.suspended > 0;
    const amountMicros = s.pending + s.suspended;
    s.voided += amountMicros;
    s.pending = 0;
    s.suspended = 0;
    this.move({ offset, kind: 'void', amountMicros, category, reference, fromSuspense });
  }

  private voidAbsorbed(offset: number): void {
    const amountMicros = this.standing.absorbed - this.standing.absorbedVoided;
    this.standing.absorbedVoided += amountMicros;
    this.move({
      offset,
      kind: 'absorb_void',
      amountMicros,
      category: this.verdict?.value.category ?? 'QUALITY',
      reference: this.verdict?.value.rule ?? '',
    });
  }

  private invalidate(at: Placed<SelectionFacts['verdicts'][number]['value']>): void {
    if (this.verdict !== null) return;
    const { category, rule } = at.value;
    this.verdict = { topic: at.topic, shard: at.shard, offset: at.offset, value: { category, rule } };
    const s = this.standing;
    if (s.pending + s.suspended > 0) this.voidMoney(at.offset, category, rule);
    else if (s.certified > s.reversed) {
      const amountMicros = s.certified - s.reversed;
      this.reverse({ offset: at.offset, kind: 'reverse', amountMicros, category, reference: rule });
    } else if (s.absorbed > s.absorbedVoided) this.voidAbsorbed(at.offset);
  }

  private reverse(movement: Omit<Movement, 'reversedBeforeMicros'> & { readonly kind: 'reverse' | 'adjust' }): void {
    const reversedBeforeMicros = this.standing.reversed;
    this.standing.reversed += movement.amountMicros;
    this.move({ ...movement, reversedBeforeMicros, ...(this.isRecalled && { lease: null }) });
  }

  private adjust(at: Placed<Adjusted>): void {
    if (!this.validAdjustments.has(at.offset)) return;
    const { action, amount_micros, relied_certified_micros, relied_reversed_micros, reason, billing } = at.value;
    const s = this.standing;
    if (this.forgottenBy(at)) this.recall(at);
    else if (this.content === null || differingFacts(this.content, billing).length > 0) return;
    if (relied_certified_micros !== s.certified || relied_reversed_micros !== s.reversed) return;
    if (action === 'REVERSE') {
      if (amount_micros <= s.certified - s.reversed)
        this.reverse({
          offset: at.offset,
          kind: 'adjust',
          amountMicros: amount_micros,
          category: 'QUALITY',
          reference: reason,
        });
    } else if (s.suspended > 0 && action === 'VOID') this.voidMoney(at.offset, 'QUALITY', reason);
    else if (s.suspended > 0) {
      const amountMicros = s.suspended;
      s.suspended = 0;
      s.certified += amountMicros;
      this.move({ offset: at.offset, kind: 'certify', amountMicros, fromSuspense: true, reference: reason });
    }
  }

  /** Beyond the horizon nobody keeps the state: the record itself must say what it relies on, once. */
  private forgottenBy(at: Placed<Adjusted>): boolean {
    const horizonMs = (this.policy() ?? this.timeline.policyAt(at.offset))?.horizon_ms ?? 0;
    return !this.recalled && this.timeline.timeAt(at.offset) > at.value.billing.selected_at + horizonMs;
  }

  private recall({ value, topic, shard, offset }: Placed<Adjusted>): void {
    const s = this.standing;
    this.isRecalled = true;
    const { relied_certified_micros: certified, relied_reversed_micros: reversed, billing } = value;
    if (s.certified !== certified || s.reversed !== reversed) this.misreliances.push({ topic, shard, offset });
    this.content ??= billing;
    s.certified = Math.min(certified, billing.price_micros);
    s.reversed = reversed;
    this.recalled =
      value.action === 'REVERSE' && value.amount_micros > 0 && value.amount_micros <= s.certified - s.reversed;
  }
}

function spendEvents(facts: SelectionFacts): SpendEvent[] {
  const billed = (billing: Billing): boolean =>
    !billing.test && billing.pricing_model !== 'NONE' && billing.price_micros > 0;
  const kindOf = { CPM: 'impression', VCPM: 'viewable', CPC: 'click', NONE: '' } as const;
  return [
    ...facts.reserved.filter((at) => billed(at.value.billing)).map((at) => ({ type: 'reserve', at }) as const),
    ...facts.incurred
      .filter((at) => billed(at.value.billing) && at.value.kind === kindOf[at.value.billing.pricing_model])
      .map((at) => ({ type: 'incur', at }) as const),
    ...facts.verdicts.map((at) => ({ type: 'verdict', at }) as const),
    ...facts.adjustments.map((at) => ({ type: 'adjust', at }) as const),
  ].sort((a, b) => a.at.offset - b.at.offset);
}

/** Offsets of the adjustments of a shard that hold: each must carry the number after the last one that did. */
export function adjustmentsThatHold(
  adjustments: readonly Placed<{ adjustment_number: number }>[],
): ReadonlySet<number> {
  const holding = new Set<number>();
  let last = 0;
  for (const at of [...adjustments].sort((a, b) => a.offset - b.offset)) {
    if (at.value.adjustment_number !== last + 1) continue;
    last += 1;
    holding.add(at.offset);
  }
  return holding;
}
