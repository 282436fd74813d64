import { describe, expect, it } from 'vitest';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import { describeLedgerStoreContract } from '../../ports/ledger-store.contract.ts';
import { asLedgerWriter } from '../../test/processes/ledger-tasks.ts';
import { type RemoteProcess, startProcess } from '../../test/processes/remote-process.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSystemClock } from '../system/clock.ts';
import { openEmbeddedLedgerStore } from './ledger-store.ts';

const clock = createSystemClock();

describeLedgerStoreContract('SQLite', async () => {
  const folder = makeTemporaryFolder();
  const handles: LedgerStore[] = [];
  const processes: RemoteProcess<number>[] = [];
  const another = async () => {
    const handle = await openEmbeddedLedgerStore({ folder: folder.path, clock });
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
      const remote = startProcess<number>('embedded-ledger.ts', { folder: folder.path, stream });
      processes.push(remote);
      return asLedgerWriter(remote);
    },
    close: async () => {
      await Promise.all(processes.map((remote) => remote.kill()));
      await Promise.all(handles.map((handle) => handle.close()));
      folder.remove();
    },
  };
});

describe('The embedded ledger store', () => {
  it('is unavailable once closed', async () => {
    const folder = makeTemporaryFolder();
    const store = await openEmbeddedLedgerStore({ folder: folder.path, clock });
    await store.close();
    await expect(store.tail('s')).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE', retriable: true });
    folder.remove();
  });
});
