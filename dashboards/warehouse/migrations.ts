import { createHash } from 'node:crypto';
import { AdtallyError } from '../../domain/errors.ts';
import type { Disk } from '../../ports/disk.ts';
import type { Warehouse } from '../../ports/warehouse.ts';

/** One step of the tables' history: a file `NNNN-name.sql`, numbered from 1 without gaps, never edited once it was released. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Each can be run again without harm (`IF NOT EXISTS`): whoever stops half-way begins the file anew. */
  readonly statements: readonly string[];
  /** SHA-256 of the file, hex. */
  readonly fingerprint: string;
}

const fileForm = /^(\d{4})-([\w-]+)\.sql$/;
const makeHistory = `CREATE TABLE IF NOT EXISTS adtally.migrations (
  version UInt32 COMMENT 'Number of the migration.',
  name String COMMENT 'Its name.',
  fingerprint String COMMENT 'SHA-256 of its file.',
  applied_at DateTime64(3) DEFAULT now64(3) COMMENT 'Clock of the warehouse.'
) ENGINE = ReplacingMergeTree ORDER BY version`;

/** Reads a folder of migrations in order. Error: `INVARIANT_BROKEN` if a number is missing or a file has another form of name. */
export async function readMigrations(disk: Disk, folder: string): Promise<readonly Migration[]> {
  const files = (await disk.list(folder)).toSorted();
  const migrations: Migration[] = [];
  for (const [index, file] of files.entries()) {
    const [, version = '', name = ''] = fileForm.exec(file) ?? [];
    if (Number(version) !== index + 1) {
      throw new AdtallyError('INVARIANT_BROKEN', `migration ${index + 1} of the warehouse is missing: found ${file}`);
    }
    const sql = new TextDecoder().decode(await disk.read(`${folder}/${file}`));
    const fingerprint = createHash('sha256').update(sql).digest('hex');
    migrations.push({ version: index + 1, name, statements: statements(sql), fingerprint });
  }
  return migrations;
}

/**
 * Applies what was not applied yet, in order. Several processes may do so at once. Error: `WAREHOUSE_VERSION` if the warehouse has gone further, or another
 * way, than these migrations. @returns versions applied now
 */
export async function migrate(warehouse: Warehouse, migrations: readonly Migration[]): Promise<readonly number[]> {
  await warehouse.command(makeHistory);
  const applied = await appliedMigrations(warehouse);
  const newest = Math.max(0, ...applied.keys());
  if (newest > migrations.length) {
    const detail = `the warehouse is at version ${newest}, this Adtally knows ${migrations.length}: run the newer one`;
    throw new AdtallyError('WAREHOUSE_VERSION', detail);
  }
  const due: number[] = [];
  for (const migration of migrations) {
    const { version, name, fingerprint } = migration;
    const before = applied.get(version);
    if (before === fingerprint) continue;
    if (before !== undefined) {
      const detail = `migration ${version} (${name}) was changed after it was applied: drop the database adtally, it is filled again from the log`;
      throw new AdtallyError('WAREHOUSE_VERSION', detail);
    }
    for (const statement of migration.statements) await warehouse.command(statement);
    // Last, so that one that was cut short is run again.
    await warehouse.insert('migrations', ['version', 'name', 'fingerprint'], [[version, name, fingerprint]]);
    due.push(version);
  }
  return due;
}

/** The statements of a text: each ends with a semicolon at the end of a line; none contains one elsewhere. */
export function statements(sql: string): readonly string[] {
  const withoutComments = sql.replaceAll(/^\s*--.*$/gm, '');
  return withoutComments
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

async function appliedMigrations(warehouse: Warehouse): Promise<ReadonlyMap<number, string>> {
  const { rows } = await warehouse.query('SELECT version, fingerprint FROM adtally.migrations FINAL ORDER BY version');
  return new Map(rows.map((row) => [Number(row['version']), String(row['fingerprint'])]));
}
