import { expect, test } from 'vitest';
import { createSimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { findPrincipal } from './auth.ts';
import { openConsoleKeys, readConsoleKeys } from './console-keys.ts';

test('keys that the console made are known to whoever only reads them, who makes none', async () => {
  const disk = createSimulatedDisk({ random: createSeededRandom('disk') });
  const place = { disk, folder: 'secrets', setting: '' };
  expect(await readConsoleKeys(place)).toEqual([]);
  const { made } = await openConsoleKeys({ ...place, random: createSeededRandom(1) });
  const kept = await readConsoleKeys(place);
  expect(findPrincipal(kept, made?.get('analyst') ?? '')).toMatchObject({ role: 'analyst', advertiserId: null });
  const again = await openConsoleKeys({ ...place, random: createSeededRandom(2) });
  expect([again.made, again.keys]).toEqual([null, kept]);
});

test('keys of the setting replace those that are kept', async () => {
  const disk = createSimulatedDisk({ random: createSeededRandom('disk') });
  const { made } = await openConsoleKeys({ disk, folder: 's', setting: '', random: createSeededRandom(1) });
  const keys = await readConsoleKeys({ disk, folder: 's', setting: 'finance:adv_1=a-key-of-finance' });
  expect(findPrincipal(keys, made?.get('admin') ?? '')).toBeNull();
  expect(findPrincipal(keys, 'a-key-of-finance')).toMatchObject({ role: 'finance', advertiserId: 'adv_1' });
});
