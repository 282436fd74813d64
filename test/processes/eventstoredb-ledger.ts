import type { EventStoreDbAddress } from '../../adapters/eventstoredb/client.ts';
import { openEventStoreDbLedgerStore } from '../../adapters/eventstoredb/ledger-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { appendForEver } from './ledger-tasks.ts';
import { taskOfThisProcess } from './remote-process.ts';

const { address, stream } = taskOfThisProcess<{ address: EventStoreDbAddress; stream: string }>();
await appendForEver(await openEventStoreDbLedgerStore({ address, clock: createSystemClock() }), stream);
