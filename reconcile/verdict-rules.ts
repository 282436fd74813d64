import { isbot } from 'isbot';
import type { Category, TrafficInvalidated } from '../domain/records.ts';
import type { BeaconFact, SelectionFacts } from './facts.ts';
import type { Placed } from './log-reading.ts';
import type { Timeline } from './timeline.ts';

/** How the recount decides whether the evidence of a verdict supports its rule. */
export interface VerdictRule {
  /** Null: the judge's choice. */
  readonly category: Category | null;
  readonly needsEvidence: boolean;
  /** A pattern over many selections names records of others, too. */
  readonly mayNameOthers: boolean;
  readonly supports: (verdict: TrafficInvalidated, facts: SelectionFacts, heldBack: HeldBack) => boolean;
}

/** True of a beacon that the judge could not wait for: time ran past its node, which had been fenced before the verdict. */
export type HeldBack = (beacon: BeaconFact) => boolean;

export function heldBackAt(offset: number, timeline: Timeline): HeldBack {
  return ({ node, boot }) => timeline.fenceOffset(node, boot) < offset;
}

/** The beacons of the selection that the verdict names. */
function named(verdict: TrafficInvalidated, facts: SelectionFacts): Placed<BeaconFact>[] {
  return facts.beacons.filter((at) =>
    verdict.evidence.some((ref) => ref.topic === at.topic && ref.shard === at.shard && ref.offset === at.offset),
  );
}

function rule(category: Category, supports: VerdictRule['supports']): VerdictRule {
  return { category, needsEvidence: true, mayNameOthers: false, supports };
}

/** Every rule that may stand in `spend`, each with a predicate of the recount's own. Thresholds are the judge's; that there is ground is not. */
export const verdictRules: Readonly<Record<string, VerdictRule>> = {
  manual: {
    category: null,
    needsEvidence: false,
    mayNameOthers: true,
    supports: ({ judged_by, reason }) => judged_by !== '' && reason !== '',
  },
  declared_bot: rule('GIVT', (verdict, facts) => named(verdict, facts).every((at) => isbot(at.value.user_agent))),
  listed_network: rule('GIVT', (verdict, facts) => named(verdict, facts).every((at) => at.value.network !== '')),
  token_replay: rule('SIVT', (verdict, facts) => new Set(named(verdict, facts).map((at) => at.value.network)).size > 1),
  click_without_impression: rule('SIVT', (verdict, facts, heldBack) => {
    const before = facts.beacons.filter(
      ({ value }) => value.kind === 'impression' && value.received_at <= verdict.judged_at && !heldBack(value),
    );
    return named(verdict, facts).every((at) => at.value.kind === 'click') && before.length === 0;
  }),
  impossible_timing: rule('SIVT', (verdict, facts) => {
    const times = named(verdict, facts).map((at) => ({
      kind: at.value.kind,
      at: at.value.received_at,
      since: at.value.billing.selected_at,
    }));
    const impression = times.find((one) => one.kind === 'impression');
    const click = times.find((one) => one.kind === 'click');
    return (
      times.some((one) => one.at < one.since) ||
      (impression !== undefined && click !== undefined && click.at - impression.at < 1_000)
    );
  }),
  click_farm: rule('SIVT', (verdict, facts) =>
    named(verdict, facts).every((at) => at.value.kind === 'click' && at.value.network !== ''),
  ),
};
