import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openClickhouseWarehouse } from '../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import { admitQuery, analystLimits, runAnalystQuery } from './sql-gate.ts';
import { prepareWarehouse, readDefinitions } from './warehouse/prepare.ts';

const path = mkdtempSync(join(tmpdir(), 'adtally-gate-'));
let warehouse: Warehouse;

beforeAll(async () => {
  warehouse = await openClickhouseWarehouse({ path, clock: createSystemClock() });
  await prepareWarehouse(warehouse, await readDefinitions(createSystemDisk(), `${import.meta.dirname}/warehouse`));
});
afterAll(async () => {
  await warehouse.close();
  rmSync(path, { recursive: true, force: true });
});

/** Attempt → what the refusal must name. */
const attempts: readonly (readonly [sql: string, named: RegExp])[] = [
  ["SELECT * FROM file('/etc/passwd', 'LineAsString')", /function file/],
  ["SELECT file('/etc/passwd')", /function file/],
  ["SELECT `file`('/etc/passwd')", /function file/],
  ['SELECT "file"(\'/etc/passwd\')', /function file/],
  ["SELECT * FROM\tfile/* */('x')", /function file/],
  ["SELECT FiLe('x')", /function FiLe/],
  ["SELECT * FROM url('http://127.0.0.1/', 'CSV')", /function url/],
  ["SELECT * FROM s3('https://bucket/x', 'CSV')", /function s3/],
  ["SELECT * FROM remote('127.0.0.1', system.one)", /function remote/],
  ["SELECT * FROM remoteSecure('127.0.0.1', system.one)", /function remoteSecure/],
  ["SELECT * FROM executable('id', 'TSV', 'x String')", /function executable/],
  ["SELECT * FROM mysql('127.0.0.1:3306', 'd', 't', 'u', 'p')", /function mysql/],
  ["SELECT * FROM postgresql('127.0.0.1:5432', 'd', 't', 'u', 'p')", /function postgresql/],
  ["SELECT * FROM sqlite('x.db', 't')", /function sqlite/],
  ["SELECT * FROM merge('system', '.*')", /function merge/],
  ["SELECT * FROM cluster('default', system.one)", /function cluster/],
  ["SELECT * FROM input('x String')", /function input/],
  ['SELECT * FROM numbers(10)', /function numbers/],
  ["SELECT * FROM values('x String', 'a')", /function values/],
  ['SELECT * FROM view(SELECT 1)', /function view/],
  ["SELECT * FROM dictionary('d')", /function dictionary/],
  ["SELECT dictGet('d', 'x', 1)", /function dictGet/],
  ["SELECT joinGet('adtally.x', 'y', 1)", /function joinGet/],
  ['SELECT sleep(3)', /function sleep/],
  ['SELECT sleepEachRow(1) FROM clicks', /function sleepEachRow/],
  ["SELECT throwIf(1, 'x')", /function throwIf/],
  ["SELECT getSetting('max_threads')", /function getSetting/],
  ['SELECT currentUser(), hostName()', /function currentUser/],
  ["SELECT evalMLMethod('m', 1)", /function evalMLMethod/],
  ["SELECT filesystemAvailable('default')", /function filesystemAvailable/],
  ["SELECT hasColumnInTable('system', 'one', 'dummy')", /function hasColumnInTable/],
  ['SELECT * FROM system.tables', /system\.tables/],
  ['SELECT * FROM `system`.`query_log`', /system\.query_log/],
  ['SELECT * FROM SYSTEM . tables', /SYSTEM\.tables/i],
  ['SELECT * FROM information_schema.tables', /information_schema\.tables/],
  ['SELECT * FROM default.x', /default\.x/],
  ['SELECT 1 IN system.one', /system\.one/],
  ['SELECT 1 WHERE 1 GLOBAL NOT IN system.one', /system\.one/],
  ['WITH system.one AS t SELECT 1 IN t', /system\.one/],
  ['SELECT * FROM clicks, system.one', /system\.one/],
  ['SELECT * FROM clicks JOIN system.one ON 1 = 1', /system\.one/],
  ['SELECT (SELECT count() FROM system.tables)', /system\.tables/],
  ['SELECT 1 UNION ALL SELECT dummy FROM system.one', /system\.one/],
  ['SELECT 1 INTERSECT SELECT dummy FROM system.one', /system\.one/],
  ['WITH x AS (SELECT * FROM system.one) SELECT * FROM x', /system\.one/],
  ['SELECT exists(SELECT 1 FROM system.one)', /system\.one/],
  ["SELECT 1 INTO OUTFILE '/tmp/x'", /INTO/],
  ["(SELECT 1 INTO OUTFILE '/tmp/x')", /INTO/],
  ["SELECT 1 /**/INTO/**/ OUTFILE '/tmp/x' TRUNCATE", /INTO/],
  ['SELECT 1 FORMAT CSV', /FORMAT CSV/],
  ['SELECT * FROM (SELECT 1 FORMAT CSV)', /FORMAT CSV/],
  ['SELECT 1 SETTINGS readonly = 0', /SETTINGS/],
  ['SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)', /SETTINGS/],
  ['SELECT 1; DROP TABLE adtally.ad_selected', /second statement/],
  ['SELECT 1) ; (SELECT 2', /closes nothing/],
  ['SELECT 1) UNION ALL SELECT * FROM (SELECT 2', /closes nothing/],
  ['SELECT (1', /not closed/],
  ['DROP TABLE adtally.ad_selected', /DROP/],
  ['INSERT INTO adtally.unreadable SELECT 1', /INSERT/],
  ['WITH 1 AS x INSERT INTO adtally.unreadable SELECT x', /INTO/],
  ['ALTER TABLE adtally.ad_selected DELETE WHERE 1', /ALTER/],
  ['EXPLAIN SELECT 1', /EXPLAIN/],
  ['(EXPLAIN SELECT 1)', /EXPLAIN/],
  ['SELECT * FROM (EXPLAIN AST SELECT 1)', /viewExplain/],
  ['SHOW TABLES', /SHOW/],
  ['SET readonly = 0', /SET/],
  ['SYSTEM SHUTDOWN', /SYSTEM/],
  ["ATTACH TABLE x FROM '/tmp'", /ATTACH/],
  ['CREATE TABLE x (a Int8) ENGINE = Memory', /CREATE/],
  ['FROM system.one SELECT *', /FROM/],
  ['SELECT * APPLY(file) FROM clicks', /APPLY/],
  ['SELECT * APPLY file FROM clicks', /APPLY/],
  ["SELECT * APPLY(x -> file('a')) FROM clicks", /APPLY/],
  ["SELECT * REPLACE(file('a') AS key_id) FROM clicks", /function file/],
  ["SELECT count() OVER (PARTITION BY file('a')) FROM clicks", /function file/],
  ["SELECT 1 ORDER BY 1 WITH FILL INTERPOLATE (x AS file('a'))", /function file/],
  ["SELECT arrayMap(x -> file('a'), [1])", /function file/],
  ["SELECT quantile(file('a'))(1)", /function file/],
  ["SELECT 1 QUALIFY file('a') = 1", /function file/],
  ["SELECT 1 LIMIT toUInt8(file('a'))", /function file/],
  ['SELECT {x:String}', /\{x/],
  ['SELECT ?', /\?/],
  ['SELECT @@version', /@@/],
  ['SELECT $$x$$', /\$\$/],
  ['SELECT 1 # x\n, file(2)', /#/],
  ['SELECT ‘x’', /‘/],
  ['SELECT\u00a01', /SELECT|\u00a0/],
  ["SELECT 'x", /'x/],
  ['SELECT 1 /* x', /\/|\*/],
  ["SELECT 'a'' , ''' || file('b')", /function file/],
  ["SELECT '--', file('x') --'", /function file/],
  ['SELECT `a\nFunction count` FROM clicks', /`/],
  ['', /empty/],
  ['-- nothing', /empty/],
  ['SELECT', /parse/],
  [`SELECT ${'('.repeat(300)}1${')'.repeat(300)}`, /parse|refused/],
  [`SELECT '${'x'.repeat(20_001)}'`, /longer/],
];

describe('The gate refuses', () => {
  test.each(attempts)('%s', async (sql, named) => {
    const outcome = admitQuery(warehouse, sql);
    await expect(outcome).rejects.toMatchObject({ code: 'SQL_REFUSED', status: 400 });
    await expect(outcome).rejects.toThrow(named);
  });
});

/** Statement → line:column that its error points at, and what stands there. */
const faults: readonly (readonly [sql: string, place: string, there: string])[] = [
  ["SELECT 1,\n  file('x')", '2:3', 'file'],
  ['SELECT count() -- grüße (\nFROM clicks\n  SETTINGS readonly = 0', '3:3', 'SETTINGS'],
  ["/* grüße */ SELECT 'ü', count() FROM clicks WHERE AND 1", '1:55', '1'],
  ['SELECT (1 + (2', '1:13', '(2'],
  ['SELECT *\nFROM system.tables', '2:13', 'tables'],
  ['SELECT 1; SELECT 2', '1:9', ';'],
  ['SELECT 1 AS a,\n\n nonsense FROM clicks', '3:2', 'nonsense'],
  ['SELECT a.nope FROM clicks AS a', '1:10', 'nope'],
  ['SELECT 1 FROM nowhere', '1:15', 'nowhere'],
  ['SELECT @@version', '1:8', '@@'],
];

describe('An error points', () => {
  test.each(faults)('%s: at %s, %s', async (sql, place, there) => {
    const error = await runAnalystQuery(warehouse, sql).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ path: `sql:${place}` });
    const [line, caret] = (error as Error).message.split('\n').slice(-2);
    expect(line?.slice(caret?.indexOf('^'))).toMatch(new RegExp(`^${there.replaceAll(/[()@]/g, String.raw`\$&`)}`));
  });
});

/** Ordinary questions, each of which also runs. */
const questions: readonly string[] = [
  'SELECT count() FROM selections',
  'SELECT count(*) FROM adtally.ad_selected;',
  'select campaign_id, sum(price_micros) from adtally.charges group by campaign_id order by 2 desc limit 10',
  'WITH x AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT a, a IN (SELECT a FROM x) FROM x ORDER BY a -- done',
  'SELECT hour, n FROM (SELECT toStartOfHour(selected_at) AS hour, count() AS n FROM selections GROUP BY hour) ORDER BY hour WITH FILL',
  "SELECT s.selection_id FROM selections AS s LEFT JOIN impressions AS i USING selection_id WHERE i.selection_id = '' AND s.test = 0",
  "SELECT countIf(kind = 'certify'), sumIf(amount_micros, truth = 'final'), quantilesExact(0.5, 0.99)(amount_micros) FROM entries",
  'SELECT stage.stage, avg(stage.took_us) FROM ad_selected ARRAY JOIN stages AS stage GROUP BY 1',
  "SELECT context_key_values['pos'], context_sizes[1], CAST(price_micros AS Decimal(18, 2)), price_micros::Float64 / 1e6 FROM selections",
  'SELECT campaign_id, row_number() OVER (PARTITION BY campaign_id ORDER BY selected_at) FROM selections QUALIFY 1',
  "SELECT count() FROM selections_between(from = '2026-01-01 00:00:00', to = '2026-02-01 00:00:00')",
  "SELECT * EXCEPT (topic, shard) FROM adtally.clicks WHERE campaign_id IN ('cmp_a', 'cmp_b') AND network LIKE '192.%'",
  "SELECT CASE WHEN tier = 'premium' THEN 1 ELSE 0 END AS \"is premium\", 'it''s; -- not /* a comment', 'line\nbreak' FROM selections",
  "SELECT dateDiff('minute', selected_at, received_at), toDate(selected_at) + INTERVAL 1 DAY FROM impressions LIMIT 5 OFFSET 1",
  'SELECT arrayMap(x -> x.took_us * 2, stages), arrayCount(x -> x.took_us > x.share_us, stages) FROM selections',
  '(SELECT 1 AS n) UNION ALL (SELECT 2) EXCEPT SELECT 2',
  'SELECT context_format AS format, count() FROM selections GROUP BY format ORDER BY format DESC',
  "SELECT JSONExtractString(targeting, 'hours') FROM line_item_published",
];

describe('The gate lets through', () => {
  test.each(questions)('%s', async (sql) => {
    await expect(runAnalystQuery(warehouse, sql)).resolves.toBeDefined();
  });

  test('a query without its comments, and otherwise as it was written', async () => {
    const body = await admitQuery(warehouse, "SELECT 1 /* a */ + 2, '-- b' -- c\n ;");
    expect(body.replaceAll(/\s+/g, ' ')).toBe("SELECT 1 + 2, '-- b'");
  });

  test('a text that looks like an escape from a text, as the text that it is to the engine', async () => {
    const { rows } = await runAnalystQuery(warehouse, "SELECT 'a\\' , file(\\'x' AS text");
    expect(rows).toEqual([{ text: "a' , file('x" }]);
  });

  test('an order that the analyst asked for, and types and names of columns', async () => {
    const { columns, rows } = await runAnalystQuery(
      warehouse,
      'SELECT arrayJoin([2, 3, 1]) AS n, toInt64(5) AS five ORDER BY n DESC',
    );
    expect(columns.map(({ name }) => name)).toEqual(['n', 'five']);
    expect(rows.map((row) => [row['n'], row['five']])).toEqual([3, 2, 1].map((n) => [n, '5']));
  });
});

describe('What got through runs within limits', () => {
  const heavy =
    'SELECT sum(length(SHA256(toString(a.1 + b.1 * c.1)))) FROM (SELECT arrayJoin(range(100000)) AS n, tuple(n) AS a) AS x';

  test('of time', async () => {
    const sql = `${heavy} CROSS JOIN (SELECT tuple(arrayJoin(range(100000))) AS b) AS y CROSS JOIN (SELECT tuple(arrayJoin(range(1000))) AS c) AS z`;
    await expect(runAnalystQuery(warehouse, sql, { ...analystLimits, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
    });
  });

  test('of memory', async () => {
    const sql = 'SELECT length(groupArray(toString(n))) FROM (SELECT arrayJoin(range(10000000)) AS n)';
    await expect(
      runAnalystQuery(warehouse, sql, { ...analystLimits, maxMemoryBytes: 50_000_000 }),
    ).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
    });
  });

  test('of rows', async () => {
    const sql = 'SELECT arrayJoin(range(11)) AS n';
    await expect(runAnalystQuery(warehouse, sql, { ...analystLimits, maxRows: 10 })).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
    });
  });

  test('and an unknown column is the analyst’s error', async () => {
    await expect(runAnalystQuery(warehouse, 'SELECT nonsense FROM clicks')).rejects.toMatchObject({
      code: 'WAREHOUSE_QUERY',
    });
  });
});
