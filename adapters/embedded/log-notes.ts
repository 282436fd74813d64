import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../../ports/clock.ts';
import { Sqlite } from './sqlite.ts';

/** Notes about a log, in `notes.db` beside its topics. */
export class LogNotes {
  readonly #db: Sqlite;
  readonly #add: StatementSync;
  readonly #all: StatementSync;

  private constructor(db: Sqlite) {
    this.#db = db;
    this.#add = db.prepare('INSERT INTO notes VALUES (?, ?) ON CONFLICT (name) DO NOTHING');
    this.#all = db.prepare('SELECT name, text FROM notes ORDER BY name');
  }

  static async open(folder: string, clock: Clock): Promise<LogNotes> {
    const db = await Sqlite.open({
      path: join(folder, 'notes.db'),
      clock,
      durability: 'power_loss',
      unavailable: 'LOG_UNAVAILABLE',
      schema: 'CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID',
    });
    return new LogNotes(db);
  }

  /** Adds those that are missing; resolves with all. */
  async add(notes: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    if (notes.size > 0) {
      await this.#db.write(() => {
        for (const [name, text] of notes) this.#add.run(name, text);
      });
    }
    return new Map(await this.#db.read(() => this.#all.all() as unknown as [string, string][]));
  }

  close(): void {
    this.#db.close();
  }
}
