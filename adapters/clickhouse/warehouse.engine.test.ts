import { describeWarehouseContract, type WarehouseHarness } from '../../ports/warehouse.contract.ts';
import { startClickhouse } from '../../test/clickhouse/clickhouse-server.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSystemClock } from '../system/clock.ts';
import { type ClickhouseLocation, openClickhouseWarehouse } from './warehouse.ts';

const clock = createSystemClock();

async function harness(
  location: ClickhouseLocation,
  end: () => void | Promise<void> = () => {},
): Promise<WarehouseHarness> {
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

describeWarehouseContract('chDB in this process', async () => {
  const folder = makeTemporaryFolder();
  return harness({ path: folder.path }, () => folder.remove());
});

describeWarehouseContract('the HTTP interface, over chDB in another process', async () => {
  const server = await startClickhouse();
  return harness({ url: server.url }, () => server.remove());
});

describeWarehouseContract('the HTTP interface, with analysts as a user of their own', async () => {
  const server = await startClickhouse();
  return harness({ url: server.url, analystUrl: server.analystUrl }, () => server.remove());
});
