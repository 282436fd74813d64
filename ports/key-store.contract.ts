import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyStore } from './key-store.ts';

/** An empty key store to test. */
export interface KeyStoreHarness {
  readonly engine: KeyStore;
  reopen(): Promise<KeyStore>;
  /** In another process, as real as the engine allows: puts `prefix + hash` for every hash and tells which keys it was given. */
  putElsewhere(hashes: readonly string[], prefix: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The promises of the KeyStore port, for one engine. */
export function describeKeyStoreContract(name: string, open: () => Promise<KeyStoreHarness>): void {
  describe(`KeyStore on ${name}`, () => {
    let harness: KeyStoreHarness;
    let store: KeyStore;
    beforeEach(async () => {
      harness = await open();
      store = harness.engine;
    });
    afterEach(() => harness.close());

    it('answers in the order of the hashes, with null where it knows none', async () => {
      await store.putIfAbsent('h1', 'k1');
      await store.putIfAbsent('h2', 'k2');
      expect(await store.getMany(['h2', 'h0', 'h1', 'h2'])).toEqual(['k2', null, 'k1', 'k2']);
      expect(await store.getMany([])).toEqual([]);
    });

    it('keeps the first key, and gives it to everybody who comes later', async () => {
      expect(await store.putIfAbsent('h', 'first')).toBe('first');
      expect(await store.putIfAbsent('h', 'second')).toBe('first');
      expect(await store.getMany(['h'])).toEqual(['first']);
    });

    it('gives all who put at the same time one key', async () => {
      const given = await Promise.all(Array.from({ length: 20 }, (_, i) => store.putIfAbsent('h', `k${i}`)));
      expect(new Set(given).size).toBe(1);
      expect(await store.getMany(['h'])).toEqual([given[0]]);
    });

    it('gives two processes that race for the same persons the same keys', async () => {
      const hashes = Array.from({ length: 300 }, (_, i) => `h${i}`);
      const elsewhere = harness.putElsewhere(hashes, 'their ');
      const here: string[] = [];
      // From the other end, so that each is first somewhere.
      for (const hash of hashes.toReversed()) here.unshift(await store.putIfAbsent(hash, `our ${hash}`));
      expect(await elsewhere).toEqual(here);
      expect(await store.getMany(hashes)).toEqual(here);
    });

    it('forgets a key for good; the next one may be another', async () => {
      await store.putIfAbsent('h', 'old');
      await store.putIfAbsent('other', 'kept');
      await store.delete('h');
      await store.delete('h');
      expect(await store.getMany(['h', 'other'])).toEqual([null, 'kept']);
      expect(await store.putIfAbsent('h', 'new')).toBe('new');
    });

    it('lists every key, and none that was forgotten', async () => {
      const listed = async () => {
        const keys = new Map<string, string>();
        for await (const page of store.pages()) for (const [hash, userKey] of page) keys.set(hash, userKey);
        return keys;
      };
      expect(await listed()).toEqual(new Map());
      const hashes = Array.from({ length: 1_200 }, (_, i) => `hash ${i}`);
      // Few at a time: each is on disk before it is acknowledged.
      for (let from = 0; from < hashes.length; from += 40)
        await Promise.all(hashes.slice(from, from + 40).map((hash) => store.putIfAbsent(hash, `key of ${hash}`)));
      await store.delete('hash 7');
      expect(await listed()).toEqual(
        new Map(hashes.filter((hash) => hash !== 'hash 7').map((hash) => [hash, `key of ${hash}`])),
      );
    });

    it('holds everything after it was closed and opened again, and nothing that was forgotten', async () => {
      await store.putIfAbsent('h', 'k');
      await store.putIfAbsent('gone', 'k');
      await store.delete('gone');
      store = await harness.reopen();
      expect(await store.getMany(['h', 'gone'])).toEqual(['k', null]);
    });
  });
}
