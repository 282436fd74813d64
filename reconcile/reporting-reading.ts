import type { Topic } from '../domain/records.ts';
import type { Bounds, EventLog, TopicShard } from '../ports/event-log.ts';
import type { Row, Warehouse } from '../ports/warehouse.ts';

/** First offset of a shard whose row reporting must have; rows below it may have been forgotten. */
export type FirstKept = (at: TopicShard, bounds: Bounds) => Promise<number>;

/** Lets a reading have the warehouse to itself, once it holds all that the log held before. */
export type Reporting = <T>(read: (warehouse: Warehouse, firstKept?: FirstKept) => Promise<T>) => Promise<T>;

/** What reporting holds, as far as it is compared. */
export interface Reported {
  /** Sums of the journal by selection, then by truth, kind and accounts. Micros. */
  readonly bySelection: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** By truth and spend shard, the highest source offset that reached reporting: everything below it did. */
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

/** `spendNext` is how far each shard of `spend` was read: what was booked of later records is left out. */
export function readReported(
  reporting: Reporting,
  log: EventLog,
  spendNext: readonly number[],
  topics: readonly Topic[],
): Promise<Reported> {
  const keepsAll: FirstKept = async (_, bounds) => bounds.first;
  return reporting(async (warehouse, firstKept = keepsAll) => ({
    bySelection: await sumsBySelection(warehouse, spendNext),
    journalled: await journalled(warehouse),
    rows: await rowsByShard({ warehouse, log, firstKept }, topics),
  }));
}

/** Exact whatever was sunk twice: of the rows of one entry the first counts. */
async function sumsBySelection(warehouse: Warehouse, spendNext: readonly number[]) {
  const sql = `
    SELECT selection_id, truth, kind, debit_account, credit_account, toString(sum(amount_micros)) AS amount
    FROM (
      SELECT * FROM adtally.entry_booked WHERE source_offset < [${spendNext.join(', ')}][spend_shard + 1]
      ORDER BY shard, offset LIMIT 1 BY truth, spend_shard, source_offset, ordinal
    )
    WHERE selection_id != ''
    GROUP BY selection_id, truth, kind, debit_account, credit_account`;
  const bySelection = new Map<string, Map<string, number>>();
  for (const row of (await warehouse.query(sql)).rows) {
    const id = String(row['selection_id']);
    const sums = bySelection.get(id) ?? new Map<string, number>();
    bySelection.set(id, sums);
    sums.set(joined(row, ['truth', 'kind', 'debit_account', 'credit_account'], '|'), Number(row['amount']));
  }
  return bySelection;
}

async function journalled(warehouse: Warehouse): Promise<ReadonlyMap<string, number>> {
  const sql = `SELECT truth, spend_shard, toString(max(source_offset)) AS last FROM adtally.entry_booked GROUP BY truth, spend_shard`;
  const { rows } = await warehouse.query(sql);
  return new Map(rows.map((row) => [joined(row, ['truth', 'spend_shard'], '-'), Number(row['last'])]));
}

async function rowsByShard(
  { warehouse, log, firstKept }: { warehouse: Warehouse; log: EventLog; firstKept: FirstKept },
  topics: readonly Topic[],
): Promise<readonly RowsOfShard[]> {
  const sql = `SELECT topic, shard, count() AS rows, groupBitmap(toUInt64(offset)) AS offsets, min(offset) AS lowest, max(offset) AS highest
    FROM adtally.sunk GROUP BY topic, shard`;
  const found = new Map<string, Row>();
  for (const row of (await warehouse.query(sql)).rows) found.set(joined(row, ['topic', 'shard'], '/'), row);
  const shards: RowsOfShard[] = [];
  for (const topic of topics) {
    for (let shard = 0; shard < log.shards(topic); shard += 1) {
      const all = await log.bounds(topic, shard);
      const bounds = { ...all, first: await firstKept({ topic, shard }, all) };
      const place = { topic, shard, log: bounds };
      const row = found.get(`${topic}/${shard}`);
      if (topic === forgets) continue;
      const none = { ...place, reached: bounds.first, missing: [], doubled: [], beyond: 0 };
      shards.push(row === undefined ? none : await listed(warehouse, place, row));
    }
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
