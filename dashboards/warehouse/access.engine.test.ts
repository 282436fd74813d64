import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClickhouseWarehouse } from '../../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { analystProfile } from '../../test/clickhouse/access-profile.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { statements } from './migrations.ts';

const folder = makeTemporaryFolder();
let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openClickhouseWarehouse({ path: folder.path, clock: createSystemClock() });
});
afterAll(async () => {
  await warehouse.close();
  folder.remove();
});

const files = ['writer.sql', 'analyst.sql'] as const;
const all = files.flatMap((file) => statements(readFileSync(join(import.meta.dirname, 'access/sql', file), 'utf8')));

describe('The users of a server', () => {
  // The embedded engine has no place for users, so nothing is created here; what they may do is proved in adapters/clickhouse/server.engine.test.ts.
  it.each(all)('are made by statements that the engine understands: %s', async (statement) => {
    const tree = await warehouse.syntaxTree(statement.replace('{password:String}', "'secret'"));
    expect(tree.length).toBeGreaterThan(0);
    // The engine looks for the password where it is to be given.
    if (!statement.includes('{password')) return;
    await expect(warehouse.syntaxTree(statement)).rejects.toMatchObject({
      message: expect.stringMatching(/`password` is not set/),
    });
  });

  it('that analyse get no right but to read adtally', () => {
    const grants = statements(readFileSync(join(import.meta.dirname, 'access/sql/analyst.sql'), 'utf8')).filter((sql) =>
      sql.startsWith('GRANT'),
    );
    expect(grants).toEqual(['GRANT SELECT ON adtally.* TO adtally_reader', 'GRANT adtally_reader TO adtally_analyst']);
  });

  it('that analyse have settings that the engine knows, and values that it takes', async () => {
    const profile = analystProfile();
    expect(profile.length).toBeGreaterThan(10);
    const { rows } = await warehouse.query(
      `SELECT name FROM system.settings WHERE name IN (${profile.map(({ name }) => `'${name}'`).join(', ')})`,
    );
    expect(new Set(rows.map((row) => row['name']))).toEqual(new Set(profile.map(({ name }) => name)));
  });
});
