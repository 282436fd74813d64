import { describe } from 'vitest';
import { describeWarehouseContract } from '../../ports/warehouse.contract.ts';
import { startContainer, whyNoContainer } from '../../test/clickhouse/container.ts';
import { warehouseHarness } from '../../test/clickhouse/warehouse-harness.ts';

const missing = await whyNoContainer();
const server = process.env['WAREHOUSE_URL'] ?? '';

describe.skipIf(missing !== null)(`A ClickHouse server in a container${missing === null ? '' : `: ${missing}`}`, () => {
  describeWarehouseContract('a ClickHouse server', async () => {
    const container = await startContainer();
    return warehouseHarness({ url: container.url }, () => container.remove());
  });
});

// Its tables `sample` and `named` in adtally are dropped and made.
describe.each(server === '' ? [] : [server])('The server of WAREHOUSE_URL', (url) => {
  describeWarehouseContract('a ClickHouse server', () => warehouseHarness({ url }));
});
