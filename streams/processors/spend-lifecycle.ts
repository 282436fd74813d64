import { AdtallyError } from '../../domain/errors.ts';
import type { NodeFenced, RecordOf, TimeAdvanced } from '../../domain/records.ts';
import { onAdjusted } from './spend-adjustments.ts';
import { isForgotten, onIncurred, onInvalidated, onReserved, refuse } from './spend-arrivals.ts';
import type { SpendState, SpendStep } from './spend-lifecycle-state.ts';
import { certify, release, voidPending, type Work } from './spend-moves.ts';
import { closePeriod, setPolicy } from './spend-periods.ts';
import type { Policy, Selection } from './spend-selection.ts';

export type SpendRecord = RecordOf<'spend'>;

/**
 * Folds one record of a spend shard into its state and returns what it did. Pure but for `state`: no clock, no settings, no catalogue, so that a
 * replay of the same records gives the same steps. Records must come in the order of the shard, each once.
 * Rules: docs/decisions/0001-spend-life-cycle.md. Error: `INVARIANT_BROKEN` if the shard does not begin with a PolicySet.
 */
export function evolve(state: SpendState, offset: number, record: SpendRecord): SpendStep {
  const step: SpendStep = { offset, foldTime: state.foldTime, transitions: [], mark: null, refusal: null };
  const work: Work = { state, step };
  if (record.name === 'PolicySet') setPolicy(state, record.value);
  else if (state.policy === null) {
    throw new AdtallyError(
      'INVARIANT_BROKEN',
      `spend/${state.shard} has ${record.name} at ${offset} before any PolicySet`,
    );
  } else apply(work, record, state.policy);
  step.foldTime = state.foldTime;
  return step;
}

function apply(work: Work, record: Exclude<SpendRecord, { name: 'PolicySet' }>, policy: Policy): void {
  switch (record.name) {
    case 'SpendReserved':
      return onReserved(work, record.value, policy);
    case 'SpendIncurred':
      return onIncurred(work, record.value, policy);
    case 'TrafficInvalidated':
      return onInvalidated(work, record.value, policy);
    case 'Adjusted':
      return onAdjusted(work, record.value, policy);
    case 'TimeAdvanced':
      return onTimeAdvanced(work, record.value);
    case 'NodeFenced':
      return onNodeFenced(work, record.value);
    case 'PeriodClosed': {
      const reason = closePeriod(work.state, record.value);
      const { calendar, period } = record.value;
      if (reason === null) work.step.mark = { kind: 'closed', calendar, period };
      else refuse(work, 'period_not_closable', reason);
      return;
    }
    default:
      record satisfies never;
  }
}

/** A tick: everything that has fallen due happens, in the order (due time, selection). */
function onTimeAdvanced(work: Work, { advanced_to: advancedTo }: TimeAdvanced): void {
  const { state, step } = work;
  if (advancedTo > state.foldTime) {
    state.foldTime = advancedTo;
    step.mark = { kind: 'tick', advancedTo };
  }
  for (let due = state.due.takeEarliest(state.foldTime); due.length > 0; due = state.due.takeEarliest(state.foldTime)) {
    for (const selection of due) fallDue(work, selection);
  }
  state.selections.release(state.foldTime, (selection) => isForgotten(state, selection));
}

function fallDue(work: Work, selection: Selection): void {
  if (selection.phase === 'reserved') release(work, selection);
  else if (selection.phase === 'incurred') certify(work, selection);
  else if (selection.phase === 'suspended') voidPending(work, selection, { category: 'QUALITY', rule: 'horizon' });
}

/** From here on the leases of that boot cover nothing in this shard. Only the first fence says so. */
function onNodeFenced({ state, step }: Work, { node, boot }: NodeFenced): void {
  const nodes = state.fenced.get(boot);
  if (nodes?.has(node) === true) return;
  if (nodes === undefined) state.fenced.set(boot, new Set([node]));
  else nodes.add(node);
  state.contents.forgetBoot(boot);
  step.mark = { kind: 'fenced', node, boot };
}
