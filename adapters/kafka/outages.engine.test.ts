import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import { isAdtallyError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/records.ts';
import type { EventLog, NewRecord } from '../../ports/event-log.ts';
import { type RunningEngine, startEngine } from '../../scripts/engines/engine.ts';
import { kafkaEngine } from '../../scripts/engines/kafka.ts';
import { describeEngine, engineForTests } from '../../test/engines.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSystemClock } from '../system/clock.ts';
import { openKafkaEventLog } from './event-log.ts';

const clock = createSystemClock();
const shards = { spend: 4, click: 4 } as Record<Topic, number>;
const times = { requestMs: 2000, retryMs: 300, connectMs: 1000 };
const unavailable = { code: 'LOG_UNAVAILABLE' };

describeEngine(kafkaEngine, await engineForTests(kafkaEngine), () => {
  describe('While Kafka is away, the log', () => {
    let folder: ReturnType<typeof makeTemporaryFolder>;
    let broker: RunningEngine;
    let log: EventLog;
    let opened = 0;
    // A broker of its own, which may be killed.
    const start = () => startEngine(kafkaEngine, join(folder.path, 'kafka'));
    beforeAll(async () => {
      folder = makeTemporaryFolder();
      broker = await start();
    });
    beforeEach(async () => {
      log = await openKafkaEventLog({
        brokers: [new URL(broker.url).host],
        prefix: `o${opened++}`,
        shards,
        replication: 1,
        clock,
        times,
        groupTimes: { sessionMs: 3000, heartbeatMs: 200 },
      });
    });
    afterEach(() => log.close());
    afterAll(async () => {
      await broker.kill();
      folder.remove();
    });

    it('loses nothing acknowledged and keeps the order of every shard when the broker is killed while it appends', async () => {
      const writer = startWriter(log);
      for (let life = 0; life < 2; life++) {
        const before = writer.acknowledged.length;
        await vi.waitFor(() => expect(writer.acknowledged.length).toBeGreaterThan(before + 40), 90_000);
        await broker.kill();
        await clock.sleep(500);
        broker = await start();
      }
      const before = writer.acknowledged.length;
      await vi.waitFor(() => expect(writer.acknowledged.length).toBeGreaterThan(before + 40), 90_000);
      await writer.stop();
      expect(writer.failures).toBeGreaterThan(0);
      for (let shard = 0; shard < 4; shard++) {
        const { next } = await log.bounds('spend', shard);
        const keys = (await log.read('spend', shard, 0, next)).map(({ key }) => key);
        expect(keys).toHaveLength(next);
        const own = writer.acknowledged.filter((one) => one.shard === shard);
        for (const { offset, key } of own) expect(keys[offset]).toBe(key);
        // What was repeated may be there again; the first times are in the order of writing.
        expect([...new Set(keys)]).toEqual(own.map(({ key }) => key));
      }
    });

    it('says so soon, whatever is asked of it, and goes on once the broker is back', async () => {
      await vi.waitFor(() => log.append('spend', [{ shard: 0, key: 'before', value: new Uint8Array(1) }]), 60_000);
      await broker.kill();
      const startedUs = clock.monotonicUs();
      const asked = [
        log.append('spend', [{ shard: 0, key: 'lost', value: new Uint8Array(1) }]),
        log.read('spend', 0, 0, 10),
        log.bounds('spend', 0),
        log.wait([{ topic: 'spend', shard: 1, offset: 0 }], 100_000),
        log.committed('g', 'spend', 0),
        log.commit('g', 'spend', 0, 1),
        log.join('g', { topics: ['spend'], onAssigned: async () => {}, onRevoked: async () => {} }),
      ];
      const outcomes = await Promise.allSettled(asked);
      expect(outcomes.map((one) => one.status === 'rejected' && one.reason)).toMatchObject(
        asked.map(() => unavailable),
      );
      expect(clock.monotonicUs() - startedUs).toBeLessThan(60_000_000);
      broker = await start();
      const kept = () => log.read('spend', 0, 0, 10);
      const before = (await vi.waitFor(kept, 60_000)).map(({ key }) => key);
      expect(new Set(before)).toEqual(new Set(['before']));
      const after = await log.append('spend', [{ shard: 0, key: 'after', value: new Uint8Array(1) }]);
      expect(after).toEqual([before.length]);
    });

    it('does not wait for ever for a broker that stands still', async () => {
      await vi.waitFor(() => log.append('spend', [{ shard: 0, key: 'before', value: new Uint8Array(1) }]), 60_000);
      process.kill(broker.pid, 'SIGSTOP');
      try {
        const startedUs = clock.monotonicUs();
        const asked = [
          log.append('spend', [{ shard: 0, key: 'stuck', value: new Uint8Array(1) }]),
          log.read('spend', 0, 0, 10),
        ];
        const outcomes = await Promise.allSettled(asked);
        expect(outcomes).toMatchObject(asked.map(() => ({ status: 'rejected', reason: unavailable })));
        expect(clock.monotonicUs() - startedUs).toBeLessThan(60_000_000);
      } finally {
        process.kill(broker.pid, 'SIGCONT');
      }
      await vi.waitFor(() => log.append('spend', [{ shard: 0, key: 'after', value: new Uint8Array(1) }]), 60_000);
      const keys = (await log.read('spend', 0, 0, 10)).map(({ key }) => key);
      // The outcome of what it was asked for while it stood still is unknown.
      expect([...new Set(keys)].filter((key) => key !== 'stuck')).toEqual(['before', 'after']);
    });

    it('leaves the shards to their owner, who has them still when the broker is back', async () => {
      const calls: string[] = [];
      const keepers: Parameters<EventLog['join']>[1] = {
        topics: ['spend'],
        onAssigned: async (owned) => void calls.push(`assigned ${owned.join()}`),
        onRevoked: async (owned) => void calls.push(`revoked ${owned.join()}`),
      };
      // A broker that has just started may not know its groups yet.
      const member = await vi.waitFor(() => log.join('keepers', keepers), 60_000);
      await broker.kill();
      await clock.sleep(1000);
      expect(member.owned()).toEqual([0, 1, 2, 3]);
      broker = await start();
      await clock.sleep(4000);
      await expect.poll(() => member.owned(), { timeout: 60_000 }).toEqual([0, 1, 2, 3]);
      // It is struck off at the worst, if the broker took long to come back: then it gives up all before it gets all.
      expect([1, 4, 7]).toContain(calls.length);
    });

    it('closes without it', async () => {
      const idle = { topics: ['spend'], onAssigned: async () => {}, onRevoked: async () => {} } as const;
      await vi.waitFor(() => log.join('last', idle), 60_000);
      await broker.kill();
      const startedUs = clock.monotonicUs();
      await log.close();
      expect(clock.monotonicUs() - startedUs).toBeLessThan(60_000_000);
      broker = await start();
    });
  });
});

/** Appends batch after batch to all shards, each again until it is acknowledged. */
function startWriter(log: EventLog) {
  const acknowledged: { shard: number; offset: number; key: string }[] = [];
  const writer = { acknowledged, failures: 0, stop: async () => {} };
  let stopped = false;
  const append = async (batch: readonly NewRecord[]): Promise<void> => {
    for (;;) {
      try {
        const offsets = await log.append('spend', batch);
        for (const [i, { shard, key }] of batch.entries()) acknowledged.push({ shard, key, offset: offsets[i] ?? -1 });
        return;
      } catch (error) {
        if (!isAdtallyError(error, 'LOG_UNAVAILABLE')) throw error;
        writer.failures += 1;
        await clock.sleep(50);
      }
    }
  };
  const run = async () => {
    for (let round = 0; !stopped; round++) {
      await append(
        Array.from({ length: 8 }, (_, i) => ({ shard: i % 4, key: `${round}-${i}`, value: new Uint8Array(100) })),
      );
    }
  };
  const running = run();
  writer.stop = async () => {
    stopped = true;
    await running;
  };
  return writer;
}
