import type { EventStoreDbAddress } from '../../adapters/eventstoredb/client.ts';
import { openEventStoreDbLedgerStore } from '../../adapters/eventstoredb/ledger-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { LedgerStoreHarness } from '../../ports/ledger-store.contract.ts';
import { asLedgerWriter } from '../processes/ledger-tasks.ts';
import { type RemoteProcess, startProcess } from '../processes/remote-process.ts';

const clock = createSystemClock();

/** Nodes without TLS, as tests have them. */
export function addressOf(hosts: readonly string[], more: Partial<EventStoreDbAddress> = {}): EventStoreDbAddress {
  const endpoints = hosts.map((host) => {
    const [address = '', port] = host.split(':');
    return { address, port: Number(port) };
  });
  const keepAlive = { keepAliveIntervalMs: 10_000, keepAliveTimeoutMs: 10_000 };
  const plain = { isDiscovered: false, tls: false, caFile: null, credentials: null, streamPrefix: 'adtally-' };
  return { endpoints, ...plain, deadlineMs: 10_000, ...keepAlive, ...more };
}

/** The harness of the port's contract for stores that live at an address; `stop` ends what serves them. */
export async function harnessAt(address: EventStoreDbAddress, stop: () => Promise<void>): Promise<LedgerStoreHarness> {
  const handles: LedgerStore[] = [];
  const processes: RemoteProcess<number>[] = [];
  const another = async () => {
    const handle = await openEventStoreDbLedgerStore({ address, clock });
    handles.push(handle);
    return handle;
  };
  const engine = await another();
  return {
    engine,
    another,
    reopen: async () => {
      await engine.close();
      return another();
    },
    startWriter: async (stream) => {
      const remote = startProcess<number>('eventstoredb-ledger.ts', { address, stream });
      processes.push(remote);
      return asLedgerWriter(remote);
    },
    close: async () => {
      await Promise.all(processes.map((remote) => remote.kill()));
      await Promise.all(handles.map((handle) => handle.close()));
      await stop();
    },
  };
}
