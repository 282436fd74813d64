import { spawnSync } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Warehouse } from '../../ports/warehouse.ts';
import { startClickhouse, type TestServer } from '../../test/clickhouse/clickhouse-server.ts';
import { createSystemClock } from '../system/clock.ts';
import { openClickhouseWarehouse } from './warehouse.ts';

const clock = createSystemClock();
const limits = { timeoutMs: 60_000, maxRows: 100, maxMemoryBytes: 500_000_000 };
let server: TestServer;
let warehouse: Warehouse;
beforeAll(async () => {
  server = await startClickhouse();
  warehouse = await openClickhouseWarehouse({ url: server.url, analystUrl: server.analystUrl, clock });
  await warehouse.command('CREATE DATABASE adtally ENGINE = Atomic');
  await warehouse.command(`CREATE TABLE adtally.sample (a Int32) ENGINE = MergeTree ORDER BY a
    SETTINGS non_replicated_deduplication_window = 100`);
});
afterAll(async () => {
  await warehouse.close();
  await server.remove();
});

const rows = async (): Promise<readonly unknown[]> =>
  (await warehouse.query('SELECT a, count() AS n FROM adtally.sample GROUP BY a ORDER BY a')).rows;

describe('A warehouse on a server', () => {
  it('is opened while the server is away, says so as something that passes, and goes on when it is back', async () => {
    await warehouse.insert('sample', ['a'], [[1]]);
    await server.kill();
    const early = await openClickhouseWarehouse({ url: server.url, clock });
    const unavailable = { code: 'WAREHOUSE_UNAVAILABLE', retriable: true };
    for (const work of [
      () => early.query('SELECT 1'),
      () => warehouse.query('SELECT 1'),
      () => warehouse.command('SELECT 1'),
      () => warehouse.insert('sample', ['a'], [[2]]),
      () => warehouse.queryAsAnalyst('SELECT 1', limits),
      () => warehouse.syntaxTree('SELECT 1'),
    ]) {
      await expect(work()).rejects.toMatchObject(unavailable);
    }
    await server.start();
    await warehouse.insert('sample', ['a'], [[2]]);
    expect(await rows()).toEqual([
      { a: 1, n: '1' },
      { a: 2, n: '1' },
    ]);
    await expect(early.query('SELECT 1 AS n')).resolves.toMatchObject({ rows: [{ n: 1 }] });
    await early.close();
  });

  it('counts an insert once whose answer was lost and which is repeated under its name', async () => {
    await warehouse.command('TRUNCATE TABLE adtally.sample');
    const insert = () => warehouse.insert('sample', ['a'], [[7], [8]], 'batch 1');
    await server.loseAnswer();
    await expect(insert()).rejects.toMatchObject({ code: 'WAREHOUSE_UNAVAILABLE' });
    const once = [
      { a: 7, n: '1' },
      { a: 8, n: '1' },
    ];
    expect(await rows()).toEqual(once);
    await insert();
    await insert();
    expect(await rows()).toEqual(once);
  });

  it('takes rows again that were inserted before and lost since', async () => {
    await warehouse.command('TRUNCATE TABLE adtally.sample');
    for (let time = 0; time < 2; time++) {
      await warehouse.insert('sample', ['a'], [[9]]);
      expect(await rows()).toEqual([{ a: 9, n: '1' }]);
      await warehouse.command('DELETE FROM adtally.sample WHERE a = 9');
    }
  });

  it('gives up on a server that does not answer', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const timeouts = { insertMs: 200, queryMs: 200, commandMs: 200 };
    const waiting = await openClickhouseWarehouse({ url: `http://127.0.0.1:${port}`, clock, timeouts });
    const startedMs = clock.now();
    for (const work of [
      () => waiting.query('SELECT 1'),
      () => waiting.command('SELECT 1'),
      () => waiting.insert('sample', ['a'], [[1]]),
    ]) {
      await expect(work()).rejects.toMatchObject({ code: 'WAREHOUSE_UNAVAILABLE' });
    }
    expect(clock.now() - startedMs).toBeLessThan(20_000);
    await waiting.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('that does not know the user refuses for good, and no password is told', async () => {
    const url = server.url.replace('//', '//someone:tell-nobody@');
    const stranger = await openClickhouseWarehouse({ url, clock });
    const asked = stranger.query('SELECT 1');
    await expect(asked).rejects.toMatchObject({ code: 'WAREHOUSE_QUERY', retriable: false });
    await expect(asked).rejects.not.toMatchObject({ message: expect.stringContaining('tell-nobody') });
    await stranger.close();
  });

  it.skipIf(process.platform !== 'linux')('keeps the engine out of this process', () => {
    const program = `
      import { readFileSync } from 'node:fs';
      import { openClickhouseWarehouse } from ${JSON.stringify(new URL('warehouse.ts', import.meta.url).href)};
      import { createSystemClock } from ${JSON.stringify(new URL('../system/clock.ts', import.meta.url).href)};
      const warehouse = await openClickhouseWarehouse({ url: process.argv[1], clock: createSystemClock() });
      const { rows } = await warehouse.query('SELECT 42 AS n');
      await warehouse.close();
      process.stdout.write(rows[0].n + ' ' + readFileSync('/proc/self/maps', 'utf8').includes('chdb'));`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program, server.url], { encoding: 'utf8' });
    expect(run.stdout).toBe('42 false');
  });
});

describe("The analysts' user of dashboards/warehouse/access/sql/analyst.sql", () => {
  /** The same user, without the adapter's own limits: what anybody with its password can do. */
  let analyst: Warehouse;
  beforeAll(async () => {
    analyst = await openClickhouseWarehouse({ url: server.analystUrl, clock });
  });
  afterAll(() => analyst.close());
  const asked = async (sql: string, settings: Readonly<Record<string, string>> = {}) => {
    const { origin, username, password } = new URL(server.analystUrl);
    const search = new URLSearchParams({ database: 'adtally', default_format: 'TabSeparated', ...settings });
    const authorization = `Basic ${btoa(`${username}:${decodeURIComponent(password)}`)}`;
    const answer = await fetch(`${origin}/?${search.toString()}`, {
      method: 'POST',
      body: sql,
      headers: { authorization },
    });
    return { code: Number(answer.headers.get('x-clickhouse-exception-code')), text: await answer.text() };
  };

  it.each([
    'INSERT INTO adtally.sample VALUES (1)',
    'INSERT INTO adtally.sample SELECT 1',
    'CREATE TABLE adtally.mine (a Int8) ENGINE = Memory',
    'ALTER TABLE adtally.sample DELETE WHERE 1',
    'DELETE FROM adtally.sample WHERE 1',
    'TRUNCATE TABLE adtally.sample',
    'OPTIMIZE TABLE adtally.sample FINAL',
    'DROP TABLE adtally.sample',
    'DROP DATABASE adtally',
    'SET readonly = 0',
  ])('can change nothing: %s', async (sql) => {
    await warehouse.command('TRUNCATE TABLE adtally.sample');
    await warehouse.insert('sample', ['a'], [[5]]);
    expect((await asked(sql)).code).toBeGreaterThan(0);
    expect(await rows()).toEqual([{ a: 5, n: '1' }]);
  });

  it.each([
    ['readonly', '0'],
    ['readonly', '1'],
    ['allow_ddl', '1'],
    ['max_execution_time', '600'],
    ['max_memory_usage', '64000000000'],
    ['max_result_rows', '1000000000'],
    ['result_overflow_mode', 'break'],
  ])('can not set %s to %s', async (name, value) => {
    expect((await asked('SELECT 1', { [name]: value })).code).toBeGreaterThan(0);
  });

  it('may ask for less', async () => {
    expect(await asked('SELECT 1', { max_execution_time: '5', max_threads: '1' })).toEqual({ code: 0, text: '1\n' });
  });

  it('is stopped at the limits of its profile', async () => {
    expect((await asked('SELECT number FROM numbers(10001)')).code).toBe(396);
    // At once, before it could reach the limit of its time.
    const hungry = 'SELECT length(groupArray(repeat(toString(number), 100000))) FROM numbers(10000)';
    expect((await asked(hungry)).code).toBe(241);
  });

  it('reads rows as merged', async () => {
    await warehouse.command(
      'CREATE OR REPLACE TABLE adtally.copies (a Int32) ENGINE = ReplacingMergeTree ORDER BY a SETTINGS merge_selecting_sleep_ms = 60000',
    );
    for (let time = 0; time < 2; time++) await warehouse.insert('copies', ['a'], [[1]]);
    expect((await asked('SELECT count() FROM copies')).text).toBe('1\n');
  });
});
