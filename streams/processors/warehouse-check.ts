import type { Topic } from '../../domain/records.ts';
import type { Bounds, EventLog } from '../../ports/event-log.ts';
import type { Row, Warehouse } from '../../ports/warehouse.ts';
import type { FirstKept } from './warehouse-kept.ts';
import { sunkTopics, tablesOf, unreadable } from './warehouse-rows.ts';

/** One shard of a topic as the warehouse holds it, held against the log. Exact if `missing`, `duplicates` and `beyond` are all 0. */
export interface ShardCheck {
  readonly topic: Topic;
  readonly shard: number;
  /** Bounds of the log. */
  readonly log: Bounds;
  /** First offset that the warehouse must hold: the log's first, or later where it forgets. */
  readonly kept: number;
  /** Rows at offsets from `kept` on, copies included. */
  readonly rows: number;
  /** Different offsets among them. */
  readonly distinct: number;
  /** One beyond the highest offset in the warehouse, or that is known to have been sunk; 0 if there is none. */
  readonly reached: number;
  /** Next offset to be sunk: `reached`, or `kept` if that is higher. */
  readonly next: number;
  /** Offsets from `kept` to `next` that the warehouse lacks. */
  readonly missing: number;
  /** Rows that repeat an offset. */
  readonly duplicates: number;
  /** How far the warehouse reaches beyond the end of the log: rows of records that the log does not have. */
  readonly beyond: number;
}

/** Offsets from `first` (inclusive) to `next` (exclusive). */
export type OffsetRange = Bounds;

/**
 * Checks every shard of every topic: count = distinct = max − min + 1, against the bounds of the log. `sunk` gives the next offset of a shard as far
 * as it is known to have been sunk, so that rows lost at the end are missed as well.
 */
export async function checkWarehouse(
  { log, warehouse, firstKept }: { log: EventLog; warehouse: Warehouse; firstKept: FirstKept },
  sunk: (topic: Topic, shard: number) => number,
): Promise<readonly ShardCheck[]> {
  const checks: ShardCheck[] = [];
  for (const topic of sunkTopics) {
    const { rows } = await warehouse.query(summarySql(topic));
    for (let shard = 0; shard < log.shards(topic); shard++) {
      const bounds = await log.bounds(topic, shard);
      const place = { topic, shard, log: bounds, kept: await firstKept({ topic, shard }, bounds) };
      const whole = rows.find((row) => row['shard'] === shard);
      const held = whole ? await heldFrom(warehouse, place, whole) : nothing;
      checks.push(shardCheck(place, { ...held, reached: Math.max(held.reached, sunk(topic, shard)) }));
    }
  }
  return checks;
}

/** True if the warehouse holds exactly the log's records up to where it has come. */
export function isExact(check: ShardCheck): boolean {
  return check.missing === 0 && check.duplicates === 0 && check.beyond === 0;
}

/** Ranges of at most `span` offsets below `check.next` that are not complete. What arrived beyond it since fills no gap. */
export async function incompleteRanges(
  warehouse: Warehouse,
  check: ShardCheck,
  span: number,
): Promise<readonly OffsetRange[]> {
  const sql = `SELECT intDiv(offset, {span:Int64}) AS chunk, groupBitmap(toUInt64(offset)) AS held
    FROM (${positionsOf(check.topic)}) WHERE shard = {shard:Int32} AND offset >= {first:Int64} AND offset < {next:Int64} GROUP BY chunk`;
  const { rows } = await warehouse.query(sql, { span, shard: check.shard, first: check.kept, next: check.next });
  const held = new Map(rows.map((row) => [Number(row['chunk']), Number(row['held'])]));
  const ranges: OffsetRange[] = [];
  for (let chunk = Math.floor(check.kept / span); chunk * span < check.next; chunk++) {
    const first = Math.max(chunk * span, check.kept);
    const next = Math.min((chunk + 1) * span, check.next);
    if ((held.get(chunk) ?? 0) < next - first) ranges.push({ first, next });
  }
  return ranges;
}

/** The offsets of a range that the warehouse holds. */
export async function heldOffsets(
  warehouse: Warehouse,
  check: ShardCheck,
  range: OffsetRange,
): Promise<ReadonlySet<number>> {
  const sql = `SELECT DISTINCT offset FROM (${positionsOf(check.topic)})
    WHERE shard = {shard:Int32} AND offset >= {first:Int64} AND offset < {next:Int64}`;
  const { rows } = await warehouse.query(sql, { shard: check.shard, first: range.first, next: range.next });
  return new Set(rows.map((row) => Number(row['offset'])));
}

type Place = Pick<ShardCheck, 'topic' | 'shard' | 'log' | 'kept'>;
interface Held {
  readonly rows: number;
  readonly distinct: number;
  readonly reached: number;
}
const nothing: Held = { rows: 0, distinct: 0, reached: 0 };

/** (shard, offset) of every row of a topic, copies included. */
function positionsOf(topic: Topic): string {
  const records = tablesOf(topic).map((table) => `SELECT shard, offset FROM adtally.${table}`);
  return [...records, `SELECT shard, offset FROM adtally.${unreadable.name} WHERE topic = '${topic}'`].join(
    ' UNION ALL ',
  );
}

function summarySql(topic: Topic): string {
  return `SELECT shard, count() AS rows, groupBitmap(toUInt64(offset)) AS distinct, min(offset) AS lowest, max(offset) AS highest
    FROM (${positionsOf(topic)}) GROUP BY shard`;
}

/** What is held from `kept` on. Rows below it, that the log or the warehouse itself is about to forget, are left out of the count. */
async function heldFrom(warehouse: Warehouse, { topic, shard, kept }: Place, whole: Row): Promise<Held> {
  if (Number(whole['lowest']) >= kept) return heldOf(whole);
  const sql = `SELECT count() AS rows, groupBitmap(toUInt64(offset)) AS distinct
    FROM (${positionsOf(topic)}) WHERE shard = {shard:Int32} AND offset >= {first:Int64} AND offset < {next:Int64}`;
  const highest = Number(whole['highest']);
  const { rows } = await warehouse.query(sql, { shard, first: kept, next: highest + 1 });
  return heldOf({ ...rows[0], highest });
}

function heldOf(row: Row): Held {
  return { rows: Number(row['rows']), distinct: Number(row['distinct']), reached: Number(row['highest']) + 1 };
}

function shardCheck(place: Place, held: Held): ShardCheck {
  const next = Math.max(held.reached, place.kept);
  return {
    ...place,
    ...held,
    next,
    missing: Math.max(0, next - place.kept - held.distinct),
    duplicates: held.rows - held.distinct,
    beyond: Math.max(0, next - place.log.next),
  };
}
