import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExpectedRevision, LedgerStore } from './ledger-store.ts';
import { describeLedgerSubscriptionContract } from './ledger-store-subscription.contract.ts';
import { describeLedgerModelContract, events, idOf } from './ledger-store-model.contract.ts';

/** An empty ledger store to test, and other processes that use it: as real as the engine allows. */
export interface LedgerStoreHarness {
  readonly engine: LedgerStore;
  /** A further connection, as another process has it. */
  another(): Promise<LedgerStore>;
  reopen(): Promise<LedgerStore>;
  /** A process of its own that appends single events to a stream without pause, as its only writer; event `i` has id `idOf(i)`. */
  startWriter(stream: string): Promise<RemoteLedgerWriter>;
  close(): Promise<void>;
}

export interface RemoteLedgerWriter {
  /** Last revision of which it has reported the acknowledgement; -1 at first. */
  acknowledged(): number;
  kill(): Promise<void>;
}

const wrong = { code: 'WRONG_EXPECTED_REVISION' };

/** The promises of the LedgerStore port, for one engine. */
export function describeLedgerStoreContract(name: string, open: () => Promise<LedgerStoreHarness>): void {
  describe(`LedgerStore on ${name}`, () => {
    let harness: LedgerStoreHarness;
    let store: LedgerStore;
    beforeEach(async () => {
      harness = await open();
      store = harness.engine;
    });
    afterEach(() => harness.close());

    describeReading();
    describeConflicts();
    describeRepetition();
    describeSize();
    describeOtherProcesses();
    describeLedgerSubscriptionContract(() => harness);
    describeLedgerModelContract(() => harness.engine);

    const ids = async (stream: string) => (await store.readForwards(stream, 0, 1000)).map(({ id }) => id);
    const expectIds = async (stream: string, ...numbers: number[]) =>
      expect(await ids(stream)).toEqual(numbers.map(idOf));

    function describeReading(): void {
      it('takes a stream that was never written for empty', async () => {
        expect(await store.tail('s')).toBe(null);
        expect(await store.readForwards('s', 0, 10)).toEqual([]);
        expect(await store.readBackwards('s', 'end', 10)).toEqual([]);
        expect(await store.readBackwards('s', 5, 10)).toEqual([]);
        expect(await store.streams()).toEqual([]);
      });

      it('numbers the events of a stream from 0, and tells the last revision', async () => {
        expect(await store.append('s', 'no_stream', events(1, 2))).toEqual({ revision: 1 });
        expect(await store.append('s', 1, events(3))).toEqual({ revision: 2 });
        const read = await store.readForwards('s', 0, 10);
        expect(read.map(({ revision }) => revision)).toEqual([0, 1, 2]);
        await expectIds('s', 1, 2, 3);
      });

      it('gives back stream, id, type and bytes as they were', async () => {
        const data = Uint8Array.from({ length: 100_000 }, (_, i) => i & 255);
        await store.append('tentative-3', 'no_stream', [{ id: idOf(9), type: 'Snapshot', data }]);
        const event = await store.tail('tentative-3');
        expect(event).toMatchObject({ stream: 'tentative-3', revision: 0, id: idOf(9), type: 'Snapshot' });
        expect(Buffer.compare(event?.data ?? new Uint8Array(), data)).toBe(0);
      });

      it('reads forwards from a revision, at most so many', async () => {
        await store.append('s', 'no_stream', events(0, 1, 2, 3, 4));
        expect((await store.readForwards('s', 1, 2)).map(({ revision }) => revision)).toEqual([1, 2]);
        expect((await store.readForwards('s', 3, 10)).map(({ revision }) => revision)).toEqual([3, 4]);
        expect(await store.readForwards('s', 5, 10)).toEqual([]);
      });

      it('reads backwards from a revision, itself included, or from the end', async () => {
        await store.append('s', 'no_stream', events(0, 1, 2, 3, 4));
        expect((await store.readBackwards('s', 2, 2)).map(({ revision }) => revision)).toEqual([2, 1]);
        expect((await store.readBackwards('s', 0, 10)).map(({ revision }) => revision)).toEqual([0]);
        expect((await store.readBackwards('s', 'end', 2)).map(({ revision }) => revision)).toEqual([4, 3]);
        expect((await store.tail('s'))?.revision).toBe(4);
      });

      it('keeps streams apart and lists them', async () => {
        await store.append('b', 'no_stream', events(1));
        await store.append('a', 'no_stream', events(2, 3));
        await expectIds('a', 2, 3);
        await expectIds('b', 1);
        expect((await store.streams()).toSorted()).toEqual(['a', 'b']);
      });

      it('holds everything after it was closed and opened again', async () => {
        await store.append('s', 'no_stream', events(1, 2));
        store = await harness.reopen();
        await expectIds('s', 1, 2);
        expect(await store.append('s', 1, events(3))).toEqual({ revision: 2 });
      });
    }

    function describeConflicts(): void {
      const conflicts: [what: string, expected: ExpectedRevision, ids: number[]][] = [
        ['expects no stream where there is one', 'no_stream', [9]],
        ['expects an earlier revision', 1, [9]],
        ['expects a later revision', 3, [9]],
        ['repeats events at a later revision', 2, [2, 3]],
        ['repeats events at an earlier revision', 0, [3]],
        ['repeats only the beginning of its batch', 0, [2, 9]],
        ['repeats a batch that has grown since', 0, [2, 3, 4]],
        ['repeats the last event after it', 2, [3]],
      ];
      it.each(conflicts)('refuses a writer that %s, and writes nothing', async (_what, expected, numbers) => {
        await store.append('s', 'no_stream', events(1, 2, 3));
        await expect(store.append('s', expected, events(...numbers))).rejects.toMatchObject(wrong);
        await expectIds('s', 1, 2, 3);
      });

      it('refuses a batch that has an event twice, and an event at the end that another process wrote', async () => {
        await expect(store.append('s', 'no_stream', events(1, 1))).rejects.toMatchObject(wrong);
        expect(await store.tail('s')).toBe(null);
        await store.append('s', 'no_stream', events(1, 2, 3));
        const other = await harness.another();
        await expect(other.append('s', 2, events(4, 2))).rejects.toMatchObject(wrong);
        await expectIds('s', 1, 2, 3);
      });

      it('refuses a writer that expects a revision of a stream that does not exist', async () => {
        await expect(store.append('s', 0, events(1))).rejects.toMatchObject(wrong);
        expect(await store.tail('s')).toBe(null);
        expect(await store.streams()).toEqual([]);
      });
    }

    function describeRepetition(): void {
      it('acknowledges an append again that was written, with the same revision, and writes nothing', async () => {
        await store.append('s', 'no_stream', events(1, 2));
        await store.append('s', 1, events(3));
        expect(await store.append('s', 1, events(3))).toEqual({ revision: 2 });
        expect(await store.append('s', 'no_stream', events(1, 2))).toEqual({ revision: 1 });
        await expectIds('s', 1, 2, 3);
      });

      it('acknowledges it to another process and after it was opened again', async () => {
        await store.append('s', 'no_stream', events(1, 2));
        const other = await harness.another();
        expect(await other.append('s', 'no_stream', events(1, 2))).toEqual({ revision: 1 });
        store = await harness.reopen();
        expect(await store.append('s', 'no_stream', events(1, 2))).toEqual({ revision: 1 });
        await expectIds('s', 1, 2);
      });
    }

    function describeSize(): void {
      const sized = (...lengths: number[]) =>
        lengths.map((length, i) => ({ id: idOf(i), type: 'T', data: new Uint8Array(length) }));

      it('takes an append of the greatest size whole', async () => {
        const half = Math.floor(store.maxAppendBytes / 2);
        await store.append('s', 'no_stream', sized(half, store.maxAppendBytes - half));
        expect((await store.tail('s'))?.data).toHaveLength(store.maxAppendBytes - half);
      });

      it('refuses a greater one and writes nothing', async () => {
        const tooLarge = store.append('s', 'no_stream', sized(store.maxAppendBytes, 1));
        await expect(tooLarge).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE' });
        expect(await store.tail('s')).toBe(null);
      });
    }

    function describeOtherProcesses(): void {
      it('lets exactly one of two writers that expect the same revision win, every time', async () => {
        const other = await harness.another();
        let expected: ExpectedRevision = 'no_stream';
        for (let round = 0; round < 25; round++) {
          const attempts = [
            store.append('s', expected, events(2 * round)),
            other.append('s', expected, events(2 * round + 1)),
          ];
          const outcomes = await Promise.allSettled(attempts);
          expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
          expect(outcomes.find((one) => one.status === 'rejected')?.reason).toMatchObject(wrong);
          expect((await other.tail('s'))?.revision).toBe(round);
          expected = round;
        }
      });

      it('loses nothing acknowledged when a writer is killed, and its successor goes on from the tail', async () => {
        let before = -1;
        for (let life = 0; life < 3; life++) {
          const writer = await harness.startWriter('s');
          await vi.waitFor(() => expect(writer.acknowledged()).toBeGreaterThan(before + 50), 30_000);
          await writer.kill();
          const tail = (await store.tail('s'))?.revision ?? -1;
          expect(tail).toBeGreaterThanOrEqual(writer.acknowledged());
          const read = await store.readForwards('s', 0, tail + 10);
          expect(read.map(({ id, revision }) => [id, revision])).toEqual(
            Array.from({ length: tail + 1 }, (_, i) => [idOf(i), i]),
          );
          before = tail;
        }
      });

      it('defeats a zombie: what a writer thought to be the tail is not any more', async () => {
        await store.append('s', 'no_stream', events(1));
        const successor = await harness.another();
        await successor.append('s', 0, events(2));
        await expect(store.append('s', 0, events(3))).rejects.toMatchObject(wrong);
        expect((await store.tail('s'))?.id).toBe(idOf(2));
      });
    }
  });
}
