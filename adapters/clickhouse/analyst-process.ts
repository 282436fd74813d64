import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdtallyError, type ErrorCode } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { QueryLimits, QueryResult, Row } from '../../ports/warehouse.ts';

export interface AnalystStart {
  readonly path: string;
  readonly definitions: readonly string[];
}
interface TreeQuestion {
  readonly id: number;
  readonly sql: string;
}
export type AnalystQuestion = TreeQuestion | (TreeQuestion & { readonly limits: QueryLimits });
export type AnalystAnswer = { readonly id: number } & (
  | { readonly result: QueryResult }
  | { readonly tree: readonly string[] }
  | { readonly code: ErrorCode; readonly message: string }
);

type Answered = QueryResult | readonly string[];
interface Waiting {
  readonly resolve: (answered: Answered) => void;
  readonly reject: (error: AdtallyError) => void;
}
interface Running {
  readonly child: ChildProcess;
  readonly folder: string;
  /** Of the tables as they were when it began. */
  readonly fingerprint: string;
  readonly waiting: Map<number, Waiting>;
  /** Resolves once it has its tables; rejects if that fails or takes too long. */
  readonly ready: Promise<unknown>;
}

/** Beyond a query's own limit: then the engine does not stop by itself. */
const graceMs = 5_000;
const parseMs = 10_000;
/** Loading the engine and declaring the tables takes a second, on a machine that is far too busy many. */
const startMs = 120_000;
/** What the child says once it has its tables, as an answer. */
export const startId = 0;
/** New rows are seen after so long. */
const refreshSeconds = 1;
const tablesSql = `SELECT name, engine_full, create_table_query, as_select, data_paths, toString(uuid) AS uuid FROM system.tables
  WHERE database = 'adtally' ORDER BY name`;

/**
 * Analysts' queries in a process of their own, which reads the tables' files: whatever a query does to its engine, this process goes on, and no insert
 * waits for it. It begins with the first question, and anew when tables have changed or when it ended.
 */
export class AnalystProcess {
  readonly #tables: (sql: string) => Promise<{ readonly rows: readonly Row[] }>;
  readonly #clock: Clock;
  #starting: Promise<Running> = Promise.reject(new Error('not started'));
  #running: Running | null = null;
  #next = startId + 1;
  #closed = false;

  /** @param tables asks the engine that owns the tables */
  constructor(tables: (sql: string) => Promise<{ readonly rows: readonly Row[] }>, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
    this.#starting.catch(() => {});
  }

  async query(sql: string, limits: QueryLimits): Promise<QueryResult> {
    return (await this.#ask({ sql, limits }, limits.timeoutMs + graceMs)) as QueryResult;
  }

  async syntaxTree(sql: string): Promise<readonly string[]> {
    return (await this.#ask({ sql }, parseMs)) as readonly string[];
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#running) await this.#end(this.#running);
  }

  async #ask(asked: { readonly sql: string; readonly limits?: QueryLimits }, longestMs: number): Promise<Answered> {
    const running = await this.#current();
    hold(running, true);
    await running.ready;
    const id = this.#next++;
    const answered = new Promise<Answered>((resolve, reject) => running.waiting.set(id, { resolve, reject }));
    hold(running, true);
    running.child.send({ id, ...asked });
    const timer = this.#clock.after(longestMs, () => {
      const detail = `the query did not stop after ${longestMs} ms, and its process was ended`;
      running.waiting.get(id)?.reject(new AdtallyError('QUERY_LIMIT', detail));
      running.child.kill('SIGKILL');
    });
    try {
      return await answered;
    } finally {
      timer.cancel();
      running.waiting.delete(id);
      hold(running, running.waiting.size > 0);
    }
  }

  /** The process that knows the tables as they are now. One at a time looks, so that none is started twice. */
  #current(): Promise<Running> {
    const current = this.#starting.then(
      () => this.#matching(),
      () => this.#matching(),
    );
    this.#starting = current;
    current.catch(() => {});
    return current;
  }

  async #matching(): Promise<Running> {
    if (this.#closed) throw new AdtallyError('WAREHOUSE_UNAVAILABLE', 'the warehouse is closed');
    const { rows } = await this.#tables(tablesSql);
    const fingerprint = rows.map(({ uuid }) => uuid).join();
    if (this.#running?.fingerprint === fingerprint) return this.#running;
    if (this.#running) await this.#end(this.#running);
    this.#running = this.#start(fingerprint, inOrder(rows).map(definitionOf));
    return this.#running;
  }

  #start(fingerprint: string, definitions: readonly string[]): Running {
    const folder = mkdtempSync(join(tmpdir(), 'adtally-analysts-'));
    // No setting and no secret of this process; nothing of its standard input.
    const child = fork(join(import.meta.dirname, 'analyst-child.ts'), {
      env: {},
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const waiting = new Map<number, Waiting>();
    const ready = new Promise<Answered>((resolve, reject) => waiting.set(startId, { resolve, reject }));
    const timer = this.#clock.after(startMs, () => child.kill('SIGKILL'));
    ready.catch(() => child.kill('SIGKILL')).finally(() => timer.cancel());
    const running: Running = { child, folder, fingerprint, waiting, ready };
    child.on('message', (message) => settle(running, message as AnalystAnswer));
    child.on('error', () => this.#gone(running));
    child.on('exit', () => this.#gone(running));
    child.send({ path: folder, definitions } satisfies AnalystStart);
    hold(running, false);
    return running;
  }

  #gone(running: Running): void {
    if (this.#running === running) this.#running = null;
    rmSync(running.folder, { recursive: true, force: true });
    const detail = "the process of analysts' queries ended; ask again";
    for (const { reject } of running.waiting.values()) reject(new AdtallyError('WAREHOUSE_UNAVAILABLE', detail));
    running.waiting.clear();
  }

  async #end(running: Running): Promise<void> {
    const { child } = running;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.ref();
      child.kill('SIGKILL');
      await exited;
    }
    this.#gone(running);
  }
}

/** Only a question under way keeps this process from ending. */
function hold({ child }: Running, isAsked: boolean): void {
  const change = isAsked ? 'ref' : 'unref';
  child[change]();
  child.channel?.[change]();
}

function settle({ waiting }: Running, answer: AnalystAnswer): void {
  const asker = waiting.get(answer.id);
  waiting.delete(answer.id);
  if ('code' in answer) asker?.reject(new AdtallyError(answer.code, answer.message));
  else asker?.resolve('result' in answer ? answer.result : answer.tree);
}

/** Each after those that it is made from. */
function inOrder(rows: readonly Row[]): readonly Row[] {
  const byName = new Map(rows.map((row) => [String(row['name']), row]));
  const ordered = new Set<Row>();
  const visit = (row: Row): void => {
    if (ordered.has(row)) return;
    for (const [, name = ''] of String(row['as_select']).matchAll(/adtally\.`?(\w+)/g)) {
      const other = byName.get(name);
      if (other && other !== row) visit(other);
    }
    ordered.add(row);
  };
  rows.forEach(visit);
  return [...ordered];
}

/** A table as this one reads it: its files where they are, not to be written, looked through for new ones. */
function definitionOf(row: Row): string {
  const definition = String(row['create_table_query']);
  const engine = String(row['engine_full']);
  const [path = ''] = row['data_paths'] as readonly string[];
  if (path === '') return definition;
  const columns = definition.slice(0, definition.indexOf(') ENGINE = ') + 1);
  // What a writer remembers, and what it forgets, is not the reader's.
  const kept = engine
    .replace(/, non_replicated_deduplication_window = \d+|non_replicated_deduplication_window = \d+, /, '')
    .replace(/ TTL .*(?= SETTINGS )/, '');
  const files = `disk(type = 'object_storage', object_storage_type = 'local_blob_storage', metadata_type = 'plain', readonly = 1, path = '${path}')`;
  return `${columns} ENGINE = ${kept}, table_disk = 1, refresh_parts_interval = ${refreshSeconds}, disk = ${files}`;
}
