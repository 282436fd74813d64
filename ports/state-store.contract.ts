import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StateStore } from './state-store.ts';

/** An empty state store to test. */
export interface StateStoreHarness {
  readonly engine: StateStore;
  reopen(): Promise<StateStore>;
  /**
   * In a process of its own, as real as the engine allows: commits to a fold without pause; commit `i` has position `i`, sets keys `a` and
   * `b` to the text of `i`, and moves one key `at-<i>` on.
   */
  startCommitter(fold: string): Promise<RemoteCommitter>;
  close(): Promise<void>;
}

export interface RemoteCommitter {
  /** Position of the last commit of which it has reported the end; 0 at first. */
  acknowledged(): number;
  kill(): Promise<void>;
}

/** What a committer commits as its `i`-th step. */
export function committerChange(i: number) {
  const text = new TextEncoder().encode(String(i));
  return {
    position: String(i),
    puts: [
      ['a', text],
      ['b', text],
      [`at-${i}`, text],
    ] as const,
    deletes: [`at-${i - 1}`],
  };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

/** The promises of the StateStore port, for one engine. */
export function describeStateStoreContract(name: string, open: () => Promise<StateStoreHarness>): void {
  describe(`StateStore on ${name}`, () => {
    let harness: StateStoreHarness;
    let store: StateStore;
    beforeEach(async () => {
      harness = await open();
      store = harness.engine;
    });
    afterEach(() => harness.close());

    const contentOf = (fold: string) => [...store.entries(fold)].map(([key, value]) => [key, [...value]]);

    it('knows nothing of a fold that never committed', async () => {
      expect(await store.position('f')).toBe(null);
      expect(store.get('f', 'k')).toBe(null);
      expect(contentOf('f')).toEqual([]);
    });

    it('replaces, adds and deletes, and keeps the position', async () => {
      await store.commit('f', {
        position: 'spend/0:7',
        puts: [
          ['k', bytes(1)],
          ['l', bytes(2)],
        ],
        deletes: [],
      });
      await store.commit('f', {
        position: 'spend/0:9',
        puts: [
          ['k', bytes(3)],
          ['m', bytes()],
        ],
        deletes: ['l', 'none'],
      });
      expect(await store.position('f')).toBe('spend/0:9');
      expect(store.get('f', 'k')).toEqual(bytes(3));
      expect(store.get('f', 'l')).toBe(null);
      expect(store.get('f', 'm')).toEqual(bytes());
    });

    it('lists the entries in the order of the keys', async () => {
      const puts = ['b', 'a', 'ä', 'c/2', 'c/10', '', '鍵'].map((key, i) => [key, bytes(i)] as const);
      await store.commit('f', { position: '1', puts, deletes: [] });
      expect(contentOf('f')).toEqual([
        ['', [5]],
        ['a', [1]],
        ['b', [0]],
        ['c/10', [4]],
        ['c/2', [3]],
        ['ä', [2]],
        ['鍵', [6]],
      ]);
    });

    it('lists thousands of entries, and bears a commit between two of them', async () => {
      const keys = Array.from({ length: 3500 }, (_, i) => `k${String(i).padStart(5, '0')}`);
      await store.commit('f', { position: '1', puts: keys.map((key) => [key, bytes(1)] as const), deletes: [] });
      const seen: string[] = [];
      for (const [key] of store.entries('f')) {
        if (seen.push(key) === 10)
          await store.commit('f', { position: '2', puts: [['k00000', bytes(2)]], deletes: [] });
      }
      expect(seen).toEqual(keys);
    });

    it('keeps folds apart', async () => {
      await store.commit('f', { position: '1', puts: [['k', bytes(1)]], deletes: [] });
      await store.commit('g', { position: '2', puts: [['k', bytes(2)]], deletes: [] });
      await store.drop('f');
      expect(await store.position('f')).toBe(null);
      expect(contentOf('f')).toEqual([]);
      expect([await store.position('g'), contentOf('g')]).toEqual(['2', [['k', [2]]]]);
      await store.commit('f', { position: '3', puts: [['l', bytes(3)]], deletes: [] });
      expect([await store.position('f'), contentOf('f')]).toEqual(['3', [['l', [3]]]]);
    });

    it('holds everything after it was closed and opened again', async () => {
      await store.commit('f', { position: '1', puts: [['k', bytes(1)]], deletes: [] });
      store = await harness.reopen();
      expect([await store.position('f'), contentOf('f')]).toEqual(['1', [['k', [1]]]]);
    });

    it('agrees with a map about every sequence of commits', async () => {
      const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
      const change = fc.record({
        puts: fc.dictionary(key, fc.uint8Array({ maxLength: 4 })),
        deletes: fc.uniqueArray(key),
      });
      let run = 0;
      const property = fc.asyncProperty(fc.array(change, { maxLength: 10 }), async (changes) => {
        const fold = `f${run++}`;
        const model = new Map<string, Uint8Array>();
        for (const [i, { puts, deletes }] of changes.entries()) {
          const gone = deletes.filter((one) => !(one in puts));
          await store.commit(fold, { position: String(i), puts: Object.entries(puts), deletes: gone });
          for (const one of gone) model.delete(one);
          for (const [one, value] of Object.entries(puts)) model.set(one, value);
          expect(contentOf(fold)).toEqual(
            [...model].map(([k, v]) => [k, [...v]] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
          );
        }
      });
      await fc.assert(property, { numRuns: 30 });
    });

    it('holds a whole commit, and the last one acknowledged or a later one, when the owner is killed', async () => {
      for (let life = 0; life < 3; life++) {
        const committer = await harness.startCommitter(`f${life}`);
        await vi.waitFor(() => expect(committer.acknowledged()).toBeGreaterThan(50), 30_000);
        await committer.kill();
        const position = Number(await store.position(`f${life}`));
        expect(position).toBeGreaterThanOrEqual(committer.acknowledged());
        const text = [...new TextEncoder().encode(String(position))];
        expect(contentOf(`f${life}`)).toEqual([
          ['a', text],
          [`at-${position}`, text],
          ['b', text],
        ]);
      }
    });
  });
}
