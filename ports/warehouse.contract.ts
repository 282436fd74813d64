import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cell, QueryLimits, Warehouse } from './warehouse.ts';

export interface WarehouseHarness {
  readonly engine: Warehouse;
  /** Closes and opens again. */
  reopen(): Promise<Warehouse>;
  /** Longest time for which the event loop stood still while some work was under way. */
  longestPauseMs(work: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

const limits: QueryLimits = { timeoutMs: 60_000, maxRows: 100, maxMemoryBytes: 500_000_000 };
const columns = ['shard', 'offset', 'name', 'at', 'price_micros', 'maybe', 'sizes', 'stages', 'pairs', 'test'];
const table = `CREATE TABLE adtally.sample (
  shard Int32, offset Int64, name String, at DateTime64(3), price_micros Int64, maybe Nullable(Int64), sizes Array(String),
  stages Array(Tuple(stage String, took_us Int32)), pairs Map(String, String), test Bool
) ENGINE = ReplacingMergeTree ORDER BY (shard, offset)`;

function row(offset: number, name = 'x'): Cell[] {
  return [
    1,
    offset,
    name,
    '2026-01-02 03:04:05.678',
    9_000_000_000_000_000,
    null,
    ['a', 'b'],
    [{ stage: 's', took_us: 5 }],
    { k: 'v' },
    true,
  ];
}

/** A query that runs for seconds unless it is stopped; it takes no memory. */
const slow = `SELECT sum(cityHash64(a, b)) AS n FROM (SELECT arrayJoin(range(300000)) AS a) AS x
  CROSS JOIN (SELECT arrayJoin(range(300000)) AS b) AS y`;

/** The promises of the Warehouse port, for one engine. */
export function describeWarehouseContract(name: string, open: () => Promise<WarehouseHarness>): void {
  describe(`Warehouse on ${name}`, () => {
    let harness: WarehouseHarness;
    let warehouse: Warehouse;
    beforeAll(async () => {
      harness = await open();
      warehouse = harness.engine;
      await warehouse.command('CREATE DATABASE IF NOT EXISTS adtally ENGINE = Atomic');
    });
    afterAll(() => harness.close());
    beforeEach(async () => {
      await warehouse.command('DROP TABLE IF EXISTS adtally.sample SYNC');
      await warehouse.command(table);
    });
    const first = async (sql: string, parameters?: Readonly<Record<string, string | number>>) =>
      (await warehouse.query(sql, parameters)).rows[0];

    describe('rows', () => {
      it('come back as they were inserted, integers of 64 bits as decimal strings and times in UTC', async () => {
        await warehouse.insert('sample', columns, [row(0)]);
        expect(await first('SELECT * FROM adtally.sample')).toEqual({
          shard: 1,
          offset: '0',
          name: 'x',
          at: '2026-01-02T03:04:05.678Z',
          price_micros: '9000000000000000',
          maybe: null,
          sizes: ['a', 'b'],
          stages: [{ stage: 's', took_us: 5 }],
          pairs: { k: 'v' },
          test: true,
        });
      });

      it('keep every text, whatever is in it', async () => {
        const texts = [
          "it's",
          '"',
          '\\',
          '\\n',
          'a\nb\tc\r',
          '🚲 zürich',
          '',
          "'; DROP TABLE adtally.sample; --",
          '\u0000x',
        ];
        await warehouse.insert(
          'sample',
          columns,
          texts.map((text, offset) => row(offset, text)),
        );
        const { rows } = await warehouse.query('SELECT name FROM adtally.sample ORDER BY offset');
        expect(rows.map((found) => found['name'])).toEqual(texts);
      });

      it('are seen by every query that starts after the insert resolved', async () => {
        for (let offset = 0; offset < 5; offset++) {
          await warehouse.insert('sample', columns, [row(offset)]);
          expect(await first('SELECT count() AS n FROM adtally.sample')).toEqual({ n: String(offset + 1) });
        }
      });

      it('are still there after closing and opening', async () => {
        await warehouse.insert('sample', columns, [row(0), row(1)]);
        warehouse = await harness.reopen();
        expect(await first('SELECT count() AS n FROM adtally.sample')).toEqual({ n: '2' });
      });

      it('that equal others are rows of their own: only a name makes an insert a repetition', async () => {
        await warehouse.command(`CREATE OR REPLACE TABLE adtally.named (a Int32) ENGINE = MergeTree ORDER BY a
          SETTINGS non_replicated_deduplication_window = 10`);
        for (const name of [undefined, undefined, 'a', 'b']) await warehouse.insert('named', ['a'], [[1]], name);
        expect(await first('SELECT count() AS n FROM adtally.named')).toEqual({ n: '4' });
      });

      it('of an empty insert are none', async () => {
        await warehouse.insert('sample', columns, []);
        expect(await first('SELECT count() AS n FROM adtally.sample')).toEqual({ n: '0' });
      });

      it('sum beyond 64 bits without loss', async () => {
        const sum = await first("SELECT sum(toInt128('9000000000000000000') + number - number) AS n FROM numbers(10)");
        expect(sum).toEqual({ n: '90000000000000000000' });
      });
    });

    describe('parameters', () => {
      it('are values, never SQL', async () => {
        const text = "x' OR 1=1 -- \\ \n \t {a:String} ü";
        expect(await first('SELECT {text:String} AS text, {n:UInt32} AS n', { text, n: 7 })).toEqual({ text, n: 7 });
      });

      it('carry times to the millisecond', async () => {
        const asked = first('SELECT {at:DateTime64(3)} AS at', { at: '2026-01-02 03:04:05.678' });
        expect(await asked).toEqual({ at: '2026-01-02T03:04:05.678Z' });
      });

      it('of queries at the same time stay apart', async () => {
        const asked = Array.from({ length: 20 }, (_, n) =>
          first('SELECT {n:UInt32} AS n, {t:String} AS t', { n, t: `t${n}` }),
        );
        expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, (_, n) => ({ n, t: `t${n}` })));
      });
    });

    describe('an analyst', () => {
      it('looks names up in adtally and reads rows as merged', async () => {
        await warehouse.insert('sample', columns, [row(0), row(1)]);
        await warehouse.insert('sample', columns, [row(1)]);
        const { columns: found, rows } = await warehouse.queryAsAnalyst('SELECT count() AS n FROM sample', limits);
        expect(found).toEqual([{ name: 'n', type: 'UInt64' }]);
        expect(rows).toEqual([{ n: '2' }]);
      });

      it.each([
        'CREATE TABLE adtally.mine (a Int8) ENGINE = Memory',
        'DROP TABLE adtally.sample',
        'INSERT INTO adtally.sample (shard) SELECT 1',
        'SET max_threads = 1',
        'TRUNCATE TABLE adtally.sample',
      ])('can change nothing: %s', async (sql) => {
        await warehouse.insert('sample', columns, [row(0)]);
        await expect(warehouse.queryAsAnalyst(sql, limits)).rejects.toMatchObject({ code: 'WAREHOUSE_QUERY' });
        expect(await first('SELECT count() AS n FROM adtally.sample')).toEqual({ n: '1' });
      });

      it('leaves nothing behind that keeps others from writing', async () => {
        await warehouse.queryAsAnalyst('SELECT 1', limits);
        await warehouse.insert('sample', columns, [row(0)]);
        await warehouse.command('TRUNCATE TABLE adtally.sample');
        expect(await first('SELECT count() AS n FROM adtally.sample')).toEqual({ n: '0' });
      });

      it('is stopped at the limit of time', async () => {
        const asked = warehouse.queryAsAnalyst(slow, { ...limits, timeoutMs: 300 });
        await expect(asked).rejects.toMatchObject({ code: 'QUERY_LIMIT' });
      });

      it('is stopped at the limit of memory', async () => {
        const sql = 'SELECT length(groupArray(toString(number))) AS n FROM numbers(10000000)';
        const asked = warehouse.queryAsAnalyst(sql, { ...limits, maxMemoryBytes: 50_000_000 });
        await expect(asked).rejects.toMatchObject({ code: 'QUERY_LIMIT' });
      });

      it('gets as many rows as allowed, and an error beyond', async () => {
        const { rows } = await warehouse.queryAsAnalyst('SELECT number FROM numbers(100)', limits);
        expect(rows).toHaveLength(100);
        for (const count of [101, 100_000]) {
          const asked = warehouse.queryAsAnalyst(`SELECT number FROM numbers(${count})`, limits);
          await expect(asked).rejects.toMatchObject({ code: 'QUERY_LIMIT' });
        }
      });

      it('waits for others, and is turned away when too many wait', async () => {
        const asked = Array.from({ length: 20 }, () =>
          warehouse.queryAsAnalyst('SELECT count() AS n FROM numbers(1000000)', limits),
        );
        const outcomes = await Promise.allSettled(asked);
        const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'answered'));
        expect(new Set(codes)).toEqual(new Set(['answered', 'TOO_MANY_REQUESTS']));
        expect(codes.filter((code) => code === 'answered').length).toBeGreaterThanOrEqual(4);
        await expect(warehouse.queryAsAnalyst('SELECT 1 AS n', limits)).resolves.toMatchObject({ rows: [{ n: 1 }] });
      });
    });

    it('does not let an insert wait for a query', async () => {
      const states: string[] = [];
      // On a busy machine the insert itself may take seconds.
      for (const timeoutMs of [3_000, 12_000, 48_000]) {
        const running = warehouse.queryAsAnalyst(slow, { ...limits, timeoutMs });
        const asked = running.then(
          () => 'ended',
          () => 'ended',
        );
        await warehouse.insert('sample', columns, [row(states.length)]);
        expect(await first('SELECT count() AS n FROM adtally.sample')).toEqual({ n: String(states.length + 1) });
        states.push(await Promise.race([asked, Promise.resolve('runs')]));
        await asked;
        if (states.includes('runs')) break;
      }
      expect(states).toContain('runs');
    });

    it('keeps the event loop free while it works', async () => {
      // One that it holds up is held up every time; a busy machine may hold it up now and then.
      const pause = () => harness.longestPauseMs(() => warehouse.query('SELECT sleep(3) AS n'));
      await expect.poll(pause, { timeout: 60_000 }).toBeLessThan(1500);
    });

    describe('a syntax tree', () => {
      it('shows what is called and read, and runs nothing', async () => {
        const tree = await warehouse.syntaxTree("SELECT throwIf(1) FROM file('nowhere') WHERE 1 IN system.one");
        const nodes = tree.map((line) => line.trim());
        expect(nodes).toContain('Function throwIf (children 1)');
        expect(nodes).toContain('Function file (children 1)');
        expect(nodes).toContain('Identifier system.one');
      });

      it('is an error for what does not parse', async () => {
        await expect(warehouse.syntaxTree('SELECT (1')).rejects.toMatchObject({ code: 'WAREHOUSE_QUERY' });
      });
    });

    describe('errors', () => {
      it('leave nothing in the results of later queries', async () => {
        const failing = 'SELECT number, throwIf(number = 100000) AS x FROM numbers(200000)';
        const asked = Array.from({ length: 8 }, async (_, n) => {
          await expect(warehouse.query(failing)).rejects.toMatchObject({ code: 'WAREHOUSE_QUERY' });
          return (await warehouse.query(`SELECT ${n} AS n`)).rows;
        });
        expect(await Promise.all(asked)).toEqual(Array.from({ length: 8 }, (_, n) => [{ n }]));
      });

      it('say what the engine said, without paths of the machine', async () => {
        await expect(warehouse.query('SELECT nonsense FROM adtally.sample')).rejects.toMatchObject({
          code: 'WAREHOUSE_QUERY',
          message: expect.stringContaining('nonsense'),
        });
        const asked = warehouse.query("SELECT * FROM file('/no/such/file.csv', 'CSV', 'a String')");
        await expect(asked).rejects.toMatchObject({ code: 'WAREHOUSE_QUERY' });
        await expect(asked).rejects.not.toMatchObject({ message: expect.stringContaining('/no/such') });
      });

      it('of an unknown table reject the insert and leave the warehouse in order', async () => {
        await expect(warehouse.insert('nowhere', ['a'], [[1]])).rejects.toMatchObject({ code: 'WAREHOUSE_QUERY' });
        await expect(warehouse.command('DROP TABLE adtally.nowhere')).rejects.toMatchObject({
          code: 'WAREHOUSE_QUERY',
        });
        await warehouse.insert('sample', columns, [row(0)]);
      });
    });
  });
}
