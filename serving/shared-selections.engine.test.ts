import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openEmbeddedViewStore } from '../adapters/embedded/view-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';
import { SharedSelections } from './shared-selections.ts';

const clock = createSystemClock();
const stores: ViewStore[] = [];
let folder: ReturnType<typeof makeTemporaryFolder>;

beforeEach(() => {
  folder = makeTemporaryFolder();
});

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  folder.remove();
});

/** As another serving process of this machine has it. */
async function node(): Promise<SharedSelections> {
  const store = await openEmbeddedViewStore({
    folder: folder.path,
    clock,
    cacheTtlMs: 0,
    durability: 'process_kill',
  });
  stores.push(store);
  return new SharedSelections({
    store,
    clock,
    onError: (error) => {
      throw error;
    },
  });
}

test('processes of one machine tell each other within milliseconds, and lose nothing where they write at once', async () => {
  const nodes = await Promise.all(Array.from({ length: 4 }, node));
  const [first] = nodes as [SharedSelections];
  first.note('u', 'li_first', clock.now());
  await vi.waitFor(async () => expect((await nodes[3]?.read('u'))?.has('li_first')).toBe(true), {
    timeout: 30_000,
    interval: 2,
  });
  for (let round = 0; round < 50; round += 1) {
    for (const [number, one] of nodes.entries()) one.note('u', `li_${number}`, clock.now() + round);
    await clock.sleep(1);
  }
  await vi.waitFor(async () => {
    const told = await first.read('u');
    expect([0, 1, 2, 3].map((number) => told.get(`li_${number}`)?.length)).toEqual([50, 50, 50, 50]);
  }, 30_000);
  expect(nodes.map(({ lost }) => lost)).toEqual([0, 0, 0, 0]);
});
