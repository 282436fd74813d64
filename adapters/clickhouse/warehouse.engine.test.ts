import { describeWarehouseContract } from '../../ports/warehouse.contract.ts';
import { startClickhouse } from '../../test/clickhouse/clickhouse-server.ts';
import { warehouseHarness } from '../../test/clickhouse/warehouse-harness.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';

describeWarehouseContract('chDB in this process', async () => {
  const folder = makeTemporaryFolder();
  return warehouseHarness({ path: folder.path }, () => folder.remove());
});

describeWarehouseContract('the HTTP interface, over chDB in another process', async () => {
  const server = await startClickhouse();
  return warehouseHarness({ url: server.url }, () => server.remove());
});

describeWarehouseContract('the HTTP interface, with analysts as a user of their own', async () => {
  const server = await startClickhouse();
  return warehouseHarness({ url: server.url, analystUrl: server.analystUrl }, () => server.remove());
});
