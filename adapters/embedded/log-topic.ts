import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { AdtallyError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Bounds, LogRecord, NewRecord } from '../../ports/event-log.ts';
import { LogHeaders } from './log-headers.ts';
import { Sqlite } from './sqlite.ts';

export interface LogTopicOptions {
  readonly folder: string;
  readonly topic: Topic;
  readonly shards: number;
  readonly clock: Clock;
  /** Records older than this are forgotten; omitted: never. */
  readonly retentionMs?: number;
}

interface ShardStatements {
  readonly append: StatementSync;
  readonly read: StatementSync;
  readonly bounds: StatementSync;
  readonly firstSince: StatementSync;
  readonly deleteBelow: StatementSync;
}

const retentionCheckMs = 60_000;

/**
 * One topic in one database file, so that writers of different topics do not wait for each other; one table a shard, so that every
 * append goes to the right-hand edge of a tree (twice as fast as one tree over (shard, offset)).
 */
export class LogTopic {
  readonly shards: number;
  readonly #options: LogTopicOptions;
  readonly #db: Sqlite;
  readonly #statements: readonly ShardStatements[];
  readonly #setFirst: StatementSync;
  readonly #dataVersion: StatementSync;
  readonly #headers: LogHeaders;
  #trimmedAt = Number.NEGATIVE_INFINITY;

  private constructor(options: LogTopicOptions, db: Sqlite) {
    this.shards = options.shards;
    this.#options = options;
    this.#db = db;
    this.#statements = Array.from({ length: options.shards }, (_, shard) => prepareShard(db, shard));
    this.#setFirst = db.prepare('UPDATE shards SET first = ? WHERE shard = ?');
    this.#dataVersion = db.prepare('PRAGMA data_version');
    this.#headers = new LogHeaders(db);
  }

  /** Error: `SHARDS_CHANGED` if the file was created with another number of shards. */
  static async open(options: LogTopicOptions): Promise<LogTopic> {
    const db = await Sqlite.open({
      path: join(options.folder, `${options.topic}.db`),
      clock: options.clock,
      durability: 'power_loss',
      unavailable: 'LOG_UNAVAILABLE',
      pageSize: 8192,
      secureDelete: true,
      schema: 'CREATE TABLE IF NOT EXISTS shards (shard INTEGER PRIMARY KEY, first INTEGER NOT NULL)',
    });
    try {
      await db.write(() => createShards(db, options));
      return new LogTopic(options, db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  async append(records: readonly NewRecord[]): Promise<readonly number[]> {
    if (records.length === 0) return [];
    for (const { shard } of records) this.#shard(shard);
    const appendedAt = this.#options.clock.now();
    const offsets = await this.#db.write(() => this.#insert(records, appendedAt));
    if (this.#options.retentionMs !== undefined) await this.#forgetOld(appendedAt, this.#options.retentionMs);
    return offsets;
  }

  async read(shard: number, from: number, max: number): Promise<readonly LogRecord[]> {
    const statements = this.#shard(shard);
    const rows = await this.#db.read(() => statements.read.all(from, max) as unknown as RecordRow[]);
    const { topic } = this.#options;
    const records = rows.map(([offset, key, value, appendedAt]) => ({ topic, shard, offset, key, value, appendedAt }));
    if (records.length === 0) await this.#checkEmpty(shard, from);
    else await this.#db.read(() => this.#headers.addTo(records));
    for (let index = 0; index < records.length; index++) {
      if (records[index]?.offset !== from + index) throw this.#gone(shard, from + index, 'is not there');
    }
    return records;
  }

  bounds(shard: number): Promise<Bounds> {
    this.#shard(shard);
    return this.#db.read(() => this.#boundsNow(shard));
  }

  #boundsNow(shard: number): Bounds {
    const [first, last] = this.#shard(shard).bounds.get() as unknown as [number, number | null];
    return { first, next: last === null ? first : last + 1 };
  }

  /** Forgets all records of a shard below an offset. */
  async trim(shard: number, first: number): Promise<void> {
    const statements = this.#shard(shard);
    await this.#db.write(() => {
      const bounds = this.#boundsNow(shard);
      const newFirst = Math.min(Math.max(first, bounds.first), bounds.next);
      statements.deleteBelow.run(newFirst);
      this.#headers.deleteBelow(shard, newFirst);
      this.#setFirst.run(newFirst, shard);
    });
  }

  /** Has a shard begin at an offset that it has not come to. Error: `STATE_CONFLICT`. */
  async beginAt(shard: number, first: number): Promise<void> {
    const { deleteBelow } = this.#shard(shard);
    await this.#db.write(() => {
      const { next } = this.#boundsNow(shard);
      if (next > first) {
        const { topic } = this.#options;
        throw new AdtallyError('STATE_CONFLICT', `${topic}/${shard} can't begin at ${first}: it is at ${next}`);
      }
      deleteBelow.run(first);
      this.#headers.deleteBelow(shard, first);
      this.#setFirst.run(first, shard);
    });
  }

  /** Changes whenever another connection has committed. */
  async dataVersion(): Promise<number> {
    const [version] = await this.#db.read(() => this.#dataVersion.get() as unknown as [number]);
    return version;
  }

  close(): void {
    this.#db.close();
  }

  #insert(records: readonly NewRecord[], appendedAt: number): readonly number[] {
    const next = new Map<number, number>();
    return records.map(({ shard, key, value, appendedAt: copied, traceparent }) => {
      const offset = next.get(shard) ?? this.#boundsNow(shard).next;
      this.#shard(shard).append.run(offset, key, value, copied ?? appendedAt);
      if (traceparent !== undefined) this.#headers.add({ shard, offset, traceparent });
      next.set(shard, offset + 1);
      return offset;
    });
  }

  async #checkEmpty(shard: number, from: number): Promise<void> {
    const { first, next } = await this.bounds(shard);
    if (from < first || from > next) throw this.#gone(shard, from, `is outside ${first}..${next}`);
  }

  async #forgetOld(now: number, retentionMs: number): Promise<void> {
    if (now - this.#trimmedAt < retentionCheckMs) return;
    this.#trimmedAt = now;
    for (let shard = 0; shard < this.shards; shard++) {
      const { firstSince } = this.#shard(shard);
      const row = await this.#db.read(() => firstSince.get(now - retentionMs) as unknown as [number] | undefined);
      await this.trim(shard, row?.[0] ?? (await this.bounds(shard)).next);
    }
  }

  #shard(shard: number): ShardStatements {
    const statements = this.#statements[shard];
    if (statements !== undefined) return statements;
    throw new AdtallyError(
      'UNKNOWN_SHARD',
      `topic ${this.#options.topic} has ${this.shards} shards, no shard ${shard}`,
    );
  }

  #gone(shard: number, offset: number, what: string): AdtallyError {
    return new AdtallyError('OFFSET_GONE', `${this.#options.topic}/${shard}: offset ${offset} ${what}`);
  }
}

type RecordRow = [offset: number, key: string, value: Uint8Array, appendedAt: number];

function prepareShard(db: Sqlite, shard: number): ShardStatements {
  const table = `records_${shard}`;
  return {
    append: db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?)`),
    read: db.prepare(
      `SELECT "offset", "key", value, appended_at FROM ${table} WHERE "offset" >= ? ORDER BY "offset" LIMIT ?`,
    ),
    bounds: db.prepare(
      `SELECT (SELECT first FROM shards WHERE shard = ${shard}), (SELECT max("offset") FROM ${table})`,
    ),
    firstSince: db.prepare(`SELECT "offset" FROM ${table} WHERE appended_at >= ? ORDER BY "offset" LIMIT 1`),
    deleteBelow: db.prepare(`DELETE FROM ${table} WHERE "offset" < ?`),
  };
}

function createShards(db: Sqlite, { topic, shards }: LogTopicOptions): void {
  const [found] = db.prepare('SELECT count(*) FROM shards').get() as unknown as [number];
  if (found === shards) return;
  if (found !== 0) {
    throw new AdtallyError('SHARDS_CHANGED', `topic ${topic} was created with ${found} shards, not ${shards}`);
  }
  for (let shard = 0; shard < shards; shard++) {
    db.prepare(
      `CREATE TABLE records_${shard} ("offset" INTEGER PRIMARY KEY, "key" TEXT NOT NULL, value BLOB NOT NULL, appended_at INTEGER NOT NULL)`,
    ).run();
    db.prepare('INSERT INTO shards VALUES (?, 0)').run(shard);
  }
}
