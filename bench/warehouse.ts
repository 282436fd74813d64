/**
 * What reporting costs: rows a second through the sink, bytes an event on disk, counting an hour, and each named report's time. The events are made in the
 * engine, by `numbers()`: ten a selection (chosen, handed out, seen, billed, booked in both ledgers), 100,000 selections an hour up to now, ids that do not
 * compress. `npm run bench:warehouse -- 10000000 [100000000 …] [--uncounted]` (events; about 80 bytes of disk each are wanted while parts are merged). Of what takes time, CPU time in
 * brackets, since a machine is seldom alone. `--uncounted`: also before any hour was counted, as after a replay. Two threads, as the console has them.
 */
import { rmSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClickhouseWarehouse } from '../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { runReport } from '../dashboards/reports/run-report.ts';
import { analystLimits } from '../dashboards/sql-gate.ts';
import { prepareWarehouse } from '../dashboards/warehouse/prepare.ts';
import { isAdtallyError } from '../domain/errors.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import { noteFreshness } from '../streams/processors/warehouse-freshness.ts';
import { createWarehouseSink } from '../streams/processors/warehouse-sink.ts';
import { createTallies } from '../streams/processors/warehouse-tallies.ts';
import { definitions, emptyLog, reports, sinkAll } from '../test/reporting/reporting-platform.ts';
import { append, billingOf, lifeOf } from '../test/reporting/sample-log.ts';

const clock = createSystemClock();
const hourMs = 3_600_000;
const perHour = 100_000;
const eventsOfSelection = 10;
/** Selections made by one statement. */
const chunk = 500_000;
const fate = { impression: 'accepted', viewable: true, click: true, spend: 'certified', verdict: 'none' } as const;

function show(name: string, value: number | string): void {
  console.log(`${name}: ${typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : value}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedUs = clock.monotonicUs();
  await work();
  return (clock.monotonicUs() - startedUs) / 1000;
}

async function benchSink(warehouse: Warehouse): Promise<void> {
  const parts = { ...emptyLog(), warehouse };
  const records = Array.from({ length: 6000 }, (_, n) => lifeOf(billingOf(n, 'CPM'), fate)).flat();
  await append(parts.log, parts.registry, records);
  const tookMs = await timed(() => sinkAll(parts));
  show('sink_rows_per_s', Math.round((records.length * 1000) / tookMs));
}

/** A query that takes all the time it may have. */
const heavy = `SELECT sum(cityHash64(a, b)) AS n FROM (SELECT arrayJoin(range(300000)) AS a) AS x
  CROSS JOIN (SELECT arrayJoin(range(300000)) AS b) AS y`;
/** One that wants more memory than it may have. */
const greedy = 'SELECT length(groupArray(toString(a))) AS n FROM (SELECT arrayJoin(range(100000000)) AS a) AS x';

/** From appended to seen, with 500 records a second, while analysts do their worst or nothing. */
async function benchFreshness(warehouse: Warehouse, forMs: number, analysts: boolean): Promise<void> {
  await warehouse.command('DROP DATABASE IF EXISTS adtally SYNC');
  await prepareWarehouse(warehouse, definitions);
  const { log, registry } = emptyLog();
  const tallies = createTallies({ warehouse, clock, onFailure: (error) => console.error(error) });
  const freshness = noteFreshness(tallies.warehouse, clock);
  const parts = { log, registry, warehouse: freshness.warehouse, clock };
  const sink = createWarehouseSink({ ...parts, onFailure: (error) => console.error(error) });
  await sink.start();
  let outcomes = 0;
  const endsMs = clock.now() + forMs;
  const analyst = async (sql: string): Promise<void> => {
    while (clock.now() < endsMs) {
      const limits = { ...analystLimits, timeoutMs: 5_000 };
      await warehouse.queryAsAnalyst(sql, limits).catch(() => {});
      outcomes += 1;
    }
  };
  const asking = analysts ? [analyst(heavy), analyst(greedy)] : [];
  for (let n = 0; clock.now() < endsMs; n += 5) {
    const lives = [0, 1, 2, 3, 4].flatMap((more) => lifeOf(billingOf(n + more, 'CPM'), fate));
    await append(log, registry, lives);
    await clock.sleep(100);
  }
  await sink.catchUp();
  await Promise.all(asking);
  await sink.stop();
  await freshness.flush();
  const range = { from: '-1h', to: new Date(clock.now() + 1000).toISOString() };
  const { rows } = await runReport({ reports, warehouse, clock }, 'sink_delay', range);
  const label = analysts ? 'fresh_under_analysts' : 'fresh';
  for (const name of ['records', 'p50_ms', 'p95_ms', 'p99_ms', 'max_ms'])
    show(`${label}_${name}`, Number(rows[0]?.[name]));
  if (analysts) show(`${label}_queries_ended`, outcomes);
}

/** What stands in every row of selection n; `now` is where they end. */
function billing(endMs: number, selections: number): string {
  return `lower(concat(substring(hex(sipHash128(n)) AS h, 1, 8), '-', substring(h, 9, 4), '-7', substring(h, 13, 3), '-8', substring(h, 16, 3), '-', substring(h, 20, 12))) AS selection_id,
    toInt32(n % 4) AS shard, toInt32(n % 4) AS billing_shard, 'n1' AS node, 'boot' AS boot, toInt64(n) AS sequence,
    concat('adv_', toString(n % 10)) AS advertiser_id, concat('cmp_', toString(n % 50)) AS campaign_id, concat('li_', toString(n % 100)) AS line_item_id,
    concat('cr_', toString(n % 200)) AS creative_id, concat('pub_', toString(intDiv(n, 7) % 5)) AS publisher_id, concat('pl_', toString(intDiv(n, 7) % 20)) AS placement_id,
    'CPM' AS pricing_model, toInt64(1000 + n % 977) AS price_micros, 'EUR' AS currency, toInt32(700000) AS revenue_share_ppm, 'DOWN' AS share_rounding,
    fromUnixTimestamp64Milli(toInt64(${endMs} - (${selections} - n) * ${hourMs / perHour})) AS selected_at, selected_at AS appended_at`;
}

const beacon = `lower(hex(sipHash128(n, 'receipt'))) AS receipt_id, selection_id AS event_id, 'ACCEPTED' AS judgement, 'PIXEL' AS transport,
  '192.0.2.0/24' AS network, 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36' AS user_agent, selected_at AS received_at`;
const entry = ([truth, kind, debit, credit, amount, ordinal]: readonly [
  string,
  string,
  string,
  string,
  string,
  number,
]) =>
  `'${truth}' AS truth, '${kind}' AS kind, '${debit}' AS debit_account, '${credit}' AS credit_account, ${amount} AS amount_micros, shard AS spend_shard,
   toInt64(intDiv(n, 4) * 8 + ${ordinal}) AS source_offset, toInt32(0) AS ordinal, '2026-11' AS service_period, '2026-11' AS posting_period, selected_at AS posted_at`;

/** Table, topic, rows a selection leaves in the topic's shard before this one, of which selections, and further columns. */
const kinds: readonly (readonly [
  table: string,
  topic: string,
  every: string,
  more: string,
  place: number,
  places: number,
])[] = [
  [
    'ad_selected',
    'selected',
    '1',
    `'n1' AS origin_node, 'standard' AS tier, 'full' AS plan, toInt32(100000) AS deadline_us, if(n % 2 = 0, concat('u', toString(cityHash64(n) % 100000)), NULL) AS user_key,
    toInt64(cityHash64(n) % 3000000) AS auction_ecpm_micros, toInt32(10) AS auction_eligible, toInt32(8) AS auction_solicited, toInt32(7) AS auction_responded, toInt32(5) AS auction_participating,
    'phone' AS context_device_type, 'DE' AS context_country, 'banner' AS context_format, 'Mozilla/5.0' AS context_user_agent,
    arrayMap(s -> (s, toInt32(2000), toInt32(cityHash64(n, s) % 1500)), ['ingress', 'enrichment', 'targeting', 'pacing', 'bidding', 'auction', 'response']) AS stages,
    [('targeting', 'country', toInt32(n % 5))] AS exclusions`,
    0,
    2,
  ],
  [
    'markup_returned',
    'selected',
    '1',
    'toInt32(1000 + cityHash64(n) % 9000) AS elapsed_us, selected_at AS returned_at',
    1,
    2,
  ],
  ['impression_rendered', 'impression', 'n % 10 != 0', `${beacon}, 'impression' AS kind`, 0, 1],
  ['ad_viewable', 'engagement', 'n % 10 < 6', `${beacon}, 'viewable' AS kind`, 0, 1],
  ['ad_clicked', 'click', 'n % 100 = 1', `${beacon}, 'click' AS kind`, 0, 1],
  ['spend_reserved', 'spend', '1', 'selected_at AS reserved_at', 0, 3],
  ['spend_incurred', 'spend', 'n % 10 != 0', `'impression' AS kind, selected_at AS incurred_at`, 1, 3],
  [
    'traffic_invalidated',
    'spend',
    'n % 200 = 3',
    `selection_id AS event_id, 'GIVT' AS category, 'givt-robot' AS rule, 'traffic-quality' AS judged_by, selected_at AS judged_at`,
    2,
    3,
  ],
  [
    'entry_booked',
    'journal',
    '1',
    entry(['tentative', 'draw', 'campaign:reserved', 'campaign:authority', 'price_micros', 0]),
    0,
    5,
  ],
  [
    'entry_booked',
    'journal',
    'n % 10 != 0',
    entry(['tentative', 'incur', 'campaign:incurred', 'campaign:reserved', 'price_micros', 1]),
    1,
    5,
  ],
  [
    'entry_booked',
    'journal',
    'n % 10 != 0',
    entry(['tentative', 'certify', 'campaign:authority', 'campaign:incurred', 'price_micros', 2]),
    2,
    5,
  ],
  [
    'entry_booked',
    'journal',
    'n % 10 != 0',
    entry(['final', 'certify', 'advertiser:unbilled', 'publisher:payable', 'intDiv(price_micros * 7, 10)', 3]),
    3,
    5,
  ],
  [
    'entry_booked',
    'journal',
    'n % 10 != 0',
    entry([
      'final',
      'certify',
      'advertiser:unbilled',
      'platform:revenue',
      'price_micros - intDiv(price_micros * 7, 10)',
      4,
    ]),
    4,
    5,
  ],
];

async function columnsOf(warehouse: Warehouse): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await warehouse.query(
    "SELECT table, groupArray(name) AS names FROM system.columns WHERE database = 'adtally' GROUP BY table",
  );
  return new Map(rows.map((row) => [String(row['table']), new Set(row['names'] as string[])]));
}

interface Filling {
  readonly endMs: number;
  readonly from: number;
  readonly to: number;
  readonly selections: number;
}

async function fill(warehouse: Warehouse, { endMs, from, to, selections }: Filling): Promise<void> {
  const columns = await columnsOf(warehouse);
  for (const [table, topic, every, more, place, places] of kinds) {
    const made = `SELECT '${topic}' AS topic, toInt64(intDiv(n, 4) * ${places} + ${place}) AS offset, ${billing(endMs, selections)}, ${more}
      FROM (SELECT number AS n FROM numbers(${from}, ${to - from})) WHERE ${every}`;
    const names = [...made.matchAll(/ AS (\w+)/g)]
      .map(([, name = '']) => name)
      .filter((name) => columns.get(table)?.has(name));
    const list = [...new Set(names)].join(', ');
    await warehouse.command(
      `INSERT INTO adtally.${table} (${list}) SELECT ${list} FROM (${made}) ORDER BY shard, offset`,
    );
  }
}

async function number(warehouse: Warehouse, sql: string): Promise<number> {
  return Number((await warehouse.query(sql)).rows[0]?.['n']);
}

async function timeReports(warehouse: Warehouse, label: string, endMs: number, lastMs: number): Promise<void> {
  const range = { from: new Date(endMs - lastMs).toISOString(), to: new Date(endMs + 1).toISOString() };
  for (const [name, { parameters }] of reports) {
    const given = parameters.some((one) => one.name === 'from') ? range : {};
    if (name === 'freshness' && lastMs === 24 * hourMs) continue;
    try {
      const before = process.cpuUsage();
      const takenMs = await timed(() => runReport({ reports, warehouse, clock }, name, given));
      const { user, system } = process.cpuUsage(before);
      show(`report_${name}_${label}_ms`, `${Math.round(takenMs)} (cpu ${Math.round((user + system) / 1000)})`);
    } catch (error) {
      if (!isAdtallyError(error)) throw error;
      show(`report_${name}_${label}_ms`, `${error.code} ${error.message.slice(0, 120)}`);
    }
  }
}

async function benchSize(events: number): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'adtally-warehouse-bench-'));
  const warehouse = await openClickhouseWarehouse({ path, clock });
  try {
    await prepareWarehouse(warehouse, definitions);
    await benchSink(warehouse);
    for (const analysts of [false, true]) await benchFreshness(warehouse, 20_000, analysts);
    await warehouse.command('DROP DATABASE adtally SYNC');
    await prepareWarehouse(warehouse, definitions);
    const selections = events / eventsOfSelection;
    const endMs = Math.floor(clock.now() / hourMs) * hourMs + hourMs / 2;
    const madeMs = await timed(async () => {
      for (let from = 0; from < selections; from += chunk) {
        await fill(warehouse, { endMs, from, to: Math.min(from + chunk, selections), selections });
      }
    });
    const rows = await number(
      warehouse,
      "SELECT sum(rows) AS n FROM system.parts WHERE active AND database = 'adtally'",
    );
    const bytes = await number(
      warehouse,
      "SELECT sum(bytes_on_disk) AS n FROM system.parts WHERE active AND database = 'adtally'",
    );
    const label = `${Math.round(events / 1_000_000)}M`;
    show(`rows_${label}`, rows);
    show(`made_rows_per_s_${label}`, Math.round((rows * 1000) / madeMs));
    show(`bytes_per_event_${label}`, bytes / rows);
    if (process.argv.includes('--uncounted'))
      await timeReports(warehouse, `${label}_last_day_uncounted`, endMs, 24 * hourMs);
    const hours = 'SELECT DISTINCT toStartOfHour(selected_at), 1 FROM adtally.spend_reserved';
    await warehouse.command(`INSERT INTO adtally.hours (hour, version) ${hours}`);
    const tallies = createTallies({ warehouse, clock, onFailure: (error) => console.error(error) });
    let counted = 0;
    const before = process.cpuUsage();
    const countedMs = await timed(async () => {
      counted = await tallies.countAll();
    });
    const { user, system } = process.cpuUsage(before);
    show(
      `count_hour_${label}_ms`,
      `${Math.round(countedMs / counted)} (cpu ${Math.round((user + system) / 1000 / counted)})`,
    );
    const extra = await number(
      warehouse,
      "SELECT sum(bytes_on_disk) AS n FROM system.parts WHERE active AND database = 'adtally' AND table LIKE 'tally%'",
    );
    show(`tally_bytes_per_event_${label}`, extra / rows);
    // The hour that runs moves.
    await warehouse.command(
      `INSERT INTO adtally.hours (hour, version) SELECT max(hour), max(version) + 1 FROM adtally.hours`,
    );
    await timeReports(warehouse, `${label}_last_day`, endMs, 24 * hourMs);
    await timeReports(warehouse, `${label}_all`, endMs, (selections / perHour) * hourMs + hourMs);
    show(`memory_${label}_mb`, Math.round(process.resourceUsage().maxRSS / 1024));
  } finally {
    await warehouse.close();
    rmSync(path, { recursive: true, force: true });
  }
}

const sizes = process.argv
  .slice(2)
  .map(Number)
  .filter((size) => size > 0);
for (const events of sizes.length === 0 ? [1_000_000] : sizes) await benchSize(events);
