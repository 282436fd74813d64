import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { View, ViewStore, ViewWrite } from './view-store.ts';

/** An empty view store to test. */
export interface ViewStoreHarness {
  readonly engine: ViewStore;
  /** A further connection, as another process has it. */
  another(): Promise<ViewStore>;
  reopen(): Promise<ViewStore>;
  /** Time of the engine, Unix ms. */
  now(): number;
  close(): Promise<void>;
}

/** A write by another process is seen after a quarter of a second at the latest; the rest is for a busy machine. */
const seenByOthers = { timeout: 30_000, interval: 20 };

const value = (text: string) => new TextEncoder().encode(text);
const write = (key: string, version: number, text = `${key}@${version}`): ViewWrite => ({
  key,
  version,
  value: value(text),
});
const texts = (views: readonly (View | null)[]) => views.map((view) => view && new TextDecoder().decode(view.value));

/** The promises of the ViewStore port, for one engine. */
export function describeViewStoreContract(name: string, open: () => Promise<ViewStoreHarness>): void {
  describe(`ViewStore on ${name}`, () => {
    let harness: ViewStoreHarness;
    let store: ViewStore;
    beforeEach(async () => {
      harness = await open();
      store = harness.engine;
    });
    afterEach(() => harness.close());

    describeReading();
    describeVersions();
    describeExpiry();
    describeOtherProcesses();

    function describeReading(): void {
      it('answers in the order of the keys, with null where there is nothing', async () => {
        await store.putMany([write('b', 1), write('a', 2)]);
        const views = await store.getMany(['a', 'none', 'b', 'a']);
        expect(texts(views)).toEqual(['a@2', null, 'b@1', 'a@2']);
        expect(views.map((view) => view?.version)).toEqual([2, undefined, 1, 2]);
      });

      it('has nothing to do for no keys and no writes', async () => {
        expect(await store.getMany([])).toEqual([]);
        expect(await store.putMany([])).toEqual([]);
        await store.delete([]);
      });

      it('gives back keys and bytes as they were', async () => {
        const every = Uint8Array.from({ length: 70_000 }, (_, i) => i & 255);
        await store.putMany([
          { key: '', version: 0, value: every },
          { key: 'ключ:{鍵} *', version: Number.MAX_SAFE_INTEGER, value: new Uint8Array() },
        ]);
        const [first, second] = await store.getMany(['', 'ключ:{鍵} *']);
        expect(Buffer.compare(first?.value ?? new Uint8Array(), every)).toBe(0);
        expect(second).toEqual({ version: Number.MAX_SAFE_INTEGER, value: new Uint8Array() });
        expect(second?.value).toBeInstanceOf(Uint8Array);
      });

      it('takes a thousand writes at once', async () => {
        const writes = Array.from({ length: 1000 }, (_, i) => write(`k${i}`, i));
        expect(await store.putMany(writes)).toEqual(writes.map(() => true));
        expect(texts(await store.getMany(writes.map(({ key }) => key)))).toEqual(
          writes.map((one) => `${one.key}@${one.version}`),
        );
      });

      it('holds everything after it was closed and opened again', async () => {
        await store.putMany([write('a', 1)]);
        store = await harness.reopen();
        expect(texts(await store.getMany(['a']))).toEqual(['a@1']);
      });

      it('sees its own writes and deletions at once', async () => {
        expect(await store.getMany(['a'])).toEqual([null]);
        await store.putMany([write('a', 1)]);
        expect(texts(await store.getMany(['a']))).toEqual(['a@1']);
        await store.putMany([write('a', 2)]);
        expect(texts(await store.getMany(['a']))).toEqual(['a@2']);
        await store.delete(['a', 'none']);
        expect(await store.getMany(['a'])).toEqual([null]);
      });
    }

    function describeVersions(): void {
      it('ignores a write whose version is not above the stored one, and says so', async () => {
        await store.putMany([write('a', 5, 'five')]);
        const stale = [write('a', 4, 'four'), write('a', 5, 'other five'), write('b', 1)];
        expect(await store.putMany(stale)).toEqual([false, false, true]);
        expect(texts(await store.getMany(['a', 'b']))).toEqual(['five', 'b@1']);
      });

      it('takes writes to one key in their order', async () => {
        expect(await store.putMany([write('a', 1), write('a', 3), write('a', 2)])).toEqual([true, true, false]);
        expect(texts(await store.getMany(['a']))).toEqual(['a@3']);
      });

      it('knows no version of what was deleted', async () => {
        await store.putMany([write('a', 5)]);
        await store.delete(['a']);
        expect(await store.putMany([write('a', 1)])).toEqual([true]);
      });

      it('ends at the highest version, in whatever order and by whomever the writes arrive', async () => {
        const other = await harness.another();
        let run = 0;
        const property = fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(3), fc.nat(20)), { minLength: 1, maxLength: 20 }),
          async (plan) => {
            const prefix = `${run++}-`;
            const writes = plan.map(([key, version]) => write(`${prefix}${key}`, version));
            const turns = writes.map((one, i) => (i % 2 === 0 ? store : other).putMany([one]));
            await Promise.all(turns);
            for (const { key } of writes) {
              const highest = Math.max(...writes.filter((one) => one.key === key).map(({ version }) => version));
              await vi.waitFor(
                async () => expect((await store.getMany([key]))[0]?.version).toBe(highest),
                seenByOthers,
              );
            }
          },
        );
        await fc.assert(property, { numRuns: 5 });
      });
    }

    function describeExpiry(): void {
      const expiring = (key: string, version: number, afterMs: number) => ({
        ...write(key, version),
        expiresAt: harness.now() + afterMs,
      });
      const gone = (key: string) =>
        vi.waitFor(async () => expect(await store.getMany([key])).toEqual([null]), { timeout: 60_000, interval: 20 });

      it('shows a view until it expires and not after', async () => {
        await store.putMany([expiring('a', 1, 2_000), expiring('b', 1, 600_000)]);
        expect(texts(await store.getMany(['a', 'b']))).toEqual(['a@1', 'b@1']);
        await gone('a');
        expect(texts(await store.getMany(['b']))).toEqual(['b@1']);
      });

      it('shows nothing of a view that has expired when it is written', async () => {
        await store.putMany([expiring('a', 1, -1000)]);
        expect(await store.getMany(['a'])).toEqual([null]);
      });

      it('takes any version after an expiry', async () => {
        await store.putMany([expiring('a', 9, 100)]);
        await gone('a');
        expect(await store.putMany([write('a', 1)])).toEqual([true]);
        expect(texts(await store.getMany(['a']))).toEqual(['a@1']);
      });

      it('lets a newer write change the expiry or take it away', async () => {
        await store.putMany([expiring('a', 1, 100), expiring('b', 1, 100), expiring('c', 1, 60_000)]);
        await store.putMany([write('a', 2), expiring('b', 2, 60_000), expiring('c', 2, 100)]);
        await gone('c');
        expect(texts(await store.getMany(['a', 'b']))).toEqual(['a@2', 'b@2']);
      });

      it('leaves the expiry alone if the write is ignored', async () => {
        await store.putMany([expiring('a', 2, 2_000)]);
        expect(await store.putMany([write('a', 2), expiring('a', 1, 600_000)])).toEqual([false, false]);
        await gone('a');
      });
    }

    function describeOtherProcesses(): void {
      it('shows what another process has written or deleted, soon after', async () => {
        const other = await harness.another();
        expect(await store.getMany(['a', 'b'])).toEqual([null, null]);
        await other.putMany([write('a', 1), write('b', 1)]);
        await vi.waitFor(
          async () => expect(texts(await store.getMany(['a', 'b']))).toEqual(['a@1', 'b@1']),
          seenByOthers,
        );
        await other.putMany([write('a', 2)]);
        await other.delete(['b']);
        await vi.waitFor(
          async () => expect(texts(await store.getMany(['a', 'b']))).toEqual(['a@2', null]),
          seenByOthers,
        );
      });
    }
  });
}
