/**
 * How long records take from the log to the reports, by itself and beside analysts who do their worst: one query that computes until it is stopped, one that
 * wants more memory than it may have, over and over. `npm run bench:sink-delay` (90 s). `added_p95_ms` is what analysts cost the sink; at most 1,000.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClickhouseWarehouse } from '../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { runReport } from '../dashboards/reports/run-report.ts';
import { analystLimits } from '../dashboards/sql-gate.ts';
import { prepareWarehouse } from '../dashboards/warehouse/prepare.ts';
import type { Clock } from '../ports/clock.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import { noteFreshness } from '../streams/processors/warehouse-freshness.ts';
import { createWarehouseSink } from '../streams/processors/warehouse-sink.ts';
import { createTallies } from '../streams/processors/warehouse-tallies.ts';
import { definitions, emptyLog, reports } from '../test/reporting/reporting-platform.ts';
import { append, billingOf, lifeOf } from '../test/reporting/sample-log.ts';
import { show } from './shown.ts';

const clock = createSystemClock();
const rounds = 2;
const roundMs = 18_000;
const fate = { impression: 'accepted', viewable: true, click: true, spend: 'certified', verdict: 'none' } as const;

/** A query that takes all the time it may have. */
const heavy = `SELECT sum(cityHash64(a, b)) AS n FROM (SELECT arrayJoin(range(300000)) AS a) AS x
  CROSS JOIN (SELECT arrayJoin(range(300000)) AS b) AS y`;
/** One that wants more memory than it may have. */
const greedy = 'SELECT length(groupArray(toString(a))) AS n FROM (SELECT arrayJoin(range(100000000)) AS a) AS x';

/** A warehouse that keeps how long each insert took, ms. */
function timedInserts(warehouse: Warehouse, tookMs: number[]): Warehouse {
  return {
    command: (sql) => warehouse.command(sql),
    query: (sql, parameters) => warehouse.query(sql, parameters),
    syntaxTree: (sql) => warehouse.syntaxTree(sql),
    queryAsAnalyst: (sql, limits) => warehouse.queryAsAnalyst(sql, limits),
    insert: async (...batch) => {
      const startedUs = clock.monotonicUs();
      await warehouse.insert(...batch);
      tookMs.push((clock.monotonicUs() - startedUs) / 1000);
    },
    close: () => warehouse.close(),
  };
}

/** Asks until the time is over. @returns how many queries ended, by their answer or their limit */
async function analyst(warehouse: Warehouse, sql: string, endsMs: number): Promise<number> {
  let ended = 0;
  for (; clock.now() < endsMs; ended += 1) {
    await warehouse.queryAsAnalyst(sql, { ...analystLimits, timeoutMs: 5_000 }).catch(() => {});
  }
  return ended;
}

interface Delays {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly insertMax: number;
  readonly queries: number;
}

/** From appended to seen, with 500 records a second. */
async function measure(warehouse: Warehouse, hasAnalysts: boolean, appender: Clock): Promise<Delays> {
  await warehouse.command('DROP DATABASE IF EXISTS adtally SYNC');
  await prepareWarehouse(warehouse, definitions);
  const { log, registry } = emptyLog();
  const fail = (error: unknown) => console.error(error);
  const tookMs: number[] = [];
  const tallies = createTallies({ warehouse: timedInserts(warehouse, tookMs), clock, onFailure: fail });
  const freshness = noteFreshness(tallies.warehouse, clock);
  const sink = createWarehouseSink({ log, registry, warehouse: freshness.warehouse, clock, onFailure: fail });
  await sink.start();
  // The analysts' process begins with the first question: that is not what is measured.
  if (hasAnalysts) await warehouse.queryAsAnalyst('SELECT 1 AS n', analystLimits);
  const endsMs = clock.now() + roundMs;
  const asking = hasAnalysts ? [heavy, greedy].map((sql) => analyst(warehouse, sql, endsMs)) : [];
  for (let n = 0; clock.now() < endsMs; n += 5) {
    await append(
      log,
      registry,
      [0, 1, 2, 3, 4].flatMap((more) => lifeOf(billingOf(n + more, 'CPM'), fate)),
    );
    await appender.sleep(100);
  }
  await sink.catchUp();
  const queries = (await Promise.all(asking)).reduce((sum, ended) => sum + ended, 0);
  await sink.stop();
  await freshness.flush();
  const range = { from: '-1h', to: new Date(clock.now() + 1000).toISOString() };
  const { rows } = await runReport({ reports, warehouse, clock }, 'sink_delay', range);
  const of = (name: string) => Number(rows[0]?.[name]);
  return { p50: of('p50_ms'), p95: of('p95_ms'), p99: of('p99_ms'), insertMax: Math.max(...tookMs), queries };
}

const path = mkdtempSync(join(tmpdir(), 'adtally-sink-delay-'));
const warehouse = await openClickhouseWarehouse({ path, clock });
const measured: Record<'alone' | 'analysts', Delays[]> = { alone: [], analysts: [] };
try {
  // In turn, since the machine is never the same for long.
  for (let round = 0; round < rounds; round += 1) {
    measured.alone.push(await measure(warehouse, false, clock));
    measured.analysts.push(await measure(warehouse, true, clock));
  }
} finally {
  await warehouse.close();
  rmSync(path, { recursive: true, force: true });
}
const mean = (which: 'alone' | 'analysts', name: keyof Delays) =>
  measured[which].reduce((sum, one) => sum + one[name], 0) / measured[which].length;
for (const which of ['alone', 'analysts'] as const) {
  for (const name of ['p50', 'p95', 'p99'] as const)
    show(`sink_delay_${which}_${name}_ms`, Math.round(mean(which, name)));
  show(`sink_insert_${which}_max_ms`, Math.round(Math.max(...measured[which].map(({ insertMax }) => insertMax))));
}
show('sink_delay_analysts_queries', mean('analysts', 'queries') * rounds);
for (const name of ['p50', 'p95', 'p99'] as const)
  show(`sink_delay_added_${name}_ms`, Math.round(mean('analysts', name) - mean('alone', name)));
