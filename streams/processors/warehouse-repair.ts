import type { Topic } from '../../domain/records.ts';
import type { EventLog, LogRecord } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { heldOffsets, incompleteRanges, type OffsetRange, type ShardCheck } from './warehouse-check.ts';
import { rowOf, type SinkRow, sunkTopics, tablesOf, unreadable } from './warehouse-rows.ts';

/** What a repair did. */
export interface Repair {
  /** Rows sunk again because the warehouse lacked them. */
  readonly refilled: number;
  /** Rows of records that could not be decoded before and now can. */
  readonly decoded: number;
  /** Tables whose copies of rows were merged away. */
  readonly merged: readonly string[];
  /** Parts of tables (table/part) that were damaged and dropped, to be refilled. */
  readonly dropped: readonly string[];
}

export interface RepairParts {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly warehouse: Warehouse;
}

/** Offsets a refill looks at in one go. */
const span = 4096;

/** Sinks the gaps of the shards again, and merges copies away. What lies beyond the end of the log is not touched: that is the log's loss. */
export async function repairWarehouse(
  parts: RepairParts,
  checks: readonly ShardCheck[],
): Promise<Omit<Repair, 'dropped'>> {
  let refilled = 0;
  for (const check of checks.filter(({ missing }) => missing > 0)) refilled += await refill(parts, check);
  const decoded = await decodeAgain(parts);
  const doubled = new Set(checks.filter(({ duplicates }) => duplicates > 0).map(({ topic }) => topic));
  return { refilled, decoded, merged: await mergeCopies(parts.warehouse, doubled) };
}

/**
 * Reads every part of every table against its checksums and drops those that are damaged, so that their rows are missing rather than unreadable. The
 * engine notices a part that lost bytes when it starts, but not one in which bytes changed. @returns table/part of what was dropped
 */
export async function dropDamagedParts(warehouse: Warehouse): Promise<readonly string[]> {
  const dropped: string[] = [];
  for (const table of [...sunkTopics.flatMap((topic) => tablesOf(topic)), unreadable.name]) {
    const sql = `CHECK TABLE adtally.${table} SETTINGS check_query_single_value_result = 0`;
    for (const { part_path: part, is_passed: passed } of (await warehouse.query(sql)).rows) {
      if (Number(passed) === 1) continue;
      await warehouse.command(`ALTER TABLE adtally.${table} DROP PART '${String(part)}'`);
      dropped.push(`${table}/${String(part)}`);
    }
  }
  return dropped;
}

/**
 * Inserts rows table by table; under a name, if it may be repeated. A refill has none: rows that were lost are the same as those that were inserted
 * before, and must not count as their repetition.
 */
export async function insertRows(warehouse: Warehouse, rows: readonly SinkRow[], name?: string): Promise<void> {
  const byTable = Map.groupBy(rows, ({ table }) => table);
  for (const [table, group] of byTable) {
    await warehouse.insert(
      table.name,
      table.columns,
      group.map(({ cells }) => cells),
      name,
    );
  }
}

async function refill(parts: RepairParts, check: ShardCheck): Promise<number> {
  let count = 0;
  for (const range of await incompleteRanges(parts.warehouse, check, span)) {
    const held = await heldOffsets(parts.warehouse, check, range);
    const records = await readRange(parts.log, check, range);
    const rows = records.filter(({ offset }) => !held.has(offset)).map((record) => rowOf(record, parts.registry));
    await insertRows(parts.warehouse, rows);
    count += rows.length;
  }
  return count;
}

async function readRange(log: EventLog, check: ShardCheck, range: OffsetRange): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  const end = Math.min(range.next, check.log.next);
  for (let from = range.first; from < end; ) {
    const some = await log.read(check.topic, check.shard, from, end - from);
    if (some.length === 0) break;
    records.push(...some);
    from += some.length;
  }
  return records;
}

/** Records of a schema that was not known when they were sunk. */
async function decodeAgain({ log, registry, warehouse }: RepairParts): Promise<number> {
  const sql = `SELECT DISTINCT topic, shard, offset FROM adtally.${unreadable.name} WHERE code = 'UNKNOWN_SCHEMA' ORDER BY topic, shard, offset`;
  let count = 0;
  for (const row of (await warehouse.query(sql)).rows) {
    const place = { topic: row['topic'] as Topic, shard: Number(row['shard']), offset: Number(row['offset']) };
    if (place.offset < (await log.bounds(place.topic, place.shard)).first) continue;
    const [record] = await log.read(place.topic, place.shard, place.offset, 1);
    const sunk = record && rowOf(record, registry);
    if (!sunk || sunk.table === unreadable) continue;
    await insertRows(warehouse, [sunk]);
    await warehouse.command(
      `DELETE FROM adtally.${unreadable.name} WHERE topic = '${place.topic}' AND shard = ${place.shard} AND offset = ${place.offset}`,
    );
    count++;
  }
  return count;
}

async function mergeCopies(warehouse: Warehouse, topics: ReadonlySet<Topic>): Promise<readonly string[]> {
  const tables = [...topics].flatMap((topic) => tablesOf(topic));
  const all = tables.length === 0 ? [] : [...tables, unreadable.name];
  for (const table of all) await warehouse.command(`OPTIMIZE TABLE adtally.${table} FINAL`);
  return all;
}
