import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedEventLog } from '../adapters/embedded/event-log.ts';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { openEmbeddedStateStore } from '../adapters/embedded/state-store.ts';
import { openEmbeddedViewStore } from '../adapters/embedded/view-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import type { AnyRecord, Topic } from '../domain/records.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { budgetSet } from '../test/pacing-world.ts';
import { policy } from '../test/spend-story.ts';
import { topicShards } from '../test/topic-shards.ts';
import { runAllocator } from './allocator.ts';
import { createTicker } from './ticker.ts';

const clock = createSystemClock();
const registry = openFileSchemaRegistry();
const boot = '01999999-0000-7000-8000-000000000001';
let folder: string;
let log: EventLog;
let states: StateStore;
let views: ViewStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adtally-allocation-'));
  log = await openEmbeddedEventLog({ folder: join(folder, 'log'), shards: topicShards(2), clock });
  states = await openEmbeddedStateStore({ folder: join(folder, 'state'), clock });
  views = await openEmbeddedViewStore({ folder: join(folder, 'views'), clock });
});

afterAll(async () => {
  await Promise.all([log.close(), states.close(), views.close()]);
  await rm(folder, { recursive: true });
});

async function put(topic: Topic, { name, value }: AnyRecord, shard = 0): Promise<void> {
  await log.append(topic, [{ shard, key: 'k', value: registry.encode(name, value) }]);
}

async function namesOf(topic: Topic, shard = 0): Promise<readonly string[]> {
  return (await log.read(topic, shard, 0, 1_000)).map(({ value }) => registry.decode(value).name);
}

describe('allocator and ticker on the embedded engine', () => {
  it('time advances in every shard, and a new campaign has its first lease soon after its budget', async () => {
    for (const shard of [0, 1]) await put('spend', policy(), shard);
    const common = { log, registry, states, clock, member: 'test' };
    const ticker = createTicker({ ...common, tickMs: 50, fenceTimeoutMs: 60_000 });
    ticker.start();
    const allocator = await runAllocator({ ...common, views, random: createSystemRandom(), reservationMs: 60_000 });
    const started = { node: 'a', boot, started_at: clock.now(), previous_boot: null, url: 'http://localhost' };
    await put('nodes', { name: 'NodeStarted', value: started });
    await expect.poll(() => allocator.health()).toMatchObject([{ status: 'running' }, { status: 'running' }]);
    const setAt = clock.now();
    const flight = { starts_at: setAt, ends_at: setAt + 3_600_000 };
    await put('pacing', budgetSet({ flight, pacing: 'even' }));
    await expect.poll(() => namesOf('pacing'), { interval: 5 }).toContain('LeaseGranted');
    process.stdout.write(`first lease after ${clock.now() - setAt} ms\n`);
    expect((await namesOf('pacing')).slice(0, 3)).toEqual(['BudgetSet', 'BudgetApplied', 'LeaseGranted']);
    const marked = {
      node: 'a',
      boot,
      marked_at: clock.now() + 500,
      drained_sequence: 0,
      last_sequence: 0,
      decisions: 0,
    };
    await put('nodes', { name: 'NodeMark', value: { ...marked, pacing_read: {} } });
    for (const shard of [0, 1]) await expect.poll(() => namesOf('spend', shard)).toContain('TimeAdvanced');
    await Promise.all([ticker.stop(), allocator.stop()]);
    expect([ticker.health(), allocator.health()].flat().filter(({ status }) => status === 'failed')).toEqual([]);
  });
});
