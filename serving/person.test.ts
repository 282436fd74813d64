import { describe, expect, test } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { AdtallyError } from '../domain/errors.ts';
import { encodeFrequencyView } from '../domain/frequency-view.ts';
import type { KeyStore } from '../ports/key-store.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { PersonReader } from './person.ts';

const view = encodeFrequencyView({ items: new Map([['li_A', [5]]]), segments: ['sports'] });

function reader(options: { keys?: Partial<KeyStore>; views?: Partial<ViewStore>; secret?: number } = {}) {
  const clock = createSimulatedClock();
  const reads: string[] = [];
  const keys = {
    async getMany(hashes: readonly string[]) {
      reads.push(...hashes);
      return hashes.map((): string | null => 'user-1');
    },
    ...options.keys,
  } as KeyStore;
  const views = {
    async getMany(names: readonly string[]) {
      reads.push(...names);
      return names.map(() => ({ version: 4, value: view }));
    },
    ...options.views,
  } as ViewStore;
  const persons = new PersonReader({ keys, views, clock, hashSecret: Buffer.alloc(32, options.secret ?? 1) });
  return { persons, clock, reads };
}

describe('a person', () => {
  test('is found by the keyed hash of the raw id, which alone is used', async () => {
    const { persons, reads } = reader();
    const hash = persons.hash('someone@example.org');
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const person = await persons.read(hash, 20);
    expect(person).toMatchObject({ userKey: 'user-1', revision: 4, firstSight: false, missing: null });
    expect(person.view?.items.get('li_A')).toEqual([5]);
    expect(reads).toEqual([hash, 'freq:user-1']);
    expect(reader({ secret: 2 }).persons.hash('someone@example.org')).not.toBe(hash);
  });

  test('is remembered for a moment', async () => {
    const { persons, clock } = reader();
    const hash = persons.hash('a');
    expect(persons.recall(hash)).toBeNull();
    await persons.read(hash, 20);
    expect(persons.recall(hash)?.userKey).toBe('user-1');
    await clock.advance(1000);
    expect(persons.recall(hash)).toBeNull();
  });

  test('whom the node has met is read in one round trip: key and view are asked for before either is answered', async () => {
    const held = Promise.withResolvers<readonly (string | null)[]>();
    const known = (hashes: readonly string[]): readonly (string | null)[] => hashes.map(() => 'user-1');
    let answer: KeyStore['getMany'] = async (hashes) => known(hashes);
    const { persons, clock, reads } = reader({ keys: { getMany: (hashes) => answer(hashes) } });
    await persons.read('h', 20);
    await clock.advance(1000);
    answer = () => held.promise;
    const read = persons.read('h', 20);
    await clock.advance(1);
    expect(reads).toEqual(['freq:user-1', 'freq:user-1']);
    held.resolve(['user-1']);
    expect(await read).toMatchObject({ userKey: 'user-1', revision: 4, missing: null });
    expect(reads).toHaveLength(2);
  });

  test('who was forgotten, or has a new key, is never given the view of the old one', async () => {
    let key: string | null = 'old';
    const { persons, clock, reads } = reader({ keys: { getMany: async () => [key] } });
    await persons.read('h', 20);
    await clock.advance(1000);
    key = 'new';
    expect(await persons.read('h', 20)).toMatchObject({ userKey: 'new' });
    expect(reads).toEqual(['freq:old', 'freq:old', 'freq:new']);
    await clock.advance(1000);
    key = null;
    expect(await persons.read('h', 20)).toMatchObject({ userKey: null, view: null, firstSight: true });
    await clock.advance(1000);
    await persons.read('h', 20);
    expect(reads.slice(3)).toEqual(['freq:new']);
  });

  test('without a view has been shown nothing yet', async () => {
    const { persons } = reader({ views: { getMany: async () => [null] } });
    const person = await persons.read(persons.hash('a'), 20);
    expect(person).toMatchObject({ revision: 0, view: { segments: [] }, missing: null });
  });

  test('that nobody knows is announced once a minute', async () => {
    const { persons, clock } = reader({ keys: { getMany: async () => [null] } });
    const hash = persons.hash('a');
    expect(await persons.read(hash, 20)).toMatchObject({ userKey: null, view: null, firstSight: true });
    expect(persons.recall(hash)?.firstSight).toBe(false);
    expect((await persons.read(hash, 20)).firstSight).toBe(false);
    await clock.advance(60_000);
    expect((await persons.read(hash, 20)).firstSight).toBe(true);
  });

  test('is not waited for longer than the allowance; what comes late serves the next request', async () => {
    const held = Promise.withResolvers<readonly (string | null)[]>();
    const { persons, clock } = reader({ keys: { getMany: () => held.promise } });
    const hash = persons.hash('a');
    const read = persons.read(hash, 20);
    await clock.advance(20);
    expect(await read).toMatchObject({ userKey: null, view: null, missing: 'timed_out' });
    held.resolve(['user-1']);
    await clock.advance(1);
    expect(persons.recall(hash)?.userKey).toBe('user-1');
  });

  test('is not waited for while engines stand still, and is again as soon as one answers in time', async () => {
    let held = Promise.withResolvers<readonly (string | null)[]>();
    const { persons, clock } = reader({ keys: { getMany: () => held.promise } });
    for (const name of ['a', 'b', 'c']) {
      const read = persons.read(name, 20);
      await clock.advance(20);
      expect(await read).toMatchObject({ missing: 'timed_out' });
    }
    expect(await persons.read('d', 20)).toMatchObject({ missing: 'unavailable', firstSight: false });
    await clock.advance(20);
    held.resolve(['user-1']);
    held = Promise.withResolvers();
    await clock.advance(0);
    // An answer that came too late is kept, and shows nothing of whether waiting is worth it.
    expect(persons.recall('d')?.userKey).toBe('user-1');
    expect(await persons.read('e', 20)).toMatchObject({ missing: 'unavailable' });
    held.resolve(['user-2']);
    await clock.advance(0);
    expect(await persons.read('f', 20)).toMatchObject({ userKey: 'user-2', missing: null });
  });

  test('who is new is announced by a decision that waited for the answer, not by an answer that nobody took', async () => {
    const held = Promise.withResolvers<readonly (string | null)[]>();
    const { persons, clock } = reader({ keys: { getMany: () => held.promise } });
    const read = persons.read('a', 20);
    await clock.advance(20);
    expect(await read).toMatchObject({ missing: 'timed_out', firstSight: false });
    held.resolve([null]);
    await clock.advance(0);
    expect(persons.recall('a')).toMatchObject({ firstSight: true });
  });

  test('whom a broken engine hides is no outage: the next reading says what is wrong', async () => {
    let answer: KeyStore['getMany'] = () => new Promise(() => undefined);
    const { persons, clock } = reader({ keys: { getMany: (hashes) => answer(hashes) } });
    for (const name of ['a', 'b', 'c']) {
      void persons.read(name, 20);
      await clock.advance(20);
    }
    answer = async () => Promise.reject(new TypeError('bug'));
    expect(await persons.read('d', 20)).toMatchObject({ missing: 'unavailable' });
    await clock.advance(0);
    await expect(persons.read('e', 20)).rejects.toThrow('bug');
  });

  test('is missing while an engine is away, and an error that is no outage is not hidden', async () => {
    const away = reader({
      views: { getMany: async () => Promise.reject(new AdtallyError('VIEWS_UNAVAILABLE', 'away')) },
    });
    expect(await away.persons.read('h', 20)).toMatchObject({ missing: 'unavailable', view: null });
    const broken = reader({ keys: { getMany: async () => Promise.reject(new TypeError('bug')) } });
    await expect(broken.persons.read('h', 20)).rejects.toThrow('bug');
  });

  test('whose view cannot be read is missing, not unlimited', async () => {
    const { persons } = reader({ views: { getMany: async () => [{ version: 9, value: Buffer.from('?') }] } });
    expect(await persons.read('h', 20)).toMatchObject({ userKey: 'user-1', view: null, missing: 'unavailable' });
  });
});
