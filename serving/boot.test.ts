import { describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSimulatedLog } from '../adapters/simulated/event-log.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import type { AnyRecord, RecordName, RecordTypes, Topic } from '../domain/records.ts';
import { registry } from '../test/serving-world.ts';
import { topicShards } from '../test/topic-shards.ts';
import { Boot, type BootOptions } from './boot.ts';
import { createDrainer } from './drainer.ts';
import type { BufferRecord } from './local-buffer.ts';

const limits: BootOptions['limits'] = {
  maxBytes: 1e6,
  decisionShare: 0.8,
  memoryBytes: 1e6,
  segmentBytes: 2_000,
  groupMs: 3,
  drainMs: 25,
  markMs: 250,
  drawingMs: 1_000,
  leaseIdleMs: 30_000,
};

function world(seed = 1) {
  const clock = createSimulatedClock();
  const random = createSeededRandom(seed);
  const simulated = createSimulatedLog({ shards: topicShards(4) });
  const disk = createSimulatedDisk({ random });
  const log = simulated.open({ clock, name: 'reader' });
  const read = async (topic: Topic, shard = 0): Promise<AnyRecord[]> =>
    (await log.read(topic, shard, 0, 10_000)).map(({ value }) => registry.decode(value));
  const only = async <N extends RecordName>(topic: Topic, name: N): Promise<RecordTypes[N][]> =>
    (await read(topic)).flatMap((record) => (record.name === name ? [record.value as RecordTypes[N]] : []));
  const write = <N extends RecordName>(topic: Topic, name: N, value: RecordTypes[N]) =>
    log.append(topic, [{ shard: 0, key: 'k', value: registry.encode(name, value) }]);

  /** A process on this disk and log; `handle.crash()` kills it. */
  async function start(change: Partial<BootOptions> = {}) {
    const handle = simulated.open({ clock, name: 'serve' });
    const fatal: unknown[] = [];
    const troubles: string[] = [];
    const starting = Boot.start({
      node: 'node-1',
      url: 'http://127.0.0.1:8080',
      folder: '/buffer/node-1',
      disk,
      clock,
      random,
      registry,
      log: handle,
      writer: createDrainer(handle),
      catalog: { apply: () => true },
      limits,
      onFatal: (error) => fatal.push(error),
      onTrouble: (sentence) => troubles.push(sentence),
      ...change,
    });
    await clock.advance(1);
    const boot = await starting;
    const put = (text: string) => boot.buffer.append(boot.buffer.nextSequence(), [spend(text)]);
    return { boot, handle, fatal, troubles, put };
  }
  return { clock, simulated, disk, read, only, write, start };
}

function spend(text: string): BufferRecord {
  const value = registry.encode('TimeAdvanced', { advanced_to: 0, ticker: text });
  return { topic: 'spend', shard: 0, key: text, value };
}

async function stop(boot: Boot, clock: { advance(byMs: number): Promise<void> }): Promise<void> {
  const stopped = boot.stop();
  await clock.advance(1_000);
  await stopped;
}

describe('A boot', () => {
  it('says that it started before it serves, then marks, and reads its views', async () => {
    const { clock, only, start } = world();
    const { boot } = await start();
    expect(await only('nodes', 'NodeStarted')).toMatchObject([
      { node: 'node-1', boot: boot.boot, previous_boot: null },
    ]);
    await clock.advance(1_000);
    const marks = await only('nodes', 'NodeMark');
    expect(marks.length).toBeGreaterThanOrEqual(4);
    expect(marks.at(-1)?.marked_at).toBeGreaterThan(clock.now() - 300);
    expect(Object.values(boot.dependencies()).every(({ ok }) => ok)).toBe(true);
  });

  it('that stops drains, gives its leases back, and ends with BufferDrained and its fence; the next finds nothing', async () => {
    const { clock, disk, only, read, start, write } = world();
    const { boot, put } = await start();
    const lease = { node: 'node-1', boot: boot.boot, day: '2026-01-01' };
    const granted = { campaign_id: 'cmp_1', number: 1, lease, amount_micros: 500, granted_at: 0, allocator: 'a' };
    await write('pacing', 'LeaseGranted', granted);
    await clock.advance(300);
    expect(boot.leases.draw('cmp_1', lease.day, 120)).toEqual(lease);
    void put('a');
    void put('b');
    await stop(boot, clock);
    expect((await read('spend')).map(({ value }) => 'ticker' in value && value.ticker)).toEqual(['a', 'b']);
    const pacing = await Promise.all([0, 1, 2, 3].map((shard) => read('pacing', shard)));
    expect(pacing.flat().filter(({ name }) => name === 'LeaseReturned')).toMatchObject([
      { value: { returned_micros: 380, lease } },
    ]);
    expect(await only('nodes', 'BufferDrained')).toMatchObject([
      { boot: boot.boot, last_sequence: 3, drained_by: boot.boot },
    ]);
    expect(await only('nodes', 'NodeFenceDecided')).toMatchObject([{ boot: boot.boot, reason: 'stopped' }]);
    expect(await disk.list('/buffer/node-1')).toEqual([]);
    await start();
    expect(await only('nodes', 'NodeFenceDecided')).toHaveLength(1);
  });

  it('that was killed leaves what its selections rest on: the next drains it before it says that the old one has ended', async () => {
    const { clock, only, read, simulated, start } = world();
    const { boot, handle } = await start();
    simulated.setAvailable(false);
    const learned = { node: 'node-1', boot: boot.boot, revision: 1, rates: [], counts: [], learned_at: clock.now() };
    const value = registry.encode('ClickRatesLearned', learned);
    const noted = boot.note([{ topic: 'nodes', shard: 0, key: boot.boot, value }]);
    await clock.advance(5);
    expect(await noted).toBe(true);
    handle.crash();
    simulated.setAvailable(true);
    await clock.advance(1_000);
    expect(await only('nodes', 'ClickRatesLearned')).toEqual([]);
    await start();
    await clock.advance(1_000);
    const names = (await read('nodes')).map(({ name }) => name).filter((name) => name !== 'NodeMark');
    const end = ['ClickRatesLearned', 'BufferDrained', 'NodeFenceDecided', 'NodeStarted'];
    expect(names).toEqual(['NodeStarted', ...end]);
  });

  it('that was killed has everything it acknowledged drained by the next, then is fenced, before the next says it started', async () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const { clock, disk, only, read, start } = world(seed);
      const { boot, put, handle } = await start();
      const acknowledged: string[] = [];
      for (let index = 0; index < 40; index += 1) {
        put(`r${index}`).then(
          () => acknowledged.push(`r${index}`),
          () => undefined,
        );
        await clock.advance((seed * 7 + index) % 9);
      }
      handle.crash();
      disk.crash();
      const { boot: next } = await start();
      const drained = (await read('spend')).map(({ value }) => ('ticker' in value ? value.ticker : ''));
      expect(new Set(drained).isSupersetOf(new Set(acknowledged))).toBe(true);
      const records = await read('nodes');
      const order = records.map(({ name }) => name).filter((name) => name !== 'NodeMark');
      expect(order).toEqual(['NodeStarted', 'BufferDrained', 'NodeFenceDecided', 'NodeStarted']);
      const [end] = await only('nodes', 'BufferDrained');
      expect(end).toMatchObject({ boot: boot.boot, drained_by: next.boot });
      expect(end?.last_sequence).toBeGreaterThanOrEqual(acknowledged.length);
      expect(await only('nodes', 'NodeFenceDecided')).toMatchObject([{ boot: boot.boot, reason: 'succeeded' }]);
      expect((await only('nodes', 'NodeStarted'))[1]?.previous_boot).toBe(boot.boot);
    }
  });

  it('that was killed before it took anything is fenced as well', async () => {
    const { disk, only, start } = world();
    const { boot, handle } = await start();
    handle.crash();
    disk.crash();
    await start();
    expect(await only('nodes', 'NodeFenceDecided')).toMatchObject([{ boot: boot.boot, reason: 'succeeded' }]);
    expect(await only('nodes', 'BufferDrained')).toMatchObject([{ boot: boot.boot, last_sequence: 0 }]);
  });

  it('never marks beyond a record that is not in the log, however long the log is away', async () => {
    const { clock, only, simulated, start } = world();
    const { boot, put } = await start();
    await clock.advance(500);
    const acceptedAt = clock.now();
    simulated.setAvailable(false);
    void put('held back');
    await clock.advance(20_000);
    expect(boot.buffer.oldestUndrainedAt()).toBe(acceptedAt);
    simulated.setAvailable(true);
    await clock.advance(10_000);
    const marks = (await only('nodes', 'NodeMark')).map(({ marked_at }) => marked_at);
    expect(marks).toEqual(marks.toSorted((a, b) => a - b));
    expect(marks.filter((mark) => mark > acceptedAt && mark < acceptedAt + 20_000)).toEqual([]);
    expect(marks.at(-1)).toBeGreaterThan(acceptedAt + 20_000);
  });

  it('takes a time above everything its node has marked before, even if the machine’s clock was set back', async () => {
    const { clock, disk, only, start } = world();
    const { handle } = await start();
    await clock.advance(5_000);
    const marked = (await only('nodes', 'NodeMark')).at(-1)?.marked_at ?? 0;
    handle.crash();
    disk.crash();
    clock.stepWall(-3_600_000);
    const { boot } = await start();
    expect(boot.clock.now()).toBeGreaterThanOrEqual(marked);
    expect((await only('nodes', 'NodeStarted'))[1]?.started_at).toBeGreaterThanOrEqual(marked);
  });

  it('that can’t mark stops drawing long before others may fence it, and goes on when its marks arrive', async () => {
    const { clock, simulated, start, write } = world();
    const { boot } = await start();
    const lease = { node: 'node-1', boot: boot.boot, day: '2026-01-01' };
    await write('pacing', 'LeaseGranted', {
      campaign_id: 'c',
      number: 1,
      lease,
      amount_micros: 9,
      granted_at: 0,
      allocator: 'a',
    });
    await clock.advance(300);
    simulated.setAvailable(false);
    await clock.advance(700);
    expect(boot.leases.draw('c', lease.day, 1)).toEqual(lease);
    await clock.advance(600);
    expect(boot.leases.draw('c', lease.day, 1)).toBeNull();
    expect(boot.dependencies().log.ok).toBe(false);
    simulated.setAvailable(true);
    await clock.advance(600);
    expect(boot.leases.draw('c', lease.day, 1)).toEqual(lease);
  });

  it('that reads its own fence draws nothing more and ends', async () => {
    const { clock, start, write } = world();
    const { boot, fatal } = await start();
    const lease = { node: 'node-1', boot: boot.boot, day: '2026-01-01' };
    await write('pacing', 'LeaseGranted', {
      campaign_id: 'c',
      number: 1,
      lease,
      amount_micros: 9,
      granted_at: 0,
      allocator: 'a',
    });
    await clock.advance(300);
    const fence = { node: 'node-1', boot: boot.boot, reason: 'timed_out', decided_by: 'ticker', decided_at: 0 };
    await write('nodes', 'NodeFenceDecided', { ...fence, boot: '018f0000-0000-7000-8000-00000000ffff' });
    await clock.advance(300);
    expect(fatal).toEqual([]);
    await write('nodes', 'NodeFenceDecided', fence);
    await clock.advance(300);
    expect(fatal).toMatchObject([{ code: 'NODE_FENCED' }]);
    expect(boot.leases.draw('c', lease.day, 1)).toBeNull();
  });

  it('ends when the disk fails, without another acknowledgement', async () => {
    const { clock, disk, start } = world();
    const { fatal, put } = await start();
    disk.failNextSync();
    const stored = put('a').then(
      () => 'stored',
      (error) => error.code,
    );
    await clock.advance(10);
    expect([await stored, fatal]).toMatchObject(['DISK_SYNC_FAILED', [{ code: 'DISK_SYNC_FAILED' }]]);
  });

  it('starts once the log can be reached, not before', async () => {
    const { clock, only, simulated, start } = world();
    simulated.setAvailable(false);
    const starting = start();
    await clock.advance(5_000);
    simulated.setAvailable(true);
    await clock.advance(5_000);
    await starting;
    expect(await only('nodes', 'NodeStarted')).toHaveLength(1);
  });
});

describe('What a killed boot left', () => {
  it('with damage in its middle is drained around it, and the damage goes to quarantine', async () => {
    const { clock, disk, only, read, simulated, start } = world();
    const { handle, put } = await start();
    simulated.setAvailable(false);
    for (let index = 0; index < 60; index += 1) {
      void put(`record ${index} ${'x'.repeat(100)}`);
      await clock.advance(5);
    }
    handle.crash();
    disk.crash();
    simulated.setAvailable(true);
    const segments = (await disk.list('/buffer/node-1')).filter((name) => name.endsWith('.seg')).toSorted();
    expect(segments.length).toBeGreaterThan(3);
    disk.flipBit(`/buffer/node-1/${segments[1]}`, 400);
    const { troubles } = await start();
    expect(troubles.join()).toContain('damaged');
    const drained = await read('spend');
    expect(drained.length).toBeGreaterThan(40);
    expect(drained.length).toBeLessThan(60);
    expect(await only('quarantine', 'Quarantined')).toMatchObject([
      { code: 'UNREADABLE_RECORD', source_topic: 'buffer' },
    ]);
  });
});
