import { openEmbeddedLedgerStore } from '../../adapters/embedded/ledger-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { appendForEver } from './ledger-tasks.ts';
import { taskOfThisProcess } from './remote-process.ts';

const { folder, stream } = taskOfThisProcess<{ folder: string; stream: string }>();
await appendForEver(await openEmbeddedLedgerStore({ folder, clock: createSystemClock() }), stream);
