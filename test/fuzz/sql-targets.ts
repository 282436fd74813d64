import { deepStrictEqual, ok } from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { openClickhouseWarehouse } from '../../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemDisk } from '../../adapters/system/disk.ts';
import { analystLimits, runAnalystQuery } from '../../dashboards/sql-gate.ts';
import { prepareWarehouse, readDefinitions } from '../../dashboards/warehouse/prepare.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { mutatedBytes } from './mutations.ts';
import { sqlEscapes } from './sql-escapes.ts';
import { fuzzTarget } from './target.ts';

const warehouseFiles = new URL('../../dashboards/warehouse', import.meta.url).pathname;
export const canary = 'CANARY-7f3a';

/** A warehouse with its tables, beside a file with a secret and a folder into which nothing may be written. */
export interface GateWorld {
  readonly warehouse: Warehouse;
  /** The escape with the places of this world in it. */
  readonly placed: (sql: string) => string;
  /** Tables, settings and files as they must stay. */
  readonly state: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

export async function openGateWorld(): Promise<GateWorld> {
  const folder = makeTemporaryFolder();
  const outside = join(folder.path, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), `${canary}\n`);
  const warehouse = await openClickhouseWarehouse({ path: join(folder.path, 'warehouse'), clock: createSystemClock() });
  await prepareWarehouse(warehouse, await readDefinitions(createSystemDisk(), warehouseFiles));
  return {
    warehouse,
    placed: (sql) => sql.replaceAll('{file}', join(outside, 'secret')).replaceAll('{out}', join(outside, 'out')),
    state: async () => {
      const { rows } = await warehouse.query(
        "SELECT database, name, engine FROM system.tables WHERE database != 'system' ORDER BY ALL",
      );
      return { rows, files: readdirSync(outside) };
    },
    close: async () => {
      await warehouse.close();
      folder.remove();
    },
  };
}

/** Ways to put a query into another, and to write it otherwise. */
const disguises: readonly ((sql: string) => string)[] = [
  (sql) => sql,
  (sql) => sql.toUpperCase(),
  (sql) => sql.replaceAll(' ', '/**/'),
  (sql) => sql.replaceAll(' ', '\n-- x\n'),
  (sql) => sql.replaceAll(' ', '\t '),
  (sql) => `(${sql})`,
  (sql) => `${sql};`,
  (sql) => `SELECT * FROM (${sql}) AS s`,
  (sql) => `WITH q AS (${sql}) SELECT * FROM q`,
  (sql) => `SELECT (${sql}) AS x`,
  (sql) => `SELECT 1 UNION ALL ${sql}`,
  (sql) => `SELECT 1 FROM clicks WHERE 1 IN (${sql})`,
  (sql) => `SELECT exists(${sql})`,
  (sql) => `SELECT 'a'' ' /* ' */, (${sql})`,
  (sql) => `SELECT '\\' OR 1 = 1 --', (${sql})`,
  (sql) => `/* ${sql} */ SELECT 1`,
  (sql) => sql.replace(/\b(\w+)\(/, '`$1`('),
  (sql) => sql.replace(/\b(\w+)\(/, '"$1"('),
];

/** Ordinary questions, which take part in the mixing. */
const questions = [
  'SELECT count() FROM selections',
  "SELECT campaign_id, sum(price_micros) FROM adtally.charges WHERE campaign_id LIKE 'a%' GROUP BY campaign_id ORDER BY 2 LIMIT 10",
  'WITH x AS (SELECT 1 AS a) SELECT a, a IN (SELECT a FROM x) FROM x',
];

const attempt = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...sqlEscapes, ...questions),
      fc.array(fc.constantFrom(...disguises), { minLength: 1, maxLength: 3 }),
    )
    .map(([sql, ways]) => ways.reduce((text, disguise) => disguise(text), sql)),
  mutatedBytes([...sqlEscapes, ...questions].map((sql) => ({ bytes: Buffer.from(sql) }))).map(({ bytes }) =>
    bytes.toString('latin1'),
  ),
  fc
    .tuple(fc.constantFrom(...questions), fc.constantFrom(...sqlEscapes), fc.nat(200), fc.nat(200))
    .map(
      ([question, escape, at, from]) =>
        `${question.slice(0, at % question.length)} ${escape.slice(from % escape.length)}`,
    ),
);

const limits = { ...analystLimits, timeoutMs: 2_000, maxMemoryBytes: 200_000_000 };
const answers = ['SQL_REFUSED', 'WAREHOUSE_QUERY', 'QUERY_LIMIT', 'TOO_MANY_REQUESTS'];

const sqlGate = fuzzTarget({
  name: 'sql-gate',
  about:
    'Escapes of analysts, disguised, mixed and spoilt, run on the real engine if the gate lets them: none reads the file with the secret, writes one, or changes a table.',
  shortRuns: 400,
  open: async () => {
    const world = await openGateWorld();
    const before = await world.state();
    return {
      inputs: attempt,
      holds: async (sql, seen) => {
        try {
          const { rows } = await runAnalystQuery(world.warehouse, world.placed(sql), limits);
          const text = JSON.stringify(rows);
          ok(!text.includes(canary), 'it read the secret');
          seen('ran');
        } catch (error) {
          ok(isAdtallyError(error), String(error));
          ok(answers.includes(error.code), `${error.code}: ${error.message}`);
          seen(error.code);
          if (error.code === 'SQL_REFUSED') return;
        }
        deepStrictEqual(await world.state(), before);
      },
      close: () => world.close(),
    };
  },
});

export const sqlTargets = [sqlGate];
