import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueryLimits, Warehouse } from '../../ports/warehouse.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSystemClock } from '../system/clock.ts';
import { openClickhouseWarehouse } from './warehouse.ts';

const folder = makeTemporaryFolder();
const clock = createSystemClock();
const limits: QueryLimits = { timeoutMs: 60_000, maxRows: 100, maxMemoryBytes: 500_000_000 };
const slow = `SELECT sum(cityHash64(a, b)) AS n FROM (SELECT arrayJoin(range(300000)) AS a) AS x
  CROSS JOIN (SELECT arrayJoin(range(300000)) AS b) AS y`;
let warehouse: Warehouse;
const open = () => openClickhouseWarehouse({ path: folder.path, clock });

beforeAll(async () => {
  warehouse = await open();
  await warehouse.command('CREATE DATABASE adtally ENGINE = Atomic');
  await warehouse.command('CREATE TABLE adtally.sample (a Int32, b String) ENGINE = ReplacingMergeTree ORDER BY a');
}, 240_000);
afterAll(async () => {
  await warehouse.close();
  folder.remove();
});

const count = async () => (await warehouse.queryAsAnalyst('SELECT count() AS n FROM sample', limits)).rows;
const children = () =>
  execFileSync('pgrep', ['-P', String(process.pid), '-f', 'analyst-child'], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number);

describe("The process of analysts' queries", () => {
  it('ends without taking anything along: who asked is told to ask again, and the next question has an answer', async () => {
    expect(await count()).toEqual([{ n: '0' }]);
    const asked = warehouse.queryAsAnalyst(slow, limits);
    asked.catch(() => {});
    await clock.sleep(300);
    const pids = children();
    expect(pids).toHaveLength(1);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await expect(asked).rejects.toMatchObject({ code: 'WAREHOUSE_UNAVAILABLE' });
    await warehouse.insert('sample', ['a', 'b'], [[1, 'x']]);
    expect(await count()).toEqual([{ n: '1' }]);
  });

  it('sees rows that came since within seconds, and those that were merged', async () => {
    const [pid] = children();
    for (let a = 2; a <= 20; a++) await warehouse.insert('sample', ['a', 'b'], [[a, 'y']]);
    await warehouse.command('OPTIMIZE TABLE adtally.sample FINAL');
    await expect.poll(count, { timeout: 60_000, interval: 200 }).toEqual([{ n: '20' }]);
    expect(children()).toEqual([pid]);
  });

  it('writes nothing into the files that it reads, and is gone once the warehouse is closed', async () => {
    await warehouse.close();
    expect(() => children()).toThrow(/pgrep/);
    warehouse = await open();
    expect((await warehouse.query('SELECT count() AS n FROM adtally.sample')).rows).toEqual([{ n: '20' }]);
    expect((await warehouse.query('SELECT count() AS n FROM system.detached_parts')).rows).toEqual([{ n: '0' }]);
  });

  it('has no setting of the one that started it', async () => {
    await count();
    const [pid = 0] = children();
    expect(execFileSync('cat', [`/proc/${pid}/environ`], { encoding: 'utf8' })).not.toMatch(
      /KEY|SECRET|TOKEN|PASSWORD|HOME=/,
    );
  });
});
