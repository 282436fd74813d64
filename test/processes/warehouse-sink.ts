import { openEmbeddedEventLog } from '../../adapters/embedded/event-log.ts';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { openClickhouseWarehouse } from '../../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemDisk } from '../../adapters/system/disk.ts';
import { prepareWarehouse, readDefinitions } from '../../dashboards/warehouse/prepare.ts';
import { createWarehouseSink } from '../../streams/processors/warehouse-sink.ts';
import { topicShards } from '../topic-shards.ts';
import { report, taskOfThisProcess } from './remote-process.ts';

/** Sinks a log that is on disk into a warehouse that is on disk; tells how many records are in after every 20 ms, and `done`. */
const { logFolder, warehousePath, shards } = taskOfThisProcess<{
  logFolder: string;
  warehousePath: string;
  shards: number;
}>();
const clock = createSystemClock();
const log = await openEmbeddedEventLog({ folder: logFolder, shards: topicShards(shards), clock });
const warehouse = await openClickhouseWarehouse({ path: warehousePath, clock });
await prepareWarehouse(
  warehouse,
  await readDefinitions(createSystemDisk(), new URL('../../dashboards/warehouse', import.meta.url).pathname),
);
const sink = createWarehouseSink({
  log,
  registry: openFileSchemaRegistry(),
  warehouse,
  clock,
  gatherMs: 1,
  fullBatch: 300,
  onFailure: (error) => {
    throw error;
  },
});
await sink.start();
const sunk = (): number => sink.positions().reduce((sum, { offset }) => sum + offset, 0);
const beat = setInterval(() => void report({ sunk: sunk() }), 20);
await sink.catchUp();
clearInterval(beat);
await sink.stop();
await warehouse.close();
await log.close();
await report({ done: sunk() });
