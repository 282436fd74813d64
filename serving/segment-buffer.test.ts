import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedDisk, type SimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { boot, node } from '../test/serving-world.ts';
import { readEntries } from './buffer-frames.ts';
import type { BufferRecord } from './local-buffer.ts';
import { type BufferLimits, SegmentBuffer } from './segment-buffer.ts';
import { leftBuffers } from './segments.ts';

const folder = '/buffer/node-1';
const limits: BufferLimits = {
  maxBytes: 100_000,
  decisionShare: 0.8,
  memoryBytes: 50_000,
  segmentBytes: 1_000,
  groupMs: 5,
};

function recordOf(text: string): BufferRecord {
  return { topic: 'spend', shard: 0, key: 'k', value: Buffer.from(text) };
}

async function openBuffer(
  change: Partial<BufferLimits> = {},
  disk = createSimulatedDisk({ random: createSeededRandom(1) }),
) {
  const clock = createSimulatedClock();
  const failures: unknown[] = [];
  const buffer = await SegmentBuffer.open({
    disk,
    clock,
    folder,
    node,
    boot,
    now: () => clock.now(),
    limits: { ...limits, ...change },
    onFailure: (error) => failures.push(error),
  });
  const append = (text: string) => buffer.append(buffer.nextSequence(), [recordOf(text)]);
  return { buffer, clock, disk, failures, append };
}

/** What the next boot reads from the disk. */
async function recovered(disk: SimulatedDisk): Promise<string[]> {
  const texts: string[] = [];
  for (const { segments } of await leftBuffers(disk, folder)) {
    for (const path of segments) {
      for (const { records } of readEntries(await disk.read(path)).entries) {
        texts.push(...records.map(({ value }) => Buffer.from(value).toString()));
      }
    }
  }
  return texts;
}

describe('The private buffer', () => {
  it('acknowledges the entries of a few ms together, after one sync', async () => {
    const { append, clock } = await openBuffer();
    let acknowledged = 0;
    for (const text of ['a', 'b', 'c']) void append(text).then(() => (acknowledged += 1));
    await clock.advance(4);
    expect(acknowledged).toBe(0);
    await clock.advance(1);
    expect(acknowledged).toBe(3);
  });

  it('has every acknowledged entry after a power loss at any moment, and nothing torn', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 5, max: 60 }),
        async (seed, operations, count) => {
          const disk = createSimulatedDisk({ random: createSeededRandom(seed) });
          const { append, clock } = await openBuffer({}, disk);
          disk.crashWithin(operations);
          const acknowledged: string[] = [];
          const sent: string[] = [];
          for (let index = 0; index < count; index += 1) {
            const text = `entry ${index} ${'x'.repeat(index * 3)}`;
            sent.push(text);
            append(text).then(
              () => acknowledged.push(text),
              () => undefined,
            );
            if (index % 3 === 0) await clock.advance(5);
          }
          await clock.advance(50);
          disk.restart();
          const found = await recovered(disk);
          expect(found.slice(0, acknowledged.length)).toEqual(acknowledged);
          expect(found).toEqual(sent.slice(0, found.length));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('acknowledges nothing when a sync fails, and asks for the end of the process', async () => {
    const { append, buffer, clock, disk, failures } = await openBuffer();
    disk.failNextSync();
    const refused = [append('a'), append('b')].map((stored) =>
      stored.then(
        () => 'stored',
        (error) => error.code,
      ),
    );
    await clock.advance(20);
    expect(await Promise.all(refused)).toEqual(['DISK_SYNC_FAILED', 'DISK_SYNC_FAILED']);
    expect(failures).toHaveLength(1);
    await expect(append('c')).rejects.toMatchObject({ code: 'DISK_SYNC_FAILED' });
    expect(buffer.nextSequence()).toBe(3);
  });

  it('refuses decisions before beacons, and beacons when it is full', async () => {
    const { append, buffer } = await openBuffer({ maxBytes: 1_000 });
    while (buffer.hasRoomFor('decision')) void append('x'.repeat(100));
    expect(buffer.depth().bytes).toBeGreaterThanOrEqual(800);
    expect(buffer.hasRoomFor('beacon')).toBe(true);
    while (buffer.hasRoomFor('beacon')) void append('x'.repeat(100));
    await expect(append('y')).rejects.toMatchObject({ code: 'BUFFER_FULL' });
  });

  it('refuses a sequence that is not above the last one', async () => {
    const { buffer } = await openBuffer();
    void buffer.append(5, [recordOf('a')]);
    await expect(buffer.append(5, [recordOf('b')])).rejects.toMatchObject({ code: 'INVARIANT_BROKEN' });
  });

  it('gives everything to its drainer once and in order, also what no longer lay in memory', async () => {
    const { append, buffer, clock } = await openBuffer({ memoryBytes: 600 });
    for (let index = 0; index < 60; index += 1) {
      void append(`entry ${index} ${'x'.repeat(50)}`);
      if (index % 2 === 0) await clock.advance(5);
    }
    const closed = buffer.close();
    await clock.advance(20);
    await closed;
    const drained: number[] = [];
    for (let batch = await buffer.feed.take(); batch !== null; batch = await buffer.feed.take()) {
      const { from, through } = batch;
      const sequences = batch.chunks.flatMap((chunk) => readEntries(chunk).entries.map(({ sequence }) => sequence));
      drained.push(...sequences.filter((sequence) => sequence >= from && sequence <= through));
      await buffer.feed.drained(through);
    }
    expect(drained).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(buffer.depth().bytes).toBe(0);
  });

  it('offers a batch again until it was told that it is drained', async () => {
    const { append, buffer, clock } = await openBuffer();
    void append('a');
    await clock.advance(5);
    const first = await buffer.feed.take();
    expect(await buffer.feed.take()).toEqual(first);
  });

  it('removes segments whose entries are all in the log, and remembers how far that is', async () => {
    const { append, buffer, clock, disk } = await openBuffer();
    for (let index = 0; index < 30; index += 1) {
      void append('x'.repeat(200));
      await clock.advance(5);
    }
    const before = (await leftBuffers(disk, folder))[0]?.segments.length ?? 0;
    expect(before).toBeGreaterThan(4);
    await buffer.feed.drained(29);
    const [left] = await leftBuffers(disk, folder);
    expect(left?.segments.length).toBe(1);
    expect(left?.drainedThrough).toBe(29);
  });

  it('knows the time of its oldest entry that is not in the log', async () => {
    const { append, buffer, clock } = await openBuffer();
    expect(buffer.oldestUndrainedAt()).toBeNull();
    const start = clock.now();
    void append('a');
    expect(buffer.oldestUndrainedAt()).toBe(start);
    await clock.advance(5);
    void append('b');
    await clock.advance(5);
    expect(buffer.oldestUndrainedAt()).toBe(start);
    await buffer.feed.drained(1);
    expect(buffer.oldestUndrainedAt()).toBe(start + 5);
    await buffer.feed.drained(2);
    expect(buffer.oldestUndrainedAt()).toBeNull();
  });
});
