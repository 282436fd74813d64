import type { EventLog } from '../ports/event-log.ts';
import type { Topic } from '../domain/records.ts';
import type { Row, Warehouse } from '../ports/warehouse.ts';
import type { Break } from './breaks.ts';
import type { Range } from './log-reading.ts';
import type { Recounted } from './recount.ts';

/** Reporting may lag the ledgers by so much of fold time before what it lacks is a break. */
export const reportingToleranceMs = 300_000;

const perSelectionSql = `
SELECT selection_id, truth, kind, debit_account, credit_account, toString(sum(amount_micros)) AS amount
FROM (
  SELECT * FROM adtally.entry_booked ORDER BY shard, offset
  LIMIT 1 BY truth, spend_shard, source_offset, ordinal
)
WHERE selection_id != ''
GROUP BY selection_id, truth, kind, debit_account, credit_account`;

const journalledSql = `
SELECT truth, spend_shard, toString(max(source_offset)) AS last
FROM adtally.entry_booked GROUP BY truth, spend_shard`;

const rowsSql = `
SELECT topic, shard, toString(count()) AS rows, toString(uniqExact(offset)) AS offsets, toString(min(offset)) AS lowest, toString(max(offset)) AS highest
FROM adtally.sunk GROUP BY topic, shard`;

/** Sums of the journal as reporting has it: by selection, then by truth, kind and accounts. Micros. */
export interface Reported {
  readonly bySelection: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** By truth and spend shard, the highest source offset that reached reporting. */
  readonly journalled: ReadonlyMap<string, number>;
}

function joined(row: Row, columns: readonly string[], separator: string): string {
  return columns.map((column) => String(row[column])).join(separator);
}

/** Reads the journal's sums. Exact whatever was sunk twice: of the rows of one entry the first counts. */
export async function readReported(warehouse: Warehouse): Promise<Reported> {
  const bySelection = new Map<string, Map<string, number>>();
  for (const row of (await warehouse.query(perSelectionSql)).rows) {
    const id = String(row['selection_id']);
    const sums = bySelection.get(id) ?? new Map<string, number>();
    sums.set(joined(row, ['truth', 'kind', 'debit_account', 'credit_account'], '|'), Number(row['amount']));
    bySelection.set(id, sums);
  }
  const journalled = new Map<string, number>();
  for (const row of (await warehouse.query(journalledSql)).rows)
    journalled.set(joined(row, ['truth', 'spend_shard'], '-'), Number(row['last']));
  return { bySelection, journalled };
}

/** Compares what reporting says of one selection with the entries that the recount derives. Entries not journalled yet are left out on both sides while they are young. */
export function checkReported(recounted: Recounted, reported: Reported, lastTime: number): Break | null {
  const wanted = new Map<string, number>();
  for (const entry of recounted.entries) {
    const last = reported.journalled.get(`${entry.truth}-${recounted.shard}`) ?? -1;
    if (entry.sourceOffset >= last && lastTime - entry.postedAt <= reportingToleranceMs && !recounted.closed) continue;
    const key = `${entry.truth}|${entry.kind}|${entry.debit}|${entry.credit}`;
    wanted.set(key, (wanted.get(key) ?? 0) + entry.amountMicros);
  }
  const actual = reported.bySelection.get(recounted.selectionId) ?? new Map<string, number>();
  const wrong = [...new Set([...wanted.keys(), ...(recounted.closed ? actual.keys() : [])])].filter(
    (key) => wanted.get(key) !== actual.get(key),
  );
  if (wrong.length === 0) return null;
  const worst = wrong.reduce((a, b) => (gap(wanted, actual, a) >= gap(wanted, actual, b) ? a : b));
  return {
    code: 'reporting_sums',
    truth: 'reporting',
    selectionId: recounted.selectionId,
    campaignId: recounted.campaignId,
    expectedMicros: wanted.get(worst) ?? 0,
    actualMicros: actual.get(worst) ?? 0,
    differenceMicros: gap(wanted, actual, worst),
    refs: [],
    detail: wrong.map((key) => `${key}: ${actual.get(key) ?? 0}, recounted ${wanted.get(key) ?? 0}`).join('; '),
  };
}

function gap(wanted: ReadonlyMap<string, number>, actual: ReadonlyMap<string, number>, key: string): number {
  return Math.abs((wanted.get(key) ?? 0) - (actual.get(key) ?? 0));
}

/** Every row of reporting stands for one record of the log: count = distinct = max − min + 1, from the first record on. */
export async function checkRows(
  warehouse: Warehouse,
  log: EventLog,
  positions: Readonly<Record<string, Range>>,
): Promise<Break[]> {
  const breaks: Break[] = [];
  for (const row of (await warehouse.query(rowsSql)).rows) {
    const place = joined(row, ['topic', 'shard'], '/');
    const [rows, offsets, lowest, highest] = ['rows', 'offsets', 'lowest', 'highest'].map((name) =>
      Number(row[name]),
    ) as [number, number, number, number];
    const { first, next } = positions[place] ?? (await log.bounds(row['topic'] as Topic, Number(row['shard'])));
    const problems = [
      rows !== offsets ? `${rows - offsets} rows stand twice` : '',
      offsets !== highest - lowest + 1
        ? `${highest - lowest + 1 - offsets} rows are missing between ${lowest} and ${highest}`
        : '',
      lowest > first ? `the rows begin at ${lowest}, the log at ${first}` : '',
      highest >= next && positions[place] === undefined ? `the rows end at ${highest}, the log before ${next}` : '',
    ].filter((problem) => problem !== '');
    if (problems.length > 0) breaks.push(rowsBreak(place, problems.join('; ')));
  }
  return breaks;
}

function rowsBreak(place: string, detail: string): Break {
  return {
    code: 'reporting_rows',
    truth: 'reporting',
    selectionId: '',
    campaignId: '',
    expectedMicros: 0,
    actualMicros: 0,
    differenceMicros: 0,
    refs: [place],
    detail,
  };
}
