import type { Row, Warehouse } from '../../ports/warehouse.ts';
import { asWritten, booked, delivered, worth } from './funnel.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const dayMs = 24 * hourMs;

export interface CountedWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Counts and sums of a window; rows are to be added up. */
export interface WindowCounts {
  /** By hour and currency: what serving and the beacons say, and what the ledgers say. */
  readonly hours: readonly Row[];
  /** Selections and impressions by minute of the last day of it. */
  readonly minutes: readonly Row[];
}

/** More pieces than this are as dear as reading the whole window from its rows. */
const mostPieces = 6;
const attempts = 3;

const sumsOf = (names: readonly string[]) => names.map((name) => `sum(tally.${name}) AS ${name}`).join(', ');
const everything = sumsOf([...delivered, ...worth, ...booked]);

/**
 * Counts a window, from the minute in which it begins. Hours that are settled are read from their counts; what is not settled is counted from its rows, over
 * ranges that hold nothing else, so that rows of settled hours are not looked at. A count that is replaced while it is read is read again.
 */
export async function countWindow(
  warehouse: Pick<Warehouse, 'query'>,
  { fromMs, toMs }: CountedWindow,
): Promise<WindowCounts> {
  const window = { fromMs: Math.floor(fromMs / minuteMs) * minuteMs, toMs };
  for (let attempt = 1; ; attempt += 1) {
    const settled = await settledHours(warehouse, window);
    const pieces = unsettledPieces(window, settled);
    // The last attempt trusts no count: rows are always right.
    const isPlain = attempt === attempts || pieces.length > mostPieces;
    const chosen = isPlain ? new Map<number, string>() : settled;
    const counts = await read(warehouse, { window, settled: chosen, pieces: isPlain ? [window] : pieces });
    if (isPlain || isSame(settled, await settledHours(warehouse, window))) return counts;
  }
}

/** Versions of the counts that hold, by start of the hour, ms. */
async function settledHours(
  warehouse: Pick<Warehouse, 'query'>,
  { fromMs, toMs }: CountedWindow,
): Promise<Map<number, string>> {
  const sql = `SELECT toUnixTimestamp(hour) AS at, toString(version) AS version FROM adtally.settled_hours
    WHERE at >= {from:Int64} AND at < {to:Int64} ORDER BY at`;
  const bounds = { from: Math.floor(fromMs / hourMs) * 3_600, to: Math.ceil(toMs / 1_000) };
  const { rows } = await warehouse.query(sql, bounds);
  return new Map(rows.map(({ at, version }) => [Number(at) * 1_000, String(version)]));
}

function isSame(one: ReadonlyMap<number, string>, other: ReadonlyMap<number, string>): boolean {
  return one.size === other.size && [...one].every(([hour, version]) => other.get(hour) === version);
}

/** Ranges of the window of which no hour is settled. */
function unsettledPieces({ fromMs, toMs }: CountedWindow, settled: ReadonlyMap<number, string>): CountedWindow[] {
  const pieces: CountedWindow[] = [];
  let beginsMs = fromMs;
  for (const hour of [...settled.keys()].toSorted((a, b) => a - b)) {
    if (hour > beginsMs) pieces.push({ fromMs: beginsMs, toMs: Math.min(hour, toMs) });
    beginsMs = Math.max(beginsMs, hour + hourMs);
  }
  if (beginsMs < toMs) pieces.push({ fromMs: beginsMs, toMs });
  return pieces;
}

interface Reading {
  readonly window: CountedWindow;
  readonly settled: ReadonlyMap<number, string>;
  readonly pieces: readonly CountedWindow[];
}

/** One query after the other: a page that is looked at takes one core, not all. */
async function read(warehouse: Pick<Warehouse, 'query'>, { window, settled, pieces }: Reading): Promise<WindowCounts> {
  const { fromMs, toMs } = window;
  const rows = async (sql: string, between: CountedWindow = window) =>
    (await warehouse.query(sql, { from: asWritten(between.fromMs), to: asWritten(between.toMs) })).rows;
  const hours: Row[] = [];
  const minutes: Row[] = [];
  const isWhole = ([hour]: readonly [number, string]) => hour >= fromMs;
  const [whole, cut] = [[...settled].filter(isWhole), [...settled].filter((one) => !isWhole(one))];
  if (whole.length > 0) {
    const own = `WHERE (toUnixTimestamp(hour), version) IN (${tuples(whole)})`;
    hours.push(
      ...(await rows(
        `SELECT hour, currency, ${everything} FROM adtally.tally_hours AS tally ${own} GROUP BY hour, currency`,
      )),
    );
  }
  const since = 'minute >= {from:DateTime64(3)}';
  if (cut.length > 0) {
    const own = `WHERE (toUnixTimestamp(hour), version) IN (${tuples(cut)}) AND ${since}`;
    hours.push(
      ...(await rows(
        `SELECT hour, currency, ${everything} FROM adtally.tally_minutes AS tally ${own} GROUP BY hour, currency`,
      )),
    );
  }
  const recentMs = Math.max(fromMs, Math.floor((toMs - dayMs) / minuteMs) * minuteMs);
  const recent = [...settled].filter(([hour]) => hour + hourMs > recentMs);
  if (recent.length > 0) {
    const own = `WHERE (toUnixTimestamp(hour), version) IN (${tuples(recent)}) AND ${since}`;
    const sql = `SELECT minute, ${sumsOf(['selections', 'impressions'])} FROM adtally.tally_minutes AS tally ${own} GROUP BY minute`;
    minutes.push(...(await rows(sql, { fromMs: recentMs, toMs })));
  }
  for (const piece of pieces) {
    const found = await rows(rowDeliveries, piece);
    hours.push(...found);
    minutes.push(...found.filter(({ minute }) => timeOf(minute) >= recentMs));
    hours.push(...(await rows(rowBookings, piece)));
  }
  return { hours, minutes };
}

const range = '(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}, every = 1) AS tally';
const rowDeliveries = `SELECT hour, minute, currency, ${sumsOf([...delivered, ...worth])}
  FROM adtally.row_deliveries_between${range} GROUP BY hour, minute, currency`;
const rowBookings = `SELECT hour, currency, ${sumsOf(booked)}
  FROM adtally.row_bookings_between${range} GROUP BY hour, currency`;

/** Numbers of our own, so that they may stand in the text of a query. */
function tuples(hours: readonly (readonly [number, string])[]): string {
  return hours.map(([hour, version]) => `(${hour / 1_000}, ${BigInt(version)})`).join(', ');
}

/** Times come as RFC 3339. */
function timeOf(time: unknown): number {
  return Date.parse(String(time));
}
