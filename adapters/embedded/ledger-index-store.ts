import { join } from 'node:path';
import type { TickMark } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventIndex } from '../../ports/event-index.ts';
import type {
  EntryScan,
  GroupFilter,
  GroupSum,
  IndexedStream,
  IndexStep,
  LedgerIndexStore,
  LedgerTruth,
  NumberedEntry,
  StreamPrefix,
} from '../../ports/ledger-index.ts';
import type { LedgerCheckpoint } from '../../ports/ledger-store.ts';
import { EntryRows } from './ledger-index-entries.ts';
import { EventRows } from './ledger-index-events.ts';
import { GroupNumbers } from './ledger-index-groups.ts';
import { indexFileName, indexSchema } from './ledger-index-schema.ts';
import { BlockSums } from './ledger-index-sums.ts';
import { Sqlite } from './sqlite.ts';

export interface EmbeddedLedgerIndexOptions {
  readonly folder: string;
  readonly clock: Clock;
}

export interface EmbeddedLedgerIndex {
  readonly ledgers: LedgerIndexStore;
  readonly events: EventIndex;
}

/**
 * Opens or creates the index file in a folder; any number of processes may have it open. A step survives the end of the process; power loss may
 * take the last steps away, whole and from the end, and they are read again. Closing `ledgers` closes both.
 */
export async function openEmbeddedLedgerIndex({
  folder,
  clock,
}: EmbeddedLedgerIndexOptions): Promise<EmbeddedLedgerIndex> {
  const db = await Sqlite.open({
    path: join(folder, indexFileName),
    clock,
    durability: 'process_kill',
    unavailable: 'STATE_UNAVAILABLE',
    pageSize: 8192,
    schema: indexSchema,
  });
  return { ledgers: new SqliteLedgerIndex(db), events: new EventRows(db) };
}

type StreamRow = [
  ...[stream: string, truth: LedgerTruth, shard: number, revision: number, eventId: string, offset: number],
  ...[ordinal: number, foldTime: number, chainHead: Uint8Array, entryCount: number, lastBooking: string],
];

class SqliteLedgerIndex implements LedgerIndexStore {
  readonly #db: Sqlite;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #groups: GroupNumbers;
  readonly #entries: EntryRows;
  readonly #sums: BlockSums;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#statements = prepare(db);
    this.#groups = new GroupNumbers(db);
    this.#entries = new EntryRows(db);
    this.#sums = new BlockSums(db);
  }

  indexedStream(stream: string): Promise<IndexedStream | null> {
    return this.#db.read(() => this.#stream(stream));
  }

  indexedStreams(): Promise<readonly IndexedStream[]> {
    return this.#db.read(() => (this.#statements.streams.all() as unknown as StreamRow[]).map(toIndexedStream));
  }

  async advance(from: number | null, step: IndexStep): Promise<boolean> {
    const advanced = await this.#db.write(() => {
      if ((this.#stream(step.to.stream)?.revision ?? null) !== from) return false;
      this.#groups.begin();
      this.#add(step);
      return true;
    });
    if (advanced) this.#groups.committed();
    return advanced;
  }

  checkpoint(store: string): Promise<LedgerCheckpoint | null> {
    return this.#db.read(() => {
      const row = this.#statements.checkpoint.get(store) as unknown as [string, string] | undefined;
      return row === undefined ? null : { commit: BigInt(row[0]), prepare: BigInt(row[1]) };
    });
  }

  async setCheckpoint(store: string, { commit, prepare }: LedgerCheckpoint): Promise<void> {
    await this.#db.write(() => {
      this.#statements.setCheckpoint.run(store, String(commit), String(prepare));
    });
  }

  firstTickAt(stream: string, timeMs: number): Promise<TickMark | null> {
    return this.#tick(() => this.#statements.firstTickAt.get(stream, timeMs));
  }

  lastTick(stream: string): Promise<TickMark | null> {
    return this.#tick(() => this.#statements.lastTick.get(stream));
  }

  closedAt(stream: string, calendar: number, period: string): Promise<number | null> {
    return this.#db.read(() => {
      const row = this.#statements.closedAt.get(stream, calendar, period) as unknown as [number] | undefined;
      return row?.[0] ?? null;
    });
  }

  entriesBelow(stream: string, offset: number) {
    return this.#db.read(() => {
      const number = this.#numberOf(stream);
      const count = this.#stream(stream)?.entryCount ?? 0;
      const entries = this.#entries.countBelow(number, count, offset);
      return { stream, entries, chainHead: entries === 0 ? null : this.#entries.hashOf(number, entries - 1) };
    });
  }

  sums(prefixes: readonly StreamPrefix[], filter: GroupFilter): Promise<readonly GroupSum[]> {
    return this.#db.read(() => {
      const numbered = prefixes.map((prefix) => ({ ...prefix, number: this.#numberOf(prefix.stream) }));
      return this.#sums.over(numbered, filter);
    });
  }

  entries(scan: EntryScan): Promise<readonly NumberedEntry[]> {
    return this.#db.read(() => this.#entries.scan(this.#numberOf(scan.stream), scan));
  }

  async dropLedgers(): Promise<void> {
    await this.#db.write(() => {
      for (const statement of this.#statements.clear) statement.run();
    });
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #add({ to, entries, ticks, closes }: IndexStep): void {
    this.#statements.setStream.run({
      name: to.stream,
      truth: to.truth,
      shard: to.shard,
      revision: to.revision,
      event_id: to.eventId,
      next_offset: to.next.offset,
      next_ordinal: to.next.ordinal,
      fold_time: to.foldTime,
      chain_head: to.chainHead,
      entry_count: to.entryCount,
      last_booking: to.lastBooking,
    });
    const number = this.#numberOf(to.stream);
    const classes = entries.map(({ entry }) => this.#groups.of(entry));
    this.#entries.add(number, entries, classes);
    this.#sums.add(number, entries, classes);
    this.#addTicks(number, to.stream, ticks);
    for (const { calendar, period, offset } of closes) this.#statements.close.run(number, calendar, period, offset);
  }

  /** Only ticks that raise the time: no other can be the first to reach one. */
  #addTicks(number: number, stream: string, ticks: readonly TickMark[]): void {
    const last = this.#statements.lastTick.get(stream) as unknown as [number, number] | undefined;
    let reached = last?.[1] ?? Number.NEGATIVE_INFINITY;
    for (const { offset, advanced_to } of ticks) {
      if (advanced_to <= reached) continue;
      this.#statements.tick.run(number, advanced_to, offset);
      reached = advanced_to;
    }
  }

  #stream(stream: string): IndexedStream | null {
    const row = this.#statements.stream.get(stream) as unknown as StreamRow | undefined;
    return row === undefined ? null : toIndexedStream(row);
  }

  /** -1, of which there are no rows, for a stream that was never read. */
  #numberOf(stream: string): number {
    return (this.#statements.numberOf.get(stream) as unknown as [number] | undefined)?.[0] ?? -1;
  }

  async #tick(get: () => unknown): Promise<TickMark | null> {
    const row = (await this.#db.read(get)) as [number, number] | undefined;
    return row === undefined ? null : { offset: row[0], advanced_to: row[1] };
  }
}

const streamColumns = `name, truth, shard, revision, event_id, next_offset, next_ordinal, fold_time, chain_head, entry_count, last_booking`;
const streamNumber = '(SELECT number FROM streams WHERE name = ?1)';

function prepare(db: Sqlite) {
  return {
    numberOf: db.prepare('SELECT number FROM streams WHERE name = ?'),
    stream: db.prepare(`SELECT ${streamColumns} FROM streams WHERE name = ? AND revision IS NOT NULL`),
    streams: db.prepare(`SELECT ${streamColumns} FROM streams WHERE revision IS NOT NULL ORDER BY name`),
    setStream:
      db.prepare(`INSERT INTO streams (${streamColumns}) VALUES (:name, :truth, :shard, :revision, :event_id, :next_offset, :next_ordinal,
        :fold_time, :chain_head, :entry_count, :last_booking)
      ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, event_id = excluded.event_id, next_offset = excluded.next_offset,
        next_ordinal = excluded.next_ordinal, fold_time = excluded.fold_time, chain_head = excluded.chain_head,
        entry_count = excluded.entry_count, last_booking = excluded.last_booking`),
    checkpoint: db.prepare('SELECT commit_position, prepare_position FROM checkpoints WHERE store = ?'),
    setCheckpoint: db.prepare('INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)'),
    tick: db.prepare('INSERT INTO ticks VALUES (?, ?, ?)'),
    firstTickAt: db.prepare(
      `SELECT "offset", advanced_to FROM ticks WHERE stream = ${streamNumber} AND advanced_to >= ?2 ORDER BY advanced_to LIMIT 1`,
    ),
    lastTick: db.prepare(
      `SELECT "offset", advanced_to FROM ticks WHERE stream = ${streamNumber} ORDER BY advanced_to DESC LIMIT 1`,
    ),
    close: db.prepare('INSERT OR IGNORE INTO closes VALUES (?, ?, ?, ?)'),
    closedAt: db.prepare(
      `SELECT "offset" FROM closes WHERE stream = ${streamNumber} AND calendar = ?2 AND period = ?3`,
    ),
    clear: ['DELETE FROM entries', 'DELETE FROM sums', 'DELETE FROM ticks', 'DELETE FROM closes']
      .concat('DELETE FROM checkpoints', 'UPDATE streams SET revision = NULL, entry_count = 0')
      .map((sql) => db.prepare(sql)),
  };
}

function toIndexedStream(row: StreamRow): IndexedStream {
  const [stream, truth, shard, revision, eventId, offset, ordinal, foldTime, chainHead, entryCount, lastBooking] = row;
  const next = { offset, ordinal };
  return { stream, truth, shard, revision, eventId, next, foldTime, chainHead, entryCount, lastBooking };
}
