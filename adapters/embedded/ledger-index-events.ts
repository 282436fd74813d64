import type { Topic } from '../../domain/records.ts';
import type { EventIndex, EventPlace, KeyedOffset } from '../../ports/event-index.ts';
import type { TopicShard } from '../../ports/event-log.ts';
import { selectionCell } from './ledger-index-entries.ts';
import type { Sqlite } from './sqlite.ts';

/** The places of a selection's records in the log, in the file of the ledger index. */
export class EventRows implements EventIndex {
  readonly #db: Sqlite;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  indexedEvents(topic: Topic, shard: number): Promise<number> {
    return this.#db.read(() => this.#next(topic, shard));
  }

  addEvents(
    { topic, shard, from, next }: TopicShard & { readonly from: number; readonly next: number },
    records: readonly KeyedOffset[],
  ): Promise<boolean> {
    return this.#db.write(() => {
      if (this.#next(topic, shard) !== from) return false;
      for (const { selectionId, offset } of records) {
        this.#statements.add.run(selectionCell(selectionId), topic, shard, offset);
      }
      this.#statements.setNext.run(topic, shard, next);
      return true;
    });
  }

  eventsOf(selectionId: string): Promise<readonly EventPlace[]> {
    return this.#db.read(() => {
      const rows = this.#statements.of.all(selectionCell(selectionId)) as unknown as [Topic, number, number][];
      return rows.map(([topic, shard, offset]) => ({ topic, shard, offset }));
    });
  }

  async dropEvents(): Promise<void> {
    await this.#db.write(() => {
      this.#statements.clear.run();
      this.#statements.clearShards.run();
    });
  }

  #next(topic: Topic, shard: number): number {
    return (this.#statements.next.get(topic, shard) as unknown as [number] | undefined)?.[0] ?? 0;
  }
}

function prepare(db: Sqlite) {
  return {
    next: db.prepare('SELECT next FROM event_shards WHERE topic = ? AND shard = ?'),
    setNext: db.prepare('INSERT OR REPLACE INTO event_shards VALUES (?, ?, ?)'),
    add: db.prepare('INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)'),
    of: db.prepare('SELECT topic, shard, "offset" FROM events WHERE selection = ? ORDER BY topic, shard, "offset"'),
    clear: db.prepare('DELETE FROM events'),
    clearShards: db.prepare('DELETE FROM event_shards'),
  };
}
