import { openEmbeddedStateStore } from '../../adapters/embedded/state-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { committerChange } from '../../ports/state-store.contract.ts';
import { report, taskOfThisProcess } from './remote-process.ts';

const { folder, fold } = taskOfThisProcess<{ folder: string; fold: string }>();
const store = await openEmbeddedStateStore({ folder, clock: createSystemClock() });
for (let i = 1; ; i++) {
  await store.commit(fold, committerChange(i));
  await report(i);
}
