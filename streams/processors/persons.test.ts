import { describe, expect, it } from 'vitest';
import type { AnyRecord } from '../../domain/records.ts';
import { processAll, ShardStory } from '../../test/beacon-story.ts';
import { persons } from './persons.ts';

const day = 86_400_000;

function seen(person_hash: string, seen_at: number): AnyRecord {
  return { name: 'PersonSeen', value: { person_hash, segments: [], seen_at } };
}

function forgotten(person_hash: string, forgotten_at: number): AnyRecord {
  return { name: 'PersonForgotten', value: { person_hash, requested_by: 'x', forgotten_at } };
}

function told(...records: AnyRecord[]): readonly string[] {
  const outcomes = processAll(persons(), new ShardStory().add(...records).list('persons'));
  return outcomes.map((outcome) => ('hash' in outcome ? `${outcome.to} ${outcome.hash}` : outcome.to));
}

describe('persons', () => {
  it('mints a key for whoever is seen, again and again, for minting is idempotent', () => {
    expect(told(seen('a', 1), seen('b', 2), seen('a', 3))).toEqual(['key-mint a', 'key-mint b', 'key-mint a']);
  });

  it('brings nobody back by a sighting from before the request to forget, however late it comes', () => {
    expect(told(seen('a', 1), forgotten('a', 5), seen('a', 5), seen('a', 4), seen('b', 4))).toEqual([
      'key-mint a',
      'key-delete a',
      'key-mint b',
    ]);
  });

  it('knows a person who comes back after the request, and a request read again does not undo that', () => {
    expect(told(forgotten('a', 5), seen('a', 6), forgotten('a', 5), forgotten('a', 4))).toEqual([
      'key-delete a',
      'key-mint a',
    ]);
    expect(told(forgotten('a', 5), seen('a', 6), forgotten('a', 7), seen('a', 6))).toEqual([
      'key-delete a',
      'key-mint a',
      'key-delete a',
    ]);
  });

  it('does not remember requests for ever', () => {
    const processor = persons();
    const state = processor.initial(0);
    const story = new ShardStory().add(forgotten('a', 0), forgotten('b', 2 * day), forgotten('c', 4 * day));
    for (const source of story.list('persons')) processor.process(state, source);
    expect([...state.forgotten.keys()]).toEqual(['b', 'c']);
  });
});
