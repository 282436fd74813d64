import type { Clock } from '../../ports/clock.ts';
import type { Cell, Warehouse } from '../../ports/warehouse.ts';

export interface Freshness {
  /** The warehouse to sink into: it notes how old rows are once they are there. */
  readonly warehouse: Warehouse;
  /** Writes down what was noted. */
  flush(): Promise<void>;
}

const roundMs = 50;
const flushEveryMs = 10_000;
/** More than this is written as this, ms: 49 days. */
const longestMs = 4_294_967_250;

/**
 * Notes, by topic, how long records took from the log to the warehouse, and writes that into `sink_delays` with the first insert after every 10 s. Records
 * that were appended before it was made are left out: they may have been here before.
 */
export function noteFreshness(warehouse: Warehouse, clock: Clock): Freshness {
  const startedAt = clock.now();
  const counts = new Map<string, number>();
  let flushedAt = startedAt;

  const note = (columns: readonly string[], rows: readonly (readonly Cell[])[]): void => {
    const [topicAt, appendedAt] = [columns.indexOf('topic'), columns.indexOf('appended_at')];
    const now = clock.now();
    for (const row of topicAt === -1 || appendedAt === -1 ? [] : rows) {
      const at = Date.parse(`${textOf(row[appendedAt]).replace(' ', 'T')}Z`);
      if (at < startedAt) continue;
      const delayMs = Math.min(Math.ceil(Math.max(0, now - at) / roundMs) * roundMs, longestMs);
      const key = `${textOf(row[topicAt])} ${delayMs}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  };
  const flush = async (): Promise<void> => {
    const at = clock.now();
    flushedAt = at;
    const rows = [...counts].map(([key, records]) => {
      const [topic = '', delayMs = '0'] = key.split(' ');
      return [timeOf(at), topic, Number(delayMs), records];
    });
    counts.clear();
    await warehouse.insert('sink_delays', ['at', 'topic', 'delay_ms', 'records'], rows);
  };
  const insert: Warehouse['insert'] = async (table, columns, rows, name) => {
    await warehouse.insert(table, columns, rows, name);
    note(columns, rows);
    if (clock.now() - flushedAt >= flushEveryMs) await flush();
  };
  return {
    warehouse: {
      command: (sql) => warehouse.command(sql),
      query: (sql, parameters) => warehouse.query(sql, parameters),
      syntaxTree: (sql) => warehouse.syntaxTree(sql),
      queryAsAnalyst: (sql, limits) => warehouse.queryAsAnalyst(sql, limits),
      insert,
      close: () => warehouse.close(),
    },
    flush,
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
}

/** Topics and times are texts. */
function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : '';
}
