import type { RecordRef } from './log-reading.ts';

/** The truths that a run sets side by side. */
export const truths = ['selection', 'delivery', 'spend', 'tentative', 'final', 'pacing', 'reporting'] as const;
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
}

/** Why two truths differ for one selection: a predicate on the named records, evaluated without knowing the difference. */
export interface Explained {
  readonly cause: CauseCode;
  readonly selectionId: string;
  readonly campaignId: string;
  readonly amountMicros: number;
  readonly refs: readonly RecordRef[];
}

/** The closed list of causes, each with the two truths between which it makes a difference. What none of them fits is a break. */
export const causes = {
  test_traffic: ['selection', 'delivery'],
  not_rendered: ['selection', 'delivery'],
  not_viewable: ['selection', 'delivery'],
  not_clicked: ['selection', 'delivery'],
  late_beacon: ['selection', 'delivery'],
  in_flight: ['selection', 'delivery'],
  selection_record_lost: ['selection', 'delivery'],
  duplicate_beacon: ['delivery', 'spend'],
  evidence_draining: ['delivery', 'spend'],
  absorbed_fenced: ['spend', 'tentative'],
  absorbed_no_lease: ['spend', 'tentative'],
  absorbed_after_release: ['spend', 'tentative'],
  ledger_behind: ['spend', 'tentative'],
  conflict_in_suspense: ['tentative', 'final'],
  hold_not_passed: ['tentative', 'final'],
  voided: ['tentative', 'final'],
  absorbed_voided: ['tentative', 'final'],
  reversed: ['final', 'reporting'],
  adjusted: ['final', 'reporting'],
} as const satisfies Record<string, readonly [Truth, Truth]>;
export type CauseCode = keyof typeof causes;

/**
 * Sum of what is unexplained: for each selection the largest of its breaks, since one lost record shows in several truths at once; breaks
 * of no selection count by themselves.
 */
export function unexplainedMicros(breaks: readonly Break[]): bigint {
  const bySelection = new Map<string, number>();
  let sum = 0n;
  for (const found of breaks) {
    if (found.selectionId === '') sum += BigInt(found.differenceMicros);
    else bySelection.set(found.selectionId, Math.max(bySelection.get(found.selectionId) ?? 0, found.differenceMicros));
  }
  for (const micros of bySelection.values()) sum += BigInt(micros);
  return sum;
}
