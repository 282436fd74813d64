import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shardOf } from '../../domain/identity.ts';
import { beacon, content, processAll, seen, selectedFor, ShardStory } from '../../test/beacon-story.ts';
import type { SourceRecord } from '../runtime/processor.ts';
import { exposure } from './exposure.ts';

function exposures(records: readonly SourceRecord[]): readonly string[] {
  return processAll(exposure({ shards: 4 }), records).map((outcome) => {
    if (outcome.to !== 'log' || outcome.record.name !== 'UserExposed') throw new Error('an exposure was expected');
    const { user_key, selection_id, source_offset } = outcome.record.value;
    expect(outcome).toMatchObject({ topic: 'exposure', shard: shardOf(user_key, 4), key: user_key });
    return `${user_key} ${selection_id} ${source_offset}`;
  });
}

function storyOf(): ShardStory {
  const story = new ShardStory();
  for (let index = 0; index < 6; index += 1) {
    const billing = content(index, { test: index === 4 });
    story.add(selectedFor(index === 5 ? null : `u${index}`, billing));
    if (index !== 3) story.add(seen(beacon(billing, 'impression')), seen(beacon(billing, 'impression')));
  }
  const late = content(9);
  return story.add(selectedFor('u9', late), seen(beacon(late, 'impression', { judgement: 'LATE' })));
}

describe('exposure', () => {
  const expected = [0, 1, 2].map((index) => `u${index} ${content(index).selection_id} ${2 * index}`);

  it('says once for each selection who saw it, from its first impression', () => {
    const story = storyOf();
    const selectedFirst = [...story.list('selected'), ...story.list('impression')];
    expect(exposures(selectedFirst)).toEqual(expected);
    expect(exposures([...story.list('impression'), ...story.list('selected')])).toEqual(expected);
    expect(exposures([...selectedFirst, ...selectedFirst])).toEqual(expected);
  });

  it('says the same however the two topics are read between each other', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), (turns) => {
        const story = storyOf();
        const queues = (['selected', 'impression'] as const).map((topic) => [...story.list(topic)]);
        const order = turns.flatMap((first) => (queues[first ? 0 : 1] as SourceRecord[]).splice(0, 1));
        expect(exposures([...order, ...queues.flat()]).toSorted()).toEqual(expected);
      }),
    );
  });

  it('forgets what can join no more, by the time of the topic that is behind', () => {
    const processor = exposure({ shards: 4, graceMs: 0 });
    const state = processor.initial(0);
    const story = new ShardStory();
    for (let index = 0; index < 4_000; index += 1) story.add(selectedFor('u', content(index)));
    for (const source of story.list('selected')) processor.process(state, source);
    expect(state.halves.size).toBe(4_000);
    for (let index = 0; index < 4_000; index += 1)
      story.add(seen(beacon(content(index), 'impression', { judgement: 'LATE' })));
    for (const source of story.list('impression')) processor.process(state, source);
    expect(state.halves.size).toBeLessThan(2_500); // half an hour of selections, one a second, and up to a sweep
  });
});
