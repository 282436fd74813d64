import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { AdtallyError, type ErrorCode } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';

export interface SqliteOptions {
  readonly path: string;
  readonly clock: Clock;
  /** What an acknowledged commit survives: `power_loss` syncs at every commit, `process_kill` only at checkpoints. */
  readonly durability: 'power_loss' | 'process_kill';
  /** Idempotent statements that create what is missing. */
  readonly schema: string;
  /** Code under which failures are raised that may pass. */
  readonly unavailable: ErrorCode;
  readonly pageSize?: number;
  /** Overwrites what is deleted, at the cost of a write. */
  readonly secureDelete?: boolean;
}

/** How long the engine itself blocks the thread on a foreign lock before it is asked again asynchronously. */
const blockingMs = 5;
const giveUpMs = 10_000;
/** Primary result codes that can pass: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL. */
const passing: readonly number[] = [5, 6, 7, 8, 10, 13, 14, 15];
const busy: readonly number[] = [5, 6];

/** One connection to a database file that other processes use as well. A transaction never outlives one call. */
export class Sqlite {
  readonly #db: DatabaseSync;
  readonly #options: SqliteOptions;

  private constructor(db: DatabaseSync, options: SqliteOptions) {
    this.#db = db;
    this.#options = options;
  }

  /** Opens or creates the file and its folder. */
  static async open(options: SqliteOptions): Promise<Sqlite> {
    makeDurableFolder(dirname(options.path));
    const sqlite = new Sqlite(new DatabaseSync(options.path, { timeout: blockingMs }), options);
    try {
      await sqlite.read(() => sqlite.#configure());
      await sqlite.write(() => sqlite.#db.exec(options.schema));
    } catch (error) {
      sqlite.close();
      throw error;
    }
    return sqlite;
  }

  /** A statement whose rows are arrays: cheaper than objects, and read by position. */
  prepare(sql: string): StatementSync {
    const statement = this.#db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  }

  /** Runs statements outside a transaction, again while another process holds the lock. */
  read<T>(run: () => T): Promise<T> {
    return this.#untilFree(run);
  }

  /** Runs statements outside a transaction, in this tick; a lock that lasts is an error. */
  readNow<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw this.#wrap(error);
    }
  }

  /** Runs statements as one transaction; nothing of it stays if it throws. */
  write<T>(run: () => T): Promise<T> {
    return this.#untilFree(() => {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        const result = run();
        this.#db.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Moves the write-ahead log into the file and truncates it, unless another process is reading. */
  checkpoint(): Promise<void> {
    return this.#untilFree(() => this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #configure(): void {
    const { pageSize = 4096, durability, secureDelete = false } = this.#options;
    this.#db.exec(`PRAGMA page_size = ${pageSize}`);
    this.#db.exec('PRAGMA journal_mode = WAL');
    this.#db.exec(`PRAGMA synchronous = ${durability === 'power_loss' ? 'FULL' : 'NORMAL'}`);
    this.#db.exec(`PRAGMA secure_delete = ${secureDelete ? 'ON' : 'OFF'}`);
    this.#db.exec(`PRAGMA journal_size_limit = ${64 * 1024 * 1024}`);
  }

  /** The first try is synchronous; waiting for another process's lock gives the thread back between tries. */
  async #untilFree<T>(run: () => T): Promise<T> {
    const { clock } = this.#options;
    const startedUs = clock.monotonicUs();
    for (let attempt = 1; ; attempt++) {
      try {
        return run();
      } catch (error) {
        const waitedMs = (clock.monotonicUs() - startedUs) / 1000;
        if (!busy.includes(primaryCode(error)) || waitedMs > giveUpMs) throw this.#wrap(error);
      }
      await clock.sleep(Math.min(attempt, 10));
    }
  }

  #wrap(error: unknown): unknown {
    const closed = !this.#db.isOpen;
    if (!closed && !passing.includes(primaryCode(error))) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new AdtallyError(this.#options.unavailable, closed ? 'is closed' : reason, { cause: error });
  }
}

/** SQLite's primary result code (the low byte of the extended one), or 0 for an error of another origin. */
function primaryCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
}

/** Creates a folder whose name survives power loss. */
function makeDurableFolder(folder: string): void {
  const firstMade = mkdirSync(folder, { recursive: true });
  if (firstMade === undefined || process.platform === 'win32') return;
  for (let made = folder; ; made = dirname(made)) {
    const descriptor = openSync(dirname(made), 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
    if (made === firstMade) return;
  }
}
