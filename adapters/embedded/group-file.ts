import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Commit } from '../../ports/event-log.ts';
import { emptyRoster, type Roster, type RosterMember, type RosterStore } from './group-roster.ts';
import { Sqlite } from './sqlite.ts';

/**
 * Rosters and committed offsets of all groups. Not synced at every commit: after power loss an offset may be an older one (never one ahead
 * of what a consumer wrote with a sync before), and delivery is at least once anyway.
 */
export class GroupFile implements RosterStore {
  readonly #db: Sqlite;
  readonly #roster: { readonly get: StatementSync; readonly set: StatementSync };
  readonly #all: StatementSync;
  readonly #offset: { readonly get: StatementSync; readonly set: StatementSync };

  private constructor(db: Sqlite) {
    this.#db = db;
    this.#roster = {
      get: db.prepare('SELECT members, owners FROM rosters WHERE "group" = ?'),
      set: db.prepare('INSERT OR REPLACE INTO rosters VALUES (?, ?, ?)'),
    };
    this.#all = db.prepare('SELECT "group", topic, shard, next FROM offsets');
    this.#offset = {
      get: db.prepare('SELECT next FROM offsets WHERE "group" = ? AND topic = ? AND shard = ?'),
      set: db.prepare('INSERT OR REPLACE INTO offsets VALUES (?, ?, ?, ?)'),
    };
  }

  static async open(folder: string, clock: Clock): Promise<GroupFile> {
    const db = await Sqlite.open({
      path: join(folder, 'groups.db'),
      clock,
      durability: 'process_kill',
      unavailable: 'LOG_UNAVAILABLE',
      schema: `
        CREATE TABLE IF NOT EXISTS rosters ("group" TEXT PRIMARY KEY, members TEXT NOT NULL, owners TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS offsets ("group" TEXT, topic TEXT, shard INTEGER, next INTEGER NOT NULL,
          PRIMARY KEY ("group", topic, shard)) WITHOUT ROWID;`,
    });
    return new GroupFile(db);
  }

  read(group: string): Promise<Roster> {
    return this.#db.read(() => this.#load(group));
  }

  update(group: string, change: (roster: Roster) => Roster): Promise<Roster> {
    return this.#db.write(() => {
      const roster = change(this.#load(group));
      this.#roster.set.run(group, JSON.stringify(roster.members), JSON.stringify([...roster.owners]));
      return roster;
    });
  }

  async committed(group: string, topic: Topic, shard: number): Promise<number | null> {
    const row = await this.#db.read(() => this.#offset.get.get(group, topic, shard) as unknown as [number] | undefined);
    return row?.[0] ?? null;
  }

  async commit(group: string, topic: Topic, shard: number, next: number): Promise<void> {
    await this.#db.write(() => this.#offset.set.run(group, topic, shard, next));
  }

  async commits(): Promise<readonly Commit[]> {
    const rows = await this.#db.read(() => this.#all.all() as unknown as [string, Topic, number, number][]);
    return rows.map(([group, topic, shard, next]) => ({ group, topic, shard, next }));
  }

  close(): void {
    this.#db.close();
  }

  #load(group: string): Roster {
    const row = this.#roster.get.get(group) as unknown as [members: string, owners: string] | undefined;
    if (row === undefined) return emptyRoster;
    const members = JSON.parse(row[0]) as RosterMember[];
    return { members, owners: new Map(JSON.parse(row[1]) as [number, string][]) };
  }
}
