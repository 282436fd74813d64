import { createHash } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { View, ViewStore, ViewWrite } from '../../ports/view-store.ts';
import { ViewCache } from '../caching/view-cache.ts';
import { RedisConnection } from './connection.ts';
import type { RedisCall, RedisReply } from './pipelines.ts';
import { decodeView, encodeView, putViewScript } from './view-bytes.ts';

export interface RedisViewStoreOptions {
  /** As `parseRedisUrl` reads it. */
  readonly url: string;
  readonly clock: Clock;
  /** How old an answer from the node's own cache may be. 0: no cache. Default 250. */
  readonly cacheTtlMs?: number;
  /** Default 50,000. */
  readonly cacheEntries?: number;
  /** Default 500. */
  readonly readDeadlineMs?: number;
  /** After it a write may yet take effect; it is harmless to repeat. Default 3,000. */
  readonly writeDeadlineMs?: number;
}

/** Views in Redis 6.2 or later, or a cluster of it. Opens also while Redis is away. Errors: `BAD_SETTING`, `VIEWS_UNAVAILABLE`. */
export async function openRedisViewStore(options: RedisViewStoreOptions): Promise<ViewStore> {
  const { url, clock, cacheTtlMs = 250, cacheEntries = 50_000 } = options;
  const connection = await RedisConnection.open({ url, setting: 'VIEWS_URL', clock, unavailable: 'VIEWS_UNAVAILABLE' });
  return new RedisViewStore(connection, new ViewCache({ clock, ttlMs: cacheTtlMs, entries: cacheEntries }), options);
}

const prefix = 'adtally:view:';
const scriptId = createHash('sha1').update(putViewScript).digest('hex');

class RedisViewStore implements ViewStore {
  readonly #redis: RedisConnection;
  readonly #cache: ViewCache;
  readonly #readDeadlineMs: number;
  readonly #writeDeadlineMs: number;
  /** Writes of this process, begun or ended: an answer that was on its way meanwhile may be older than they are. */
  #writes = 0;

  constructor(redis: RedisConnection, cache: ViewCache, options: RedisViewStoreOptions) {
    this.#redis = redis;
    this.#cache = cache;
    this.#readDeadlineMs = options.readDeadlineMs ?? 500;
    this.#writeDeadlineMs = options.writeDeadlineMs ?? 3_000;
  }

  async getMany(keys: readonly string[]): Promise<readonly (View | null)[]> {
    const found = new Map(keys.map((key) => [key, this.#cache.get(key)]));
    const missing = Array.from(found.keys()).filter((key) => found.get(key) === undefined);
    if (missing.length > 0) await this.#load(missing, found);
    return keys.map((key) => found.get(key) ?? null);
  }

  async putMany(writes: readonly ViewWrite[]): Promise<readonly boolean[]> {
    const keys = writes.map(({ key }) => key);
    return this.#change(keys, async () => {
      const byId = writes.map((write) => putCall('EVALSHA', scriptId, write));
      const first = await this.#redis.askOpenly(byId, this.#writeDeadlineMs);
      if (!first.some(isScriptUnknown)) return this.#redis.answers(first).map((reply) => reply === 1);
      // Some node does not know the script: all go again with its text. What was carried out already changes nothing now.
      const byText = writes.map((write) => putCall('EVAL', putViewScript, write));
      const second = await this.#redis.ask(byText, this.#writeDeadlineMs);
      return second.map((reply, i) => reply === 1 || first[i] === 1);
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    const calls = keys.map((key): RedisCall => ({ key: prefix + key, name: 'UNLINK', args: [prefix + key] }));
    await this.#change(keys, () => this.#redis.ask(calls, this.#writeDeadlineMs));
  }

  close(): Promise<void> {
    return this.#redis.close();
  }

  async #load(keys: readonly string[], found: Map<string, View | null | undefined>): Promise<void> {
    const writesBefore = this.#writes;
    const calls = keys.map((key): RedisCall => ({ key: prefix + key, name: 'GET', args: [prefix + key] }));
    const replies = await this.#redis.ask(calls, this.#readDeadlineMs);
    for (const [i, key] of keys.entries()) {
      const bytes = replies[i];
      const { view, expiresAt } = bytes instanceof Buffer ? decodeView(key, bytes) : { view: null, expiresAt: null };
      found.set(key, this.#cache.put(key, view, expiresAt));
    }
    if (this.#writes !== writesBefore) this.#cache.forget(keys);
  }

  async #change<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    this.#writes++;
    try {
      return await work();
    } finally {
      this.#writes++;
      this.#cache.forget(keys);
    }
  }
}

function putCall(name: 'EVAL' | 'EVALSHA', script: string, write: ViewWrite): RedisCall {
  const key = prefix + write.key;
  // For Redis a key is gone after its time, for a view it is gone in that very millisecond.
  const expiry = write.expiresAt === undefined ? '' : String(Math.max(1, Math.ceil(write.expiresAt) - 1));
  return { key, name, args: [script, '1', key, String(write.version), expiry, encodeView(write)] };
}

function isScriptUnknown(reply: RedisReply): boolean {
  return reply instanceof Error && reply.message.startsWith('NOSCRIPT');
}
