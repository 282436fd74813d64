import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumCreativeStats } from '../../domain/creative-stats-view.ts';
import { beacon, content, processAll, seen, ShardStory, ticked } from '../../test/beacon-story.ts';
import { verdict } from '../../test/spend-story.ts';
import type { Outcome, SourceRecord } from '../runtime/processor.ts';
import { creativeStats } from './creative-stats.ts';

function storyOf(): ShardStory {
  const story = new ShardStory();
  for (let index = 0; index < 10; index += 1) {
    const billing = content(index, { creative_id: index < 8 ? 'cr_1' : 'cr_2', test: index === 7 });
    const impression = seen(beacon(billing, 'impression'));
    story.add(impression, impression);
    if (index % 2 === 0) story.add(seen(beacon(billing, 'click')));
  }
  story.add(seen(beacon(content(30), 'impression', { judgement: 'LATE' })));
  return story.add(verdict(content(2)), verdict(content(2)), verdict(content(3)), verdict(content(77)));
}

function stats(records: readonly SourceRecord[]): Record<string, unknown> {
  const outcomes = processAll(creativeStats(), records);
  return Object.fromEntries(
    outcomes.map((outcome) => {
      if (outcome.to !== 'view') throw new Error('a view was expected');
      return [outcome.write.key, sumCreativeStats([outcome.write, null])];
    }),
  );
}

function versionOf(outcomes: readonly Outcome[] | undefined): number {
  const [first] = outcomes ?? [];
  if (first?.to !== 'view') throw new Error('a view was expected');
  return first.write.version;
}

/** The last writes of an owner who takes these records and writes after each. */
function lastWrites(records: readonly SourceRecord[]): ReadonlyMap<string, { version: number; value: Uint8Array }> {
  const processor = creativeStats();
  const state = processor.initial(0);
  const last = new Map<string, { version: number; value: Uint8Array }>();
  for (const source of records) {
    processor.process(state, source);
    for (const outcome of processor.flush?.(state) ?? [])
      if (outcome.to === 'view') last.set(outcome.write.key, outcome.write);
  }
  return last;
}

describe('creative statistics', () => {
  // 7 of cr_1 are no test, less two invalid ones; clicks at 0, 2, 4, 6, less the invalid 2
  const expected = { 'stats:cr_1/0': { impressions: 5, clicks: 3 }, 'stats:cr_2/0': { impressions: 2, clicks: 1 } };

  it('counts each selection once and takes out what is invalid, in whatever order the topics are read', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 40, maxLength: 40 }), (turns) => {
        const story = storyOf();
        const queues = (['impression', 'click', 'spend'] as const).map((topic) => [...story.list(topic)]);
        const order = turns.flatMap((turn) => (queues[turn] as SourceRecord[]).splice(0, 1));
        expect(stats([...order, ...queues.flat()])).toEqual(expected);
      }),
    );
  });

  it('writes under a version that grows with what was read, and nothing twice', () => {
    const processor = creativeStats();
    const state = processor.initial(0);
    const [first, second] = new ShardStory()
      .add(seen(beacon(content(1), 'impression')), seen(beacon(content(2), 'impression')))
      .list('impression') as [SourceRecord, SourceRecord];
    processor.process(state, first);
    const version = versionOf(processor.flush?.(state));
    processor.process(state, second);
    processor.process(state, second);
    expect(versionOf(processor.flush?.(state))).toBe(version + 1);
    expect(processor.flush?.(state)).toEqual([]);
  });

  it('lets whoever has taken every record have the last word, also over an owner who has read further in another topic', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.array(fc.nat(2), { minLength: 40, maxLength: 40 }), (taken, turns) => {
        const story = storyOf().add(...Array.from({ length: 40 }, (_, second) => ticked(second)));
        const queues = (['impression', 'click', 'spend'] as const).map((topic) => [...story.list(topic)]);
        const order = turns.flatMap((turn) => (queues[turn] as SourceRecord[]).splice(0, 1));
        const all = [...order, ...queues.flat()];
        const successor = lastWrites(
          (['impression', 'click', 'spend'] as const).flatMap((topic) => [...story.list(topic)]),
        );
        const former = lastWrites(all.slice(0, taken));
        for (const [key, { version, value }] of former) {
          const last = successor.get(key);
          expect(last?.version).toBeGreaterThanOrEqual(version);
          if (last?.version === version) expect(value).toEqual(last.value);
        }
      }),
    );
  });

  it('forgets selections that nothing changes any more', () => {
    const processor = creativeStats({ keepMs: 10_000 });
    const state = processor.initial(0);
    const story = storyOf();
    for (const source of [...story.list('impression'), ...story.add(ticked(13_000)).list('spend')])
      processor.process(state, source);
    // 3 s after noon or later and no test, and the one that was only judged
    expect([...state.selections.keys()]).toEqual([3, 4, 5, 6, 8, 9, 77].map((index) => content(index).selection_id));
  });
});
