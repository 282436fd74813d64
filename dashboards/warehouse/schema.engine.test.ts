import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Warehouse } from '../../ports/warehouse.ts';
import { openTestWarehouse, remake } from '../../test/reporting/reporting-platform.ts';
import { runAnalystQuery } from '../sql-gate.ts';
import { type ReadableTable, readTables } from './schema.ts';

describe('What an analyst may read', () => {
  let warehouse: Warehouse;
  let remove: () => Promise<void>;
  let tables: readonly ReadableTable[];
  beforeAll(async () => {
    ({ warehouse, remove } = await openTestWarehouse());
    await remake(warehouse);
    tables = await readTables(warehouse);
  }, 240_000);
  afterAll(() => remove());

  const of = (name: string) => tables.find((table) => table.name === name);

  it('is described, table by table and column by column, from the warehouse itself', () => {
    expect(of('selections')).toMatchObject({
      kind: 'view',
      bounded_as: 'selections_between',
      description: 'One row a selection.',
    });
    expect(of('selections')?.columns.find(({ name }) => name === 'tier')).toEqual({
      name: 'tier',
      type: 'LowCardinality(String)',
      description: 'Inventory tier: premium, standard or remnant.',
    });
    expect(of('ad_selected')).toMatchObject({ kind: 'table', bounded_as: null });
    expect(of('tallies_between')).toMatchObject({ kind: 'bounded', bounded_as: 'tallies_between' });
    expect(of('tallies_between')?.columns.map(({ name }) => name)).toContain('certified_micros');
    expect(tables.filter(({ description, columns }) => description === '' || columns.length === 0)).toEqual([]);
  });

  it('leaves out what counting is made of, and names a view once', () => {
    const hidden = ['migrations', 'hours', 'tally_hours', 'row_tallies_between', 'selections_between'];
    expect(hidden.filter((name) => of(name) !== undefined)).toEqual([]);
  });

  it('can be read as it is listed, and so can its view with bounds', { timeout: 480_000 }, async () => {
    const range = "(from = '2026-01-01 00:00:00.000', to = '2026-01-02 00:00:00.000')";
    for (const { name, kind, bounded_as } of tables) {
      const sources = [...(kind === 'bounded' ? [] : [name]), ...(bounded_as === null ? [] : [bounded_as + range])];
      for (const source of sources) {
        const { columns } = await runAnalystQuery(warehouse, `SELECT * FROM ${source} LIMIT 0`);
        expect(columns.map((column) => column.name)).toEqual(of(name)?.columns.map((column) => column.name));
      }
    }
  });
});
