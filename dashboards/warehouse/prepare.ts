import { createHash } from 'node:crypto';
import type { Disk } from '../../ports/disk.ts';
import type { Warehouse } from '../../ports/warehouse.ts';

/** Files of definitions, in the order in which they are run: each stands on those before it. */
const definitions = ['1-tables.sql', '2-views.sql'] as const;

/** Reads the tables' and views' definitions from the folder `dashboards/warehouse`. */
export async function readDefinitions(disk: Disk, folder: string): Promise<string> {
  const texts: string[] = [];
  for (const file of definitions) texts.push(new TextDecoder().decode(await disk.read(`${folder}/${file}`)));
  return texts.join('\n');
}

/**
 * Makes the tables and views. If they were made from other definitions, everything is dropped first: the warehouse is disposable, and the sink
 * fills it again from the log. @returns whether it was made anew
 */
export async function prepareWarehouse(warehouse: Warehouse, definitionsSql: string): Promise<'kept' | 'made'> {
  const fingerprint = createHash('sha256').update(definitionsSql).digest('hex');
  if ((await madeFrom(warehouse)) === fingerprint) return 'kept';
  await warehouse.command('DROP DATABASE IF EXISTS adtally SYNC');
  await warehouse.command('CREATE DATABASE adtally ENGINE = Atomic');
  for (const statement of statements(definitionsSql)) await warehouse.command(statement);
  // Last, so that a crash on the way leaves no fingerprint.
  await warehouse.command(
    `CREATE TABLE adtally.made_from (fingerprint String) ENGINE = MergeTree ORDER BY fingerprint COMMENT '${fingerprint}'`,
  );
  return 'made';
}

/** The statements of a text: each ends with a semicolon at the end of a line; none contains one elsewhere. */
export function statements(sql: string): readonly string[] {
  const withoutComments = sql.replaceAll(/^\s*--.*$/gm, '');
  return withoutComments
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** The fingerprint stands in the comment of a table, which is metadata: no damaged part can lose it. */
async function madeFrom(warehouse: Warehouse): Promise<string | null> {
  const { rows } = await warehouse.query(
    "SELECT comment FROM system.tables WHERE database = 'adtally' AND name = 'made_from'",
  );
  return rows[0] ? String(rows[0]['comment']) : null;
}
