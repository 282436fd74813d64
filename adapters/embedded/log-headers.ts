import type { StatementSync } from 'node:sqlite';
import type { LogRecord } from '../../ports/event-log.ts';
import type { Sqlite } from './sqlite.ts';

interface Header {
  readonly shard: number;
  readonly offset: number;
  readonly traceparent: string;
}

interface HeaderStatements {
  readonly add: StatementSync;
  readonly read: StatementSync;
  readonly deleteBelow: StatementSync;
}

/**
 * Headers of the few records of a topic that have one, in a table beside theirs. It is made with the first header: the file of a log without tracing is
 * what it was before there was any, and an older version of the program goes on reading and writing a file that has it.
 */
export class LogHeaders {
  readonly #db: Sqlite;
  readonly #isThere: StatementSync;
  #statements: HeaderStatements | null = null;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#isThere = db.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'headers'");
  }

  /** Within the transaction that writes the record. */
  add({ shard, offset, traceparent }: Header): void {
    const statements = this.#found() ?? this.#create();
    statements.add.run(shard, offset, traceparent);
  }

  /** Gives records that were read, of one shard and in order, the headers that they have. */
  addTo(records: { readonly shard: number; readonly offset: number; traceparent?: LogRecord['traceparent'] }[]): void {
    const [first, last] = [records[0], records.at(-1)];
    const statements = this.#found();
    if (first === undefined || last === undefined || statements === null) return;
    const rows = statements.read.all(first.shard, first.offset, last.offset) as unknown as [number, string][];
    for (const [offset, traceparent] of rows) {
      const record = records[offset - first.offset];
      if (record?.offset === offset) record.traceparent = traceparent;
    }
  }

  deleteBelow(shard: number, first: number): void {
    this.#found()?.deleteBelow.run(shard, first);
  }

  /** Null as long as nobody, in whatever process, has written a header. */
  #found(): HeaderStatements | null {
    if (this.#statements !== null) return this.#statements;
    const [tables] = this.#isThere.get() as unknown as [number];
    return tables === 0 ? null : this.#prepare();
  }

  /** Rolled back with its transaction, it is not there the next time either: statements are kept once it was seen. */
  #create(): HeaderStatements {
    this.#db
      .prepare(
        'CREATE TABLE headers (shard INTEGER NOT NULL, "offset" INTEGER NOT NULL, traceparent TEXT NOT NULL, PRIMARY KEY (shard, "offset")) WITHOUT ROWID',
      )
      .run();
    return this.#statementsOf();
  }

  #prepare(): HeaderStatements {
    this.#statements = this.#statementsOf();
    return this.#statements;
  }

  #statementsOf(): HeaderStatements {
    return {
      add: this.#db.prepare('INSERT INTO headers VALUES (?, ?, ?)'),
      read: this.#db.prepare(
        'SELECT "offset", traceparent FROM headers WHERE shard = ? AND "offset" BETWEEN ? AND ? ORDER BY "offset"',
      ),
      deleteBelow: this.#db.prepare('DELETE FROM headers WHERE shard = ? AND "offset" < ?'),
    };
  }
}
