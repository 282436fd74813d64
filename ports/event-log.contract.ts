import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventLog, NewRecord } from './event-log.ts';
import { describeGroupContract, type GroupHarness } from './event-log-groups.contract.ts';

/**
 * An empty log to test, on which topic `spend` and `click` have four shards and `catalog` one, and other processes that use it: as real
 * as the engine allows (an engine in memory has none but those it plays).
 */
export interface EventLogHarness extends GroupHarness {
  readonly engine: EventLog;
  /** Closes and opens again whatever `engine` was. */
  reopen(): Promise<EventLog>;
  /** Forgets all records below an offset, as retention does. */
  trim(place: { topic: 'spend' | 'catalog'; shard: number; first: number }): Promise<void>;
  /** A process of its own that appends batches of `batch` records to `spend` without pause. */
  startWriter(task: { readonly name: string; readonly batch: number }): Promise<RemoteWriter>;
}

/** A record that a writer in another process knows to be written. */
export interface Acknowledged {
  readonly shard: number;
  readonly offset: number;
  readonly key: string;
}

export interface RemoteWriter {
  /** All that it has reported so far. */
  acknowledged(): readonly Acknowledged[];
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const records = (shard: number, count: number, name = 'r'): NewRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    shard,
    key: `${name}${i}`,
    value: new TextEncoder().encode(`${name} ${i}`),
  }));
const traceparentOf = (number: number) => `00-0af7651916cd43dd8448eb211c80319c-${String(number).padStart(16, '0')}-03`;
const keysOf = (read: readonly { readonly key: string }[]) => read.map(({ key }) => key);

/** The promises of the EventLog port, for one engine. */
export function describeEventLogContract(name: string, open: () => Promise<EventLogHarness>): void {
  describe(`EventLog on ${name}`, () => {
    let harness: EventLogHarness;
    let log: EventLog;
    beforeEach(async () => {
      harness = await open();
      log = harness.engine;
    });
    afterEach(() => harness.close());

    describeOffsets();
    describeReading();
    describeHeaders();
    describeCopies();
    describeErrors();
    describeWaiting();
    describeCommits();
    describeOtherProcesses();
    describeGroupContract(() => harness);

    function describeOffsets(): void {
      it('starts empty, with the shards it was made with', async () => {
        expect([log.shards('spend'), log.shards('click'), log.shards('catalog')]).toEqual([4, 4, 1]);
        expect(await log.bounds('spend', 3)).toEqual({ first: 0, next: 0 });
        expect(await log.read('spend', 3, 0, 10)).toEqual([]);
      });

      it('numbers the records of every shard from 0 without gaps, in the order given', async () => {
        const batch = [...records(2, 2, 'a'), ...records(0, 1, 'b'), ...records(2, 1, 'c')];
        expect(await log.append('spend', batch)).toEqual([0, 1, 0, 2]);
        expect(await log.append('spend', records(2, 2, 'd'))).toEqual([3, 4]);
        expect(keysOf(await log.read('spend', 2, 0, 10))).toEqual(['a0', 'a1', 'c0', 'd0', 'd1']);
        expect(await log.bounds('spend', 2)).toEqual({ first: 0, next: 5 });
      });

      it('keeps topics apart', async () => {
        await log.append('spend', records(0, 2));
        expect(await log.append('click', records(0, 1, 'c'))).toEqual([0]);
        expect(keysOf(await log.read('click', 0, 0, 10))).toEqual(['c0']);
      });

      it('appends nothing for an empty batch', async () => {
        expect(await log.append('spend', [])).toEqual([]);
      });

      it('holds a batch twice that is appended twice', async () => {
        await log.append('spend', records(1, 2));
        expect(await log.append('spend', records(1, 2))).toEqual([2, 3]);
        expect(keysOf(await log.read('spend', 1, 0, 10))).toEqual(['r0', 'r1', 'r0', 'r1']);
      });

      it('is one list a shard, whatever the batches were', async () => {
        const topic = 'spend';
        const record = fc.record({
          shard: fc.nat(3),
          key: fc.string({ unit: 'grapheme' }),
          value: fc.uint8Array({ maxLength: 40 }),
        });
        const written: NewRecord[] = [];
        await fc.assert(
          fc.asyncProperty(fc.array(record, { maxLength: 20 }), async (batch) => {
            await log.append(topic, batch);
            written.push(...batch);
            for (let shard = 0; shard < 4; shard++) {
              const read = await log.read(topic, shard, 0, written.length + 1);
              const expected = written.filter((one) => one.shard === shard);
              expect(read.map(({ offset }) => offset)).toEqual(expected.map((_, i) => i));
              expect(read.map(({ key, value }) => [key, [...value]])).toEqual(
                expected.map(({ key, value }) => [key, [...value]]),
              );
            }
          }),
          { numRuns: 15 },
        );
      });
    }

    function describeReading(): void {
      it('gives back place, key and bytes as they were', async () => {
        const long = Uint8Array.from({ length: 300_000 }, (_, i) => i & 255);
        const batch = [
          { shard: 1, key: '', value: bytes() },
          { shard: 1, key: 'ключ 鍵', value: bytes(0, 255, 1, 0) },
          { shard: 1, key: 'long', value: long },
        ];
        await log.append('spend', batch);
        const read = await log.read('spend', 1, 0, 10);
        expect(read.map(({ topic, shard, offset, key }) => [topic, shard, offset, key])).toEqual([
          ['spend', 1, 0, ''],
          ['spend', 1, 1, 'ключ 鍵'],
          ['spend', 1, 2, 'long'],
        ]);
        for (const [i, { value }] of read.entries()) {
          expect(Buffer.compare(value, batch[i]?.value ?? bytes())).toBe(0);
        }
        expect(read[0]?.value).toBeInstanceOf(Uint8Array);
      });

      it('reads at most so many from an offset on, and nothing at the end', async () => {
        await log.append('spend', records(0, 10));
        expect(keysOf(await log.read('spend', 0, 3, 4))).toEqual(['r3', 'r4', 'r5', 'r6']);
        expect(keysOf(await log.read('spend', 0, 8, 4))).toEqual(['r8', 'r9']);
        expect(await log.read('spend', 0, 10, 4)).toEqual([]);
      });

      it('shows to every reader what was acknowledged to any writer', async () => {
        const other = await harness.another();
        await log.append('spend', records(0, 2));
        expect(keysOf(await other.read('spend', 0, 0, 10))).toEqual(['r0', 'r1']);
        expect(await other.append('spend', records(0, 1, 'o'))).toEqual([2]);
        expect(keysOf(await log.read('spend', 0, 0, 10))).toEqual(['r0', 'r1', 'o0']);
      });

      it('holds everything after it was closed and opened again', async () => {
        await log.append('spend', records(3, 3));
        await log.commit('g', 'spend', 3, 2);
        log = await harness.reopen();
        expect(keysOf(await log.read('spend', 3, 0, 10))).toEqual(['r0', 'r1', 'r2']);
        expect(await log.committed('g', 'spend', 3)).toBe(2);
        expect(await log.append('spend', records(3, 1))).toEqual([3]);
      });

      it('forgets below the first offset and goes on numbering, even if nothing is left', async () => {
        await log.append('spend', records(0, 5));
        await harness.trim({ topic: 'spend', shard: 0, first: 3 });
        expect(await log.bounds('spend', 0)).toEqual({ first: 3, next: 5 });
        expect(keysOf(await log.read('spend', 0, 3, 10))).toEqual(['r3', 'r4']);
        await harness.trim({ topic: 'spend', shard: 0, first: 5 });
        expect(await log.bounds('spend', 0)).toEqual({ first: 5, next: 5 });
        expect(await log.read('spend', 0, 5, 10)).toEqual([]);
        await expect(log.read('spend', 0, 4, 10)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
        expect(await log.append('spend', records(0, 1))).toEqual([5]);
      });
    }

    function describeHeaders(): void {
      it('keeps the traceparent of the records that have one, and gives the others none', async () => {
        const [a, b, c] = records(1, 3);
        const batch = [
          a,
          { ...b, traceparent: traceparentOf(7) },
          c,
          { ...records(2, 1)[0], traceparent: traceparentOf(8) },
        ];
        await log.append('spend', batch as NewRecord[]);
        const headers = async (shard: number, from: number) =>
          (await log.read('spend', shard, from, 10)).map((record) => record.traceparent);
        expect(await headers(1, 0)).toEqual([undefined, traceparentOf(7), undefined]);
        expect(await headers(1, 1)).toEqual([traceparentOf(7), undefined]);
        expect(await headers(1, 2)).toEqual([undefined]);
        expect(await headers(2, 0)).toEqual([traceparentOf(8)]);
        expect((await log.read('spend', 1, 0, 1)).map((record) => 'traceparent' in record)).toEqual([false]);
      });

      it('shows headers to every reader, also to who had the log open before there was any, and after opening it again', async () => {
        const other = await harness.another();
        await log.append('spend', records(0, 1));
        expect((await other.read('spend', 0, 0, 10)).map((record) => record.traceparent)).toEqual([undefined]);
        await log.append('spend', [{ ...records(0, 1)[0], traceparent: traceparentOf(1) } as NewRecord]);
        await other.append('spend', [{ ...records(0, 1)[0], traceparent: traceparentOf(2) } as NewRecord]);
        const expected = [undefined, traceparentOf(1), traceparentOf(2)];
        expect((await other.read('spend', 0, 0, 10)).map((record) => record.traceparent)).toEqual(expected);
        log = await harness.reopen();
        expect((await log.read('spend', 0, 0, 10)).map((record) => record.traceparent)).toEqual(expected);
      });

      it('forgets headers with their records, and gives none of them to those that come after', async () => {
        const traced = records(0, 3).map((record, i) => ({ ...record, traceparent: traceparentOf(i + 1) }));
        await log.append('spend', traced);
        await harness.trim({ topic: 'spend', shard: 0, first: 2 });
        expect((await log.read('spend', 0, 2, 10)).map((record) => record.traceparent)).toEqual([traceparentOf(3)]);
        await log.beginAt('spend', 0, 9);
        await log.append('spend', records(0, 1));
        expect((await log.read('spend', 0, 9, 10)).map((record) => record.traceparent)).toEqual([undefined]);
      });
    }

    function describeCopies(): void {
      it('keeps the time at which a copied record was appended to the log that it comes from', async () => {
        await log.append('spend', [
          ...records(0, 1).map((record) => ({ ...record, appendedAt: 1_600_000_000_123 })),
          ...records(0, 1),
        ]);
        const [copied, own] = await log.read('spend', 0, 0, 2);
        expect(copied?.appendedAt).toBe(1_600_000_000_123);
        expect(own?.appendedAt).toBeGreaterThan(1_600_000_000_123);
      });

      it('has a shard begin where it is told to, as if what lies below had been forgotten', async () => {
        await log.beginAt('spend', 2, 7);
        await log.beginAt('spend', 2, 7);
        expect(await log.bounds('spend', 2)).toEqual({ first: 7, next: 7 });
        await expect(log.read('spend', 2, 6, 1)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
        expect(await log.append('spend', records(2, 2))).toEqual([7, 8]);
        expect(keysOf(await log.read('spend', 2, 7, 10))).toEqual(['r0', 'r1']);
        expect(await log.bounds('spend', 1)).toEqual({ first: 0, next: 0 });
      });

      it('forgets what it holds below, and does not go back', async () => {
        await log.append('spend', records(0, 2));
        await expect(log.beginAt('spend', 0, 1)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
        expect(await log.bounds('spend', 0)).toEqual({ first: 0, next: 2 });
        await log.beginAt('spend', 0, 4);
        expect(await log.bounds('spend', 0)).toEqual({ first: 4, next: 4 });
        await expect(log.beginAt('spend', 0, 3)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
        expect(await log.append('spend', records(0, 1))).toEqual([4]);
      });

      it('keeps of every name the note that came first, for everybody', async () => {
        expect(await log.note(new Map())).toEqual(new Map());
        expect(await log.note(new Map([['a', '1']]))).toEqual(new Map([['a', '1']]));
        const other = await harness.another();
        const both = new Map([
          ['a', '1'],
          ['b', '鍵'],
        ]);
        expect(await other.note(new Map(both).set('a', '2'))).toEqual(both);
        log = await harness.reopen();
        expect(await log.note(new Map())).toEqual(both);
      });

      it('notes for one of many who note different texts at the same time', async () => {
        const other = await harness.another();
        const given = await Promise.all(
          [log, other, log, other].map((one, i) => one.note(new Map([['a', String(i)]]))),
        );
        expect(new Set(given.map((notes) => notes.get('a'))).size).toBe(1);
      });
    }

    function describeErrors(): void {
      it('refuses an offset below the first', async () => {
        await log.append('spend', records(0, 5));
        await harness.trim({ topic: 'spend', shard: 0, first: 3 });
        await expect(log.read('spend', 0, 2, 10)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
      });

      it('refuses an offset beyond the next', async () => {
        await log.append('spend', records(0, 5));
        await expect(log.read('spend', 0, 6, 10)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
        await expect(log.read('spend', 1, 1, 10)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
      });

      it.each([-1, 4, 0.5])('knows no shard %d', async (shard) => {
        const unknown = { code: 'UNKNOWN_SHARD' };
        await expect(log.append('spend', records(shard, 1))).rejects.toMatchObject(unknown);
        await expect(log.read('spend', shard, 0, 1)).rejects.toMatchObject(unknown);
        await expect(log.bounds('spend', shard)).rejects.toMatchObject(unknown);
      });
    }

    function describeWaiting(): void {
      it('need not wait for a record that is there', async () => {
        await log.append('spend', records(2, 1));
        const from = [
          { topic: 'click', shard: 0, offset: 0 },
          { topic: 'spend', shard: 2, offset: 0 },
        ] as const;
        expect(await log.wait(from, 10_000)).toBe(true);
      });

      it('waits no longer than asked for', async () => {
        expect(await log.wait([{ topic: 'spend', shard: 0, offset: 0 }], 50)).toBe(false);
      });

      it('wakes all who wait for a shard when this process appends to it, and no others', async () => {
        const first = log.wait([{ topic: 'spend', shard: 0, offset: 0 }], 10_000);
        const second = log.wait([{ topic: 'spend', shard: 0, offset: 0 }], 10_000);
        const beyond = log.wait([{ topic: 'spend', shard: 0, offset: 1 }], 300);
        const elsewhere = log.wait([{ topic: 'spend', shard: 1, offset: 0 }], 300);
        // By then all of them wait indeed.
        await log.wait([{ topic: 'click', shard: 0, offset: 0 }], 100);
        await log.append('spend', records(0, 1));
        expect(await Promise.all([first, second, beyond, elsewhere])).toEqual([true, true, false, false]);
      });

      it('wakes when somebody else appends', async () => {
        const other = await harness.another();
        for (let offset = 0; offset < 3; offset++) {
          const woken = log.wait([{ topic: 'spend', shard: 0, offset }], 10_000);
          await other.append('spend', records(0, 1));
          expect(await woken).toBe(true);
        }
      });
    }

    function describeCommits(): void {
      it('lists what every group has committed', async () => {
        expect(await log.commits()).toEqual([]);
        await log.commit('g', 'spend', 1, 4);
        await log.commit('g', 'click', 3, 0);
        await log.commit('g.h', 'spend', 1, 2);
        await log.commit('g', 'spend', 1, 5);
        const listed = await (await harness.another()).commits();
        expect(listed.map(({ group, topic, shard, next }) => `${group} ${topic}/${shard} ${next}`).toSorted()).toEqual([
          'g click/3 0',
          'g spend/1 5',
          'g.h spend/1 2',
        ]);
      });

      it('keeps the next offset of a group by topic and shard', async () => {
        expect(await log.committed('g', 'spend', 0)).toBe(null);
        await log.commit('g', 'spend', 0, 7);
        await log.commit('g', 'spend', 1, 8);
        await log.commit('g', 'click', 0, 9);
        await log.commit('h', 'spend', 0, 10);
        const other = await harness.another();
        const read = await Promise.all([
          other.committed('g', 'spend', 0),
          other.committed('g', 'spend', 1),
          other.committed('g', 'click', 0),
          other.committed('h', 'spend', 0),
          other.committed('h', 'spend', 1),
        ]);
        expect(read).toEqual([7, 8, 9, 10, null]);
      });

      it('goes back if told to, for a replay', async () => {
        await log.commit('g', 'spend', 0, 7);
        await log.commit('g', 'spend', 0, 2);
        expect(await log.committed('g', 'spend', 0)).toBe(2);
      });
    }

    function describeOtherProcesses(): void {
      it('gives contiguous offsets to processes that append at the same time, and loses nothing', async () => {
        const writers = await Promise.all(['p', 'q'].map((writer) => harness.startWriter({ name: writer, batch: 7 })));
        const own: Acknowledged[] = [];
        for (let round = 0; round < 60; round++) own.push(...(await appendRound(round)));
        await vi.waitFor(() => expect(writers.every((one) => one.acknowledged().length > 300)).toBe(true), 30_000);
        await Promise.all(writers.map((one) => one.kill()));
        await expectWritten([...own, ...writers.flatMap((one) => one.acknowledged())]);
      });

      it('loses nothing acknowledged when a writer is killed, and can be written again at once', async () => {
        for (let life = 0; life < 3; life++) {
          const writer = await harness.startWriter({ name: `life${life}-`, batch: 50 });
          await vi.waitFor(() => expect(writer.acknowledged().length).toBeGreaterThan(100), 30_000);
          await writer.kill();
          await expectWritten(writer.acknowledged());
          await expectWritten(await appendRound(life));
        }
      });
    }

    async function appendRound(round: number): Promise<Acknowledged[]> {
      const batch = [0, 1, 2, 3].map((shard) => ({ shard, key: `own${round}-${shard}`, value: bytes(round) }));
      const offsets = await log.append('spend', batch);
      return batch.map(({ shard, key }, i) => ({ shard, key, offset: offsets[i] ?? Number.NaN }));
    }

    /** Every acknowledged record is at its offset, and no shard has a gap or shows a record twice. */
    async function expectWritten(acknowledged: readonly Acknowledged[]): Promise<void> {
      for (let shard = 0; shard < 4; shard++) {
        const { first, next } = await log.bounds('spend', shard);
        const read = await log.read('spend', shard, first, next - first);
        expect(read.map(({ offset }) => offset)).toEqual(Array.from({ length: next - first }, (_, i) => first + i));
        expect(new Set(keysOf(read)).size).toBe(read.length);
        for (const { offset, key } of acknowledged.filter((one) => one.shard === shard)) {
          expect(read[offset - first]?.key).toBe(key);
        }
      }
    }
  });
}
