import { monthEnds } from '../domain/calendar.ts';
import { billableKind } from '../domain/billing.ts';
import { uuidV7 } from '../domain/identity.ts';
import type { Adjusted, Billing, Lease, PolicySet } from '../domain/records.ts';
import type { Transition } from '../domain/transitions.ts';
import { evolve, type SpendRecord } from '../streams/processors/spend-lifecycle.ts';
import { createSpendState, type SpendState, type SpendStep } from '../streams/processors/spend-lifecycle-state.ts';
import { SelectionBook } from '../streams/processors/spend-selection-book.ts';

/** The moment at which stories begin, and how long things take in them, ms. */
export const noon = Date.UTC(2026, 9, 31, 12);
export const holdMs = 3_600_000;
export const horizonMs = 10 * 86_400_000;
export const reservationMs = 1_800_000;

export const boots = [1, 2, 3, 4].map((index) => uuidV7(noon - 60_000, new Uint8Array(10).fill(index)));

export function lease(index: number): Lease {
  return { node: `n${index}`, boot: boots[index] as string, day: '2026-10-31' };
}

/** Content of the selection number `index`, selected so many seconds after noon; CPM at 2,500 micros on the lease of n0 unless told otherwise. */
export function content(index: number, change: Partial<Billing> = {}): Billing {
  const selectedAt = noon + index * 1_000;
  return {
    selection_id: uuidV7(selectedAt, new Uint8Array(10).fill(index + 10)),
    shard: 0,
    node: 'n0',
    boot: boots[0] as string,
    sequence: index + 1,
    advertiser_id: 'adv_1',
    campaign_id: 'cmp_1',
    line_item_id: 'li_1',
    creative_id: 'cr_1',
    publisher_id: 'pub_1',
    placement_id: 'pl_1',
    pricing_model: 'CPM',
    price_micros: 2_500,
    currency: 'EUR',
    revenue_share_ppm: 700_001,
    share_rounding: 'DOWN',
    calendar: 0,
    draw_lease: change.pricing_model === 'CPC' ? null : lease(0),
    test: false,
    selected_at: selectedAt,
    expires_at: selectedAt + reservationMs,
    ...change,
  };
}

const calendars = [
  { calendar: 0, zone: 'UTC', months: monthEnds(noon, 'UTC', 4) },
  { calendar: 1, zone: 'Asia/Tokyo', months: monthEnds(noon, 'Asia/Tokyo', 4) },
];

export function policy(change: Partial<PolicySet> = {}): SpendRecord {
  const value: PolicySet = {
    revision: 1,
    hold_ms: holdMs,
    horizon_ms: horizonMs,
    rules_version: 1,
    calendars,
    set_by: 'test',
    set_at: noon,
    ...change,
  };
  return { name: 'PolicySet', value };
}

const origin = { node: 'n0', boot: boots[0] as string, sequence: 1 };

export function reserved(billing: Billing): SpendRecord {
  const { selection_id: event_id, draw_lease, selected_at: reserved_at } = billing;
  return { name: 'SpendReserved', value: { event_id, billing, draw_lease, origin, reserved_at } };
}

/** The billable event; a click names the lease of its node, anything else that of its content. */
export function incurred(billing: Billing, clickLease: Lease | null = null): SpendRecord {
  const { selection_id: id, pricing_model: model, draw_lease: own, selected_at: at } = billing;
  const kind = billableKind(model) ?? 'impression';
  const draw_lease = model === 'CPC' ? clickLease : own;
  const value = { event_id: id, receipt_id: id, kind, billing, draw_lease, origin, incurred_at: at + 1_000 };
  return { name: 'SpendIncurred', value };
}

export function verdict(billing: Billing, rule = 'click_flood', category: 'GIVT' | 'SIVT' = 'GIVT'): SpendRecord {
  const { selection_id } = billing;
  return {
    name: 'TrafficInvalidated',
    value: {
      event_id: selection_id,
      selection_id,
      category,
      rule,
      rules_version: 1,
      reason: 'a test',
      evidence: [],
      judged_by: 'test',
      judged_at: noon,
    },
  };
}

export function tick(afterNoonMs: number): SpendRecord {
  return { name: 'TimeAdvanced', value: { advanced_to: noon + afterNoonMs, ticker: 'test' } };
}

export function fenced(index: number): SpendRecord {
  return { name: 'NodeFenced', value: { node: `n${index}`, boot: boots[index] as string, fenced_at: noon } };
}

export function closed(period: string, calendar = 0): SpendRecord {
  return { name: 'PeriodClosed', value: { calendar, period, closed_by: 'test', closed_at: noon } };
}

export function adjusted(number: number, billing: Billing, change: Partial<Adjusted>): SpendRecord {
  return {
    name: 'Adjusted',
    value: {
      event_id: billing.selection_id,
      selection_id: billing.selection_id,
      billing,
      adjustment_number: number,
      action: 'REVERSE',
      amount_micros: 0,
      relied_certified_micros: 0,
      relied_reversed_micros: 0,
      reason: 'by hand',
      adjusted_by: 'test',
      adjusted_at: noon,
      ...change,
    },
  };
}

/** Sums of what happened to one selection, or to all, in micros. */
export interface Amounts {
  readonly drawn: number;
  readonly released: number;
  readonly incurred: number;
  readonly suspended: number;
  readonly voided: number;
  readonly certified: number;
  readonly reversed: number;
  readonly absorbed: number;
  readonly absorbed_voided: number;
}

/** A spend shard, record by record. */
export class SpendStory {
  readonly state: SpendState = createSpendState(0, new SelectionBook());
  readonly steps: SpendStep[] = [];

  constructor(...records: readonly SpendRecord[]) {
    this.and(policy(), tick(0), ...records);
  }

  and(...records: readonly SpendRecord[]): this {
    for (const record of records) this.steps.push(evolve(this.state, this.steps.length, record));
    return this;
  }

  get transitions(): readonly Transition[] {
    return this.steps.flatMap((step) => step.transitions);
  }

  /** What happened, as words: `drawn 2500 n0`. */
  get moves(): readonly string[] {
    return this.transitions.map((transition) => {
      const named = 'lease' in transition && transition.lease !== null ? ` ${transition.lease.node}` : '';
      return `${transition.kind} ${transition.amountMicros}${named}`;
    });
  }

  get refusals(): readonly string[] {
    return this.steps.flatMap(({ refusal }) => (refusal === null ? [] : [refusal.code]));
  }

  phase(billing: Billing): string | undefined {
    return this.state.selections.get(billing.selection_id, this.state.foldTime)?.phase;
  }

  amounts(of?: Billing): Amounts {
    return amountsOf(
      this.transitions.filter((one) => of === undefined || one.billing.selection_id === of.selection_id),
    );
  }
}

export function amountsOf(transitions: readonly Transition[]): Amounts {
  const sums: Record<keyof Amounts, number> = {
    drawn: 0,
    released: 0,
    incurred: 0,
    suspended: 0,
    voided: 0,
    certified: 0,
    reversed: 0,
    absorbed: 0,
    absorbed_voided: 0,
  };
  for (const one of transitions) {
    sums[one.kind] += one.amountMicros;
    if ('fromSuspense' in one && one.fromSuspense) sums.suspended -= one.amountMicros;
  }
  return sums;
}
