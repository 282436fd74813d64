import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeViewStoreContract } from '../../ports/view-store.contract.ts';
import type { ViewStore } from '../../ports/view-store.ts';
import {
  forgets,
  type RedisCluster,
  type RedisServer,
  skipsRedis,
  startRedis,
  startRedisCluster,
} from '../../test/redis-server.ts';
import { createSystemClock } from '../system/clock.ts';
import { openRedisViewStore } from './view-store.ts';

const clock = createSystemClock();
const value = Buffer.from('value');
const unavailable = { code: 'VIEWS_UNAVAILABLE', retriable: true };

async function harnessOn(url: string) {
  const handles: ViewStore[] = [];
  const another = async () => {
    const handle = await openRedisViewStore({ url, clock });
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
    now: () => clock.now(),
    close: async () => void (await Promise.all(handles.map((handle) => handle.close()))),
  };
}

describe.skipIf(skipsRedis)('On one Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(forgets);
  });
  afterAll(() => server.end());

  describeViewStoreContract('Redis', async () => {
    await server.command('FLUSHALL');
    return harnessOn(server.url);
  });
});

describe.skipIf(skipsRedis)('On a cluster of three', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster(forgets);
  });
  afterAll(() => cluster.end());
  const flush = () => Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')));

  describeViewStoreContract('Redis Cluster', async () => {
    await flush();
    return harnessOn(cluster.url);
  });

  describe('the Redis view store', () => {
    let store: ViewStore;
    beforeEach(async () => {
      await flush();
      store = await openRedisViewStore({ url: cluster.url, clock, cacheTtlMs: 0 });
    });
    afterEach(() => store.close());
    const writes = Array.from({ length: 300 }, (_, i) => ({ key: `freq:user-${i}`, version: 1, value }));
    const versions = async () => (await store.getMany(writes.map(({ key }) => key))).map((view) => view?.version);
    const sizes = () => Promise.all(cluster.nodes.map((node) => node.command('DBSIZE')));

    it('spreads its keys over all nodes', async () => {
      await store.putMany(writes);
      const held = (await sizes()).map(Number);
      expect(Math.min(...held)).toBeGreaterThan(50);
      expect(held.reduce((sum, one) => sum + one)).toBe(writes.length);
    });

    it('follows slots that have moved to another node, or are half-way there', async () => {
      await store.putMany(writes);
      const [from, to] = [cluster.nodes[0] as RedisServer, cluster.nodes[1] as RedisServer];
      const moved = await moveSlots(cluster, from, to, 20);
      expect(moved).toBe(20);
      expect(await versions()).toEqual(writes.map(() => 1));
      expect(await store.putMany(writes.map((write) => ({ ...write, version: 2 })))).toEqual(writes.map(() => true));
      expect(await versions()).toEqual(writes.map(() => 2));
    });

    it('is unavailable while a node is gone, soon, and works again when it is back', async () => {
      const node = cluster.nodes[2] as RedisServer;
      await store.putMany(writes);
      await node.kill();
      const began = performance.now();
      await expect(versions()).rejects.toMatchObject(unavailable);
      expect(performance.now() - began).toBeLessThan(10_000);
      await node.restart();
      await vi.waitFor(async () => expect(await store.putMany(writes)).toBeDefined(), {
        timeout: 60_000,
        interval: 100,
      });
      expect(await versions()).toEqual(writes.map(() => 1));
    });
  });
});

/** Hands over the slots of some keys, as resharding does, but the first is left half-way. @returns how many keys */
async function moveSlots(cluster: RedisCluster, from: RedisServer, to: RedisServer, most: number): Promise<number> {
  const [fromId, toId] = [String(await from.command('CLUSTER', 'MYID')), String(await to.command('CLUSTER', 'MYID'))];
  const { port } = new URL(to.url);
  const keys = (await from.command('KEYS', '*')) as string[];
  for (const [i, key] of keys.slice(0, most).entries()) {
    const slot = String(await from.command('CLUSTER', 'KEYSLOT', key));
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    await from.command('MIGRATE', '127.0.0.1', port, '', '0', '5000', 'KEYS', key);
    // The key has gone and the slot has not: the node answers ASK.
    if (i === 0) continue;
    for (const node of cluster.nodes) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  }
  return Math.min(keys.length, most);
}

describe.skipIf(skipsRedis)('The Redis view store', () => {
  let server: RedisServer;
  const opened: ViewStore[] = [];
  const open = async (options: Partial<Parameters<typeof openRedisViewStore>[0]> = {}) => {
    const store = await openRedisViewStore({ url: server.url, clock, cacheTtlMs: 0, ...options });
    opened.push(store);
    return store;
  };
  const versionOf = async (store: ViewStore, key: string) => (await store.getMany([key]))[0]?.version;
  const put = (store: ViewStore, version: number, key = 'a') => store.putMany([{ key, version, value }]);
  const commandsSeen = async (name: string) => {
    const stats = String(await server.command('INFO', 'commandstats'));
    return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  };
  beforeEach(async () => {
    server = await startRedis(forgets);
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await server.end();
  });

  it('serves hot keys from its own cache: one read of Redis for many of ours', async () => {
    const store = await open({ cacheTtlMs: 10_000 });
    await put(store, 1);
    for (let i = 0; i < 100; i++) expect(await versionOf(store, 'a')).toBe(1);
    expect(await commandsSeen('get')).toBe(1);
  });

  it('writes by a script that Redis need not know yet, or any more', async () => {
    const store = await open();
    expect(await put(store, 1)).toEqual([true]);
    await server.command('SCRIPT', 'FLUSH');
    expect(await put(store, 2)).toEqual([true]);
    expect(await put(store, 2)).toEqual([false]);
    expect(await commandsSeen('eval')).toBe(2);
  });

  it('costs a read its allowance and no more while Redis says nothing, then nothing, and is back with it', async () => {
    const store = await open({ readDeadlineMs: 100 });
    await put(store, 1);
    server.pause();
    const waits: number[] = [];
    const end = performance.now() + 4000;
    while (performance.now() < end) {
      const began = performance.now();
      await expect(versionOf(store, 'a')).rejects.toMatchObject(unavailable);
      waits.push(performance.now() - began);
      await clock.sleep(10);
    }
    expect(Math.max(...waits)).toBeLessThan(1_500);
    // The silent connection was given up: nobody waits any more, though the machine may be held up now and then.
    expect(Math.min(...waits.slice(-5))).toBeLessThan(50);
    server.resume();
    await vi.waitFor(async () => expect(await versionOf(store, 'a')).toBe(1), { timeout: 60_000, interval: 20 });
  }, 120_000);

  it('fails what was on its way when Redis is killed, and works again with the one that is started next', async () => {
    const store = await open();
    const flood = Array.from({ length: 2000 }, (_, i) => put(store, i + 1, `k${i}`));
    const outcomes = Promise.allSettled(flood);
    await server.kill();
    for (const outcome of await outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(unavailable);
    }
    const began = performance.now();
    await expect(put(store, 1)).rejects.toMatchObject(unavailable);
    expect(performance.now() - began).toBeLessThan(1_500);
    await server.restart();
    await vi.waitFor(async () => expect(await put(store, 1)).toEqual([true]), { timeout: 60_000, interval: 20 });
    expect(await versionOf(store, 'a')).toBe(1);
  });

  it('opens while there is no Redis, and finds it when it comes', async () => {
    await server.kill();
    const store = await open();
    await expect(versionOf(store, 'a')).rejects.toThrow(/ECONNREFUSED/);
    await server.restart();
    await vi.waitFor(async () => expect(await put(store, 1)).toEqual([true]), { timeout: 60_000, interval: 20 });
  });

  it('never shows a password, right or wrong, whatever goes wrong', async () => {
    await server.command('CONFIG', 'SET', 'requirepass', 'open sesame');
    const urlWith = (password: string) => server.url.replace('//', `//:${encodeURIComponent(password)}@`);
    const right = await open({ url: urlWith('open sesame') });
    expect(await put(right, 1)).toEqual([true]);
    const wrong = await open({ url: urlWith('open barley') });
    const error: unknown = await put(wrong, 1).catch((reason: unknown) => reason);
    expect(error).toMatchObject(unavailable);
    expect(String(error)).toContain('WRONGPASS');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/sesame|barley/);
  });

  it('says so when somebody else has written where its views are', async () => {
    const store = await open();
    await server.command('SET', 'adtally:view:a', 'x');
    await expect(versionOf(store, 'a')).rejects.toMatchObject({ code: 'INVARIANT_BROKEN' });
  });

  it('is unavailable once closed', async () => {
    const store = await open();
    await store.close();
    await expect(versionOf(store, 'a')).rejects.toMatchObject(unavailable);
  });
});
