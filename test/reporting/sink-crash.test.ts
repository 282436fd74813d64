import { closeSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickhouseWarehouse } from '../../adapters/clickhouse/warehouse.ts';
import { openEmbeddedEventLog } from '../../adapters/embedded/event-log.ts';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { prepareWarehouse } from '../../dashboards/warehouse/prepare.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { isExact } from '../../streams/processors/warehouse-check.ts';
import { startProcess } from '../processes/remote-process.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { topicShards } from '../topic-shards.ts';
import { definitions, rowsOf, sinkOf } from './reporting-platform.ts';
import { append, billingOf, lifeOf, sampleShards } from './sample-log.ts';
import { fates } from './sample-scenario.ts';

const folder = makeTemporaryFolder();
const logFolder = join(folder.path, 'log');
const warehousePath = join(folder.path, 'warehouse');
const clock = createSystemClock();
const registry = openFileSchemaRegistry();
const selections = 720;
let log: EventLog;
let records = 0;

beforeAll(async () => {
  log = await openEmbeddedEventLog({ folder: logFolder, shards: topicShards(sampleShards), clock });
  const lives = Array.from({ length: selections }, (_, n) =>
    fates.slice(n % fates.length, (n % fates.length) + 1).flatMap(([fate]) => lifeOf(billingOf(n, 'CPM'), fate)),
  );
  await append(log, registry, lives.flat());
  records = lives.flat().length;
});
afterAll(async () => {
  await log.close();
  folder.remove();
});

type Message = { readonly sunk: number } | { readonly done: number };
const sinkProcess = () =>
  startProcess<Message>('warehouse-sink.ts', { logFolder, warehousePath, shards: sampleShards });

/** Runs the sink in a process until it has sunk so many records, then kills it. */
async function killAfter(count: number): Promise<number> {
  const process = sinkProcess();
  for (;;) {
    const message = await process.next();
    const sunk = 'done' in message ? message.done : message.sunk;
    if ('done' in message || sunk >= count) {
      await process.kill();
      return sunk;
    }
  }
}

/** The largest file of a kind in the largest part of a table. */
function largestFile(tablePath: string, name: RegExp): string {
  const files = readdirSync(tablePath, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const [largest] = files.toSorted((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) throw new Error(`no ${name} below ${tablePath}`);
  return largest;
}

test('A sink that is killed again and again, and whose parts are damaged on disk, has every record once in the end', async () => {
  expect(await killAfter(500)).toBeLessThan(records);
  await killAfter(2000);
  const finished = sinkProcess();
  for (let message = await finished.next(); !('done' in message); ) message = await finished.next();
  await finished.kill();

  const store = join(warehousePath, 'store');
  // A part that lost bytes, which the engine puts aside when it starts, and one in which bytes changed, which it does not see.
  truncateSync(largestFile(store, /^(data|offset)\.bin$/), 100);
  const changed = largestFile(store, /^(data|price_micros)\.bin$/);
  const file = openSync(changed, 'r+');
  writeSync(file, Buffer.from([1, 2, 3, 4]), 0, 4, Math.floor(statSync(changed).size / 2));
  closeSync(file);

  const warehouse = await openClickhouseWarehouse({ path: warehousePath, clock });
  expect(await prepareWarehouse(warehouse, definitions)).toEqual([]);
  const sink = sinkOf({ log, registry, warehouse });
  const repair = await sink.start();
  await sink.catchUp();
  expect(repair.dropped.length).toBeGreaterThan(0);
  expect((await sink.verify()).filter((check) => !isExact(check))).toEqual([]);
  const { rows } = await warehouse.query('SELECT count() AS n FROM adtally.sunk');
  expect(rows).toEqual([{ n: String(records) }]);
  const [selected] = await rowsOf(warehouse, 'truth_funnel');
  expect(selected).toMatchObject({ stage: 'selected', selections });
  await sink.stop();
  await warehouse.close();
});
