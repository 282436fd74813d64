import { beforeAll, describe, expect, it } from 'vitest';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSimulatedClock, type SimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedLog, type SimulatedLog } from '../adapters/simulated/event-log.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { pacingViewKey, type PacingView } from '../domain/pacing-view.ts';
import type { AnyRecord, Topic } from '../domain/records.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { memoryStateStore, memoryViewStore } from '../test/memory/stores.ts';
import { budgetSet, heldByNumber } from '../test/pacing-world.ts';
import { type AllocatorOptions, runAllocator } from './allocator.ts';
import type { SourceRecord } from './runtime/processor.ts';

const topics: readonly Topic[] = ['pacing', 'nodes', 'catalog', 'spend', 'quarantine'];
const boot = '01999999-0000-7000-8000-000000000001';
let registry: SchemaRegistry;
beforeAll(() => {
  registry = openFileSchemaRegistry();
});

class Platform {
  readonly clock: SimulatedClock = createSimulatedClock({ startMs: Date.UTC(2026, 10, 1, 12) });
  readonly log: SimulatedLog = createSimulatedLog({
    shards: Object.fromEntries(topics.map((topic) => [topic, 1])) as Record<Topic, number>,
  });
  readonly outside: EventLog = this.log.open({ clock: this.clock, name: 'outside' });
  readonly states: StateStore = memoryStateStore();
  readonly views: ViewStore = memoryViewStore();
  readonly start = this.clock.now();

  allocator(
    member: string,
    states = this.states,
  ): AllocatorOptions & { readonly log: ReturnType<SimulatedLog['open']> } {
    const log = this.log.open({ clock: this.clock, name: member });
    const { clock, views } = this;
    return { log, registry, views, states, clock, random: createSystemRandom(), member, reservationMs: 60_000 };
  }

  async put(topic: Topic, { name, value }: AnyRecord): Promise<void> {
    await this.outside.append(topic, [{ shard: 0, key: 'k', value: registry.encode(name, value) }]);
  }

  async nodeStarts(node: string): Promise<void> {
    const value = { node, boot, started_at: this.clock.now(), previous_boot: null, url: 'http://localhost' };
    await this.put('nodes', { name: 'NodeStarted', value });
  }

  async mark(node: string): Promise<void> {
    const value = { node, boot, marked_at: this.clock.now(), drained_sequence: 0, last_sequence: 0, decisions: 0 };
    await this.put('nodes', { name: 'NodeMark', value: { ...value, pacing_read: {} } });
  }

  async budget(over: Parameters<typeof budgetSet>[0] = {}): Promise<void> {
    const flight = { starts_at: this.start, ends_at: this.start + 3_600_000 };
    await this.put('pacing', budgetSet({ flight, pacing: 'even', total_micros: 90_000_000, ...over }));
  }

  async pacing(): Promise<readonly SourceRecord[]> {
    const records = await this.outside.read('pacing', 0, 0, 10_000);
    return records.flatMap(({ value, topic, shard, offset, key }) => {
      if (value.length < 5) return [];
      return [{ topic, shard, offset, key, record: registry.decode(value) }];
    });
  }

  async grants(): Promise<number> {
    return (await this.pacing()).filter(({ record }) => record.name === 'LeaseGranted').length;
  }

  async view(): Promise<PacingView> {
    const [view] = await this.views.getMany([pacingViewKey('cmp_1')]);
    return JSON.parse(Buffer.from(view?.value ?? []).toString()) as PacingView;
  }
}

describe('the allocator', () => {
  it('gives a new campaign its first lease within 300 ms of its budget, and shows it', async () => {
    const on = new Platform();
    const handle = await runAllocator(on.allocator('m1'));
    await on.nodeStarts('a');
    await on.clock.advance(1_000);
    await on.budget();
    await on.clock.advance(300);
    const [lease] = [...heldByNumber(await on.pacing()).granted.values()];
    expect(lease?.lease).toEqual({ node: 'a', boot, day: '2026-11-01' });
    expect(lease?.amount).toBeGreaterThan(0);
    await on.clock.advance(1_100);
    expect(await on.view()).toMatchObject({
      campaign_id: 'cmp_1',
      budget: { wanted_micros: '90000000', effective_micros: '90000000' },
      leases: [{ node: 'a', granted_micros: String(lease?.amount), outstanding_micros: String(lease?.amount) }],
      throttle: 'no_demand',
    });
    expect(handle.health()).toMatchObject([{ status: 'running' }]);
    await Promise.all([handle.stop(), on.clock.advance(1_000)]);
  });

  it('grants nothing to a boot whose end was decided, and to the one that follows it at once', async () => {
    const on = new Platform();
    const handle = await runAllocator(on.allocator('m1'));
    await on.nodeStarts('a');
    const decided = { node: 'a', boot, reason: 'stopped', decided_by: 'a', decided_at: on.start };
    await on.put('nodes', { name: 'NodeFenceDecided', value: decided });
    await on.budget();
    await on.clock.advance(1_000);
    expect(await on.grants()).toBe(0);
    const next = { node: 'a', boot: `${boot.slice(0, -1)}2`, started_at: on.clock.now(), previous_boot: boot, url: '' };
    await on.put('nodes', { name: 'NodeStarted', value: next });
    await on.clock.advance(600);
    expect(await on.grants()).toBeGreaterThan(0);
    await Promise.all([handle.stop(), on.clock.advance(1_000)]);
  });

  it('goes on with the next number after a stop, from its snapshot and without one', async () => {
    for (const keep of [true, false]) {
      const on = new Platform();
      const first = await runAllocator(on.allocator('m1'));
      await on.nodeStarts('a');
      await on.budget();
      await on.clock.advance(500);
      await Promise.all([first.stop(), on.clock.advance(1_000)]);
      const second = await runAllocator(on.allocator('m2', keep ? on.states : memoryStateStore()));
      await on.budget({ revision: 2, total_micros: 95_000_000 });
      await on.clock.advance(1_000);
      const numbers = (await on.pacing()).flatMap(({ record }) =>
        record.name === 'BudgetApplied' || record.name === 'LeaseGranted' ? [record.value.number] : [],
      );
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      expect(heldByNumber(await on.pacing()).total).toBe(95_000_000);
      await Promise.all([second.stop(), on.clock.advance(1_000)]);
    }
  });

  it('survives an outage of the log and an append of unknown outcome, and takes corrupt bytes out', async () => {
    const on = new Platform();
    const handle = await runAllocator(on.allocator('m1'));
    await on.nodeStarts('a');
    await on.outside.append('pacing', [{ shard: 0, key: 'k', value: Buffer.from('?') }]);
    on.log.setAvailable(false);
    await on.clock.advance(2_000);
    on.log.setAvailable(true);
    await on.nodeStarts('b');
    await on.budget();
    on.log.failNextAppend(1);
    for (let second = 0; second < 8; second += 1) {
      await on.clock.advance(1_000);
      await on.mark('b');
    }
    expect(heldByNumber(await on.pacing()).granted.size).toBeGreaterThan(0);
    expect((await on.outside.bounds('quarantine', 0)).next).toBeGreaterThan(0);
    expect(handle.health()).toMatchObject([{ status: 'running' }]);
    await Promise.all([handle.stop(), on.clock.advance(1_000)]);
  });
});
