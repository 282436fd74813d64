import type { Billing, Lease, Origin, Topic } from '../domain/records.ts';
import type { Break, Explained } from './breaks.ts';
import type { Delivery } from './delivery.ts';
import { leaseByEvidence } from './delivery.ts';
import { differingFacts, type IncurredFact, type ReservedFact, sameLease, type SelectionFacts } from './facts.ts';
import { type Placed, type RecordRef, refText } from './log-reading.ts';
import type { BufferProgress } from './nodes.ts';

/** What comparing evidence with `spend` found, and the spend records as evidence says they should read. */
export interface SpendCheck {
  readonly breaks: Break[];
  readonly explained: Explained[];
  readonly facts: SelectionFacts;
}

export interface SpendContext {
  readonly delivery: Delivery;
  readonly buffers: BufferProgress;
  /** In a closed window nothing is on its way any more. */
  readonly closed: boolean;
}

/** Compares the spend records of one selection with what its evidence calls for. */
export function checkSpend(facts: SelectionFacts, context: SpendContext): SpendCheck {
  const check = new SelectionSpendCheck(facts, context);
  check.incurred();
  check.reserved();
  return { breaks: check.breaks, explained: check.explained, facts: check.corrected() };
}

function text(lease: Lease | null): string {
  return lease === null ? 'none' : `${lease.node}/${lease.boot}/${lease.day}`;
}

/** Micros that evidence calls for and that spend has; the difference is theirs unless said otherwise. */
interface Amounts {
  readonly expected: number;
  readonly actual: number;
  readonly difference?: number;
}

/** What could explain that a record is not there: unreadable ones in these topics, or a buffer that still drains. */
interface Lack {
  /** True of a SpendIncurred: what is reserved only is no charge. */
  readonly charges: boolean;
  readonly topics: readonly Topic[];
  readonly origin: Origin | null;
  readonly detail: string;
}

class SelectionSpendCheck {
  readonly breaks: Break[] = [];
  readonly explained: Explained[] = [];
  private readonly facts: SelectionFacts;
  private readonly delivery: Delivery;
  private readonly context: SpendContext;
  private readonly reservedTrue = new Map<number, ReservedFact>();
  private readonly incurredTrue = new Map<number, IncurredFact>();

  constructor(facts: SelectionFacts, context: SpendContext) {
    this.facts = facts;
    this.delivery = context.delivery;
    this.context = context;
  }

  /** Notes that a record is not where another one calls for it: with a named cause if there is one, else as a break. */
  private lacks(code: string, amounts: Amounts, refs: readonly RecordRef[], why: Lack): void {
    const { buffers, closed } = this.context;
    const amount = why.charges ? amounts.expected - amounts.actual : 0;
    const unreadable = this.facts.unreadable.filter(({ topic }) => why.topics.includes(topic));
    if (unreadable.length > 0) this.explained.push(this.cause('record_quarantined', amount, [...refs, ...unreadable]));
    else if (why.origin !== null && !closed && buffers.isDraining(why.origin))
      this.explained.push(this.cause('evidence_draining', amount, refs));
    else this.break(code, amounts, refs, why.detail);
  }

  private break(code: string, amounts: Amounts, refs: readonly RecordRef[], detail: string): void {
    const { expected, actual, difference = Math.abs(expected - actual) } = amounts;
    this.breaks.push({
      code,
      truth: 'spend',
      selectionId: this.facts.selectionId,
      campaignId: this.delivery.billing.campaign_id,
      expectedMicros: expected,
      actualMicros: actual,
      differenceMicros: difference,
      refs: refs.map(refText),
      detail,
    });
  }

  incurred(): void {
    const { billable, priceMicros, billing } = this.delivery;
    const { incurred } = this.facts;
    if (billable.length > 0 && incurred.length === 0) {
      const detail = 'a billable beacon was accepted, and spend has no SpendIncurred for it';
      const amounts = { expected: priceMicros, actual: 0 };
      this.lacks('lost_spend_incurred', amounts, billable, { charges: true, topics: ['spend'], origin: null, detail });
    }
    for (const at of incurred) {
      const evidence = this.facts.beacons.find((beacon) => beacon.value.receipt_id === at.value.receipt_id);
      if (evidence === undefined) this.withoutEvidence(at, billable.length > 0);
      else
        this.compare(
          at,
          evidence.value.billing,
          leaseByEvidence(this.facts, at.value.receipt_id) ?? null,
          this.incurredTrue,
        );
      if (billing.test && !at.value.billing.test)
        this.break(
          'test_billed',
          { expected: 0, actual: at.value.billing.price_micros },
          [at],
          'a test selection incurred',
        );
    }
  }

  private withoutEvidence(at: Placed<IncurredFact>, otherwiseBillable: boolean): void {
    const { origin, billing, receipt_id, kind } = at.value;
    const amounts = { expected: 0, actual: otherwiseBillable ? 0 : billing.price_micros };
    const topics: readonly Topic[] = [kind === 'click' ? 'click' : kind === 'impression' ? 'impression' : 'engagement'];
    const detail = `no beacon with receipt ${receipt_id} is in evidence`;
    this.lacks('spend_without_evidence', amounts, [at], { charges: true, topics, origin, detail });
  }

  private cause(cause: Explained['cause'], amountMicros: number, refs: readonly RecordRef[]): Explained {
    return {
      cause,
      between: ['delivery', 'spend'],
      selectionId: this.facts.selectionId,
      campaignId: this.delivery.billing.campaign_id,
      amountMicros,
      refs,
    };
  }

  reserved(): void {
    const { reserves, priceMicros, billing } = this.delivery;
    const { reserved, selected } = this.facts;
    if (reserves && reserved.length === 0) {
      const detail = 'the selection was priced and spend has no SpendReserved for it';
      const amounts = { expected: priceMicros, actual: 0 };
      this.lacks('lost_spend_reserved', amounts, selected, { charges: false, topics: ['spend'], origin: null, detail });
    }
    for (const at of reserved) {
      if (selected.length > 0) this.compare(at, billing, billing.draw_lease, this.reservedTrue);
      else {
        const { origin, billing: carried } = at.value;
        const amounts = { expected: 0, actual: carried.price_micros };
        const detail = 'no AdSelected is in evidence';
        const why = { charges: false, topics: ['selected'] as const, origin, detail };
        this.lacks('reserve_without_selection', amounts, [at], why);
      }
    }
  }

  /** Content and lease of a spend record against its evidence; what deviates is a break, and is counted as evidence has it. */
  private compare<T extends ReservedFact | IncurredFact>(
    at: Placed<T>,
    billing: Billing,
    lease: Lease | null,
    corrected: Map<number, T>,
  ): void {
    const { value } = at;
    const price = billing.price_micros;
    if (!sameLease(value.draw_lease, lease)) {
      const actual = value.draw_lease === null ? 0 : price;
      this.break(
        'draw_lease_changed',
        { expected: price, actual, difference: price },
        [at],
        `names lease ${text(value.draw_lease)}, evidence says ${text(lease)}`,
      );
    }
    if (differingFacts(value.billing, billing).length > 0) {
      this.break(
        'content_changed',
        { expected: price, actual: value.billing.price_micros },
        [at],
        'the billing facts differ from the evidence',
      );
    }
    corrected.set(at.offset, { ...value, billing, draw_lease: lease });
  }

  corrected(): SelectionFacts {
    const swap = <T>(list: readonly Placed<T>[], by: ReadonlyMap<number, T>): Placed<T>[] =>
      list.map((at) => ({ ...at, value: by.get(at.offset) ?? at.value }));
    return {
      ...this.facts,
      reserved: swap(this.facts.reserved, this.reservedTrue),
      incurred: swap(this.facts.incurred, this.incurredTrue),
    };
  }
}
