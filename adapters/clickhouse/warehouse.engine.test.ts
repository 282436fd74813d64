import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWarehouseContract, type WarehouseHarness } from '../../ports/warehouse.contract.ts';
import { serveChdb } from '../../test/reporting/chdb-over-http.ts';
import { createSystemClock } from '../system/clock.ts';
import { type ClickhouseLocation, openClickhouseWarehouse } from './warehouse.ts';

const clock = createSystemClock();
const server = process.env['WAREHOUSE_URL'];
/** The engine allows one folder a process: both harnesses stand on it. */
const path = mkdtempSync(join(tmpdir(), 'adtally-warehouse-'));

async function harness(location: ClickhouseLocation, end: () => Promise<void>): Promise<WarehouseHarness> {
  let engine = await openClickhouseWarehouse({ ...location, clock });
  return {
    engine,
    reopen: async () => {
      await engine.close();
      engine = await openClickhouseWarehouse({ ...location, clock });
      return engine;
    },
    longestPauseMs,
    close: async () => {
      await engine.close();
      await end();
    },
  };
}

async function longestPauseMs(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 5);
  await work();
  clearInterval(beat);
  return longestMs;
}

describeWarehouseContract('chDB in this process', () => harness({ path }, async () => {}));

describeWarehouseContract(server ? 'a ClickHouse server' : 'HTTP', async () => {
  if (server) return harness({ url: server }, async () => {});
  const double = await serveChdb(path);
  return harness({ url: double.url }, async () => {
    await double.close();
    rmSync(path, { recursive: true, force: true });
  });
});
