/** A row by column name. Integers beyond 2^53 travel as decimal strings. */
export type Row = Readonly<Record<string, unknown>>;

export interface QueryLimits {
  readonly timeoutMs: number;
  readonly maxRows: number;
  readonly maxMemoryBytes: number;
}

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly Row[];
  readonly elapsedMs: number;
}

/**
 * Reporting store speaking ClickHouse SQL. Disposable: everything in it can be sunk again from the log.
 * Errors: `WAREHOUSE_UNAVAILABLE` (retriable), `WAREHOUSE_QUERY` (with the engine's message), `QUERY_LIMIT`.
 */
export interface Warehouse {
  /** A statement of ours without a result. */
  command(sql: string): Promise<void>;
  insert(table: string, rows: readonly Row[]): Promise<void>;
  /** A query of ours; `{name:Type}` placeholders are filled from `parameters`. */
  query(sql: string, parameters?: Row): Promise<QueryResult>;
  /** An analyst's query, on a connection of its own, read-only and within limits. The statement has passed the gate before. */
  queryAsAnalyst(sql: string, limits: QueryLimits): Promise<QueryResult>;
  close(): Promise<void>;
}
