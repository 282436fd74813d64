import { type ClickhouseLocation, openClickhouseWarehouse } from '../../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { WarehouseHarness } from '../../ports/warehouse.contract.ts';

/** A warehouse at a place, for the contract suite. `end` takes the place away. */
export async function warehouseHarness(
  location: ClickhouseLocation,
  end: () => void | Promise<void> = () => {},
): Promise<WarehouseHarness> {
  const clock = createSystemClock();
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
