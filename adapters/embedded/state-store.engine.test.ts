import { describe, expect, it } from 'vitest';
import type { StateStore } from '../../ports/state-store.ts';
import { describeStateStoreContract } from '../../ports/state-store.contract.ts';
import { type RemoteProcess, startProcess } from '../../test/processes/remote-process.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSystemClock } from '../system/clock.ts';
import { openEmbeddedStateStore } from './state-store.ts';

const clock = createSystemClock();

describeStateStoreContract('SQLite', async () => {
  const folder = makeTemporaryFolder();
  const handles: StateStore[] = [];
  const processes: RemoteProcess<number>[] = [];
  const another = async () => {
    const handle = await openEmbeddedStateStore({ folder: folder.path, clock });
    handles.push(handle);
    return handle;
  };
  const engine = await another();
  return {
    engine,
    reopen: async () => {
      await engine.close();
      return another();
    },
    startCommitter: async (fold) => {
      const remote = startProcess<number>('embedded-state.ts', { folder: folder.path, fold });
      processes.push(remote);
      return { acknowledged: () => remote.messages.at(-1) ?? 0, kill: () => remote.kill() };
    },
    close: async () => {
      await Promise.all(processes.map((remote) => remote.kill()));
      await Promise.all(handles.map((handle) => handle.close()));
      folder.remove();
    },
  };
});

describe('The embedded state store', () => {
  it('is unavailable once closed', async () => {
    const folder = makeTemporaryFolder();
    const store = await openEmbeddedStateStore({ folder: folder.path, clock });
    await store.close();
    await expect(store.position('f')).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    expect(() => store.get('f', 'k')).toThrow(expect.objectContaining({ code: 'STATE_UNAVAILABLE' }));
    folder.remove();
  });
});
