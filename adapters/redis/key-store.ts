import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyStore } from '../../ports/key-store.ts';
import { RedisConnection } from './connection.ts';
import type { RedisCall } from './pipelines.ts';

export interface RedisKeyStoreOptions {
  /** As `parseRedisUrl` reads it. */
  readonly url: string;
  readonly clock: Clock;
  /** Default 500. */
  readonly readDeadlineMs?: number;
  /** After it a write may yet take effect; it is harmless to repeat. Default 3,000. */
  readonly writeDeadlineMs?: number;
}

/**
 * Keys of persons in Redis 7 or later with an append-only file, or a cluster of it. Opens also while Redis is away.
 * Errors: `BAD_SETTING` for a URL that is none, and at the first write if Redis would lose keys; `KEYS_UNAVAILABLE`.
 */
export async function openRedisKeyStore(options: RedisKeyStoreOptions): Promise<KeyStore> {
  const { url, clock } = options;
  const connection = await RedisConnection.open({ url, setting: 'KEYS_URL', clock, unavailable: 'KEYS_UNAVAILABLE' });
  return new RedisKeyStore(connection, options);
}

/** Whether a Redis would keep keys. Errors: `BAD_SETTING`, saying why not; `KEYS_UNAVAILABLE`. */
export async function checkRedisKeepsKeys(options: RedisKeyStoreOptions): Promise<void> {
  const { url, clock } = options;
  const connection = await RedisConnection.open({ url, setting: 'KEYS_URL', clock, unavailable: 'KEYS_UNAVAILABLE' });
  try {
    await requireKeeping(connection, options.writeDeadlineMs ?? defaultWriteDeadlineMs);
  } finally {
    await connection.close();
  }
}

const prefix = 'adtally:key:';
const defaultWriteDeadlineMs = 3_000;

class RedisKeyStore implements KeyStore {
  readonly #redis: RedisConnection;
  readonly #readDeadlineMs: number;
  readonly #writeDeadlineMs: number;
  #isKnownToKeep = false;

  constructor(redis: RedisConnection, options: RedisKeyStoreOptions) {
    this.#redis = redis;
    this.#readDeadlineMs = options.readDeadlineMs ?? 500;
    this.#writeDeadlineMs = options.writeDeadlineMs ?? defaultWriteDeadlineMs;
  }

  async getMany(hashes: readonly string[]): Promise<readonly (string | null)[]> {
    const replies = await this.#redis.ask(
      hashes.map((hash) => callOn('GET', hash)),
      this.#readDeadlineMs,
    );
    return replies.map((reply) => (reply === null ? null : String(reply)));
  }

  async putIfAbsent(hash: string, userKey: string): Promise<string> {
    await this.#checkKeeping();
    // One command, so that nobody comes between asking and putting: it answers with what was there.
    const [winner = null] = await this.#redis.ask([callOn('SET', hash, userKey, 'NX', 'GET')], this.#writeDeadlineMs);
    return winner === null ? userKey : String(winner);
  }

  async delete(hash: string): Promise<void> {
    await this.#redis.ask([callOn('DEL', hash)], this.#writeDeadlineMs);
  }

  async *pages(): AsyncGenerator<readonly (readonly [string, string])[]> {
    for await (const names of this.#redis.scan(`${prefix}*`, this.#writeDeadlineMs)) {
      const hashes = names.map((name) => name.slice(prefix.length));
      const userKeys = await this.getMany(hashes);
      yield hashes.flatMap((hash, i) => (typeof userKeys[i] === 'string' ? [[hash, userKeys[i]] as const] : []));
    }
  }

  close(): Promise<void> {
    return this.#redis.close();
  }

  async #checkKeeping(): Promise<void> {
    if (this.#isKnownToKeep) return;
    await requireKeeping(this.#redis, this.#writeDeadlineMs);
    this.#isKnownToKeep = true;
  }
}

/** A Redis that forgets at a restart, or throws keys out when memory is short, would make new persons of all, silently. */
async function requireKeeping(redis: RedisConnection, deadlineMs: number): Promise<void> {
  const ask = (section: string) => redis.askMasters(['INFO', section], deadlineMs);
  const [persistence, memory] = await Promise.all([ask('persistence'), ask('memory')]);
  if (!persistence.every((text) => text.includes('aof_enabled:1'))) {
    throw new AdtallyError('BAD_SETTING', 'KEYS_URL names a Redis without an append-only file: set appendonly yes');
  }
  if (!memory.every((text) => /^maxmemory:0\b/m.test(text) || text.includes('maxmemory_policy:noeviction'))) {
    throw new AdtallyError('BAD_SETTING', 'KEYS_URL names a Redis that evicts keys: set maxmemory-policy noeviction');
  }
}

function callOn(name: string, hash: string, ...rest: readonly string[]): RedisCall {
  const key = prefix + hash;
  return { key, name, args: [key, ...rest] };
}
