import type { Billing, Calendar, Lease } from '../../domain/records.ts';
import type { Transition } from '../../domain/transitions.ts';
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

/**
 * A transition of a selection. All kinds have all fields in one order, whatever their type shows, since objects of one shape are what the translators
 * read fastest. Reads a bound calendar, which `unbelievable` has made sure of.
 */
function emit(work: Work, selection: Selection, kind: Transition['kind'], more: Particulars): void {
  const billing = contentOf(selection);
  const bound = calendarOf(selection, billing);
  const { state, step } = work;
  const transition = {
    kind,
    billing,
    amountMicros: more.amountMicros ?? billing.price_micros,
    servicePeriod: servicePeriod(bound, billing.selected_at),
    postingPeriod: postingPeriod(state, state.policy?.calendars.get(billing.calendar) ?? bound),
    lease: more.lease ?? null,
    surplus: more.surplus ?? false,
    fromSuspense: more.fromSuspense ?? false,
    category: more.verdict?.category ?? 'QUALITY',
    rule: more.verdict?.rule ?? '',
    certifiedMicros: selection.certifiedMicros,
    reversedBeforeMicros: selection.reversedMicros,
    adjustment: more.adjustment ?? false,
  };
  if (step.transitions.length === 0) step.transitions = [transition as Transition];
  else step.transitions.push(transition as Transition);
}

/** What a kind of transition says beyond the selection. */
interface Particulars {
  /** The price if omitted. */
  readonly amountMicros?: number;
  readonly lease?: Lease | null;
  readonly surplus?: boolean;
  readonly fromSuspense?: boolean;
  readonly verdict?: Verdict;
  readonly adjustment?: boolean;
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
export function draw(work: Work, selection: Selection, named: Lease): void {
  const lease = work.state.contents.lease(named);
  selection.lease = lease;
  emit(work, selection, 'drawn', { lease });
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
  emit(work, selection, 'released', { lease });
  enter(work, selection, 'released');
}

/** A second node drew for the same click: counted as drawn and released at once, and remembered. */
export function drawSurplus(work: Work, selection: Selection, lease: Lease): void {
  emit(work, selection, 'drawn', { lease });
  emit(work, selection, 'released', { lease, surplus: true });
  selection.surplus = [...selection.surplus, leaseKey(lease)];
  work.state.selections.touch(selection, work.state.foldTime);
}

/** Open → pending, until its hold ends. */
export function incur(work: Work, selection: Selection): void {
  const lease = leaseOf(selection);
  emit(work, selection, 'incurred', { lease });
  enter(work, selection, 'incurred', work.state.foldTime + selection.policy.holdMs);
}

/** Pending → suspense, until somebody decides or its horizon. */
export function suspend(work: Work, selection: Selection): void {
  const lease = leaseOf(selection);
  emit(work, selection, 'suspended', { lease });
  enter(work, selection, 'suspended', horizonOf(selection) + 1);
}

/** Pending or suspense → voided. */
export function voidPending(work: Work, selection: Selection, verdict: Verdict): void {
  const lease = leaseOf(selection);
  const fromSuspense = selection.phase === 'suspended';
  emit(work, selection, 'voided', { lease, fromSuspense, verdict });
  enter(work, selection, 'voided');
}

/** Pending or suspense → certified. */
export function certify(work: Work, selection: Selection): void {
  const lease = leaseOf(selection);
  const fromSuspense = selection.phase === 'suspended';
  emit(work, selection, 'certified', { lease, fromSuspense });
  selection.certifiedMicros = contentOf(selection).price_micros;
  enter(work, selection, 'final');
}

export interface Reversal {
  readonly amountMicros: number;
  readonly verdict: Verdict;
  readonly adjustment: boolean;
}

/** Certified → reversed, in part or as far as it goes. */
export function reverse(work: Work, selection: Selection, { amountMicros, verdict, adjustment }: Reversal): void {
  emit(work, selection, 'reversed', { amountMicros, lease: selection.lease, verdict, adjustment });
  selection.reversedMicros += amountMicros;
  enter(work, selection, selection.reversedMicros === selection.certifiedMicros ? 'reversed' : 'final');
}

/** Nobody's budget covers it: our cost. */
export function absorb(work: Work, selection: Selection): void {
  emit(work, selection, 'absorbed', {});
  enter(work, selection, 'absorbed');
}

/** A verdict on what was absorbed. */
export function voidAbsorbed(work: Work, selection: Selection, verdict: Verdict): void {
  emit(work, selection, 'absorbed_voided', { verdict });
  enter(work, selection, 'absorbed_voided');
}
