import type { Topic } from '../domain/records.ts';
import type { Bounds, EventLog, TopicShard } from '../ports/event-log.ts';
import type { Row, Warehouse } from '../ports/warehouse.ts';
import { Texts } from './texts.ts';

/** First offset of a shard whose row reporting must have; rows below it may have been forgotten. */
export type FirstKept = (at: TopicShard, bounds: Bounds) => Promise<number>;

/** Lets a reading have the warehouse to itself, once it holds all that the log held before. */
export type Reporting = <T>(read: (warehouse: Warehouse, firstKept?: FirstKept) => Promise<T>) => Promise<T>;

/** What reporting holds of one shard of `spend`, as far as it is compared. */
export interface Reported {
  /** Sums of the journal by selection, then by truth, kind and accounts. Micros. */
  readonly bySelection: Map<string, ReadonlyMap<string, number>>;
  /** By truth, the highest source offset that reached reporting: everything below it did. */
  readonly journalled: ReadonlyMap<string, number>;
  readonly rows: readonly RowsOfShard[];
}

/** The rows of one shard of a topic against the log. */
export interface RowsOfShard {
  readonly topic: Topic;
  readonly shard: number;
  /** One beyond the highest offset that has a row; 0 if none has. */
  readonly reached: number;
  /** Offsets below it without a row, and those with more than one; at most `listedOffsets` each. */
  readonly missing: readonly number[];
  readonly doubled: readonly number[];
  /** Rows beyond the end of the log. */
  readonly beyond: number;
  /** Bounds of the log, from the first offset on whose row is not forgotten. */
  readonly log: Bounds;
}

const listedOffsets = 10_000;
/** The one topic that forgets: its rows outlive its records, and may begin after them. */
const forgets: Topic = 'persons';

/** `spendNext` is how far the shard of `spend` was read: what was booked of later records is left out. `topics`: those whose rows of this shard are counted. */
export function readReported(
  reporting: Reporting,
  log: EventLog,
  {
    shard,
    spendNext,
    topics,
  }: { readonly shard: number; readonly spendNext: number; readonly topics: readonly Topic[] },
): Promise<Reported> {
  return reporting(async (warehouse) => ({
    bySelection: await sumsBySelection(warehouse, shard, spendNext),
    journalled: await journalled(warehouse, shard),
    rows: await rowsOf(
      warehouse,
      log,
      topics.map((topic) => ({ topic, shard })),
    ),
  }));
}

/** The rows of some shards of some topics against the log. */
export function readRows(
  reporting: Reporting,
  log: EventLog,
  places: readonly TopicShard[],
): Promise<readonly RowsOfShard[]> {
  return reporting((warehouse) => rowsOf(warehouse, log, places));
}

/** Exact whatever was sunk twice: of the rows of one entry the first counts. */
async function sumsBySelection(warehouse: Warehouse, shard: number, spendNext: number) {
  const sql = `
    SELECT selection_id, truth, kind, debit_account, credit_account, toString(sum(amount_micros)) AS amount
    FROM (
      SELECT * FROM adtally.entry_booked WHERE spend_shard = {shard:Int32} AND source_offset < {next:Int64}
      ORDER BY shard, offset LIMIT 1 BY truth, spend_shard, source_offset, ordinal
    )
    WHERE selection_id != ''
    GROUP BY selection_id, truth, kind, debit_account, credit_account`;
  const texts = new Texts();
  const bySelection = new Map<string, Map<string, number>>();
  for (const row of (await warehouse.query(sql, { shard, next: spendNext })).rows) {
    const id = String(row['selection_id']);
    const sums = bySelection.get(id) ?? new Map<string, number>();
    bySelection.set(id, sums);
    const key = texts.of(joined(row, ['truth', 'kind', 'debit_account', 'credit_account'], '|'));
    sums.set(key, Number(row['amount']));
  }
  return bySelection;
}

async function journalled(warehouse: Warehouse, shard: number): Promise<ReadonlyMap<string, number>> {
  const sql = `SELECT truth, toString(max(source_offset)) AS last FROM adtally.entry_booked
    WHERE spend_shard = {shard:Int32} GROUP BY truth`;
  const { rows } = await warehouse.query(sql, { shard });
  return new Map(rows.map((row) => [String(row['truth']), Number(row['last'])]));
}

async function rowsOf(
  warehouse: Warehouse,
  log: EventLog,
  places: readonly TopicShard[],
): Promise<readonly RowsOfShard[]> {
  const counted = places.filter(({ topic }) => topic !== forgets);
  const pairs = counted.map(({ topic, shard }) => `('${topic}', ${shard})`).join(', ');
  const sql = `SELECT topic, shard, count() AS rows, groupBitmap(toUInt64(offset)) AS offsets, min(offset) AS lowest, max(offset) AS highest
    FROM adtally.sunk WHERE (topic, shard) IN (${pairs}) GROUP BY topic, shard`;
  const found = new Map<string, Row>();
  for (const row of (await warehouse.query(sql)).rows) found.set(joined(row, ['topic', 'shard'], '/'), row);
  const shards: RowsOfShard[] = [];
  for (const { topic, shard } of counted) {
    const bounds = await log.bounds(topic, shard);
    const place = { topic, shard, log: bounds };
    const row = found.get(`${topic}/${shard}`);
    const none = { ...place, reached: bounds.first, missing: [], doubled: [], beyond: 0 };
    shards.push(row === undefined ? none : await listed(warehouse, place, row));
  }
  return shards;
}

async function listed(
  warehouse: Warehouse,
  place: Pick<RowsOfShard, 'topic' | 'shard' | 'log'>,
  row: Row,
): Promise<RowsOfShard> {
  const { first, next } = place.log;
  const [rows, offsets, highest] = ['rows', 'offsets', 'highest'].map((name) => Number(row[name])) as [
    number,
    number,
    number,
  ];
  const reached = Math.min(highest + 1, next);
  const own = `FROM adtally.sunk WHERE topic = {topic:String} AND shard = {shard:Int32}`;
  const parameters = { topic: place.topic, shard: place.shard, first, next, count: Math.max(0, reached - first) };
  const read = async (sql: string): Promise<number[]> =>
    (await warehouse.query(`${sql} LIMIT ${listedOffsets}`, parameters)).rows.map((found) => Number(found['at']));
  const isWhole = offsets === reached - first && Number(row['lowest']) === first && highest < next;
  const missing = isWhole
    ? []
    : await read(`SELECT toString(number + {first:Int64}) AS at FROM numbers({count:UInt64})
        WHERE toInt64(number + {first:Int64}) NOT IN (SELECT offset ${own}) ORDER BY number`);
  const doubled =
    rows === offsets
      ? []
      : await read(
          `SELECT toString(offset) AS at ${own} AND offset < {next:Int64} GROUP BY offset HAVING count() > 1 ORDER BY offset`,
        );
  const beyond = highest < next ? [] : await read(`SELECT toString(count()) AS at ${own} AND offset >= {next:Int64}`);
  return { ...place, reached, missing, doubled, beyond: beyond[0] ?? 0 };
}

function joined(row: Row, columns: readonly string[], separator: string): string {
  return columns.map((column) => String(row[column])).join(separator);
}
