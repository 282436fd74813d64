import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openClickhouseWarehouse } from '../../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemDisk } from '../../adapters/system/disk.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { type Migration, migrate, statements } from './migrations.ts';
import { prepareWarehouse, readDefinitions } from './prepare.ts';

const folder = makeTemporaryFolder();
const definitions = await readDefinitions(createSystemDisk(), import.meta.dirname);
const all = definitions.migrations.map(({ version }) => version);
let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openClickhouseWarehouse({ path: folder.path, clock: createSystemClock() });
});
afterAll(async () => {
  await warehouse.close();
  folder.remove();
});
beforeEach(() => warehouse.command('DROP DATABASE IF EXISTS adtally SYNC'));

const names = async (sql: string) => (await warehouse.query(sql)).rows.map((row) => Object.values(row).join(' '));
/** Tables that hold no records of the log. */
const made = "'migrations', 'hours', 'tally_minutes', 'tally_hours', 'sink_delays'";
/** What makes tables what they are, but for comments. */
async function shape(): Promise<readonly string[]> {
  const tables = `SELECT name, engine, partition_key, sorting_key, engine_full FROM system.tables
    WHERE database = 'adtally' AND engine LIKE '%MergeTree' AND name NOT IN (${made}) ORDER BY name`;
  const columns = `SELECT table, name, type, compression_codec, default_expression FROM system.columns
    WHERE database = 'adtally' AND table IN (SELECT name FROM system.tables WHERE database = 'adtally' AND engine LIKE '%MergeTree' AND name NOT IN (${made}))
    ORDER BY table, name`;
  const indexes = `SELECT table, name, type_full, expr, granularity FROM system.data_skipping_indices WHERE database = 'adtally' ORDER BY table, name`;
  return [...(await names(tables)), ...(await names(columns)), ...(await names(indexes))];
}
const migration = (version: number, fingerprint: string, ...lines: string[]): Migration => ({
  version,
  name: `step-${version}`,
  statements: lines,
  fingerprint,
});
const first = migration(1, 'a', 'CREATE TABLE IF NOT EXISTS adtally.one (a Int32) ENGINE = MergeTree ORDER BY a');
const second = migration(2, 'b', 'ALTER TABLE adtally.one ADD COLUMN IF NOT EXISTS b Int32 CODEC(ZSTD(1))');

describe('The migrations of the warehouse', () => {
  it('lead to the tables that the schemas ask for', async () => {
    await prepareWarehouse(warehouse, definitions);
    const reached = await shape();
    const run = spawnSync(
      process.execPath,
      [join(import.meta.dirname, '../../scripts/generate-warehouse.ts'), '--tables'],
      { encoding: 'utf8' },
    );
    await warehouse.command('DROP DATABASE adtally SYNC');
    await warehouse.command('CREATE DATABASE adtally ENGINE = Atomic');
    for (const statement of statements(run.stdout)) await warehouse.command(statement);
    // If this differs: add a migration of `ALTER TABLE … ADD COLUMN IF NOT EXISTS …` lines, never change an old one.
    expect(reached).toEqual(await shape());
    expect(reached.length).toBeGreaterThan(500);
  });

  it('are applied once, and the tables remember which', async () => {
    expect(await prepareWarehouse(warehouse, definitions)).toEqual(all);
    expect(await prepareWarehouse(warehouse, definitions)).toEqual([]);
    const { rows } = await warehouse.query('SELECT version, name FROM adtally.migrations ORDER BY version');
    expect(rows).toEqual(definitions.migrations.map(({ version, name }) => ({ version, name })));
  });

  it('keep the rows that are there', async () => {
    await warehouse.command('CREATE DATABASE adtally ENGINE = Atomic');
    expect(await migrate(warehouse, [first])).toEqual([1]);
    await warehouse.insert('one', ['a'], [[7]]);
    expect(await migrate(warehouse, [first, second])).toEqual([2]);
    expect((await warehouse.query('SELECT * FROM adtally.one')).rows).toEqual([{ a: 7, b: 0 }]);
  });

  it('that were cut short are run again', async () => {
    await warehouse.command('CREATE DATABASE adtally ENGINE = Atomic');
    const broken = { ...second, statements: [...second.statements, 'SELECT nonsense'] };
    await expect(migrate(warehouse, [first, broken])).rejects.toMatchObject({ code: 'WAREHOUSE_QUERY' });
    expect(await migrate(warehouse, [first, second])).toEqual([2]);
  });

  it('are refused if the warehouse has gone further, or another way, and nothing is touched', async () => {
    await warehouse.command('CREATE DATABASE adtally ENGINE = Atomic');
    await migrate(warehouse, [first, second]);
    await warehouse.insert('one', ['a', 'b'], [[7, 8]]);
    for (const others of [[first], [first, { ...second, fingerprint: 'c' }]]) {
      await expect(migrate(warehouse, others)).rejects.toMatchObject({ code: 'WAREHOUSE_VERSION' });
    }
    expect((await warehouse.query('SELECT * FROM adtally.one')).rows).toEqual([{ a: 7, b: 8 }]);
  });
});

describe('A warehouse', () => {
  it('from before there were migrations is made anew', async () => {
    await warehouse.command('CREATE DATABASE adtally ENGINE = Atomic');
    await warehouse.command(
      'CREATE TABLE adtally.made_from (fingerprint String) ENGINE = MergeTree ORDER BY fingerprint',
    );
    await warehouse.command('CREATE TABLE adtally.ad_selected (a Int32) ENGINE = MergeTree ORDER BY a');
    expect(await prepareWarehouse(warehouse, definitions)).toEqual(all);
    expect(await names("SELECT count() FROM system.tables WHERE database = 'adtally' AND name = 'made_from'")).toEqual([
      '0',
    ]);
  });

  it('gets its views again when they change, and only then', async () => {
    const views = async () =>
      names("SELECT metadata_modification_time FROM system.tables WHERE database = 'adtally' AND name = 'clicks'");
    await prepareWarehouse(warehouse, definitions);
    const before = await views();
    await prepareWarehouse(warehouse, definitions);
    expect(await views()).toEqual(before);
    const changed = {
      ...definitions,
      views: `${definitions.views}\nCREATE OR REPLACE VIEW adtally.clicks AS SELECT 1 AS changed;\n`,
    };
    await prepareWarehouse(warehouse, changed);
    expect(await names('SELECT changed FROM adtally.clicks')).toEqual(['1']);
  });

  it('forgets by table what it is told to forget, and keeps again what it is told to keep', async () => {
    const lives = async () =>
      names(
        "SELECT name FROM system.tables WHERE database = 'adtally' AND engine_full LIKE '% TTL %' AND name != 'sink_delays' ORDER BY name",
      );
    const keepMs = new Map([['ad_selected', 86_400_000]]);
    await prepareWarehouse(warehouse, definitions, { keepMs, rememberedInserts: 0 });
    expect(await lives()).toEqual(['ad_selected']);
    const columns = ['topic', 'shard', 'offset', 'appended_at'];
    const old = ['selected', 0, 0, '2020-01-01 00:00:00.000'];
    const young = ['selected', 0, 1, new Date(createSystemClock().now()).toISOString().slice(0, 23).replace('T', ' ')];
    await warehouse.insert('ad_selected', columns, [old, young]);
    await warehouse.command('OPTIMIZE TABLE adtally.ad_selected FINAL');
    expect(await names('SELECT offset FROM adtally.ad_selected')).toEqual(['1']);
    await prepareWarehouse(warehouse, definitions);
    expect(await lives()).toEqual([]);
  });

  it('on a server remembers the names of inserts', async () => {
    await prepareWarehouse(warehouse, definitions, { keepMs: new Map(), rememberedInserts: 1000 });
    const remembering = `SELECT count() FROM system.tables WHERE database = 'adtally' AND engine = 'ReplacingMergeTree' AND name != 'migrations'
      AND engine_full NOT LIKE '%non_replicated_deduplication_window = 1000%'`;
    expect(await names(remembering)).toEqual(['0']);
    const row = [['selected', 0, 0, '2026-01-01 00:00:00.000']];
    for (let time = 0; time < 2; time++) {
      await warehouse.insert('ad_selected', ['topic', 'shard', 'offset', 'appended_at'], row, 'batch');
    }
    expect(await names('SELECT count() FROM adtally.ad_selected')).toEqual(['1']);
  });
});
