import { randomUUID } from 'node:crypto';
import { describe } from 'vitest';
import { describeLedgerStoreContract } from '../../ports/ledger-store.contract.ts';
import { containerMissing, realEventStoreDb } from '../../test/eventstoredb-double/container.ts';
import { EventStoreDbDouble } from '../../test/eventstoredb-double/double.ts';
import { addressOf, harnessAt } from '../../test/eventstoredb-double/harness.ts';

describeLedgerStoreContract('EventStoreDB’s double', async () => {
  const double = await EventStoreDbDouble.start();
  return harnessAt(addressOf(double.addresses), () => double.close());
});

const missing = containerMissing();
const reason = missing === null ? '' : `, which is not here: ${missing}`;

describe.skipIf(missing !== null)(`on a server in a container${reason}`, () => {
  // Each test has its own names on the one server.
  describeLedgerStoreContract('EventStoreDB', async () => {
    const address = addressOf([await realEventStoreDb()], { streamPrefix: `test-${randomUUID()}-` });
    return harnessAt(address, async () => {});
  });
});
