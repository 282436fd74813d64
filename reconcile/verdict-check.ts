import type { Category, TrafficInvalidated } from '../domain/records.ts';
import type { Break } from './breaks.ts';
import type { SelectionFacts } from './facts.ts';
import { type Placed, refText } from './log-reading.ts';
import type { Timeline } from './timeline.ts';
import { heldBackAt, verdictRules } from './verdict-rules.ts';

/**
 * A verdict is a fact that nobody recomputes, but it must be believable: what it rests on must exist, belong to the selection, and support the
 * rule. What is not believed is a break of the whole price: somebody's money was taken on no ground.
 */
export function checkVerdicts(
  facts: SelectionFacts,
  base: { readonly campaignId: string; readonly priceMicros: number },
  timeline: Timeline,
): Break[] {
  return facts.verdicts.flatMap((at) => {
    const problem = problemOf(at, facts, timeline);
    if (problem === null) return [];
    return [
      {
        code: 'verdict_without_evidence',
        truth: 'spend' as const,
        selectionId: facts.selectionId,
        campaignId: base.campaignId,
        expectedMicros: 0,
        actualMicros: base.priceMicros,
        differenceMicros: base.priceMicros,
        refs: [refText(at)],
        detail: problem,
      },
    ];
  });
}

function problemOf(at: Placed<TrafficInvalidated>, facts: SelectionFacts, timeline: Timeline): string | null {
  const { rule, category, evidence } = at.value;
  const known = verdictRules[rule];
  if (known === undefined) return `rule ${rule} is not known to the recount`;
  if (known.category !== null && known.category !== (category satisfies Category))
    return `rule ${rule} is ${known.category}, the verdict says ${category}`;
  const own = new Map(
    [...facts.beacons, ...facts.selected, ...facts.returned].map((record) => [refText(record), record]),
  );
  const foreign = evidence.filter((ref) => !own.has(`${ref.topic}/${ref.shard}@${ref.offset}`));
  if (known.needsEvidence && evidence.length === 0) return `rule ${rule} names no evidence`;
  if (!known.mayNameOthers && foreign.length > 0)
    return `${foreign.map((ref) => `${ref.topic}/${ref.shard}@${ref.offset}`).join(', ')} is no evidence of this selection`;
  return known.supports(at.value, facts, heldBackAt(at.offset, timeline))
    ? null
    : `the evidence does not support rule ${rule}`;
}
