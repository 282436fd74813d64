import type { RecordRef } from './log-reading.ts';

/** The truths that a run sets side by side. */
export const truths = [
  'selection',
  'delivery',
  'spend',
  'tentative',
  'final',
  'fraud_adjusted',
  'reporting',
  'pacing',
] as const;
export type Truth = (typeof truths)[number];

/** A difference that no cause explains. */
export interface Break {
  readonly code: string;
  readonly truth: Truth;
  /** Empty where a break is one of structure and of no single selection. */
  readonly selectionId: string;
  readonly campaignId: string;
  /** What the recount derives, and what the truth says. */
  readonly expectedMicros: number;
  readonly actualMicros: number;
  readonly differenceMicros: number;
  readonly refs: readonly string[];
  readonly detail: string;
  /** What the figure is a sum over, if it is one: see `sumKeys`. */
  readonly sumOver?: string;
}

/** A break of structure: nothing of it is an amount. */
export function structureBreak(
  truth: Truth,
  code: string,
  detail: string,
  place: { readonly refs: readonly string[]; readonly selectionId?: string; readonly campaignId?: string },
): Break {
  const { refs, selectionId = '', campaignId = '' } = place;
  return {
    code,
    truth,
    selectionId,
    campaignId,
    expectedMicros: 0,
    actualMicros: 0,
    differenceMicros: 0,
    refs,
    detail,
  };
}

/** Why two truths differ for one selection: a predicate on the named records, evaluated without knowing the difference. */
export interface Explained {
  readonly cause: CauseCode;
  /** The truths between which it makes the difference. */
  readonly between: readonly [Truth, Truth];
  readonly selectionId: string;
  readonly campaignId: string;
  /** What the first says more than the second; below zero: less. */
  readonly amountMicros: number;
  readonly refs: readonly RecordRef[];
}

/** The closed list of causes, each with the two truths between which it usually makes a difference. What none of them fits is a break. */
export const causes = {
  test_traffic: ['selection', 'delivery'],
  not_rendered: ['selection', 'delivery'],
  not_viewable: ['selection', 'delivery'],
  not_clicked: ['selection', 'delivery'],
  late_beacon: ['selection', 'delivery'],
  in_flight: ['selection', 'delivery'],
  selection_record_lost: ['selection', 'delivery'],
  record_quarantined: ['delivery', 'spend'],
  duplicate_beacon: ['delivery', 'spend'],
  evidence_draining: ['delivery', 'spend'],
  absorbed_fenced: ['spend', 'tentative'],
  absorbed_no_lease: ['spend', 'tentative'],
  absorbed_after_release: ['spend', 'tentative'],
  surplus_draw: ['spend', 'tentative'],
  ledger_behind: ['spend', 'tentative'],
  conflict_in_suspense: ['tentative', 'final'],
  hold_not_passed: ['tentative', 'final'],
  voided: ['tentative', 'final'],
  absorbed_voided: ['spend', 'fraud_adjusted'],
  reversed: ['final', 'fraud_adjusted'],
  adjusted: ['final', 'fraud_adjusted'],
  sink_behind: ['fraud_adjusted', 'reporting'],
} as const satisfies Record<string, readonly [Truth, Truth]>;
export type CauseCode = keyof typeof causes;

/** The sums of pacing and of invoices in which the money of a selection is. */
export function sumKeys(of: { readonly shard: number; readonly campaignId: string; readonly advertiserId: string }) {
  return { pacing: `pacing/${of.campaignId}/${of.shard}`, invoice: `invoice/${of.advertiserId}/${of.shard}` } as const;
}

/**
 * Sum of what is unexplained: for each selection the largest of its breaks, since one lost record shows in several truths at once; breaks
 * of no selection count by themselves. Of a break in a sum over selections only that part counts for which no selection in the sum has
 * a break of its own. `keysOf` gives the sums that a selection is in.
 */
export function unexplainedMicros(
  breaks: readonly Break[],
  keysOf: (selectionId: string) => readonly string[] = () => [],
): bigint {
  const bySelection = new Map<string, number>();
  for (const { selectionId, differenceMicros } of breaks) {
    if (selectionId !== '') bySelection.set(selectionId, Math.max(bySelection.get(selectionId) ?? 0, differenceMicros));
  }
  let sum = 0n;
  const counted = new Map<string, bigint>();
  for (const [id, micros] of bySelection) {
    sum += BigInt(micros);
    for (const key of keysOf(id)) counted.set(key, (counted.get(key) ?? 0n) + BigInt(micros));
  }
  for (const { selectionId, differenceMicros, sumOver = '' } of breaks) {
    if (selectionId !== '') continue;
    const left = counted.get(sumOver) ?? 0n;
    const used = left < BigInt(differenceMicros) ? left : BigInt(differenceMicros);
    counted.set(sumOver, left - used);
    sum += BigInt(differenceMicros) - used;
  }
  return sum;
}
