import { sunkTopics, tablesOf, unreadable } from '../../streams/processors/warehouse-rows.ts';
import type { Cell, Row, Warehouse } from '../../ports/warehouse.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { Dice } from './dice.ts';

/** A row that was inserted, by column. */
type Sunk = Readonly<Record<string, Cell>>;
type Parameters = Readonly<Record<string, string | number>>;
type Answer = (tables: Tables, sql: string, given: Parameters) => readonly Row[];

const rememberedNames = 100;
/** The engine says that it has a row before the disk has it. */
const unsyncedInserts = 6;

class Tables {
  readonly rows = new Map<string, Sunk[]>();
  readonly names = new Map<string, string[]>();
  /** Rows of the last inserts. */
  unsynced: (readonly Sunk[])[] = [];

  /** Rows of the tables that a statement reads, each as often as it was inserted. */
  of(names: readonly string[]): readonly Sunk[] {
    return names.flatMap((name) => this.rows.get(name) ?? []);
  }
}

/**
 * A warehouse in memory that understands the sentences of the sink and of the reconciliation, and no others. As weak as the real one: it acknowledges what a crash
 * makes it forget, keeps copies of what is inserted twice, and remembers for a while only under which names something was inserted.
 */
export class SimulatedWarehouse {
  readonly #tables = new Tables();

  #isAvailable = true;

  setAvailable(isAvailable: boolean): void {
    this.#isAvailable = isAvailable;
  }

  open(): Warehouse {
    const tables = (): Tables => {
      if (!this.#isAvailable) throw new AdtallyError('WAREHOUSE_UNAVAILABLE', 'the warehouse is away');
      return this.#tables;
    };
    return {
      command: async (sql) => command(tables(), sql),
      insert: async (table, columns, rows, name) => insert(tables(), { table, columns, rows, name }),
      query: async (sql, given = {}) => ({ columns: [], rows: answer(tables(), sql, given), elapsedMs: 0 }),
      syntaxTree: async () => [],
      queryAsAnalyst: async (sql) => Promise.reject(new Error(`nobody analyses here: ${sql}`)),
      close: async () => undefined,
    };
  }

  /** Some of what was acknowledged last is gone. */
  crash(dice: Dice): void {
    const { unsynced, rows } = this.#tables;
    const lost = new Set(unsynced.slice(dice.between(0, unsynced.length)).flat());
    this.#tables.unsynced = [];
    for (const [table, held] of rows)
      rows.set(
        table,
        held.filter((row) => !lost.has(row)),
      );
  }

  /** Everything is gone. */
  lose(): void {
    this.#tables.rows.clear();
    this.#tables.names.clear();
    this.#tables.unsynced = [];
  }
}

interface Insert {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly name: string | undefined;
}

function insert(tables: Tables, { table, columns, rows, name }: Insert): void {
  const names = tables.names.get(table) ?? [];
  tables.names.set(table, names);
  if (name !== undefined && names.includes(name)) return;
  if (name !== undefined) names.push(name);
  if (names.length > rememberedNames) names.shift();
  const added = rows.map((cells) => Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? null])));
  const held = tables.rows.get(table) ?? [];
  tables.rows.set(table, held);
  held.push(...added);
  tables.unsynced.push(added);
  if (tables.unsynced.length > unsyncedInserts) tables.unsynced.shift();
}

function command(tables: Tables, sql: string): void {
  const [, merged] = /^OPTIMIZE TABLE adtally\.(\w+) FINAL$/.exec(sql) ?? [];
  if (merged !== undefined) {
    const byPlace = new Map((tables.rows.get(merged) ?? []).map((row) => [placeOf(row), row]));
    tables.rows.set(merged, [...byPlace.values()]);
    return;
  }
  const [, topic, shard, offset] =
    /^DELETE FROM adtally\.unreadable WHERE topic = '(\w+)' AND shard = (\d+) AND offset = (\d+)$/.exec(sql) ?? [];
  if (topic === undefined) throw new Error(`no such command is known here: ${sql}`);
  const isGone = (row: Sunk) => placeOf(row) === `${topic}/${shard}@${offset}`;
  tables.rows.set(
    unreadable.name,
    (tables.rows.get(unreadable.name) ?? []).filter((row) => !isGone(row)),
  );
}

/** What stands in a cell that holds no list. */
function text(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : JSON.stringify(cell ?? '');
}

function placeOf(row: Sunk): string {
  return `${text(row['topic'])}/${text(row['shard'])}@${text(row['offset'])}`;
}

/** The sentences of `warehouse-check.ts`, `warehouse-repair.ts` and `reporting-reading.ts`, by how they begin. */
const sentences: readonly (readonly [RegExp, Answer])[] = [
  [/^SELECT shard, count\(\) AS rows, .* AS lowest/s, summary],
  [/^SELECT count\(\) AS rows, groupBitmap/, heldFrom],
  [/^SELECT intDiv\(offset/, chunks],
  [/^SELECT DISTINCT offset FROM/, heldOffsets],
  [/^SELECT DISTINCT topic, shard, offset FROM adtally\.unreadable WHERE code = 'UNKNOWN_SCHEMA'/, unknownSchemas],
  [/^SELECT selection_id, truth, kind, debit_account, credit_account/, sumsBySelection],
  [/^SELECT truth, toString\(max\(source_offset\)\)/, journalled],
  [/^SELECT topic, shard, count\(\) AS rows, .* FROM adtally\.sunk/s, rowsByShard],
  [/^SELECT toString\(number \+/, missing],
  [/^SELECT toString\(offset\) AS at .* HAVING count\(\) > 1/s, doubled],
  [/^SELECT toString\(count\(\)\) AS at/, beyond],
];

function answer(tables: Tables, given: string, parameters: Parameters): readonly Row[] {
  const sql = given.trim();
  const asked = sentences.find(([beginning]) => beginning.test(sql));
  if (asked === undefined) throw new Error(`no such question is known here: ${sql}`);
  return asked[1](tables, sql, parameters);
}

/** Rows of a topic, in the tables that the statement names. */
function ofTopic(tables: Tables, sql: string): readonly Sunk[] {
  const names = [...sql.matchAll(/FROM adtally\.(\w+)/g)].map(([, name = '']) => name);
  const [, topic] = /WHERE topic = '(\w+)'/.exec(sql) ?? [];
  return tables.of(names).filter((row) => row['topic'] === topic);
}

function offsetsOf(rows: readonly Sunk[]): number[] {
  return rows.map((row) => Number(row['offset']));
}

function summary(tables: Tables, sql: string): readonly Row[] {
  const byShard = Map.groupBy(ofTopic(tables, sql), (row) => Number(row['shard']));
  return [...byShard].map(([shard, rows]) => ({ shard, ...countOf(rows) }));
}

function countOf(rows: readonly Sunk[]): Row {
  const offsets = offsetsOf(rows);
  const different = new Set(offsets).size;
  const [lowest, highest] = [Math.min(...offsets), Math.max(...offsets)];
  return { rows: rows.length, distinct: different, offsets: different, lowest, highest };
}

function inShard(rows: readonly Sunk[], { shard = 0, first = 0, next = Number.POSITIVE_INFINITY }: Parameters) {
  return rows.filter(
    (row) => row['shard'] === shard && Number(row['offset']) >= Number(first) && Number(row['offset']) < Number(next),
  );
}

function heldFrom(tables: Tables, sql: string, given: Parameters): readonly Row[] {
  return [countOf(inShard(ofTopic(tables, sql), given))];
}

function chunks(tables: Tables, sql: string, given: Parameters): readonly Row[] {
  const offsets = new Set(offsetsOf(inShard(ofTopic(tables, sql), given)));
  const byChunk = Map.groupBy(offsets, (offset) => Math.floor(offset / Number(given['span'])));
  return [...byChunk].map(([chunk, held]) => ({ chunk, held: held.length }));
}

function heldOffsets(tables: Tables, sql: string, given: Parameters): readonly Row[] {
  return [...new Set(offsetsOf(inShard(ofTopic(tables, sql), given)))].map((offset) => ({ offset }));
}

function unknownSchemas(tables: Tables): readonly Row[] {
  const rows = tables.of([unreadable.name]).filter((row) => row['code'] === 'UNKNOWN_SCHEMA');
  return [...new Map(rows.map((row) => [placeOf(row), row])).values()];
}

function sumsBySelection(tables: Tables, _: string, { shard, next }: Parameters): readonly Row[] {
  const first = new Map<string, Sunk>();
  const inOrder = tables.of(['entry_booked']).toSorted((a, b) => Number(a['offset']) - Number(b['offset']));
  for (const row of inOrder) {
    if (row['spend_shard'] !== shard || Number(row['source_offset']) >= Number(next) || row['selection_id'] === '')
      continue;
    const key = `${text(row['truth'])} ${text(row['source_offset'])}.${text(row['ordinal'])}`;
    if (!first.has(key)) first.set(key, row);
  }
  const groups = Map.groupBy(first.values(), groupOf);
  return [...groups.values()].map((rows) => ({
    ...rows[0],
    amount: String(rows.reduce((sum, row) => sum + Number(row['amount_micros']), 0)),
  }));
}

function groupOf(row: Sunk): string {
  return ['selection_id', 'truth', 'kind', 'debit_account', 'credit_account'].map((name) => text(row[name])).join('|');
}

function journalled(tables: Tables, _: string, { shard }: Parameters): readonly Row[] {
  const rows = tables.of(['entry_booked']).filter((row) => row['spend_shard'] === shard);
  return [...Map.groupBy(rows, (row) => text(row['truth']))].map(([truth, of]) => ({
    truth,
    last: String(Math.max(...of.map((row) => Number(row['source_offset'])))),
  }));
}

const everyTable = [...new Set([...sunkTopics.flatMap((topic) => tablesOf(topic)), unreadable.name])];

function rowsByShard(tables: Tables, sql: string): readonly Row[] {
  const asked = new Set([...sql.matchAll(/\('(\w+)', (\d+)\)/g)].map(([, topic, shard]) => `${topic}/${shard}`));
  const groups = Map.groupBy(tables.of(everyTable), (row) => `${text(row['topic'])}/${text(row['shard'])}`);
  return [...groups]
    .filter(([place]) => asked.has(place))
    .map(([, rows]) => ({ topic: rows[0]?.['topic'], shard: rows[0]?.['shard'], ...countOf(rows) }));
}

function sunkOf(tables: Tables, given: Parameters): number[] {
  const rows = tables
    .of(everyTable)
    .filter((row) => row['topic'] === given['topic'] && row['shard'] === given['shard']);
  return offsetsOf(rows);
}

function missing(tables: Tables, _: string, given: Parameters): readonly Row[] {
  const held = new Set(sunkOf(tables, given));
  const asked = Array.from({ length: Number(given['count']) }, (__, index) => Number(given['first']) + index);
  return asked.filter((offset) => !held.has(offset)).map((at) => ({ at: String(at) }));
}

function doubled(tables: Tables, _: string, given: Parameters): readonly Row[] {
  const groups = Map.groupBy(sunkOf(tables, given), (offset) => offset);
  return [...groups].filter(([, all]) => all.length > 1).map(([at]) => ({ at: String(at) }));
}

function beyond(tables: Tables, _: string, given: Parameters): readonly Row[] {
  return [{ at: String(sunkOf(tables, given).filter((offset) => offset >= Number(given['next'])).length) }];
}
