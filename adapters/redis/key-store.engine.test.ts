import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeKeyStoreContract } from '../../ports/key-store.contract.ts';
import type { KeyStore } from '../../ports/key-store.ts';
import { startProcess } from '../../test/processes/remote-process.ts';
import {
  forgets,
  keepsKeys,
  type RedisCluster,
  type RedisServer,
  skipsRedis,
  startRedis,
  startRedisCluster,
} from '../../test/redis-server.ts';
import { createSystemClock } from '../system/clock.ts';
import { openRedisKeyStore } from './key-store.ts';

const clock = createSystemClock();
const unavailable = { code: 'KEYS_UNAVAILABLE', retriable: true };

async function harnessOn(url: string) {
  const handles: KeyStore[] = [];
  const another = async () => {
    const handle = await openRedisKeyStore({ url, clock });
    handles.push(handle);
    return handle;
  };
  const engine = await another();
  return {
    engine,
    reopen: async () => {
      await engine.close();
      return another();
    },
    putElsewhere: async (hashes: readonly string[], prefix: string) => {
      const remote = startProcess<string | string[]>('redis-keys.ts', { url, hashes, prefix });
      await remote.next();
      const given = await remote.next();
      await remote.kill();
      return given as string[];
    },
    close: async () => void (await Promise.all(handles.map((handle) => handle.close()))),
  };
}

describe.skipIf(skipsRedis)('On one Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(keepsKeys);
  });
  afterAll(() => server.end());

  describeKeyStoreContract('Redis', async () => {
    await server.command('FLUSHALL');
    return harnessOn(server.url);
  });
});

describe.skipIf(skipsRedis)('On a cluster of three', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster(keepsKeys);
  });
  afterAll(() => cluster.end());

  describeKeyStoreContract('Redis Cluster', async () => {
    await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')));
    return harnessOn(cluster.url);
  });
});

describe.skipIf(skipsRedis)('The Redis key store', () => {
  let server: RedisServer;
  const opened: KeyStore[] = [];
  const open = async (options: Partial<Parameters<typeof openRedisKeyStore>[0]> = {}) => {
    const store = await openRedisKeyStore({ url: server.url, clock, ...options });
    opened.push(store);
    return store;
  };
  beforeEach(async () => {
    server = await startRedis(keepsKeys);
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await server.end();
  });

  it('gives one key to all of several connections that race for a person, and each reads it', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => open()));
    for (let person = 0; person < 50; person++) {
      const given = await Promise.all(stores.map((store, i) => store.putIfAbsent(`h${person}`, `k${person}-${i}`)));
      const read = await Promise.all(stores.map((store) => store.getMany([`h${person}`])));
      expect(new Set([...given, ...read.flat()]).size).toBe(1);
    }
  });

  it('holds every acknowledged key, and no forgotten one, when Redis is killed in mid-flight', async () => {
    const store = await open();
    await store.putIfAbsent('forgotten', 'k');
    await store.delete('forgotten');
    const acknowledged: string[] = [];
    const putting = Array.from({ length: 3000 }, async (_, i) => {
      await store.putIfAbsent(`h${i}`, `k${i}`);
      acknowledged.push(`h${i}`);
    });
    const outcomes = Promise.allSettled(putting);
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(0), { timeout: 30_000, interval: 1 });
    await server.kill();
    for (const outcome of await outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(unavailable);
    }
    await server.restart();
    await vi.waitFor(async () => expect(await store.getMany(['forgotten'])).toEqual([null]), { timeout: 60_000 });
    expect(await store.getMany(acknowledged)).toEqual(acknowledged.map((hash) => hash.replace('h', 'k')));
  });

  it('costs a read its allowance and no more while Redis says nothing', async () => {
    const store = await open({ readDeadlineMs: 100 });
    server.pause();
    const began = performance.now();
    await expect(store.getMany(['h'])).rejects.toMatchObject(unavailable);
    // A connection that says nothing is given up much later.
    expect(performance.now() - began).toBeLessThan(1_500);
    server.resume();
    await vi.waitFor(async () => expect(await store.getMany(['h'])).toEqual([null]), { timeout: 60_000 });
  });

  it('gives no key to anybody in a Redis that would lose it', async () => {
    const forgetful = await startRedis(forgets);
    const evicting = await startRedis({ ...keepsKeys, maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' });
    const [first, second] = [await open({ url: forgetful.url }), await open({ url: evicting.url })];
    await expect(first.putIfAbsent('h', 'k')).rejects.toMatchObject({ code: 'BAD_SETTING' });
    await expect(second.putIfAbsent('h', 'k')).rejects.toThrow(/noeviction/);
    expect(await first.getMany(['h'])).toEqual([null]);
    await Promise.all([forgetful.end(), evicting.end()]);
  });

  it('is unavailable once closed', async () => {
    const store = await open();
    await store.close();
    await expect(store.getMany(['h'])).rejects.toMatchObject(unavailable);
  });
});
