import { describe, expect, it } from 'vitest';
import { decodeFrequencyView, frequencyViewKey, maxExposuresKept } from '../../domain/frequency-view.ts';
import type { AnyRecord, Beacon, Billing, Topic } from '../../domain/records.ts';
import type { Outcome, Processor } from '../runtime/processor.ts';
import { createCreativeStats } from './creative-stats.ts';
import { createExposure } from './exposure.ts';
import { createFrequency } from './frequency.ts';
import { createPersons } from './persons.ts';

const billing = (id: string, at: number): Billing =>
  ({
    selection_id: id,
    creative_id: 'cr_1',
    line_item_id: 'li_1',
    campaign_id: 'cmp_1',
    advertiser_id: 'adv_1',
    selected_at: at,
    test: false,
  }) as Billing;
const beacon = (id: string, kind: 'impression' | 'click', at = 1_000): Beacon =>
  ({ billing: billing(id, at), kind, judgement: 'ACCEPTED', received_at: at + 500 }) as Beacon;
const impression = (id: string, at?: number): AnyRecord => ({
  name: 'ImpressionRendered',
  value: { beacon: beacon(id, 'impression', at) },
});
const click = (id: string): AnyRecord => ({
  name: 'AdClicked',
  value: { beacon: beacon(id, 'click'), click_id: 'c', draw_lease: null },
});
const selected = (id: string, userKey: string | null): AnyRecord =>
  ({ name: 'AdSelected', value: { billing: billing(id, 1_000), user_key: userKey } }) as AnyRecord;
const verdict = (id: string): AnyRecord =>
  ({ name: 'TrafficInvalidated', value: { selection_id: id, judged_at: 2_000 } }) as AnyRecord;

/** Runs records through a processor, with a restart from its checkpoint after each if asked; returns all outcomes. */
function run<S>(processor: Processor<S>, records: readonly AnyRecord[], restarts = false): Outcome[] {
  let state = processor.initial(2);
  const outcomes = records.flatMap((record, offset) => {
    const out = [...processor.process(state, { topic: 'impression' as Topic, shard: 2, offset, key: '', record })];
    if (restarts) state = processor.decode(processor.encode(state), 2);
    return out;
  });
  return [...outcomes, ...(processor.flush?.(state) ?? [])];
}

const value = (outcome: Outcome | undefined) => (outcome?.to === 'view' ? outcome.write.value : new Uint8Array());

describe('exposure', () => {
  const exposure = () => createExposure({ shards: 4, keepMs: 3_600_000 });

  it('tells once that a person was exposed, whichever half is read first, restarted or not', () => {
    for (const order of [
      [selected('s1', 'u1'), impression('s1'), impression('s1'), selected('s1', 'u1')],
      [impression('s1'), impression('s1'), selected('s1', 'u1')],
    ]) {
      for (const restarts of [false, true]) {
        const told = run(exposure(), order, restarts);
        expect(told).toHaveLength(1);
        expect(told[0]).toMatchObject({
          to: 'log',
          topic: 'exposure',
          key: 'u1',
          record: { value: { selection_id: 's1', exposed_at: 1_500, source_shard: 2 } },
        });
      }
    }
  });

  it('tells nothing of somebody without consent', () => {
    expect(run(exposure(), [selected('s1', null), impression('s1')])).toEqual([]);
  });
});

describe('frequency', () => {
  const exposed = (id: string, at: number): AnyRecord =>
    ({
      name: 'UserExposed',
      value: { user_key: 'u1', selection_id: id, line_item_id: 'li_1', exposed_at: at },
    }) as AnyRecord;

  it('counts a selection once and writes versions that rise with the offset', () => {
    const writes = run(createFrequency(), [exposed('s1', 10), exposed('s1', 10), exposed('s2', 5)], true);
    expect(writes.map((w) => (w.to === 'view' ? [w.write.key, w.write.version] : null))).toEqual([
      [frequencyViewKey('u1'), 1],
      [frequencyViewKey('u1'), 3],
    ]);
    expect(decodeFrequencyView(value(writes.at(-1)))?.items.get('li_1')).toEqual([5, 10]);
  });

  it('keeps the latest exposures only', () => {
    const writes = run(
      createFrequency(),
      Array.from({ length: 60 }, (_, index) => exposed(`s${index}`, index)),
    );
    const times = decodeFrequencyView(value(writes.at(-1)))?.items.get('li_1') ?? [];
    expect([times.length, times[0], times.at(-1)]).toEqual([maxExposuresKept, 10, 59]);
  });
});

describe('persons', () => {
  const seen = (at: number): AnyRecord => ({
    name: 'PersonSeen',
    value: { person_hash: 'h1', segments: [], seen_at: at },
  });
  const forgotten = (at: number): AnyRecord => ({
    name: 'PersonForgotten',
    value: { person_hash: 'h1', requested_by: 'k', forgotten_at: at },
  });

  it('mints a key for who was seen, and none for a sighting from before the forgetting', () => {
    const outcomes = run(createPersons(), [seen(1), forgotten(5), seen(4), seen(5), seen(6)], true);
    expect(outcomes.map((outcome) => outcome.to)).toEqual(['key-mint', 'key-delete', 'key-mint']);
  });
});

describe('creative statistics', () => {
  const counts = (records: readonly AnyRecord[], restarts = false) =>
    JSON.parse(
      Buffer.from(value(run(createCreativeStats(3_600_000), records, restarts).at(-1))).toString() || 'null',
    ) as unknown;

  it('counts each selection once and leaves out what was judged invalid, before or after', () => {
    const records = [
      impression('s1'),
      impression('s1'),
      click('s1'),
      impression('s2'),
      verdict('s3'),
      impression('s3'),
      click('s2'),
      verdict('s2'),
      verdict('s2'),
    ];
    expect(counts(records)).toEqual({ impressions: 1, clicks: 1 });
    expect(counts(records, true)).toEqual({ impressions: 1, clicks: 1 });
  });

  it('does not know of late beacons', () => {
    const late = impression('s1');
    if (late.name === 'ImpressionRendered') (late.value.beacon as { judgement: string }).judgement = 'LATE';
    expect(counts([late])).toBeNull();
  });
});
