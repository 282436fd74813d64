import { billableKind, drawsAtSelection, leaseKey, sameContent } from '../../domain/billing.ts';
import { maxAmountMicros } from '../../domain/money.ts';
import type { Billing, Lease, SpendIncurred, SpendReserved, TrafficInvalidated } from '../../domain/records.ts';
import type { Refusal, SpendState } from './spend-lifecycle-state.ts';
import {
  absorb,
  draw,
  drawSurplus,
  incur,
  leaveTombstone,
  leaveUncovered,
  reserve,
  reverse,
  suspend,
  voidAbsorbed,
  voidPending,
  type Work,
} from './spend-moves.ts';
import { horizonOf, isSettled, newSelection, type Policy, type Selection, type Verdict } from './spend-selection.ts';

/** How far the time in a selection's id and its `selected_at` may differ: the horizon is counted from the one, periods from the other. */
const idSkewMs = 60_000;

/** Tests, house ads and gifts move no money and leave no state. */
export function isFree(billing: Billing): boolean {
  return billing.test || billing.pricing_model === 'NONE' || billing.price_micros === 0;
}

export function refuse(work: Work, code: string, reason: string): null {
  work.step.refusal ??= { code, reason };
  return null;
}

/** True if its state has gone, or might as well have: whether it is still lying about must not show. */
export function isForgotten(state: SpendState, selection: Selection): boolean {
  return isSettled(selection.phase) && !selection.kept && state.foldTime > horizonOf(selection);
}

/** True if a draw on this lease counts: it names one, and this shard has not passed its fence. */
function covers(state: SpendState, lease: Lease | null): lease is Lease {
  return lease !== null && state.fenced.get(lease.boot)?.has(lease.node) !== true;
}

/** Money is committed at selection. */
export function onReserved(work: Work, { billing }: SpendReserved, policy: Policy): void {
  if (isFree(billing)) return;
  if (!drawsAtSelection(billing.pricing_model)) {
    refuse(work, 'not_reservable', `a ${billing.pricing_model} selection commits nothing before its event`);
    return;
  }
  const selection = admit(work, billing, policy);
  if (selection === null || selection.phase !== 'tombstone') return;
  const lease = selection.billing?.draw_lease ?? null;
  if (covers(work.state, lease)) reserve(work, selection, lease);
  else leaveUncovered(work, selection);
}

/** The billable event of a selection was taken. */
export function onIncurred(work: Work, record: SpendIncurred, policy: Policy): void {
  const { billing, kind } = record;
  if (isFree(billing)) return;
  if (billableKind(billing.pricing_model) !== kind) {
    refuse(work, 'not_billable', `${kind} is not what ${billing.pricing_model} bills`);
    return;
  }
  const selection = admit(work, billing, policy, true);
  if (selection === null) return;
  switch (selection.phase) {
    case 'tombstone':
    case 'uncovered':
      incurUnreserved(work, selection, namedLease(record));
      return;
    case 'reserved':
      incur(work, selection);
      settleIncurred(work, selection);
      return;
    case 'released':
      absorb(work, selection);
      if (selection.verdict !== null) voidAbsorbed(work, selection, selection.verdict);
      return;
    case 'incurred':
    case 'suspended':
    case 'voided':
    case 'final':
    case 'reversed':
    case 'absorbed':
    case 'absorbed_voided':
      countSurplus(work, selection, record);
      return;
    default:
      selection.phase satisfies never;
  }
}

/** CPM and VCPM draw on the lease of the content, whatever the record says; a click on the lease of the node that took it. */
function namedLease({ billing, draw_lease }: SpendIncurred): Lease | null {
  return drawsAtSelection(billing.pricing_model) ? billing.draw_lease : draw_lease;
}

function incurUnreserved(work: Work, selection: Selection, lease: Lease | null): void {
  if (covers(work.state, lease)) {
    draw(work, selection, lease);
    incur(work, selection);
    settleIncurred(work, selection);
    return;
  }
  absorb(work, selection);
  if (selection.verdict !== null) voidAbsorbed(work, selection, selection.verdict);
}

/** What was known before the event came takes effect: a verdict, or a contradiction. */
function settleIncurred(work: Work, selection: Selection): void {
  if (selection.verdict !== null) voidPending(work, selection, selection.verdict);
  else if (selection.conflicted) suspend(work, selection);
}

/** A duplicate counts nothing, but the draw of another node for the same click was real: drawn, and released. */
function countSurplus(work: Work, selection: Selection, { draw_lease: lease, billing }: SpendIncurred): void {
  if (billing.pricing_model !== 'CPC' || !covers(work.state, lease)) return;
  const key = leaseKey(lease);
  if (selection.lease !== null && leaseKey(selection.lease) === key) return;
  if (!selection.surplus.includes(key)) drawSurplus(work, selection, lease);
}

/** A verdict. Only the first one of a selection counts. */
export function onInvalidated(work: Work, record: TrafficInvalidated, policy: Policy): void {
  const { category, rule } = record;
  const { state } = work;
  const known = state.selections.get(record.selection_id, state.foldTime);
  const selection = known ?? newSelection(record.selection_id, policy);
  if (Number.isNaN(selection.bornAt)) {
    refuse(work, 'bad_selection_id', `${selection.id.slice(0, 40)} is no UUIDv7`);
    return;
  }
  if (isBeyondHorizon(work, selection, known !== undefined) || selection.verdict !== null) return;
  if (known === undefined) state.selections.add(selection);
  selection.verdict = { category, rule };
  applyVerdict(work, selection, selection.verdict);
}

function applyVerdict(work: Work, selection: Selection, verdict: Verdict): void {
  const { phase } = selection;
  if (phase === 'incurred' || phase === 'suspended') voidPending(work, selection, verdict);
  else if (phase === 'absorbed') voidAbsorbed(work, selection, verdict);
  else if (phase === 'final') {
    const amountMicros = selection.certifiedMicros - selection.reversedMicros;
    reverse(work, selection, { amountMicros, verdict, adjustment: false });
  } else if (phase === 'tombstone') leaveTombstone(work, selection);
  else work.state.selections.touch(selection, work.state.foldTime);
}

/**
 * The selection that a record with content belongs to, new or known; null if nothing more is to be done: beyond its horizon, not to be
 * believed, or contradicting what is known. `incurs`: the record is a billable event, which makes a reserved selection incur first.
 */
function admit(work: Work, billing: Billing, policy: Policy, incurs = false): Selection | null {
  const { state } = work;
  const known = state.selections.get(billing.selection_id, state.foldTime);
  if (known === undefined || known.billing === null) return adopt(work, known, billing, policy);
  if (isBeyondHorizon(work, known, true)) return null;
  if (sameContent(known.billing, billing)) return known;
  contradict(work, known, incurs);
  return null;
}

/** First content of a selection. */
function adopt(work: Work, tombstone: Selection | undefined, billing: Billing, policy: Policy): Selection | null {
  const selection = tombstone ?? newSelection(billing.selection_id, policy);
  const bad = unbelievable(work.state, selection, billing);
  if (bad !== null) return refuse(work, bad.code, bad.reason);
  if (isBeyondHorizon(work, selection, tombstone !== undefined)) return null;
  selection.billing = work.state.contents.share(billing);
  if (tombstone === undefined) work.state.selections.add(selection);
  return selection;
}

/** Why content can't be taken as the first of a selection, or null. */
export function unbelievable(state: SpendState, { policy, bornAt }: Selection, billing: Billing): Refusal | null {
  const { selection_id: id, price_micros: price, revenue_share_ppm: share } = billing;
  if (billing.shard !== state.shard) {
    return { code: 'wrong_shard', reason: `content says shard ${billing.shard}, the record lies in ${state.shard}` };
  }
  if (!(Math.abs(bornAt - billing.selected_at) <= idSkewMs)) {
    return { code: 'bad_selection_id', reason: `the time in ${id.slice(0, 40)} is not ${billing.selected_at}` };
  }
  if (!(price > 0 && price <= maxAmountMicros && share >= 0 && share <= 1_000_000)) {
    return { code: 'bad_amount', reason: `price ${price} micros and share ${share} ppm are out of range` };
  }
  if ((policy.calendars.get(billing.calendar)?.months.length ?? 0) === 0) {
    return { code: 'unknown_calendar', reason: `policy ${policy.revision} lists no calendar ${billing.calendar}` };
  }
  return null;
}

function isBeyondHorizon(work: Work, selection: Selection, known: boolean): boolean {
  const { foldTime, leastHorizonMs } = work.state;
  if (foldTime <= (known ? horizonOf(selection) : selection.bornAt + leastHorizonMs)) return false;
  refuse(work, 'beyond_horizon', `events no longer move ${selection.id}`);
  return true;
}

/** Two records of one selection disagree on its content. What the first said stays; the second is put aside. */
function contradict(work: Work, selection: Selection, incurs: boolean): void {
  const certified = selection.phase === 'final' || selection.phase === 'reversed';
  refuse(
    work,
    certified ? 'conflict_after_certification' : 'conflict',
    `another record of ${selection.id} has other content`,
  );
  if (selection.phase === 'incurred') suspend(work, selection);
  if (selection.phase !== 'reserved') return;
  selection.conflicted = true;
  work.state.selections.touch(selection, work.state.foldTime);
  if (!incurs) return;
  incur(work, selection);
  settleIncurred(work, selection);
}
