import { describe, expect, it } from 'vitest';
import type { TrafficInvalidated } from '../domain/records.ts';
import type { BeaconFact, SelectionFacts } from './facts.ts';
import type { Placed } from './log-reading.ts';
import { Timeline } from './timeline.ts';
import { checkVerdicts } from './verdict-check.ts';

const selectionId = '019c5e98-b882-7410-b7a1-5404042f5a46';
const verdictOffset = 50;

/** An impression at 1,000 that the log got late, a click at 2,000, and the verdict of 5,000 that saw the click alone. */
function factsOf(): SelectionFacts {
  const place = (topic: 'impression' | 'click' | 'spend', offset: number) => ({ topic, shard: 0, offset });
  const beacon = (kind: BeaconFact['kind'], receivedAt: number, node: string) =>
    ({ kind, received_at: receivedAt, node, boot: 'boot' }) as BeaconFact;
  const verdict = {
    selection_id: selectionId,
    rule: 'click_without_impression',
    category: 'SIVT',
    evidence: [place('click', 3)],
    judged_at: 5_000,
  } as unknown as TrafficInvalidated;
  return {
    selectionId,
    selected: [],
    returned: [],
    beacons: [
      { ...place('impression', 9), value: beacon('impression', 1_000, 'n1') },
      { ...place('click', 3), value: beacon('click', 2_000, 'n2') },
    ],
    verdicts: [{ ...place('spend', verdictOffset), value: verdict } as Placed<TrafficInvalidated>],
  } as unknown as SelectionFacts;
}

function breaksWith(fences: readonly (readonly [offset: number, node: string])[]) {
  const timeline = new Timeline(0);
  for (const [offset, node] of fences) timeline.addFence(offset, node, 'boot');
  return checkVerdicts(factsOf(), { campaignId: 'cmp_a', priceMicros: 7 }, timeline);
}

describe('A verdict of a click that nobody was shown, and an impression from before it', () => {
  it('is believed if time had run past the fenced node that held the impression back', () => {
    expect(breaksWith([[40, 'n1']])).toEqual([]);
  });

  it('is a break of the whole price if nothing kept the judge from knowing', () => {
    const broken = [expect.objectContaining({ code: 'verdict_without_evidence', differenceMicros: 7 })];
    expect(breaksWith([])).toEqual(broken);
    expect(breaksWith([[40, 'n2']])).toEqual(broken);
    expect(breaksWith([[60, 'n1']])).toEqual(broken);
  });
});
