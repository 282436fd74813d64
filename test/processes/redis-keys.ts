import { openRedisKeyStore } from '../../adapters/redis/key-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { report, taskOfThisProcess } from './remote-process.ts';

/** Puts a key for every hash and reports, at once, those that it was given. */
const { url, hashes, prefix } = taskOfThisProcess<{ url: string; hashes: string[]; prefix: string }>();
const store = await openRedisKeyStore({ url, clock: createSystemClock() });
await report('ready');
const given: string[] = [];
for (const hash of hashes) given.push(await store.putIfAbsent(hash, prefix + hash));
await report(given);
