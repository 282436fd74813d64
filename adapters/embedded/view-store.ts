import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../../ports/clock.ts';
import type { View, ViewStore, ViewWrite } from '../../ports/view-store.ts';
import { Sqlite } from './sqlite.ts';
import { ViewCache } from '../caching/view-cache.ts';

export interface EmbeddedViewStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** How old an answer from the cache may be: what another process wrote is seen after that. 0: no cache. Default 250. */
  readonly cacheTtlMs?: number;
  /** Default 50,000. */
  readonly cacheEntries?: number;
  /** What a write survives. Default `power_loss`. */
  readonly durability?: 'power_loss' | 'process_kill';
}

/**
 * Opens or creates `views.db` in a folder. Synced at every commit, unless told otherwise, although it could be rebuilt: a consumer's
 * committed offset must not survive power loss that the views written before it did not.
 */
export async function openEmbeddedViewStore(options: EmbeddedViewStoreOptions): Promise<ViewStore> {
  const { folder, clock, cacheTtlMs = 250, cacheEntries = 50_000, durability = 'power_loss' } = options;
  const db = await Sqlite.open({
    path: join(folder, 'views.db'),
    clock,
    durability,
    unavailable: 'VIEWS_UNAVAILABLE',
    schema: `
      CREATE TABLE IF NOT EXISTS views ("key" TEXT PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL, expires_at INTEGER)
        WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS views_by_expiry ON views (expires_at) WHERE expires_at IS NOT NULL;`,
  });
  return new SqliteViewStore(db, clock, new ViewCache({ clock, ttlMs: cacheTtlMs, entries: cacheEntries }));
}

type ViewRow = [version: number, value: Uint8Array, expiresAt: number | null];

/** Expired rows are removed in passing, so many at a write. */
const expiredPerWrite = 100;

class SqliteViewStore implements ViewStore {
  readonly #db: Sqlite;
  readonly #clock: Clock;
  readonly #cache: ViewCache;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteExpired: StatementSync;

  constructor(db: Sqlite, clock: Clock, cache: ViewCache) {
    this.#db = db;
    this.#clock = clock;
    this.#cache = cache;
    this.#get = db.prepare('SELECT version, value, expires_at FROM views WHERE "key" = ?');
    this.#put = db.prepare(`
      INSERT INTO views VALUES (?1, ?2, ?3, ?4) ON CONFLICT ("key") DO UPDATE
      SET version = ?2, value = ?3, expires_at = ?4 WHERE version < ?2 OR expires_at <= ?5`);
    this.#delete = db.prepare('DELETE FROM views WHERE "key" = ?');
    this.#deleteExpired = db.prepare(
      'DELETE FROM views WHERE "key" IN (SELECT "key" FROM views WHERE expires_at <= ? LIMIT ?)',
    );
  }

  async getMany(keys: readonly string[]): Promise<readonly (View | null)[]> {
    const found = keys.map((key) => this.#cache.get(key));
    if (!found.includes(undefined)) return found.map((view) => view ?? null);
    return this.#db.read(() => keys.map((key, i) => (found[i] === undefined ? this.#load(key) : found[i])));
  }

  putMany(writes: readonly ViewWrite[]): Promise<readonly boolean[]> {
    if (writes.length === 0) return Promise.resolve([]);
    const now = this.#clock.now();
    return this.#db
      .write(() => {
        this.#deleteExpired.run(now, expiredPerWrite);
        return writes.map((write) => this.#write(write, now));
      })
      .finally(() => this.#cache.forget(writes.map(({ key }) => key)));
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#db
      .write(() => {
        for (const key of keys) this.#delete.run(key);
      })
      .finally(() => this.#cache.forget(keys));
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #write({ key, version, value, expiresAt }: ViewWrite, now: number): boolean {
    return this.#put.run(key, version, value, expiresAt ?? null, now).changes === 1;
  }

  #load(key: string): View | null {
    const row = this.#get.get(key) as unknown as ViewRow | undefined;
    if (row === undefined) return this.#cache.put(key, null, null);
    const [version, value, expiresAt] = row;
    return this.#cache.put(key, { version, value }, expiresAt);
  }
}
