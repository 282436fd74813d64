import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../../ports/clock.ts';
import type { KeyStore } from '../../ports/key-store.ts';
import { Sqlite } from './sqlite.ts';

export interface EmbeddedKeyStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
}

/** Opens or creates `keys.db` in a folder, readable by its owner alone. What is deleted is overwritten, in the write-ahead log too. */
export async function openEmbeddedKeyStore({ folder, clock }: EmbeddedKeyStoreOptions): Promise<KeyStore> {
  const path = join(folder, 'keys.db');
  makePrivate(folder, path);
  const db = await Sqlite.open({
    path,
    clock,
    durability: 'power_loss',
    unavailable: 'KEYS_UNAVAILABLE',
    secureDelete: true,
    schema: 'CREATE TABLE IF NOT EXISTS keys (hash TEXT PRIMARY KEY, user_key TEXT NOT NULL) WITHOUT ROWID',
  });
  return new SqliteKeyStore(db);
}

const pageKeys = 1_000;

class SqliteKeyStore implements KeyStore {
  readonly #db: Sqlite;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #after: StatementSync;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#get = db.prepare('SELECT user_key FROM keys WHERE hash = ?');
    this.#put = db.prepare('INSERT INTO keys VALUES (?, ?) ON CONFLICT (hash) DO NOTHING');
    this.#delete = db.prepare('DELETE FROM keys WHERE hash = ?');
    this.#after = db.prepare(`SELECT hash, user_key FROM keys WHERE hash > ? ORDER BY hash LIMIT ${pageKeys}`);
  }

  getMany(hashes: readonly string[]): Promise<readonly (string | null)[]> {
    return this.#db.read(() => hashes.map((hash) => this.#load(hash)));
  }

  putIfAbsent(hash: string, userKey: string): Promise<string> {
    return this.#db.write(() => {
      this.#put.run(hash, userKey);
      return this.#load(hash) ?? userKey;
    });
  }

  async delete(hash: string): Promise<void> {
    await this.#db.write(() => this.#delete.run(hash));
    await this.#db.checkpoint();
  }

  async *pages(): AsyncGenerator<readonly (readonly [string, string])[]> {
    for (let last = ''; ; ) {
      const page = await this.#db.read(() => this.#after.all(last) as unknown as [string, string][]);
      if (page.length === 0) return;
      yield page;
      last = page.at(-1)?.[0] ?? last;
    }
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #load(hash: string): string | null {
    const row = this.#get.get(hash) as unknown as [string] | undefined;
    return row?.[0] ?? null;
  }
}

/** SQLite gives its side files the mode of the database. */
function makePrivate(folder: string, path: string): void {
  mkdirSync(folder, { recursive: true });
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
