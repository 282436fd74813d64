/** What stands in a column of a row: JSON values; a time is `seconds.milliseconds` as text, an integer beyond 2^53 a decimal string. */
export type Cell = string | number | boolean | null | readonly Cell[] | Readonly<{ [name: string]: Cell }>;

/** A row of a result by column name. Integers of 64 bits and more are decimal strings, times are RFC 3339 in UTC. */
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
 * Errors: `WAREHOUSE_UNAVAILABLE` (retriable, outcome unknown), `WAREHOUSE_QUERY` (with the engine's message), `QUERY_LIMIT`.
 */
export interface Warehouse {
  /** A statement of ours without a result. */
  command(sql: string): Promise<void>;
  /**
   * Adds rows, each with one cell a column in the order of `columns`. A rejected or repeated insert may have written any of its rows. Repeated under the
   * same `name`, it leaves no copies where the table was told to remember names.
   */
  insert(table: string, columns: readonly string[], rows: readonly (readonly Cell[])[], name?: string): Promise<void>;
  /** A query of ours; `{name:Type}` placeholders are filled from `parameters`. Inserts do not wait for it. */
  query(sql: string, parameters?: Readonly<Record<string, string | number>>): Promise<QueryResult>;
  /** The engine's own syntax tree of a statement, a node a line, indented by depth, as `EXPLAIN AST` prints it. Nothing is run. */
  syntaxTree(sql: string): Promise<readonly string[]>;
  /**
   * An analyst's query, on a connection of its own, read-only and within limits, with `adtally` as default database and raw tables
   * read as merged. The statement has passed the gate before.
   */
  queryAsAnalyst(sql: string, limits: QueryLimits): Promise<QueryResult>;
  close(): Promise<void>;
}
