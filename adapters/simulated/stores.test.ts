import { expect, it } from 'vitest';
import type { StateStore } from '../../ports/state-store.ts';
import { describeKeyStoreContract } from '../../ports/key-store.contract.ts';
import { committerChange, describeStateStoreContract, type RemoteCommitter } from '../../ports/state-store.contract.ts';
import { describeViewStoreContract } from '../../ports/view-store.contract.ts';
import { createSystemClock } from '../system/clock.ts';
import { createSimulatedKeys } from './key-store.ts';
import { createSimulatedStates } from './state-store.ts';
import { createSimulatedViews } from './view-store.ts';

const clock = createSystemClock();

describeViewStoreContract('memory', async () => {
  const views = createSimulatedViews(clock);
  const engine = views.open();
  return {
    engine,
    another: async () => views.open(),
    reopen: async () => {
      await engine.close();
      return views.open();
    },
    now: () => clock.now(),
    close: () => engine.close(),
  };
});

describeKeyStoreContract('memory', async () => {
  const keys = createSimulatedKeys();
  const engine = keys.open();
  return {
    engine,
    reopen: async () => {
      await engine.close();
      return keys.open();
    },
    putElsewhere: async (hashes, prefix) => {
      const other = keys.open();
      const given: string[] = [];
      for (const hash of hashes) given.push(await other.putIfAbsent(hash, prefix + hash));
      return given;
    },
    close: () => engine.close(),
  };
});

describeStateStoreContract('memory', async () => {
  const states = createSimulatedStates();
  const engine = states.open();
  return {
    engine,
    reopen: async () => {
      await engine.close();
      return states.open();
    },
    startCommitter: async (fold) => startCommitter(states.open(), fold),
    close: () => engine.close(),
  };
});

/** The play of a committing process: it stops at its next step after it was killed. */
function startCommitter(store: StateStore, fold: string): RemoteCommitter {
  let acknowledged = 0;
  let killed = false;
  const commit = async () => {
    while (!killed) {
      await store.commit(fold, committerChange(acknowledged + 1));
      acknowledged++;
      await clock.sleep(1);
    }
  };
  const committing = commit();
  return {
    acknowledged: () => acknowledged,
    kill: async () => {
      killed = true;
      await committing;
    },
  };
}

it('Simulated views and keys can be unavailable for a while', async () => {
  const [views, keys] = [createSimulatedViews(clock), createSimulatedKeys()];
  const [viewStore, keyStore] = [views.open(), keys.open()];
  for (const server of [views, keys]) server.setAvailable(false);
  await expect(viewStore.getMany(['a'])).rejects.toMatchObject({ code: 'VIEWS_UNAVAILABLE' });
  await expect(keyStore.putIfAbsent('h', 'k')).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
  for (const server of [views, keys]) server.setAvailable(true);
  expect(await viewStore.getMany(['a'])).toEqual([null]);
  expect(await keyStore.getMany(['h'])).toEqual([null]);
});
