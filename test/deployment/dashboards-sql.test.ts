import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Warehouse } from '../../ports/warehouse.ts';
import { analystLimits } from '../../dashboards/sql-gate.ts';
import { emptyLog, openTestWarehouse, remake, sinkAll } from '../reporting/reporting-platform.ts';
import { append, sampleStart } from '../reporting/sample-log.ts';
import { scenario } from '../reporting/sample-scenario.ts';
import { repositoryFile } from './compose-file.ts';

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly rawSql?: string; readonly queryType?: string }[];
}

const { panels } = JSON.parse(repositoryFile('dashboards/grafana/dashboards/adtally-delivery.json')) as {
  panels: Panel[];
};
const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ rawSql = '', queryType = '' }) => [title, rawSql, queryType] as const),
);
let warehouse: Warehouse;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ warehouse, remove } = await openTestWarehouse());
  await remake(warehouse);
  const parts = { ...emptyLog(), warehouse };
  await append(parts.log, parts.registry, scenario());
  await sinkAll(parts);
});
afterAll(() => remove());

/** As Grafana's ClickHouse plugin fills in the range of the dashboard. */
function filled(sql: string): string {
  const at = (ms: number) => `toDateTime(${Math.floor(ms / 1000)})`;
  return sql.replaceAll('$__fromTime', at(sampleStart)).replaceAll('$__toTime', at(sampleStart + 7_200_000));
}

describe("A panel's query", () => {
  it.each(queries)('runs as the analysts and finds something: %s', async (_, sql, queryType) => {
    const { columns, rows } = await warehouse.queryAsAnalyst(filled(sql), { ...analystLimits, timeoutMs: 60_000 });
    expect(rows.length).toBeGreaterThan(0);
    if (queryType === 'timeseries')
      expect(columns[0]).toMatchObject({ name: 'time', type: expect.stringMatching(/^DateTime/) });
  });
});
