import { join } from 'node:path';
import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StateChange, StateStore } from '../../ports/state-store.ts';
import { Sqlite } from './sqlite.ts';

export interface EmbeddedStateStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
}

/**
 * Opens or creates `state.db` in a folder. A commit is atomic and survives the end of the process; power loss may take the last commits
 * away, whole and from the end, which costs a refold.
 */
export async function openEmbeddedStateStore({ folder, clock }: EmbeddedStateStoreOptions): Promise<StateStore> {
  const db = await Sqlite.open({
    path: join(folder, 'state.db'),
    clock,
    durability: 'process_kill',
    unavailable: 'STATE_UNAVAILABLE',
    pageSize: 8192,
    schema: `
      CREATE TABLE IF NOT EXISTS folds (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, position TEXT);
      CREATE TABLE IF NOT EXISTS entries (fold INTEGER NOT NULL, "key" TEXT NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (fold, "key")) WITHOUT ROWID;`,
  });
  return new SqliteStateStore(db);
}

type EntryRow = [key: string, value: Uint8Array];

const entriesAtATime = 1000;

class SqliteStateStore implements StateStore {
  readonly #db: Sqlite;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #numbers = new Map<string, number>();

  constructor(db: Sqlite) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  async position(fold: string): Promise<string | null> {
    const row = await this.#db.read(
      () => this.#statements.position.get(fold) as unknown as [string | null] | undefined,
    );
    return row?.[0] ?? null;
  }

  get(fold: string, key: string): Uint8Array | null {
    return this.#db.readNow(() => {
      const number = this.#numberOf(fold);
      const row = number === undefined ? undefined : this.#statements.get.get(number, key);
      return (row as unknown as [Uint8Array] | undefined)?.[0] ?? null;
    });
  }

  /** Page by page, so that commits between two steps of the iteration are allowed. */
  *entries(fold: string, from = ''): Generator<readonly [key: string, value: Uint8Array]> {
    const number = this.#db.readNow(() => this.#numberOf(fold));
    if (number === undefined) return;
    const { page, firstPage } = this.#statements;
    let rows = this.#db.readNow(() => firstPage.all(number, from, entriesAtATime) as unknown as EntryRow[]);
    while (rows.length > 0) {
      yield* rows;
      const [lastKey] = rows.at(-1) ?? [''];
      rows = this.#db.readNow(() => page.all(number, lastKey, entriesAtATime) as unknown as EntryRow[]);
    }
  }

  async commit(fold: string, { position, after, puts, deletes }: StateChange): Promise<void> {
    await this.#db.write(() => {
      if (after !== undefined) this.#requirePosition(fold, after);
      this.#statements.setPosition.run(fold, position);
      const [number] = this.#statements.numberOf.get(fold) as unknown as [number];
      for (const key of deletes) this.#statements.delete.run(number, key);
      for (const [key, value] of puts) this.#statements.put.run(number, key, value);
    });
  }

  async drop(fold: string): Promise<void> {
    await this.#db.write(() => {
      const number = this.#numberOf(fold);
      if (number === undefined) return;
      this.#statements.clear.run(number);
      this.#statements.setPosition.run(fold, null);
    });
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #requirePosition(fold: string, after: string | null): void {
    const row = this.#statements.position.get(fold) as unknown as [string | null] | undefined;
    const stored = row?.[0] ?? null;
    if (stored === after) return;
    throw new AdtallyError('STATE_CONFLICT', `${fold} is at ${stored}, the change builds on ${after}`);
  }

  /** The number of a fold never changes, not even by a drop. */
  #numberOf(fold: string): number | undefined {
    const known = this.#numbers.get(fold);
    if (known !== undefined) return known;
    const row = this.#statements.numberOf.get(fold) as unknown as [number] | undefined;
    if (row !== undefined) this.#numbers.set(fold, row[0]);
    return row?.[0];
  }
}

function prepare(db: Sqlite) {
  return {
    numberOf: db.prepare('SELECT number FROM folds WHERE name = ?'),
    position: db.prepare('SELECT position FROM folds WHERE name = ?'),
    setPosition: db.prepare(
      'INSERT INTO folds (name, position) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET position = ?2',
    ),
    get: db.prepare('SELECT value FROM entries WHERE fold = ? AND "key" = ?'),
    put: db.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)'),
    delete: db.prepare('DELETE FROM entries WHERE fold = ? AND "key" = ?'),
    clear: db.prepare('DELETE FROM entries WHERE fold = ?'),
    firstPage: db.prepare('SELECT "key", value FROM entries WHERE fold = ? AND "key" >= ? ORDER BY "key" LIMIT ?'),
    page: db.prepare('SELECT "key", value FROM entries WHERE fold = ? AND "key" > ? ORDER BY "key" LIMIT ?'),
  };
}
