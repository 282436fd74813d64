import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { readSettings } from '../config/settings.ts';
import { AdtallyError } from '../domain/errors.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import { startClickhouse, type TestServer } from '../test/clickhouse/clickhouse-server.ts';
import { emptyLog } from '../test/reporting/reporting-platform.ts';
import { append } from '../test/reporting/sample-log.ts';
import { scenario } from '../test/reporting/sample-scenario.ts';
import { openReporting } from './reporting.ts';

const clock = createSystemClock();
let server: TestServer;
beforeAll(async () => {
  server = await startClickhouse();
});
afterAll(() => server.remove());

const failures: unknown[] = [];
const open = async (change: (log: EventLog) => EventLog = (log) => log) => {
  const settings = readSettings({ WAREHOUSE_URL: server.url, WAREHOUSE_ANALYST_URL: server.analystUrl });
  const parts = { ...emptyLog(), settings, clock, disk: createSystemDisk() };
  await append(parts.log, parts.registry, scenario());
  const log = change(parts.log);
  return openReporting({ ...parts, log, onFailure: (error) => failures.push(error) });
};
const countRows = async (warehouse: Warehouse) => {
  const { rows } = await warehouse.query('SELECT count() AS n FROM adtally.sunk');
  return Number(rows[0]?.['n']);
};

describe('Reporting on a server that is away', () => {
  it('opens at once, and is filled when the server comes', async () => {
    await server.kill();
    const engine = await open();
    await expect(engine.warehouse.query('SELECT 1')).rejects.toMatchObject({ code: 'WAREHOUSE_UNAVAILABLE' });
    await server.start();
    expect(await engine.reporting(countRows)).toBe(scenario().length);
    expect(failures).toEqual([]);
    await engine.close();
  });

  it('closes without having been filled', async () => {
    await server.kill();
    const engine = await open();
    await engine.close();
    expect(failures).toEqual([]);
    await server.start();
  });

  it('closes while it waits for a server that has gone since', async () => {
    const engine = await open();
    await engine.reporting(async () => {});
    await server.kill();
    const startedMs = clock.now();
    await engine.close();
    expect(clock.now() - startedMs).toBeLessThan(60_000);
    expect(failures).toEqual([]);
    await server.start();
  });
});

describe('Reporting on a log that goes away while the two are compared', () => {
  it('waits for it, and ends nothing', async () => {
    let failing = 3;
    const engine = await open((log) => ({
      ...log,
      bounds: async (topic, shard) => {
        failing -= 1;
        if (failing >= 0) throw new AdtallyError('LOG_UNAVAILABLE', 'the broker was killed');
        return log.bounds(topic, shard);
      },
    }));
    expect(await engine.reporting(countRows)).toBe(scenario().length);
    expect(failing).toBeLessThan(0);
    expect(failures).toEqual([]);
    await engine.close();
  });
});
