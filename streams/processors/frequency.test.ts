import { describe, expect, it } from 'vitest';
import { decodeFrequencyView, longestWindowMs } from '../../domain/frequency-view.ts';
import type { AnyRecord } from '../../domain/records.ts';
import { processAll, ShardStory } from '../../test/beacon-story.ts';
import { frequency } from './frequency.ts';

const day = 86_400_000;
const start = 100 * day;

function exposed(user: string, selection: string, at: number, lineItem = 'li_1'): AnyRecord {
  const ids = { advertiser_id: 'adv_1', campaign_id: 'cmp_1', line_item_id: lineItem, creative_id: 'cr_1' };
  const value = {
    user_key: user,
    selection_id: `018f0000-0000-7000-8000-${selection.padStart(12, '0')}`,
    ...ids,
    exposed_at: start + at,
    source_shard: 0,
    source_offset: 0,
  };
  return { name: 'UserExposed', value };
}

function views(...records: AnyRecord[]) {
  return processAll(frequency(), new ShardStory().add(...records).list('exposure')).map((outcome) => {
    if (outcome.to !== 'view') throw new Error('a view was expected');
    const { key, version, value, expiresAt } = outcome.write;
    const items = [...(decodeFrequencyView(value)?.items ?? [])].map(([id, times]) => [
      id,
      times.map((at) => at - start),
    ]);
    return { key, version, items: Object.fromEntries(items) as Record<string, number[]>, expiresAt };
  });
}

describe('frequency', () => {
  it('keeps the times of each line item in order, once for each selection, under the offset as version', () => {
    const all = views(
      exposed('u', 's1', 10),
      exposed('u', 's2', 5),
      exposed('u', 's1', 10),
      exposed('u', 's3', 20, 'li_2'),
      exposed('v', 's4', 1),
    );
    expect(all).toEqual([
      { key: 'freq:u', version: 1, items: { li_1: [10] }, expiresAt: start + 10 + longestWindowMs },
      { key: 'freq:u', version: 2, items: { li_1: [5, 10] }, expiresAt: start + 10 + longestWindowMs },
      { key: 'freq:u', version: 4, items: { li_1: [5, 10], li_2: [20] }, expiresAt: start + 20 + longestWindowMs },
      { key: 'freq:v', version: 5, items: { li_1: [1] }, expiresAt: start + 1 + longestWindowMs },
    ]);
  });

  it('drops what is older than the longest window and keeps the newest fifty', () => {
    const many = Array.from({ length: 60 }, (_, index) => exposed('u', `s${index}`, 40 * day + index));
    const last = views(exposed('u', 'old', 0), exposed('u', 'other', 0, 'li_2'), ...many).at(-1);
    expect(last?.items).toEqual({ li_1: Array.from({ length: 50 }, (_, index) => 40 * day + 10 + index) });
  });

  it('forgets persons who saw nothing for longer than the window', () => {
    const processor = frequency();
    const state = processor.initial(0);
    const story = new ShardStory().add(exposed('gone', 's', 0));
    for (let index = 0; index < 1_000; index += 1) story.add(exposed('u', `s${index}`, 32 * day + index));
    for (const source of story.list('exposure')) processor.process(state, source);
    expect([...state.persons.keys()]).toEqual(['u']);
  });
});
