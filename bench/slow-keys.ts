/**
 * Loaded before a `serve` process that is measured: while the file `slow-keys` stands in its data directory, every tenth look-up of a person's key waits 20 ms
 * longer, as with a store whose 95th percentile has risen by that.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { openEmbeddedKeyStore } from '../adapters/embedded/key-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { KeyStore } from '../ports/key-store.ts';

const slowByMs = 20;
const everyNth = 10;
const flag = join(process.env['DATA_DIR'] ?? '.', 'slow-keys');

async function keyStorePrototype(): Promise<Pick<KeyStore, 'getMany'>> {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-keys-'));
  const store = await openEmbeddedKeyStore({ folder, clock: createSystemClock() });
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  return Object.getPrototypeOf(store) as Pick<KeyStore, 'getMany'>;
}

if (isMainThread) {
  const prototype = await keyStorePrototype();
  const getMany = Reflect.get(prototype, 'getMany') as KeyStore['getMany'];
  let isSlow = existsSync(flag);
  setInterval(() => (isSlow = existsSync(flag)), 100).unref();
  let reads = 0;
  Reflect.set(prototype, 'getMany', async function slowed(this: KeyStore, hashes: readonly string[]) {
    reads += 1;
    if (isSlow && reads % everyNth === 0) await new Promise((resolve) => setTimeout(resolve, slowByMs));
    return getMany.call(this, hashes);
  });
}
