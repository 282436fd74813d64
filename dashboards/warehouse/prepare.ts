import { createHash } from 'node:crypto';
import type { Disk } from '../../ports/disk.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { type Migration, migrate, readMigrations, statements } from './migrations.ts';

/** What the warehouse is made of. */
export interface Definitions {
  readonly migrations: readonly Migration[];
  /** `CREATE OR REPLACE VIEW`s: no data hangs on them, so they have no history. */
  readonly views: string;
}

/** How a table is kept on this installation. */
export interface TableOptions {
  /** How long a row is kept from when its record was appended to the log, ms, by table; a table that is not named keeps all. */
  readonly keepMs: ReadonlyMap<string, number>;
  /** Inserts by whose name a table tells a repeated one; 0 where an insert's answer can't be lost. */
  readonly rememberedInserts: number;
}

/** Files of views, in the order in which they are run: each stands on those before it. */
const viewFiles = ['sunk.sql', 'views.sql', 'tallies.sql'] as const;
const asTheyCome: TableOptions = { keepMs: new Map(), rememberedInserts: 0 };

/** Reads the definitions of the folder `dashboards/warehouse`. */
export async function readDefinitions(disk: Disk, folder: string): Promise<Definitions> {
  const views: string[] = [];
  for (const file of viewFiles) views.push(new TextDecoder().decode(await disk.read(`${folder}/${file}`)));
  return { migrations: await readMigrations(disk, `${folder}/migrations`), views: views.join('\n') };
}

/**
 * Brings tables and views to these definitions; may be repeated at any point. Errors: `WAREHOUSE_VERSION` and those of the warehouse.
 * @returns versions of the migrations that were applied now
 */
export async function prepareWarehouse(
  warehouse: Warehouse,
  { migrations, views }: Definitions,
  options: TableOptions = asTheyCome,
): Promise<readonly number[]> {
  await dropUnversioned(warehouse);
  // The engine's own default database is an overlay without atomic renames and drops.
  await warehouse.command('CREATE DATABASE IF NOT EXISTS adtally ENGINE = Atomic');
  const applied = await migrate(warehouse, migrations);
  await makeViews(warehouse, views, applied.length > 0);
  await setOptions(warehouse, options);
  return applied;
}

/** A warehouse from before there were migrations, told by a table that it had and they did not. It is filled again from the log. */
async function dropUnversioned(warehouse: Warehouse): Promise<void> {
  const found = await tablesWith(warehouse, "name IN ('made_from', 'migrations')");
  if (found.has('made_from') && !found.has('migrations')) await warehouse.command('DROP DATABASE adtally SYNC');
}

/** The views' fingerprint stands in a table's comment, which is metadata: no damaged part can lose it. */
async function makeViews(warehouse: Warehouse, views: string, isDue: boolean): Promise<void> {
  const described = withComments(views);
  const fingerprint = createHash('sha256').update(described).digest('hex');
  const history = (await tablesWith(warehouse, "name = 'migrations'")).get('migrations');
  if (history?.['comment'] === fingerprint && !isDue) return;
  for (const statement of statements(described)) await warehouse.command(statement);
  await warehouse.command(`ALTER TABLE adtally.migrations MODIFY COMMENT '${fingerprint}'`);
}

/** Views that carry what stands right above them as their comment, so that whoever lists the tables reads what they count. */
function withComments(views: string): string {
  return views.replaceAll(
    /^((?:--.*\n)+)(CREATE OR REPLACE VIEW [\s\S]*?);$/gm,
    (_whole, above: string, view: string) => {
      const comment = above.replaceAll(/^-- ?/gm, '').trim().replaceAll('\n', ' ');
      return `${view}\nCOMMENT '${comment.replaceAll('\\', '\\\\').replaceAll("'", "''")}';`;
    },
  );
}

async function setOptions(warehouse: Warehouse, { keepMs, rememberedInserts }: TableOptions): Promise<void> {
  const remembered = `non_replicated_deduplication_window = ${rememberedInserts}`;
  for (const [table, row] of await tablesWith(warehouse, "engine = 'ReplacingMergeTree' AND name != 'migrations'")) {
    const { engine_full: engine } = row as { engine_full: string };
    const [, seconds] = / TTL .*toIntervalSecond\((\d+)\)/.exec(engine) ?? [];
    const wanted = keepMs.has(table) ? String(Math.ceil((keepMs.get(table) ?? 0) / 1000)) : undefined;
    if (wanted !== seconds) {
      const ttl = wanted ? `MODIFY TTL toDateTime(appended_at) + toIntervalSecond(${wanted})` : 'REMOVE TTL';
      await warehouse.command(`ALTER TABLE adtally.${table} ${ttl}`);
    }
    if (rememberedInserts > 0 && !engine.includes(remembered)) {
      await warehouse.command(`ALTER TABLE adtally.${table} MODIFY SETTING ${remembered}`);
    }
  }
}

async function tablesWith(warehouse: Warehouse, condition: string) {
  const sql = `SELECT name, comment, engine_full FROM system.tables WHERE database = 'adtally' AND ${condition}`;
  return new Map((await warehouse.query(sql)).rows.map((row) => [String(row['name']), row]));
}
