import { sameContent } from '../../domain/billing.ts';
import type { Adjusted } from '../../domain/records.ts';
import { isForgotten, isFree, refuse, unbelievable } from './spend-arrivals.ts';
import { certify, reverse, voidPending, type Work } from './spend-moves.ts';
import { newSelection, type Policy, type Selection } from './spend-selection.ts';

/** An explicit correction by finance. It never raises what a campaign is charged beyond what was certified or suspended. */
export function onAdjusted(work: Work, record: Adjusted, policy: Policy): void {
  const { state } = work;
  const expected = state.adjustments + 1;
  if (record.adjustment_number !== expected) {
    refuse(
      work,
      'adjustment_number',
      `the next adjustment of this shard is ${expected}, not ${record.adjustment_number}`,
    );
    return;
  }
  state.adjustments = expected;
  const bad = contradiction(record);
  if (bad !== null) {
    refuse(work, 'adjustment_content', bad);
    return;
  }
  const selection = adjustedSelection(work, record, policy);
  if (selection === null || !reliesOnWhatIs(work, selection, record)) return;
  if (record.action === 'REVERSE') reverseByHand(work, selection, record);
  else decideSuspended(work, selection, record);
}

function contradiction({ billing, selection_id }: Adjusted): string | null {
  if (billing.selection_id !== selection_id) return `content of ${billing.selection_id} for ${selection_id}`;
  return isFree(billing) ? 'a selection without a price has nothing to correct' : null;
}

/** Its state; beyond the horizon, where there is none any more, what the record itself says. */
function adjustedSelection(work: Work, record: Adjusted, policy: Policy): Selection | null {
  const { state } = work;
  const { billing } = record;
  const known = state.selections.get(record.selection_id, state.foldTime);
  if (known !== undefined && !isForgotten(state, known)) {
    if (known.billing === null || sameContent(known.billing, billing)) return known;
    return refuse(work, 'conflict', `the correction of ${known.id} has other content`);
  }
  const selection = recalled(record, policy);
  const bad = unbelievable(state, selection, billing);
  if (bad !== null) return refuse(work, bad.code, bad.reason);
  if (state.foldTime > selection.bornAt + state.leastHorizonMs) return selection;
  return refuse(work, 'not_certified', `nothing is known of ${record.selection_id}`);
}

/** Certified long ago, as finance read it in the ledger. Kept once it is changed. */
function recalled(record: Adjusted, policy: Policy): Selection {
  return {
    ...newSelection(record.selection_id, policy),
    billing: record.billing,
    phase: 'final',
    certifiedMicros: Math.max(0, Math.min(record.relied_certified_micros, record.billing.price_micros)),
    reversedMicros: Math.max(0, record.relied_reversed_micros),
    kept: true,
  };
}

function reliesOnWhatIs(work: Work, selection: Selection, record: Adjusted): boolean {
  const { certifiedMicros, reversedMicros } = selection;
  if (certifiedMicros === record.relied_certified_micros && reversedMicros === record.relied_reversed_micros) {
    return true;
  }
  refuse(
    work,
    'adjustment_relied',
    `${selection.id} has ${certifiedMicros} certified and ${reversedMicros} reversed, the correction relies on ${record.relied_certified_micros} and ${record.relied_reversed_micros}`,
  );
  return false;
}

function reverseByHand(work: Work, selection: Selection, { amount_micros: amountMicros, reason }: Adjusted): void {
  const left = selection.certifiedMicros - selection.reversedMicros;
  if (!(amountMicros > 0 && amountMicros <= left)) {
    refuse(work, 'adjustment_amount', `${selection.id} has ${left} left to be reversed, not ${amountMicros}`);
    return;
  }
  if (selection.kept) work.state.selections.add(selection);
  reverse(work, selection, { amountMicros, verdict: { category: 'QUALITY', rule: reason }, adjustment: true });
}

function decideSuspended(work: Work, selection: Selection, { action, reason }: Adjusted): void {
  if (selection.phase !== 'suspended') {
    refuse(work, 'not_suspended', `${selection.id} is ${selection.phase}`);
    return;
  }
  if (action === 'RELEASE') certify(work, selection);
  else voidPending(work, selection, { category: 'QUALITY', rule: reason });
}
