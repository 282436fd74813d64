import { describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSimulatedLog } from '../adapters/simulated/event-log.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import type { Topic } from '../domain/records.ts';
import type { NewRecord } from '../ports/event-log.ts';
import { boot, node } from '../test/serving-world.ts';
import { topicShards } from '../test/topic-shards.ts';
import { Group } from './buffer-frames.ts';
import { DrainPump } from './drain-pump.ts';
import { createDrainer } from './drainer.ts';
import type { BufferRecord } from './local-buffer.ts';
import { SegmentBuffer } from './segment-buffer.ts';

const limits = { maxBytes: 1e6, decisionShare: 0.8, memoryBytes: 1e6, segmentBytes: 1e6, groupMs: 2 };

async function world() {
  const clock = createSimulatedClock();
  const simulated = createSimulatedLog({ shards: topicShards(4) });
  const log = simulated.open({ clock, name: 'serve' });
  const appended: Topic[] = [];
  const append = (topic: Topic, records: readonly NewRecord[]) => {
    appended.push(topic);
    return log.append(topic, records);
  };
  const disk = createSimulatedDisk({ random: createSeededRandom(1) });
  const now = () => clock.now();
  const buffer = await SegmentBuffer.open({
    disk,
    clock,
    folder: '/b',
    node,
    boot,
    now,
    limits,
    onFailure: () => undefined,
  });
  const retries: unknown[] = [];
  const onRetry = (error: unknown) => retries.push(error);
  const pump = new DrainPump({
    feed: buffer.feed,
    writer: createDrainer({ append }),
    clock,
    intervalMs: 25,
    restlessBytes: 1e5,
    onRetry,
  });
  const put = (...records: BufferRecord[]) => void buffer.append(buffer.nextSequence(), records);
  const texts = async (topic: Topic, shard = 1) =>
    (await log.read(topic, shard, 0, 1_000)).map(({ value }) => Buffer.from(value).toString());
  return { clock, simulated, appended, buffer, pump, put, retries, texts };
}

function recordOf(topic: Topic, text: string): BufferRecord {
  return { topic, shard: 1, key: 'k', value: Buffer.from(text) };
}

describe('The drainer', () => {
  it('brings entries to the log in their order, spend before everything else', async () => {
    const { appended, clock, pump, put, texts } = await world();
    const run = pump.run();
    for (let index = 0; index < 3; index += 1) put(recordOf('selected', `s${index}`), recordOf('spend', `r${index}`));
    await clock.advance(10);
    expect(await texts('spend')).toEqual(['r0', 'r1', 'r2']);
    expect(await texts('selected')).toEqual(['s0', 's1', 's2']);
    expect(appended).toEqual(['spend', 'selected']);
    pump.hurry();
    expect(run).toBeInstanceOf(Promise);
  });

  it('appends the evidence only when spend, and the click rates that selections name, are in the log', async () => {
    const begun: Topic[] = [];
    const held: Partial<Record<Topic, PromiseWithResolvers<number[]>>> = {};
    const append = (topic: Topic) => {
      begun.push(topic);
      const done = Promise.withResolvers<number[]>();
      held[topic] = done;
      return done.promise;
    };
    const settle = () => new Promise((settled) => setImmediate(settled));
    const group = new Group();
    group.add(1, [recordOf('selected', 'a'), recordOf('spend', 'b')]);
    group.add(2, [recordOf('nodes', 'rates')]);
    const drained = createDrainer({ append }).drain({ chunks: [group.take()], from: 1, through: 2 });
    expect(begun.toSorted()).toEqual(['nodes', 'spend']);
    held.spend?.resolve([0]);
    await settle();
    expect(begun).not.toContain('selected');
    held.nodes?.resolve([0]);
    await settle();
    expect(begun).toContain('selected');
    held.selected?.resolve([0]);
    await drained;
  });

  it('repeats the same batch while its outcome is unknown, so that only duplicates can result', async () => {
    const { clock, pump, put, retries, simulated, texts } = await world();
    void pump.run();
    put(recordOf('spend', 'a'), recordOf('impression', 'A'));
    put(recordOf('spend', 'b'), recordOf('impression', 'B'));
    simulated.failNextAppend(1);
    await clock.advance(2_000);
    expect(await texts('spend')).toEqual(['a', 'a', 'b']);
    expect(await texts('impression')).toEqual(['A', 'B']);
    expect(retries).toHaveLength(1);
  });

  it('outlasts an outage of the log: everything is there afterwards, nothing was refused', async () => {
    const { buffer, clock, pump, put, simulated, texts } = await world();
    void pump.run();
    simulated.setAvailable(false);
    for (let index = 0; index < 200; index += 1) {
      put(recordOf('spend', String(index)));
      await clock.advance(50);
    }
    expect(buffer.depth().drainedSequence).toBe(0);
    simulated.setAvailable(true);
    await clock.advance(5_000);
    expect(await texts('spend')).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
    expect(buffer.depth()).toMatchObject({ bytes: 0, lastSequence: 200, drainedSequence: 200 });
  });

  it('stops with an error that can’t pass', async () => {
    const { clock, pump, put } = await world();
    const failed = pump.run().catch((error: unknown) => error);
    put({ topic: 'spend', shard: 99, key: 'k', value: new Uint8Array() });
    await clock.advance(100);
    expect(await failed).toMatchObject({ code: 'UNKNOWN_SHARD' });
  });
});
