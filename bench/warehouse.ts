/**
 * What reporting costs: rows a second through the sink, bytes an event on disk, counting an hour, and each named report's time and memory. The events are
 * made in the engine (`bench/warehouse-events.ts`). Of what takes time, CPU time in brackets, since a machine is seldom alone; memory is what the process
 * held at its most meanwhile, of which 0.6 GB is there before. Two threads, as the console has them.
 *
 *   npm run bench:warehouse -- 10000000 [100000000 …] [--uncounted] [--only reach_frequency,bidders] [--keep FOLDER]
 *
 * About 80 bytes of disk an event are wanted while parts are merged. `--uncounted`: also before any hour was counted, as after a replay. `--keep`: the
 * warehouse stays in that folder; run again, it goes on where it was, and once all events are there it only asks.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openClickhouseWarehouse } from '../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { runReport } from '../dashboards/reports/run-report.ts';
import { prepareWarehouse } from '../dashboards/warehouse/prepare.ts';
import { isAdtallyError } from '../domain/errors.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import { createTallies } from '../streams/processors/warehouse-tallies.ts';
import { definitions, emptyLog, reports, sinkAll } from '../test/reporting/reporting-platform.ts';
import { append, billingOf, lifeOf } from '../test/reporting/sample-log.ts';
import { show } from './shown.ts';
import { eventsOfSelection, fill, hourMs, perHour } from './warehouse-events.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { uncounted: { type: 'boolean' }, only: { type: 'string' }, keep: { type: 'string' } },
});
const asked = options.only?.split(',') ?? [...reports.keys()];
const clock = createSystemClock();
/** Selections made by one statement. */
const chunk = 500_000;
const fate = { impression: 'accepted', viewable: true, click: true, spend: 'certified', verdict: 'none' } as const;

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
  /** Most memory of the process meanwhile. */
  readonly mb: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  let most = process.memoryUsage.rss();
  const looking = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 50);
  const [startedUs, before] = [clock.monotonicUs(), process.cpuUsage()];
  try {
    await work();
  } finally {
    clearInterval(looking);
  }
  const { user, system } = process.cpuUsage(before);
  return { ms: (clock.monotonicUs() - startedUs) / 1000, cpuMs: (user + system) / 1000, mb: most / 2 ** 20 };
}

async function benchSink(warehouse: Warehouse): Promise<void> {
  await prepareWarehouse(warehouse, definitions);
  const parts = { ...emptyLog(), warehouse };
  const records = Array.from({ length: 6000 }, (_, n) => lifeOf(billingOf(n, 'CPM'), fate)).flat();
  await append(parts.log, parts.registry, records);
  const { ms } = await costOf(() => sinkAll(parts));
  show('sink_rows_per_s', Math.round((records.length * 1000) / ms));
  await warehouse.command('DROP DATABASE adtally SYNC');
}

async function number(warehouse: Warehouse, sql: string): Promise<number> {
  return Number((await warehouse.query(sql)).rows[0]?.['n']);
}

function sizeOf(warehouse: Warehouse, what: 'rows' | 'bytes_on_disk', which = 'true'): Promise<number> {
  const parts = `SELECT sum(${what}) AS n FROM system.parts WHERE active AND database = 'adtally' AND ${which}`;
  return number(warehouse, parts);
}

async function costReports(warehouse: Warehouse, label: string, endMs: number, lastMs: number): Promise<void> {
  const range = { from: new Date(endMs - lastMs).toISOString(), to: new Date(endMs + 1).toISOString() };
  for (const [name, { parameters }] of reports) {
    if (!asked.includes(name)) continue;
    const isRanged = parameters.some((one) => one.name === 'from');
    if (!isRanged && lastMs === 24 * hourMs) continue;
    const source = parameters.some((one) => one.name === 'source') ? { source: '10.0.5.0/24' } : {};
    const given = { ...(isRanged ? range : {}), ...source };
    try {
      const { ms, cpuMs, mb } = await costOf(() => runReport({ reports, warehouse, clock }, name, given));
      show(`report_${name}_${label}_ms`, `${Math.round(ms)} (cpu ${Math.round(cpuMs)}, ${Math.round(mb)} MB)`);
    } catch (error) {
      if (!isAdtallyError(error)) throw error;
      show(`report_${name}_${label}_ms`, `${error.code} ${error.message.slice(0, 120)}`);
    }
  }
}

/** How far a folder that is kept has come. */
interface Progress {
  readonly endMs: number;
  readonly made: number;
  readonly isCounted: boolean;
}

function readProgress(file: string): Progress {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Progress;
  return { endMs: Math.floor(clock.now() / hourMs) * hourMs + hourMs / 2, made: 0, isCounted: false };
}

async function makeEvents(warehouse: Warehouse, selections: number, file: string, label: string): Promise<void> {
  const { endMs, made } = readProgress(file);
  const { ms } = await costOf(async () => {
    for (let from = made; from < selections; from += chunk) {
      const to = Math.min(from + chunk, selections);
      await fill(warehouse, { endMs, from, to, selections });
      writeFileSync(file, JSON.stringify({ endMs, made: to, isCounted: false } satisfies Progress));
    }
  });
  const perSelection = (await sizeOf(warehouse, 'rows')) / selections;
  show(`made_rows_per_s_${label}`, Math.round(((selections - made) * perSelection * 1000) / ms));
}

async function countHours(warehouse: Warehouse, label: string): Promise<void> {
  const hours = 'SELECT DISTINCT toStartOfHour(selected_at), 1 FROM adtally.spend_reserved';
  await warehouse.command(`INSERT INTO adtally.hours (hour, version) ${hours}`);
  const tallies = createTallies({ warehouse, clock, onFailure: (error) => console.error(error) });
  let counted = 0;
  const { ms, cpuMs } = await costOf(async () => {
    counted = await tallies.countAll();
  });
  show(`count_hour_${label}_ms`, `${Math.round(ms / counted)} (cpu ${Math.round(cpuMs / counted)})`);
  // The hour that runs moves.
  const moved = 'SELECT max(hour), max(version) + 1 FROM adtally.hours';
  await warehouse.command(`INSERT INTO adtally.hours (hour, version) ${moved}`);
}

async function benchSize(events: number, path: string): Promise<void> {
  const warehouse = await openClickhouseWarehouse({ path: join(path, 'engine'), clock });
  const file = join(path, 'bench-progress.json');
  const selections = events / eventsOfSelection;
  const label = `${Math.round(events / 1_000_000)}M`;
  try {
    if (!existsSync(file)) await benchSink(warehouse);
    await prepareWarehouse(warehouse, definitions);
    const { made, isCounted, endMs } = readProgress(file);
    if (made < selections) await makeEvents(warehouse, selections, file, label);
    const rows = await sizeOf(warehouse, 'rows', "table NOT LIKE 'tally%'");
    show(`rows_${label}`, rows);
    show(`bytes_per_event_${label}`, (await sizeOf(warehouse, 'bytes_on_disk', "table NOT LIKE 'tally%'")) / rows);
    if (options.uncounted) await costReports(warehouse, `${label}_last_day_uncounted`, endMs, 24 * hourMs);
    if (!isCounted) await countHours(warehouse, label);
    writeFileSync(file, JSON.stringify({ endMs, made: selections, isCounted: true } satisfies Progress));
    const tallied = await sizeOf(warehouse, 'bytes_on_disk', "table LIKE 'tally%'");
    show(`tally_bytes_per_event_${label}`, tallied / rows);
    await costReports(warehouse, `${label}_last_day`, endMs, 24 * hourMs);
    await costReports(warehouse, `${label}_all`, endMs, (selections / perHour) * hourMs + hourMs);
    show(`memory_${label}_mb`, Math.round(process.resourceUsage().maxRSS / 1024));
  } finally {
    await warehouse.close();
  }
}

const sizes = positionals.map(Number).filter((size) => size > 0);
for (const events of sizes.length === 0 ? [1_000_000] : sizes) {
  const path = options.keep ?? mkdtempSync(join(tmpdir(), 'adtally-warehouse-bench-'));
  mkdirSync(path, { recursive: true });
  try {
    await benchSize(events, path);
  } finally {
    if (options.keep === undefined) rmSync(path, { recursive: true, force: true });
  }
}
