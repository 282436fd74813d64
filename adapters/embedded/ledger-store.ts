import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  type ExpectedRevision,
  greatestAppendBytes,
  type LedgerCheckpoint,
  type LedgerEvent,
  type LedgerStore,
  type LedgerSubscription,
  type NewLedgerEvent,
} from '../../ports/ledger-store.ts';
import { Sqlite } from './sqlite.ts';

export interface EmbeddedLedgerStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
}

type EventRow = [revision: number, id: string, type: string, data: Uint8Array];
type FollowedRow = [row: number, stream: string, ...EventRow];

/** Opens or creates `ledger.db` in a folder; any number of processes may have it open. */
export async function openEmbeddedLedgerStore({ folder, clock }: EmbeddedLedgerStoreOptions): Promise<LedgerStore> {
  const db = await Sqlite.open({
    path: join(folder, 'ledger.db'),
    clock,
    durability: 'power_loss',
    unavailable: 'LEDGER_UNAVAILABLE',
    pageSize: 8192,
    schema: `
      CREATE TABLE IF NOT EXISTS streams (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
      CREATE TABLE IF NOT EXISTS events (stream INTEGER NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
        data BLOB NOT NULL);
      CREATE UNIQUE INDEX IF NOT EXISTS events_by_revision ON events (stream, revision);
      CREATE UNIQUE INDEX IF NOT EXISTS events_by_id ON events (stream, id);`,
  });
  return new SqliteLedgerStore(db);
}

class SqliteLedgerStore implements LedgerStore {
  readonly name = 'embedded';
  readonly maxAppendBytes = greatestAppendBytes;
  readonly #db: Sqlite;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #numbers = new Map<string, number>();

  constructor(db: Sqlite) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewLedgerEvent[]) {
    this.#checkSize(stream, events);
    const first = expected === 'no_stream' ? 0 : expected + 1;
    const revision = await this.#db.write(() => this.#appendAt(stream, first, events));
    return { revision };
  }

  async readForwards(stream: string, from: number, max: number): Promise<readonly LedgerEvent[]> {
    return this.#read(this.#statements.forwards, { stream, from, max });
  }

  async readBackwards(stream: string, from: number | 'end', max: number): Promise<readonly LedgerEvent[]> {
    return this.#read(this.#statements.backwards, {
      stream,
      from: from === 'end' ? Number.MAX_SAFE_INTEGER : from,
      max,
    });
  }

  async tail(stream: string): Promise<LedgerEvent | null> {
    return (await this.readBackwards(stream, 'end', 1))[0] ?? null;
  }

  async streams(): Promise<readonly string[]> {
    const rows = await this.#db.read(() => this.#statements.streams.all() as unknown as [string][]);
    return rows.map(([name]) => name);
  }

  async subscribe(from: LedgerCheckpoint | 'start' | 'end'): Promise<LedgerSubscription> {
    let after = from === 'start' ? 0 : from === 'end' ? await this.#lastRow() : Number(from.commit);
    return {
      next: async (max) => {
        const rows = await this.#db.read(() => this.#statements.after.all(after, max) as unknown as FollowedRow[]);
        const events = rows.map(([, stream, ...event]) => eventOf(stream, event));
        const [last] = rows.at(-1) ?? [];
        after = last ?? after;
        const checkpoint = last === undefined ? null : { commit: BigInt(last), prepare: BigInt(last) };
        return { events, checkpoint };
      },
      close: async () => {},
    };
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  /** Rows are numbered in the order of their transactions, and none is ever deleted. */
  async #lastRow(): Promise<number> {
    const [last] = await this.#db.read(() => this.#statements.lastRow.get() as unknown as [number | null]);
    return last ?? 0;
  }

  #checkSize(stream: string, events: readonly NewLedgerEvent[]): void {
    if (events.length === 0) throw new AdtallyError('INVARIANT_BROKEN', `an append to ${stream} carries no event`);
    const bytes = events.reduce((sum, { data }) => sum + data.length, 0);
    if (bytes <= this.maxAppendBytes) return;
    throw new AdtallyError('APPEND_TOO_LARGE', `${bytes} bytes to ${stream}; at most ${this.maxAppendBytes}`);
  }

  /** Inside a transaction: writes the events from a revision on, or finds that exactly they are there. */
  #appendAt(stream: string, first: number, events: readonly NewLedgerEvent[]): number {
    const number = this.#numberOf(stream) ?? this.#createStream(stream);
    const [last] = this.#statements.last.get(number) as unknown as [number | null];
    const next = last === null ? 0 : last + 1;
    const written = first < next && this.#isWritten(number, first, events);
    if (!written) this.#checkNew({ stream, number, first, next, events });
    if (!written) for (const [i, event] of events.entries()) this.#insert(number, first + i, event);
    return first + events.length - 1;
  }

  #isWritten(number: number, first: number, events: readonly NewLedgerEvent[]): boolean {
    return events.every(({ id }, i) => {
      const row = this.#statements.idAt.get(number, first + i) as unknown as [string] | undefined;
      return row?.[0] === id;
    });
  }

  #checkNew(append: {
    stream: string;
    number: number;
    first: number;
    next: number;
    events: readonly NewLedgerEvent[];
  }) {
    const { stream, number, first, next, events } = append;
    if (first !== next) {
      throw new AdtallyError('WRONG_EXPECTED_REVISION', `${stream} is at ${next - 1}, the writer expects ${first - 1}`);
    }
    const seen = new Set<string>();
    for (const { id } of events) {
      const elsewhere = this.#statements.revisionOf.get(number, id) !== undefined || seen.has(id);
      if (elsewhere) throw new AdtallyError('WRONG_EXPECTED_REVISION', `${stream} has event ${id} at another revision`);
      seen.add(id);
    }
  }

  #insert(number: number, revision: number, { id, type, data }: NewLedgerEvent): void {
    this.#statements.insert.run(number, revision, id, type, data);
  }

  async #read(statement: StatementSync, { stream, from, max }: { stream: string; from: number; max: number }) {
    return this.#db.read((): LedgerEvent[] => {
      const number = this.#numberOf(stream);
      if (number === undefined) return [];
      const rows = statement.all(number, from, max) as unknown as EventRow[];
      return rows.map((row) => eventOf(stream, row));
    });
  }

  #numberOf(stream: string): number | undefined {
    const known = this.#numbers.get(stream);
    if (known !== undefined) return known;
    const row = this.#statements.numberOf.get(stream) as unknown as [number] | undefined;
    if (row !== undefined) this.#numbers.set(stream, row[0]);
    return row?.[0];
  }

  /** Not remembered before it is committed. */
  #createStream(stream: string): number {
    return Number(this.#statements.createStream.run(stream).lastInsertRowid);
  }
}

function eventOf(stream: string, [revision, id, type, data]: EventRow): LedgerEvent {
  return { stream, revision, id, type, data };
}

function prepare(db: Sqlite) {
  return {
    numberOf: db.prepare('SELECT number FROM streams WHERE name = ?'),
    createStream: db.prepare('INSERT INTO streams (name) VALUES (?)'),
    streams: db.prepare('SELECT name FROM streams ORDER BY name'),
    lastRow: db.prepare('SELECT max(rowid) FROM events'),
    after: db.prepare(
      `SELECT events.rowid, name, revision, id, type, data FROM events JOIN streams ON number = stream
        WHERE events.rowid > ? ORDER BY events.rowid LIMIT ?`,
    ),
    last: db.prepare('SELECT max(revision) FROM events WHERE stream = ?'),
    idAt: db.prepare('SELECT id FROM events WHERE stream = ? AND revision = ?'),
    revisionOf: db.prepare('SELECT revision FROM events WHERE stream = ? AND id = ?'),
    insert: db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)'),
    forwards: db.prepare(
      'SELECT revision, id, type, data FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?',
    ),
    backwards: db.prepare(
      'SELECT revision, id, type, data FROM events WHERE stream = ? AND revision <= ? ORDER BY revision DESC LIMIT ?',
    ),
  };
}
