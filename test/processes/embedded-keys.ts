import { openEmbeddedKeyStore } from '../../adapters/embedded/key-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { report, taskOfThisProcess } from './remote-process.ts';

/** Puts a key for every hash and reports, at once, those that it was given. */
const { folder, hashes, prefix } = taskOfThisProcess<{ folder: string; hashes: string[]; prefix: string }>();
const store = await openEmbeddedKeyStore({ folder, clock: createSystemClock() });
await report('ready');
const given: string[] = [];
for (const hash of hashes) given.push(await store.putIfAbsent(hash, prefix + hash));
await report(given);
