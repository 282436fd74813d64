import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickhouseWarehouse } from '../../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { prepareWarehouse } from '../../dashboards/warehouse/prepare.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { isExact } from '../../streams/processors/warehouse-check.ts';
import { createWarehouseSink } from '../../streams/processors/warehouse-sink.ts';
import { startClickhouse, type TestServer } from '../clickhouse/clickhouse-server.ts';
import { definitions, emptyLog, openTestWarehouse, remake, reports, rowsOf, sinkAll } from './reporting-platform.ts';
import { append } from './sample-log.ts';
import { scenario } from './sample-scenario.ts';

const clock = createSystemClock();
const options = { keepMs: new Map(), rememberedInserts: 1000 };
const timeless = [...reports.keys()].filter((name) => name !== 'freshness' && name !== 'sink_delay');
let server: TestServer;
let remote: Warehouse;
beforeAll(async () => {
  server = await startClickhouse();
  remote = await openClickhouseWarehouse({ url: server.url, analystUrl: server.analystUrl, clock });
});
afterAll(async () => {
  await remote.close();
  await server.remove();
});

async function everyReport(warehouse: Warehouse): Promise<Record<string, unknown>> {
  const entries: [string, unknown][] = [];
  for (const name of timeless) entries.push([name, await rowsOf(warehouse, name)]);
  return Object.fromEntries(entries);
}

test('Answers that are lost and a server that dies while it is sunk to change no number of any report, and leave no copy', async () => {
  const parts = emptyLog();
  const embedded = await openTestWarehouse();
  await remake(embedded.warehouse);
  await append(parts.log, parts.registry, scenario());
  await prepareWarehouse(remote, definitions, options);
  const failures: unknown[] = [];
  const sink = createWarehouseSink({
    ...parts,
    warehouse: remote,
    clock,
    gatherMs: 1,
    fullBatch: 40,
    checkParts: false,
    onFailure: (error) => failures.push(error),
  });
  for (let lost = 0; lost < 3; lost++) await server.loseAnswer();
  await sink.start();
  await sink.catchUp();

  await append(parts.log, parts.registry, scenario());
  await server.kill();
  await append(parts.log, parts.registry, scenario());
  await clock.sleep(500);
  await server.start();
  await server.loseAnswer();
  await sink.catchUp();

  expect(failures).toEqual([]);
  const checks = await sink.verify();
  expect(checks.filter((check) => !isExact(check))).toEqual([]);
  await sink.stop();
  await sinkAll({ ...parts, warehouse: embedded.warehouse });
  expect(await everyReport(remote)).toEqual(await everyReport(embedded.warehouse));
  await embedded.remove();
});

test('A sink does not miss what the warehouse was told to forget, and finds what is lost of the rest', async () => {
  await remake(remote);
  const parts = { ...emptyLog(), warehouse: remote };
  await append(parts.log, parts.registry, scenario());
  const dayMs = 86_400_000;
  // The records were appended now; by this clock they are two days old, but for the last.
  const later = { ...clock, now: () => clock.now() + 2 * dayMs };
  const keepMs = new Map([['selected', dayMs] as const]);
  const sink = createWarehouseSink({ ...parts, clock: later, keepMs, checkParts: false, onFailure: () => {} });
  const { refilled } = await sink.start();
  await sink.catchUp();
  expect(refilled).toBe(0);
  const count = async (table: string) =>
    Number((await remote.query(`SELECT count() AS n FROM adtally.${table}`)).rows[0]?.['n']);
  expect([await count('ad_selected'), await count('ad_clicked')]).toEqual([0, 3]);
  expect((await sink.verify()).filter((check) => !isExact(check))).toEqual([]);
  await remote.command('DELETE FROM adtally.ad_clicked WHERE 1');
  expect(await sink.repair()).toMatchObject({ refilled: 3 });
  expect(await count('ad_clicked')).toBe(3);
  await sink.stop();
});
