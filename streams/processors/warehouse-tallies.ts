import { isAdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Cell, Warehouse } from '../../ports/warehouse.ts';

export interface TalliesOptions {
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  /** Something that can't pass: counting has stopped. Called once. */
  readonly onFailure: (error: unknown) => void;
  /** How long nothing must have come for an hour before it is counted, ms (default 30 s). */
  readonly quietMs?: number;
  /** Pause between looks for hours to count, ms (default 10 s). */
  readonly everyMs?: number;
  /** Age of an hour at which it is counted a last time, since its rows may be forgotten soon after, ms; null: rows are kept. */
  readonly sealAfterMs?: number | null;
}

/** Keeps the counts by minute and hour of selection (`tally_minutes`, `tally_hours`). */
export interface Tallies {
  /** The warehouse to sink into: it marks the hours of rows before they are written. */
  readonly warehouse: Warehouse;
  /** Finds counts that lost rows, and counts from now on what is quiet. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Counts every hour that is not settled, now. @returns how many */
  countAll(): Promise<number>;
}

const hourMs = 3_600_000;
/** Versions of hours that were counted for the last time: above all marks. */
const sealedFrom = 2 ** 52;
/** Whoever claims a later time is in no hour: the engine's short times end in 2106. */
const lastHour = '2105';

/**
 * Nothing is added to a count, since what comes twice would count twice. An hour for which rows come is marked first and counted from its rows while it
 * moves; once it is quiet it is counted whole, under a version above its mark, and from then on its count is read. A crash between any two of these steps
 * leaves an hour that moves.
 */
export function createTallies(options: TalliesOptions): Tallies {
  return new HourTallies(options);
}

class HourTallies implements Tallies {
  readonly warehouse: Warehouse;
  readonly #options: TalliesOptions;
  /** Hours whose mark stands above every count, and when rows came for them last, ms. */
  readonly #moving = new Map<string, number>();
  readonly #inserting = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #last: Promise<number> | null = null;
  #running: Promise<void> | null = null;

  constructor(options: TalliesOptions) {
    this.#options = options;
    const { warehouse } = options;
    this.warehouse = {
      command: (sql) => warehouse.command(sql),
      query: (sql, parameters) => warehouse.query(sql, parameters),
      syntaxTree: (sql) => warehouse.syntaxTree(sql),
      queryAsAnalyst: (sql, limits) => warehouse.queryAsAnalyst(sql, limits),
      insert: (table, columns, rows, name) => this.#insert(table, columns, rows, name),
      close: () => warehouse.close(),
    };
  }

  async start(): Promise<void> {
    for (const hour of await this.#damagedHours()) await this.#mark([hour]);
    this.#running = this.#run().catch((error: unknown) => this.#options.onFailure(error));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async countAll(): Promise<number> {
    const hours = await this.#movingHours();
    for (const hour of hours) await this.#count(hour, false);
    return hours.length;
  }

  async #insert(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly Cell[])[],
    name?: string,
  ): Promise<void> {
    const hours = hoursOf(columns, rows);
    const insert = async (): Promise<void> => {
      await this.#mark(hours.filter((hour) => !this.#moving.has(hour)));
      await this.#options.warehouse.insert(table, columns, rows, name);
      for (const hour of hours) if (this.#moving.has(hour)) this.#moving.set(hour, this.#options.clock.now());
    };
    const done = insert();
    this.#inserting.add(done);
    try {
      await done;
    } finally {
      this.#inserting.delete(done);
    }
  }

  /** Before the rows: whoever reads in between counts from rows what he could have had for less, and never less than there is. */
  async #mark(hours: readonly string[]): Promise<void> {
    if (hours.length === 0) return;
    const version = await this.#next();
    const rows = hours.map((hour) => [hour, version, false]);
    await this.#options.warehouse.insert('hours', ['hour', 'version', 'settled'], rows);
    for (const hour of hours) this.#moving.set(hour, this.#options.clock.now());
  }

  /** Marks and versions are one rising order, across restarts too. */
  #next(): Promise<number> {
    const before = this.#last ?? this.#newest();
    const next = before.then((number) => number + 1);
    this.#last = next;
    // An engine that was away is asked again by whoever needs a number next.
    next.catch(() => {
      if (this.#last === next) this.#last = null;
    });
    return next;
  }

  async #newest(): Promise<number> {
    const sql = `SELECT max(version) AS newest FROM adtally.hours WHERE version < ${sealedFrom}`;
    return Number((await this.#options.warehouse.query(sql)).rows[0]?.['newest'] ?? 0);
  }

  async #run(): Promise<void> {
    const { clock, everyMs = 10_000 } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      await clock.sleep(everyMs, signal);
      if (signal.aborted) return;
      try {
        await this.#countQuiet();
      } catch (error) {
        if (!isAdtallyError(error) || !error.retriable) throw error;
      }
    }
  }

  async #countQuiet(): Promise<void> {
    const { clock, quietMs = 30_000, sealAfterMs = null } = this.#options;
    for (const hour of await this.#movingHours()) {
      if (this.#stopping.signal.aborted) return;
      const startedAt = Date.parse(`${hour.replace(' ', 'T')}Z`);
      const isLast = sealAfterMs !== null && clock.now() - startedAt > sealAfterMs;
      const isQuiet = clock.now() - (this.#moving.get(hour) ?? 0) >= quietMs;
      if (isLast || isQuiet) await this.#count(hour, isLast);
    }
  }

  /** The oldest first. A sealed hour is settled whatever comes. */
  async #movingHours(): Promise<readonly string[]> {
    const sql = 'SELECT toString(hour) AS hour FROM adtally.moving_hours ORDER BY hour';
    return (await this.#options.warehouse.query(sql)).rows.map((row) => String(row['hour']));
  }

  async #count(hour: string, sealed: boolean): Promise<void> {
    const { warehouse } = this.#options;
    // In this order: an insert that begins from here on marks the hour above this version, and those under way end before the rows are read.
    this.#moving.delete(hour);
    const version = (await this.#next()) + (sealed ? sealedFrom : 0);
    await Promise.allSettled(this.#inserting);
    const end = new Date(Date.parse(`${hour.replace(' ', 'T')}Z`) + hourMs)
      .toISOString()
      .slice(0, 19)
      .replace('T', ' ');
    const rows = `adtally.row_tallies_between(from = '${hour}.000', to = '${end}.000', every = 1)`;
    const minutes = `SELECT hour, minute, ${version} AS version, * EXCEPT (hour, minute) FROM ${rows}`;
    await warehouse.command(`INSERT INTO adtally.tally_minutes ${minutes}`);
    const own = `WHERE hour = '${hour}' AND version = ${version}`;
    await warehouse.command(`INSERT INTO adtally.tally_hours SELECT * FROM adtally.summed_minutes ${own}`);
    const [minuteRows, hourRows] = [await this.#rowsOf('tally_minutes', own), await this.#rowsOf('tally_hours', own)];
    const columns = ['hour', 'version', 'settled', 'minute_rows', 'hour_rows'];
    await warehouse.insert('hours', columns, [[hour, version, true, minuteRows, hourRows]]);
  }

  async #rowsOf(table: string, own: string): Promise<number> {
    const { rows } = await this.#options.warehouse.query(`SELECT count() AS n FROM adtally.${table} ${own}`);
    return Number(rows[0]?.['n']);
  }

  /** Settled hours of which not every row of the count is there: the engine detaches a damaged part without a word. */
  async #damagedHours(): Promise<readonly string[]> {
    const found = (table: string) =>
      `LEFT JOIN (SELECT hour, version, count() AS n FROM adtally.${table} GROUP BY hour, version) AS ${table}
        ON ${table}.hour = counted.hour AND ${table}.version = counted.version`;
    const sql = `SELECT toString(counted.hour) AS hour FROM adtally.hours AS counted
      ${found('tally_minutes')} ${found('tally_hours')}
      WHERE (counted.hour, counted.version) IN (SELECT hour, version FROM adtally.settled_hours) AND counted.version < ${sealedFrom}
        AND (tally_minutes.n != counted.minute_rows OR tally_hours.n != counted.hour_rows)`;
    return (await this.#options.warehouse.query(sql)).rows.map((row) => String(row['hour']));
  }
}

/** The hours of selection of rows, as the warehouse writes them; none for tables without a time of selection. */
function hoursOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const at = columns.indexOf('selected_at');
  if (at === -1) return [];
  const hours = new Set(rows.map((row) => `${textOf(row[at]).slice(0, 13)}:00:00`));
  return [...hours].filter((hour) => hour < lastHour);
}

/** Topics and times are texts. */
function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : '';
}
