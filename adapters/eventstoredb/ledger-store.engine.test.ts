import { describeLedgerStoreContract } from '../../ports/ledger-store.contract.ts';
import { EventStoreDbDouble } from '../../test/eventstoredb-double/double.ts';
import { addressOf, harnessAt } from '../../test/eventstoredb-double/harness.ts';

describeLedgerStoreContract('EventStoreDB’s double', async () => {
  const double = await EventStoreDbDouble.start();
  return harnessAt(addressOf(double.addresses), () => double.close());
});
