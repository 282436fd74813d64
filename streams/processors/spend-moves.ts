import type { Billing, Calendar, Lease } from '../../domain/records.ts';
import { leaseKey } from '../../domain/billing.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { SpendState, SpendStep } from './spend-lifecycle-state.ts';
import { postingPeriod, servicePeriod } from './spend-periods.ts';
import { horizonOf, type Phase, type Selection, type Verdict } from './spend-selection.ts';

/** A fold at work on one record. */
export interface Work {
  readonly state: SpendState;
  readonly step: SpendStep;
}

const never = Number.POSITIVE_INFINITY;

/** What every transition of a selection carries. Reads a bound calendar, which `admit` has made sure of. */
function moved<K extends string>(work: Work, selection: Selection, kind: K, amountMicros: number) {
  const billing = contentOf(selection);
  const bound = calendarOf(selection, billing);
  return {
    kind,
    billing,
    amountMicros,
    servicePeriod: servicePeriod(bound, billing.selected_at),
    postingPeriod: postingPeriod(work.state, work.state.policy?.calendars.get(billing.calendar) ?? bound),
  };
}

function contentOf(selection: Selection): Billing {
  if (selection.billing === null) throw broken(selection, 'moves money without content');
  return selection.billing;
}

function calendarOf(selection: Selection, billing: Billing): Calendar {
  const calendar = selection.policy.calendars.get(billing.calendar);
  if (calendar === undefined) throw broken(selection, `is bound to a policy without calendar ${billing.calendar}`);
  return calendar;
}

function leaseOf(selection: Selection): Lease {
  if (selection.lease === null) throw broken(selection, 'moves money that was not drawn');
  return selection.lease;
}

function broken(selection: Selection, what: string): AdtallyError {
  return new AdtallyError('INVARIANT_BROKEN', `selection ${selection.id} (${selection.phase}) ${what}`);
}

function enter(work: Work, selection: Selection, phase: Phase, dueAt: number = never): void {
  selection.phase = phase;
  selection.dueAt = dueAt;
  if (dueAt !== never) work.state.due.add(selection);
  work.state.selections.touch(selection, work.state.foldTime);
}

/** Open: drawn on its lease. The caller enters the phase. */
export function draw(work: Work, selection: Selection, lease: Lease): void {
  selection.lease = lease;
  const amountMicros = contentOf(selection).price_micros;
  work.step.transitions.push({ ...moved(work, selection, 'drawn', amountMicros), lease });
}

/** Drawn, waiting for its billable event until the reservation expires. */
export function reserve(work: Work, selection: Selection, lease: Lease): void {
  draw(work, selection, lease);
  enter(work, selection, 'reserved', contentOf(selection).expires_at);
}

/** Reserved, but on no lease that covers it. */
export function leaveUncovered(work: Work, selection: Selection): void {
  enter(work, selection, 'uncovered');
}

/** A verdict came before anything else. */
export function leaveTombstone(work: Work, selection: Selection): void {
  enter(work, selection, 'tombstone');
}

/** Open → available again. */
export function release(work: Work, selection: Selection): void {
  const lease = leaseOf(selection);
  const amountMicros = contentOf(selection).price_micros;
  work.step.transitions.push({ ...moved(work, selection, 'released', amountMicros), lease, surplus: false });
  enter(work, selection, 'released');
}

/** A second node drew for the same click: counted as drawn and released at once, and remembered. */
export function drawSurplus(work: Work, selection: Selection, lease: Lease): void {
  const amountMicros = contentOf(selection).price_micros;
  work.step.transitions.push(
    { ...moved(work, selection, 'drawn', amountMicros), lease },
    { ...moved(work, selection, 'released', amountMicros), lease, surplus: true },
  );
  selection.surplus = [...selection.surplus, leaseKey(lease)];
  work.state.selections.touch(selection, work.state.foldTime);
}

/** Open → pending, until its hold ends. */
export function incur(work: Work, selection: Selection): void {
  const lease = leaseOf(selection);
  const amountMicros = contentOf(selection).price_micros;
  work.step.transitions.push({ ...moved(work, selection, 'incurred', amountMicros), lease });
  enter(work, selection, 'incurred', work.state.foldTime + selection.policy.holdMs);
}

/** Pending → suspense, until somebody decides or its horizon. */
export function suspend(work: Work, selection: Selection): void {
  const lease = leaseOf(selection);
  const amountMicros = contentOf(selection).price_micros;
  work.step.transitions.push({ ...moved(work, selection, 'suspended', amountMicros), lease });
  enter(work, selection, 'suspended', horizonOf(selection) + 1);
}

/** Pending or suspense → voided. */
export function voidPending(work: Work, selection: Selection, verdict: Verdict): void {
  const lease = leaseOf(selection);
  const amountMicros = contentOf(selection).price_micros;
  const fromSuspense = selection.phase === 'suspended';
  const { category, rule } = verdict;
  work.step.transitions.push({
    ...moved(work, selection, 'voided', amountMicros),
    category,
    rule,
    lease,
    fromSuspense,
  });
  enter(work, selection, 'voided');
}

/** Pending or suspense → certified. */
export function certify(work: Work, selection: Selection): void {
  const lease = leaseOf(selection);
  const amountMicros = contentOf(selection).price_micros;
  const fromSuspense = selection.phase === 'suspended';
  work.step.transitions.push({ ...moved(work, selection, 'certified', amountMicros), lease, fromSuspense });
  selection.certifiedMicros = amountMicros;
  enter(work, selection, 'final');
}

export interface Reversal {
  readonly amountMicros: number;
  readonly verdict: Verdict;
  readonly adjustment: boolean;
}

/** Certified → reversed, in part or as far as it goes. */
export function reverse(work: Work, selection: Selection, { amountMicros, verdict, adjustment }: Reversal): void {
  const { category, rule } = verdict;
  work.step.transitions.push({
    ...moved(work, selection, 'reversed', amountMicros),
    category,
    rule,
    lease: selection.lease,
    certifiedMicros: selection.certifiedMicros,
    reversedBeforeMicros: selection.reversedMicros,
    adjustment,
  });
  selection.reversedMicros += amountMicros;
  enter(work, selection, selection.reversedMicros === selection.certifiedMicros ? 'reversed' : 'final');
}

/** Nobody's budget covers it: our cost. */
export function absorb(work: Work, selection: Selection): void {
  work.step.transitions.push(moved(work, selection, 'absorbed', contentOf(selection).price_micros));
  enter(work, selection, 'absorbed');
}

/** A verdict on what was absorbed. */
export function voidAbsorbed(work: Work, selection: Selection, { category, rule }: Verdict): void {
  const amountMicros = contentOf(selection).price_micros;
  work.step.transitions.push({ ...moved(work, selection, 'absorbed_voided', amountMicros), category, rule });
  enter(work, selection, 'absorbed_voided');
}
