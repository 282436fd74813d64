import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { RemoteLedgerWriter } from '../../ports/ledger-store.contract.ts';
import { events } from '../../ports/ledger-store-model.contract.ts';
import { type RemoteProcess, report } from './remote-process.ts';

/** In the remote process: appends events to a stream until it is killed, each acknowledgement reported. */
export async function appendForEver(store: LedgerStore, stream: string): Promise<never> {
  let last = (await store.tail(stream))?.revision ?? -1;
  for (;;) {
    last = (await store.append(stream, last === -1 ? 'no_stream' : last, events(last + 1))).revision;
    await report(last);
  }
}

/** In the test: how the suite sees such a process. */
export function asLedgerWriter(remote: RemoteProcess<number>): RemoteLedgerWriter {
  return { acknowledged: () => remote.messages.at(-1) ?? -1, kill: () => remote.kill() };
}
