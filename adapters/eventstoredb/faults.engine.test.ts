import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAdtallyError } from '../../domain/errors.ts';
import type { LedgerEvent, LedgerStore, LedgerSubscription } from '../../ports/ledger-store.ts';
import { events, idOf } from '../../ports/ledger-store-model.contract.ts';
import { type DoubleOptions, EventStoreDbDouble } from '../../test/eventstoredb-double/double.ts';
import { addressOf } from '../../test/eventstoredb-double/harness.ts';
import { createSystemClock } from '../system/clock.ts';
import type { EventStoreDbAddress } from './client.ts';
import { openEventStoreDbLedgerStore } from './ledger-store.ts';

const clock = createSystemClock();
const unknown = { code: 'LEDGER_UNAVAILABLE', retriable: true };
const wrong = { code: 'WRONG_EXPECTED_REVISION' };

let double: EventStoreDbDouble;
let store: LedgerStore;

async function start(options: DoubleOptions = {}, more: Partial<EventStoreDbAddress> = {}): Promise<void> {
  double = await EventStoreDbDouble.start(options);
  store = await openEventStoreDbLedgerStore({ address: addressOf(double.addresses, more), clock });
}
afterEach(async () => {
  await store.close();
  await double.close();
});

const written = () => double.log.stream('adtally-s').map(({ id }) => id);

/** Asks again as long as the answer is "unavailable", as writers do. */
async function untilAvailable<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = clock.now() + 20_000; ; ) {
    try {
      return await ask();
    } catch (error) {
      if (!isAdtallyError(error, 'LEDGER_UNAVAILABLE') || clock.now() > end) throw error;
      await clock.sleep(10);
    }
  }
}

describe('an append to EventStoreDB whose connection is cut', () => {
  beforeEach(async () => {
    await start();
    await store.append('s', 'no_stream', events(1));
  });

  it('is unavailable where it was applied, and the same append again is acknowledged and writes nothing', async () => {
    double.leader.faults.acknowledgementsToLose = 1;
    await expect(store.append('s', 0, events(2, 3))).rejects.toMatchObject(unknown);
    expect(written()).toEqual([1, 2, 3].map(idOf));
    expect(await untilAvailable(() => store.append('s', 0, events(2, 3)))).toEqual({ revision: 2 });
    expect(await store.append('s', 2, events(4))).toEqual({ revision: 3 });
    expect(written()).toEqual([1, 2, 3, 4].map(idOf));
  });

  it('is unavailable where it was lost on the way, and the same append again is written', async () => {
    double.leader.faults.requestsToLose = 1;
    await expect(store.append('s', 0, events(2))).rejects.toMatchObject(unknown);
    expect(written()).toEqual([idOf(1)]);
    expect(await untilAvailable(() => store.append('s', 0, events(2)))).toEqual({ revision: 1 });
  });

  it('shows in the tail, and other events in its place are a conflict', async () => {
    double.leader.faults.acknowledgementsToLose = 1;
    await expect(store.append('s', 0, events(2))).rejects.toMatchObject(unknown);
    expect((await untilAvailable(() => store.tail('s')))?.revision).toBe(1);
    await expect(store.append('s', 0, events(9))).rejects.toMatchObject(wrong);
    await expect(store.append('s', 1, events(2))).rejects.toMatchObject(wrong);
    expect(written()).toEqual([1, 2].map(idOf));
  });

  it('may be the first of its stream', async () => {
    double.leader.faults.acknowledgementsToLose = 2;
    await expect(store.append('t', 'no_stream', events(7))).rejects.toMatchObject(unknown);
    await expect(untilAvailable(() => store.append('t', 'no_stream', events(7)))).resolves.toEqual({ revision: 0 });
    expect(await store.streams()).toEqual(['s', 't']);
    expect(double.log.stream('adtally-t')).toHaveLength(1);
  });
});

describe('EventStoreDB that does not answer', () => {
  it('costs an append and a read their deadline and no more', async () => {
    await start({}, { deadlineMs: 300 });
    await store.append('s', 'no_stream', events(1));
    double.leader.faults.answerDelayMs = 30_000;
    for (const ask of [
      () => store.append('s', 0, events(2)),
      () => store.tail('s'),
      () => store.readForwards('s', 0, 5),
    ]) {
      const before = clock.now();
      await expect(ask()).rejects.toMatchObject(unknown);
      expect(clock.now() - before).toBeLessThan(10_000);
    }
    double.leader.faults.answerDelayMs = 0;
    expect(await store.append('s', 0, events(2))).toEqual({ revision: 1 });
    expect(written()).toEqual([1, 2].map(idOf));
  });

  it('is unavailable while it starts, and while nobody listens', async () => {
    await start();
    await store.append('s', 'no_stream', events(1));
    double.leader.faults.isStarting = true;
    await expect(store.tail('s')).rejects.toMatchObject(unknown);
    await expect(store.append('s', 0, events(2))).rejects.toMatchObject(unknown);
    double.leader.faults.isStarting = false;
    double.leader.cable.unplug();
    await expect(store.tail('s')).rejects.toMatchObject(unknown);
    await expect(store.append('s', 0, events(2))).rejects.toMatchObject(unknown);
    await expect(store.subscribe('start')).rejects.toMatchObject(unknown);
    double.leader.cable.plugIn();
    expect(await untilAvailable(() => store.append('s', 0, events(2)))).toEqual({ revision: 1 });
  });

  it('is unavailable once closed; a call that was under way is answered', async () => {
    await start();
    await store.append('s', 'no_stream', events(1));
    double.leader.faults.answerDelayMs = 500;
    const underWay = store.append('s', 0, events(2));
    await vi.waitFor(() => expect(written()).toHaveLength(2), 30_000);
    await store.close();
    await expect(store.tail('s')).rejects.toMatchObject(unknown);
    await expect(store.append('s', 1, events(3))).rejects.toMatchObject(unknown);
    await expect(store.subscribe('end')).rejects.toMatchObject(unknown);
    expect(await underWay).toEqual({ revision: 1 });
  });
});

describe('EventStoreDB with three nodes', () => {
  beforeEach(async () => {
    await start({ nodes: 3 });
    await store.append('s', 'no_stream', events(1));
  });

  it('sends a writer to its new leader, where it goes on', async () => {
    double.elect(1);
    await expect(store.append('s', 0, events(2))).rejects.toMatchObject(unknown);
    expect(written()).toEqual([idOf(1)]);
    expect(await untilAvailable(() => store.append('s', 0, events(2)))).toEqual({ revision: 1 });
    double.elect(2);
    await expect(store.tail('s')).rejects.toMatchObject(unknown);
    expect((await untilAvailable(() => store.tail('s')))?.revision).toBe(1);
  });

  it('is found again when the leader is gone, with what it had not acknowledged', async () => {
    double.leader.faults.acknowledgementsToLose = 1;
    await expect(store.append('s', 0, events(2))).rejects.toMatchObject(unknown);
    double.leader.cable.unplug();
    double.elect(2);
    expect(await untilAvailable(() => store.append('s', 0, events(2)))).toEqual({ revision: 1 });
    expect(written()).toEqual([1, 2].map(idOf));
  });
});

describe('a subscription to EventStoreDB', () => {
  const take = async (subscription: LedgerSubscription, into: LedgerEvent[]) => {
    const { events: taken, checkpoint } = await subscription.next(3);
    into.push(...taken);
    return checkpoint;
  };

  it('ends with its connection, and goes on from the last checkpoint without a gap', async () => {
    await start();
    const all: LedgerEvent[] = [];
    await store.append('s', 'no_stream', events(1, 2, 3, 4, 5));
    const subscription = await store.subscribe('start');
    const checkpoint = await vi.waitFor(
      async () => (await take(subscription, all)) ?? Promise.reject(new Error('nothing')),
      30_000,
    );
    double.leader.cable.cut();
    await vi.waitFor(() => expect(subscription.next(100)).rejects.toMatchObject(unknown), 30_000);
    await subscription.close();
    await untilAvailable(() => store.append('s', 4, events(6)));
    const again = await store.subscribe(checkpoint);
    await vi.waitFor(async () => {
      await take(again, all);
      expect(all.at(-1)?.revision).toBe(5);
    }, 30_000);
    expect([...new Set(all.map(({ revision }) => revision))]).toEqual([0, 1, 2, 3, 4, 5]);
    await again.close();
  });

  it('moves its checkpoint past what others write, never past what still waits', async () => {
    await start();
    await store.append('s', 'no_stream', events(1, 2, 3));
    const foreign = (i: number) => ({
      ...events(i)[0],
      id: idOf(i),
      type: 'T',
      contentType: 'x',
      data: new Uint8Array(1),
    });
    for (let i = 0; i < 3000; i += 1)
      double.log.append('others', i - 1, [{ ...foreign(i), metadata: new Uint8Array() }]);
    const subscription = await store.subscribe('start');
    const last = double.log.stream('adtally-s').at(-1);
    const seen: bigint[] = [];
    await vi.waitFor(async () => {
      const { checkpoint } = await subscription.next(1);
      if (checkpoint !== null) seen.push(checkpoint.commit);
      expect(seen.at(-1)).toBeGreaterThan(last?.position.commit ?? 0n);
    }, 30_000);
    expect(seen.slice(0, 3).filter((commit) => commit <= (last?.position.commit ?? 0n)).length).toBeGreaterThan(0);
    await store.append('s', 2, events(4));
    await vi.waitFor(async () => expect((await subscription.next(10)).events[0]?.revision).toBe(3), 30_000);
    await subscription.close();
  });
});

describe('the limit of an append to EventStoreDB', () => {
  it('is the server’s, where that is lower than ours', async () => {
    await start({ maxAppendBytes: 5_000 });
    const large = store.append('s', 'no_stream', [{ id: idOf(1), type: 'T', data: new Uint8Array(6_000) }]);
    await expect(large).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE', retriable: false });
    expect(await store.tail('s')).toBe(null);
  });
});

describe('writers on EventStoreDB through a storm', () => {
  it('lose nothing that was acknowledged and write nothing twice', async () => {
    await start({ nodes: 3 }, { deadlineMs: 2_000 });
    const streams = ['a', 'b', 'c', 'd', 'e', 'f'];
    const target = 60;
    const storm = new AbortController();
    let acknowledged = 0;
    // A stroke comes only once somebody got on since the last: on a busy machine nobody would otherwise.
    const weather = (async () => {
      for (let n = 0; !storm.signal.aborted; n += 1) {
        const { faults, cable } = double.leader;
        if (n % 3 === 0) faults.acknowledgementsToLose = 1;
        if (n % 3 === 1) cable.cut();
        if (n % 3 === 2) double.elect(((n / 3) % 3) | 0);
        const before = acknowledged;
        do await clock.sleep(25, storm.signal);
        while (acknowledged === before && !storm.signal.aborted);
      }
    })();
    /** As a ledger writer: after any failure it forgets all, reads the tail and goes on from there. */
    const write = async (stream: string, number: number) => {
      for (let last = -1; last < target; ) {
        try {
          last = (await store.append(stream, last < 0 ? 'no_stream' : last, events(1000 * number + last + 1))).revision;
          acknowledged += 1;
        } catch (error) {
          if (!isAdtallyError(error)) throw error;
          last = (await untilAvailable(() => store.tail(stream)))?.revision ?? -1;
        }
      }
    };
    await Promise.all(streams.map(write));
    storm.abort();
    await weather;
    for (const [number, stream] of streams.entries()) {
      const ids = double.log.stream(`adtally-${stream}`).map(({ id }) => id);
      expect(ids).toEqual(Array.from({ length: target + 1 }, (_, i) => idOf(1000 * number + i)));
    }
  });
});
