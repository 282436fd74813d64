import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ViewStore } from '../../ports/view-store.ts';
import { describeViewStoreContract } from '../../ports/view-store.contract.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSimulatedClock, type SimulatedClock } from '../simulated/clock.ts';
import { createSystemClock } from '../system/clock.ts';
import { openEmbeddedViewStore } from './view-store.ts';

const systemClock = createSystemClock();

describeViewStoreContract('SQLite', async () => {
  const folder = makeTemporaryFolder();
  const handles: ViewStore[] = [];
  const another = async () => {
    const handle = await openEmbeddedViewStore({ folder: folder.path, clock: systemClock });
    handles.push(handle);
    return handle;
  };
  const engine = await another();
  return {
    engine,
    another,
    reopen: async () => {
      await engine.close();
      return another();
    },
    now: () => systemClock.now(),
    close: async () => {
      await Promise.all(handles.map((handle) => handle.close()));
      folder.remove();
    },
  };
});

describe('The embedded view store', () => {
  const value = new Uint8Array(1);
  let folder: ReturnType<typeof makeTemporaryFolder>;
  let clock: SimulatedClock;
  const opened: ViewStore[] = [];
  const open = async (options: { cacheTtlMs?: number; cacheEntries?: number } = {}) => {
    const store = await openEmbeddedViewStore({ folder: folder.path, clock, ...options });
    opened.push(store);
    return store;
  };
  const versionOf = async (store: ViewStore, key: string) => (await store.getMany([key]))[0]?.version;
  beforeEach(() => {
    folder = makeTemporaryFolder();
    clock = createSimulatedClock();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    folder.remove();
  });

  it('answers from its cache for a quarter of a second and no longer', async () => {
    const [reader, writer] = [await open(), await open()];
    await writer.putMany([{ key: 'a', version: 1, value }]);
    expect(await versionOf(reader, 'a')).toBe(1);
    await writer.putMany([{ key: 'a', version: 2, value }]);
    await clock.advance(249);
    expect(await versionOf(reader, 'a')).toBe(1);
    await clock.advance(1);
    expect(await versionOf(reader, 'a')).toBe(2);
  });

  it('sees the expiry of a cached view to the millisecond', async () => {
    const store = await open();
    await store.putMany([{ key: 'a', version: 1, value, expiresAt: clock.now() + 100 }]);
    expect(await versionOf(store, 'a')).toBe(1);
    await clock.advance(99);
    expect(await versionOf(store, 'a')).toBe(1);
    await clock.advance(1);
    expect(await store.getMany(['a'])).toEqual([null]);
  });

  it('keeps no more in its cache than it may', async () => {
    const [reader, writer] = [await open({ cacheEntries: 2 }), await open()];
    const put = (version: number) => writer.putMany(['a', 'b', 'c'].map((key) => ({ key, version, value })));
    await put(1);
    await reader.getMany(['a', 'b', 'c']);
    await put(2);
    const versions = (await reader.getMany(['b', 'c', 'a'])).map((view) => view?.version);
    expect(versions).toEqual([1, 1, 2]);
  });

  it('reads the file every time if it has no cache', async () => {
    const [reader, writer] = [await open({ cacheTtlMs: 0 }), await open()];
    expect(await reader.getMany(['a'])).toEqual([null]);
    await writer.putMany([{ key: 'a', version: 1, value }]);
    expect(await versionOf(reader, 'a')).toBe(1);
  });

  it('is unavailable once closed', async () => {
    const store = await open();
    await store.close();
    await expect(store.getMany(['a'])).rejects.toMatchObject({ code: 'VIEWS_UNAVAILABLE', retriable: true });
  });
});
