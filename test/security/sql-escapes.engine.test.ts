import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admitQuery } from '../../dashboards/sql-gate.ts';
import { sqlEscapes } from '../fuzz/sql-escapes.ts';
import { type GateWorld, openGateWorld } from '../fuzz/sql-targets.ts';

let world: GateWorld;
beforeAll(async () => {
  world = await openGateWorld();
});
afterAll(() => world?.close());

describe("The gate of analysts' SQL", () => {
  it.each(sqlEscapes)('refuses %s', async (sql) => {
    await expect(admitQuery(world.warehouse, world.placed(sql))).rejects.toMatchObject({
      code: 'SQL_REFUSED',
      status: 400,
    });
  });

  it('is held against at least sixty ways out', () => {
    expect(new Set(sqlEscapes).size).toBeGreaterThanOrEqual(60);
  });
});
