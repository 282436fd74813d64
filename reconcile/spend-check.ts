import type { Billing, Lease, SpendIncurred, SpendReserved } from '../domain/records.ts';
import type { Break, Explained } from './breaks.ts';
import type { Delivery } from './delivery.ts';
import { leaseByEvidence } from './delivery.ts';
import type { SelectionFacts } from './facts.ts';
import { type Placed, type RecordRef, refText } from './log-reading.ts';
import type { BufferProgress } from './nodes.ts';

/** What comparing evidence with `spend` found, and the spend records as evidence says they should read. */
export interface SpendCheck {
  readonly breaks: Break[];
  readonly explained: Explained[];
  readonly facts: SelectionFacts;
}

/** Compares the spend records of one selection with what its evidence calls for. */
export function checkSpend(facts: SelectionFacts, delivery: Delivery, buffers: BufferProgress): SpendCheck {
  const check = new SelectionSpendCheck(facts, delivery, buffers);
  check.incurred();
  check.reserved();
  return { breaks: check.breaks, explained: check.explained, facts: check.corrected() };
}

function text(value: Billing | Lease | null): string {
  return JSON.stringify(value);
}

/** Micros that evidence calls for and that spend has; the difference is theirs unless said otherwise. */
interface Amounts {
  readonly expected: number;
  readonly actual: number;
  readonly difference?: number;
}

class SelectionSpendCheck {
  readonly breaks: Break[] = [];
  readonly explained: Explained[] = [];
  private readonly facts: SelectionFacts;
  private readonly delivery: Delivery;
  private readonly buffers: BufferProgress;
  private readonly reservedTrue = new Map<number, SpendReserved>();
  private readonly incurredTrue = new Map<number, SpendIncurred>();

  constructor(facts: SelectionFacts, delivery: Delivery, buffers: BufferProgress) {
    this.facts = facts;
    this.delivery = delivery;
    this.buffers = buffers;
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
      this.break(
        'lost_spend_incurred',
        { expected: priceMicros, actual: 0 },
        billable,
        'a billable beacon was accepted, and spend has no SpendIncurred for it',
      );
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

  private withoutEvidence(at: Placed<SpendIncurred>, otherwiseBillable: boolean): void {
    const { origin, billing } = at.value;
    const amount = otherwiseBillable ? 0 : billing.price_micros;
    if (this.buffers.isDraining(origin)) {
      this.explained.push(this.cause('evidence_draining', billing.price_micros, [at]));
    } else
      this.break(
        'spend_without_evidence',
        { expected: 0, actual: amount },
        [at],
        `no beacon with receipt ${at.value.receipt_id} is in evidence`,
      );
  }

  private cause(cause: Explained['cause'], amountMicros: number, refs: readonly RecordRef[]): Explained {
    return {
      cause,

      selectionId: this.facts.selectionId,
      campaignId: this.delivery.billing.campaign_id,
      amountMicros,
      refs,
    };
  }

  reserved(): void {
    const { reserves, priceMicros } = this.delivery;
    const { reserved, selected } = this.facts;
    if (reserves && reserved.length === 0)
      this.break(
        'lost_spend_reserved',
        { expected: priceMicros, actual: 0 },
        selected,
        'the selection was priced and spend has no SpendReserved for it',
      );
    for (const at of reserved) {
      if (selected.length > 0)
        this.compare(at, this.delivery.billing, this.delivery.billing.draw_lease, this.reservedTrue);
      else if (this.buffers.isDraining(at.value.origin))
        this.explained.push(this.cause('evidence_draining', at.value.billing.price_micros, [at]));
      else
        this.break(
          'reserve_without_selection',
          { expected: 0, actual: at.value.billing.price_micros },
          [at],
          'no AdSelected is in evidence',
        );
    }
  }

  /** Content and lease of a spend record against its evidence; what deviates is a break, and is counted as evidence has it. */
  private compare<T extends SpendReserved | SpendIncurred>(
    at: Placed<T>,
    billing: Billing,
    lease: Lease | null,
    corrected: Map<number, T>,
  ): void {
    const { value } = at;
    const price = billing.price_micros;
    if (text(value.draw_lease) !== text(lease)) {
      const actual = value.draw_lease === null ? 0 : price;
      this.break(
        'draw_lease_changed',
        { expected: price, actual, difference: price },
        [at],
        `names lease ${text(value.draw_lease)}, evidence says ${text(lease)}`,
      );
    }
    if (text(value.billing) !== text(billing)) {
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
