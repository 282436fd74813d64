import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openClickhouseWarehouse } from '../../adapters/clickhouse/warehouse.ts';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemDisk } from '../../adapters/system/disk.ts';
import { loadReports } from '../../dashboards/reports/report-file.ts';
import { type ReportCell, runReport } from '../../dashboards/reports/run-report.ts';
import { prepareWarehouse, readDefinitions } from '../../dashboards/warehouse/prepare.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { createWarehouseSink, type WarehouseSink } from '../../streams/processors/warehouse-sink.ts';
import { memoryEventLog } from '../memory/event-log.ts';
import { sampleShards, sampleStart } from './sample-log.ts';

const house = resolve(import.meta.dirname, '../..');
export const definitions = await readDefinitions(createSystemDisk(), join(house, 'dashboards/warehouse'));
export const reports = await loadReports(createSystemDisk(), join(house, 'dashboards/reports'));
export const selectionFactsSql = new TextDecoder().decode(
  await createSystemDisk().read(join(house, 'dashboards/warehouse/selection-facts.sql')),
);
const clock = createSystemClock();

/** A warehouse in a folder of its own; the engine allows one folder a process, so one a test file. */
export async function openTestWarehouse(): Promise<{ warehouse: Warehouse; remove: () => Promise<void> }> {
  const path = mkdtempSync(join(tmpdir(), 'adtally-warehouse-'));
  const warehouse = await openClickhouseWarehouse({ path, clock });
  return {
    warehouse,
    remove: async () => {
      await warehouse.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Empties the warehouse: as if its definitions had changed. */
export async function remake(warehouse: Warehouse): Promise<void> {
  await warehouse.command('DROP DATABASE IF EXISTS adtally SYNC');
  await prepareWarehouse(warehouse, definitions);
}

export function emptyLog(): { log: EventLog; registry: SchemaRegistry } {
  return { log: memoryEventLog({ shards: sampleShards, clock }), registry: openFileSchemaRegistry() };
}

/** A sink that inserts at once and raises its failures. */
export function sinkOf(parts: { log: EventLog; registry: SchemaRegistry; warehouse: Warehouse }): WarehouseSink {
  return createWarehouseSink({
    ...parts,
    clock,
    gatherMs: 1,
    onFailure: (error) => {
      throw error;
    },
  });
}

/** Sinks a log to its end. */
export async function sinkAll(parts: { log: EventLog; registry: SchemaRegistry; warehouse: Warehouse }): Promise<void> {
  const sink = sinkOf(parts);
  await sink.start();
  await sink.catchUp();
  await sink.stop();
}

/** Rows of a named report over the day of the sample. */
export async function rowsOf(
  warehouse: Warehouse,
  name: string,
  given: Readonly<Record<string, string>> = {},
): Promise<readonly Readonly<Record<string, ReportCell>>[]> {
  const range = reports.get(name)?.parameters.some((parameter) => parameter.name === 'from')
    ? { from: new Date(sampleStart).toISOString(), to: new Date(sampleStart + 7_200_000).toISOString() }
    : {};
  return (await runReport({ reports, warehouse, clock }, name, { ...range, ...given })).rows;
}
