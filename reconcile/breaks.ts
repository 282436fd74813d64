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
  readonly from: Truth;
  readonly to: Truth;
  readonly selectionId: string;
  readonly campaignId: string;
  readonly amountMicros: number;
  readonly refs: readonly RecordRef[];
}

/** The closed list of causes. What none of them fits is a break. */
export const causeCodes = [
  'test_traffic',
  'not_rendered',
  'not_viewable',
  'not_clicked',
  'late_beacon',
  'duplicate_beacon',
  'in_flight',
  'evidence_draining',
  'selection_record_lost',
  'absorbed_fenced',
  'absorbed_no_lease',
  'absorbed_after_release',
  'absorbed_voided',
  'conflict_in_suspense',
  'hold_not_passed',
  'voided',
  'reversed',
  'adjusted',
  'ledger_behind',
  'sink_behind',
] as const;
export type CauseCode = (typeof causeCodes)[number];

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
