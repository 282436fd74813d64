import type { StatementSync } from 'node:sqlite';
import type { Entry } from '../../domain/records.ts';
import type { GroupFilter } from '../../ports/ledger-index.ts';
import type { Sqlite } from './sqlite.ts';

/** Numbers of a group and of a class within it. */
export interface EntryClass {
  readonly group: number;
  readonly class: number;
}

const groupColumns = [
  'advertiser_id',
  'campaign_id',
  'currency',
  'kind',
  'debit_account',
  'credit_account',
  'service_period',
  'posting_period',
] as const;

/** Gives groups and classes of entries their numbers. Numbers are never taken back, so that what other processes know stays true. */
export class GroupNumbers {
  readonly #known = new Map<string, EntryClass>();
  readonly #statements: ReturnType<typeof prepare>;
  #uncommitted = false;

  constructor(db: Sqlite) {
    this.#statements = prepare(db);
  }

  /** Inside a transaction, before its first number. What an earlier one learned that did not commit is forgotten. */
  begin(): void {
    if (this.#uncommitted) this.#known.clear();
    this.#uncommitted = true;
  }

  committed(): void {
    this.#uncommitted = false;
  }

  of(entry: Entry): EntryClass {
    const group = groupColumns.map((column) => entry[column]);
    const key = JSON.stringify([...group, entry.line_item_id, entry.publisher_id]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const number = numberOf(this.#statements.addGroup, this.#statements.findGroup, group);
    const inGroup = [number, entry.line_item_id, entry.publisher_id];
    const found = { group: number, class: numberOf(this.#statements.addClass, this.#statements.findClass, inGroup) };
    this.#known.set(key, found);
    return found;
  }
}

function numberOf(add: StatementSync, find: StatementSync, values: readonly (string | number)[]): number {
  const found = find.get(...values) as unknown as [number] | undefined;
  return found?.[0] ?? Number(add.run(...values).lastInsertRowid);
}

function prepare(db: Sqlite) {
  const places = groupColumns.map(() => '?').join(', ');
  const equal = groupColumns.map((column) => `${column} = ?`).join(' AND ');
  return {
    addGroup: db.prepare(`INSERT INTO entry_groups (${groupColumns.join(', ')}) VALUES (${places})`),
    findGroup: db.prepare(`SELECT number FROM entry_groups WHERE ${equal}`),
    addClass: db.prepare('INSERT INTO entry_classes (entry_group, line_item_id, publisher_id) VALUES (?, ?, ?)'),
    findClass: db.prepare(
      'SELECT number FROM entry_classes WHERE entry_group = ? AND line_item_id = ? AND publisher_id = ?',
    ),
  };
}

/** A condition on groups `g` in SQL, with the values of its placeholders. */
export interface GroupCondition {
  readonly sql: string;
  readonly values: readonly string[];
}

const filterSql: Readonly<Record<keyof GroupFilter, (place: string) => string>> = {
  advertiserId: (place) => `g.advertiser_id = ${place}`,
  campaignId: (place) => `g.campaign_id = ${place}`,
  account: (place) => `${place} IN (g.debit_account, g.credit_account)`,
  kind: (place) => `g.kind = ${place}`,
  servicePeriod: (place) => `g.service_period = ${place}`,
  postingPeriod: (place) => `g.posting_period = ${place}`,
};

/** The filter in SQL, its placeholders numbered from `place` on; null if every group will do. */
export function groupCondition(filter: GroupFilter, place: number): GroupCondition | null {
  const parts: string[] = [];
  const values: string[] = [];
  for (const [name, sql] of Object.entries(filterSql) as [keyof GroupFilter, (place: string) => string][]) {
    const value = filter[name];
    if (value === undefined) continue;
    parts.push(sql(`?${place + values.length}`));
    values.push(value);
  }
  return values.length === 0 ? null : { sql: parts.join(' AND '), values };
}
