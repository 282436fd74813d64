import { text } from 'node:stream/consumers';
import type { ClickHouseClient } from '@clickhouse/client';
import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Cell, QueryLimits, QueryResult, Row, Warehouse } from '../../ports/warehouse.ts';
import { AnalystProcess } from './analyst-process.ts';
import { chdbSessions } from './chdb-sessions.ts';
import { insertError, warehouseError } from './failures.ts';
import { httpSessions, type ServerLocation } from './http-sessions.ts';
import { SessionPool } from './session-pool.ts';
import type { Sessions, SessionSettings, SessionUse } from './sessions.ts';
import { Turnstile } from './turnstile.ts';

/** Where the warehouse is: a folder for the engine in this process, or a ClickHouse server. */
export type ClickhouseLocation = { readonly path: string } | ServerLocation;

/** Longest wait for an answer, ms. It outlasts the engine's own limits; beyond it the outcome is unknown. */
export interface WarehouseTimeouts {
  readonly insertMs: number;
  readonly queryMs: number;
  /** Definitions, and merging copies of rows away. */
  readonly commandMs: number;
}

export interface WarehouseOptions {
  readonly clock: Clock;
  readonly timeouts?: Partial<WarehouseTimeouts>;
  /** Where analysts' queries run, if the engine is in this process: in a process apart (the default), or within this one. */
  readonly analysts?: 'apart' | 'within';
}

/** How results look, on every session. */
const common: SessionSettings = {
  session_timezone: 'UTC',
  date_time_output_format: 'iso',
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
};
const writing: SessionSettings = { ...common, max_insert_threads: 1, input_format_null_as_default: 1 };
/** What would take more goes on on disk, so that a report over a long range takes longer and no more memory. */
const spilling: SessionSettings = {
  max_bytes_before_external_group_by: 300_000_000,
  max_bytes_before_external_sort: 300_000_000,
  join_algorithm: 'grace_hash,hash',
  max_bytes_in_join: 300_000_000,
};
const reading: SessionSettings = { ...common, ...spilling, max_execution_time: 60, max_memory_usage: 2_000_000_000 };
const defaultTimeouts: WarehouseTimeouts = { insertMs: 30_000, queryMs: 65_000, commandMs: 900_000 };
/** An analyst's query has ended by its own limit before. */
const graceMs = 5_000;
/** Each statement under way in this process takes one of libuv's threads (4, unless UV_THREADPOOL_SIZE says more). */
const queriesAtOnce = 2;
const analystsAtOnce = 2;
const analystsWaiting = 8;

/**
 * Opens the warehouse; its database `adtally` and its tables come from `dashboards/warehouse/`. A server need not answer yet.
 * Error: `WAREHOUSE_UNAVAILABLE`, also if another process holds the folder.
 */
export async function openClickhouseWarehouse(options: ClickhouseLocation & WarehouseOptions): Promise<Warehouse> {
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  if (!('path' in options)) return new ClickhouseWarehouse(httpSessions(options), options.clock, timeouts);
  try {
    const warehouse = new ClickhouseWarehouse(
      await chdbSessions(options.path),
      options.clock,
      timeouts,
      options.analysts !== 'within',
    );
    await warehouse.query('SELECT 1');
    return warehouse;
  } catch (error) {
    const { message } = warehouseError(error, 'opening the warehouse');
    const hint = ' (only one process may have the folder open)';
    throw new AdtallyError('WAREHOUSE_UNAVAILABLE', message + hint, { cause: error });
  }
}

/**
 * Writing and reading have sessions of their own, since an insert waits behind a query of its session; each analyst's query gets a fresh one
 * (0.5 ms), so that neither `readonly` nor a query that outlives its time limit meets anybody else. With the engine in this process they run in another.
 */
class ClickhouseWarehouse implements Warehouse {
  readonly #sessions: Sessions;
  readonly #clock: Clock;
  readonly #openedMs: number;
  #inserts = 0;
  readonly #commanding: SessionPool;
  readonly #inserting: SessionPool;
  readonly #reading: SessionPool;
  readonly #apart: AnalystProcess | null;
  readonly #analysts = new Turnstile(analystsAtOnce, analystsWaiting);

  constructor(sessions: Sessions, clock: Clock, timeouts: WarehouseTimeouts, analystsApart = false) {
    this.#sessions = sessions;
    this.#clock = clock;
    this.#openedMs = clock.now();
    const pool = (use: SessionUse, places: number) => new SessionPool(() => sessions.open(use), places);
    this.#commanding = pool({ settings: writing, timeoutMs: timeouts.commandMs }, 1);
    this.#inserting = pool({ settings: writing, timeoutMs: timeouts.insertMs }, 1);
    this.#reading = pool({ settings: reading, timeoutMs: timeouts.queryMs }, queriesAtOnce);
    this.#apart = analystsApart ? new AnalystProcess((sql) => this.query(sql), clock) : null;
  }

  async command(sql: string): Promise<void> {
    try {
      await this.#commanding.run((session) => session.command({ query: sql }));
    } catch (error) {
      throw warehouseError(error, 'a statement failed');
    }
  }

  async insert(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly Cell[])[],
    name?: string,
  ): Promise<void> {
    const [first, ...others] = columns;
    if (rows.length === 0 || first === undefined) return;
    const batch = {
      table: `adtally.${table}`,
      values: rows,
      format: 'JSONCompactEachRow' as const,
      // Without a token the engine takes equal rows for a repetition; but a gap is filled with what was inserted before it arose.
      clickhouse_settings: { insert_deduplication_token: name ?? this.#unnamed() },
    };
    try {
      await this.#inserting.run((session) => session.insert({ ...batch, columns: [first, ...others] }));
    } catch (error) {
      throw insertError(error, `${rows.length} rows for ${table}`);
    }
  }

  #unnamed(): string {
    return `unnamed ${this.#openedMs} ${this.#inserts++}`;
  }

  async query(sql: string, parameters: Readonly<Record<string, string | number>> = {}): Promise<QueryResult> {
    try {
      return await this.#reading.run((session) => this.#read(session, sql, parameters));
    } catch (error) {
      throw warehouseError(error, 'a query failed');
    }
  }

  async syntaxTree(sql: string): Promise<readonly string[]> {
    if (this.#apart) return this.#apart.syntaxTree(sql);
    // A FORMAT clause would become part of the tree, and a SELECT around the EXPLAIN changes it: the format is a setting here.
    const explain = {
      query: `EXPLAIN AST ${sql}`,
      clickhouse_settings: { default_format: 'JSONCompactEachRow' as const },
    };
    try {
      const answer = await this.#reading.run(async (session) => text((await session.exec(explain)).stream));
      const lines = answer.split('\n').filter((line) => line !== '');
      return lines.map((line) => (JSON.parse(line) as [string])[0]);
    } catch (error) {
      throw warehouseError(error, 'a statement does not parse');
    }
  }

  queryAsAnalyst(sql: string, limits: QueryLimits): Promise<QueryResult> {
    return this.#analysts.run(async () => {
      if (this.#apart) return this.#apart.query(sql, limits);
      try {
        const session = await this.#sessions.open({
          settings: analystSettings(limits),
          database: 'adtally',
          timeoutMs: limits.timeoutMs + graceMs,
          forAnalyst: true,
        });
        try {
          return withinRows(await this.#read(session, sql, {}), limits.maxRows);
        } finally {
          await session.close();
        }
      } catch (error) {
        throw warehouseError(error, 'the query failed');
      }
    });
  }

  async close(): Promise<void> {
    await this.#apart?.close();
    await this.#reading.close();
    await this.#inserting.close();
    await this.#commanding.close();
  }

  async #read(session: ClickHouseClient, sql: string, parameters: Record<string, unknown>): Promise<QueryResult> {
    const startedUs = this.#clock.monotonicUs();
    const answer = await session.query({ query: sql, query_params: parameters, format: 'JSONCompact' });
    const { meta = [], data } = await answer.json<unknown[]>();
    return {
      columns: meta.map(({ name, type }) => ({ name, type })),
      rows: data.map((cells) => rowOf(meta, cells)),
      elapsedMs: (this.#clock.monotonicUs() - startedUs) / 1000,
    };
  }
}

function rowOf(meta: readonly { readonly name: string }[], cells: readonly unknown[]): Row {
  return Object.fromEntries(meta.map(({ name }, index) => [name, cells[index]]));
}

/** The engine counts rows by blocks and lets a small result pass. */
function withinRows(result: QueryResult, maxRows: number): QueryResult {
  if (result.rows.length <= maxRows) return result;
  throw new AdtallyError('QUERY_LIMIT', `the result has more than ${maxRows} rows`);
}

function analystSettings(limits: QueryLimits): SessionSettings {
  return {
    ...common,
    final: 1,
    max_execution_time: limits.timeoutMs / 1000,
    timeout_overflow_mode: 'throw',
    max_result_rows: limits.maxRows,
    max_result_bytes: limits.maxMemoryBytes,
    result_overflow_mode: 'throw',
    max_memory_usage: limits.maxMemoryBytes,
    max_ast_depth: 200,
    max_ast_elements: 5000,
    max_expanded_ast_elements: 20_000,
    max_query_size: 65_536,
    max_columns_to_read: 500,
    allow_ddl: 0,
    allow_introspection_functions: 0,
  };
}
