import { openClickhouseWarehouse } from '../../adapters/clickhouse/warehouse.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';

// Runs statements on the warehouse in a folder: its engine allows one folder a process.
const [path = '', ...statements] = process.argv.slice(2);
const warehouse = await openClickhouseWarehouse({ path, clock: createSystemClock() });
for (const statement of statements) await warehouse.command(statement);
await warehouse.close();
