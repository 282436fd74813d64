import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEventStoreDbLedgerStore } from '../../adapters/eventstoredb/ledger-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { LedgerCheckpoint, LedgerEvent, LedgerStore } from '../../ports/ledger-store.ts';
import { EventStoreDbDouble } from '../../test/eventstoredb-double/double.ts';
import { addressOf } from '../../test/eventstoredb-double/harness.ts';
import {
  appendBatches,
  type BookedRecord,
  batchesOf,
  type LedgerWorld,
  openLedgerWorld,
} from '../../test/sample-ledger.ts';
import { batchEvent } from '../batch.ts';
import { followLedgers } from './follow-ledgers.ts';

const clock = createSystemClock();
const records: readonly BookedRecord[] = Array.from({ length: 60 }, (_, n) => ({
  tick: n * 10,
  postings: Array.from({ length: n % 4 }, (_, i) => ({ amount_micros: 100 * n + i, reference: `entry ${n}/${i}` })),
}));
const batches = batchesOf({ truth: 'final', shard: 0 }, records);
const others = batchesOf({ truth: 'tentative', shard: 0 }, records);
const last = batches.length - 1;

let world: LedgerWorld;
beforeEach(async () => {
  world = await openLedgerWorld(1);
});
afterEach(() => world.close());

const revision = async (stream = 'final-0') => (await world.index.indexedStream(stream))?.revision;
const entries = async (stream: string) => {
  const found = await world.index.entries({ stream, from: 0, to: 10_000, filter: {}, limit: 10_000 });
  return found.map(({ entry }) => entry);
};

/** A store that notes how it is asked, and through whose subscriptions events pass one by one. */
function watched(store: LedgerStore, pass: (event: LedgerEvent) => boolean = () => true) {
  const asked = { reads: 0, subscribedFrom: [] as (LedgerCheckpoint | string)[] };
  const subscribe: LedgerStore['subscribe'] = async (from) => {
    asked.subscribedFrom.push(from);
    const subscription = await store.subscribe(from);
    const next: typeof subscription.next = async (max) => {
      const { events, checkpoint } = await subscription.next(max);
      return { events: events.filter(pass), checkpoint };
    };
    return { next, close: () => subscription.close() };
  };
  const readForwards: LedgerStore['readForwards'] = (...place) => {
    asked.reads += 1;
    return store.readForwards(...place);
  };
  const { name, maxAppendBytes } = store;
  const rest = {
    append: store.append.bind(store),
    readBackwards: store.readBackwards.bind(store),
    tail: store.tail.bind(store),
    streams: store.streams.bind(store),
    close: store.close.bind(store),
  };
  return { asked, store: { name, maxAppendBytes, ...rest, subscribe, readForwards } };
}

describe('a ledger index that follows its store', () => {
  it('takes what is written from the subscription, without reading streams', async () => {
    await world.append(batches.slice(0, 4));
    const { asked, store } = watched(world.store);
    const follower = followLedgers({ ...world, store, clock, pollMs: 5 });
    await follower.caughtUp();
    expect(await revision()).toBe(3);
    const { reads } = asked;
    await world.append(batches.slice(4));
    await expect.poll(() => revision()).toBe(last);
    expect(asked.reads).toBe(reads);
    expect(await entries('final-0')).toEqual(batches.flatMap((batch) => batch.entries));
    await follower.stop();
  });

  it('goes on after the checkpoint that it kept, which lies behind nothing that is missing', async () => {
    const first = followLedgers({ ...world, clock, pollMs: 5 });
    await first.caughtUp();
    await world.append(batches.slice(0, 4));
    await expect.poll(() => world.index.checkpoint('simulated')).toEqual({ commit: 4n, prepare: 4n });
    expect(await revision()).toBe(3);
    await first.stop();
    await world.append(batches.slice(4));
    const { asked, store } = watched(world.store);
    const second = followLedgers({ ...world, store, clock, pollMs: 5 });
    await expect.poll(() => revision()).toBe(last);
    await expect.poll(async () => (await world.index.checkpoint('simulated'))?.commit).toBe(BigInt(batches.length));
    expect(asked.subscribedFrom).toEqual([{ commit: 4n, prepare: 4n }]);
    await second.stop();
  });

  it('reads a stream by revision where the subscription left something out', async () => {
    const { store } = watched(world.store, ({ revision: number }) => number % 3 !== 1);
    const follower = followLedgers({ ...world, store, clock, pollMs: 5 });
    await follower.caughtUp();
    for (const batch of batches) await world.append([batch]);
    await expect.poll(() => revision()).toBe(last);
    expect(await entries('final-0')).toEqual(batches.flatMap((batch) => batch.entries));
    await follower.stop();
  });

  it('keeps no checkpoint after events that it could not take', async () => {
    let failing = 0;
    const missing: bigint[] = [];
    const index = Object.assign(Object.create(world.index) as typeof world.index, {
      indexedStream: (stream: string) => world.index.indexedStream(stream),
      indexedStreams: () => world.index.indexedStreams(),
      checkpoint: (store: string) => world.index.checkpoint(store),
      advance: (...step: Parameters<typeof world.index.advance>) => {
        failing -= 1;
        if (failing >= 0) throw new AdtallyError('STATE_UNAVAILABLE', 'busy');
        return world.index.advance(...step);
      },
      setCheckpoint: async (store: string, checkpoint: LedgerCheckpoint) => {
        const indexed = BigInt(((await revision()) ?? -1) + 1);
        if (checkpoint.commit > indexed) missing.push(checkpoint.commit);
        await world.index.setCheckpoint(store, checkpoint);
      },
    });
    const follower = followLedgers({ ...world, index, clock, pollMs: 5 });
    await follower.caughtUp();
    for (const batch of batches) {
      failing = 2;
      await world.append([batch]);
      await expect.poll(() => failing).toBeLessThan(0);
    }
    await expect.poll(() => revision()).toBe(last);
    await expect.poll(async () => (await world.index.checkpoint('simulated'))?.commit).toBe(BigInt(batches.length));
    expect(missing).toEqual([]);
    expect(follower.failures().size).toBe(0);
    await follower.stop();
  });

  it('stops a stream at damage that the subscription brings, and lets the others go on', async () => {
    const follower = followLedgers({ ...world, clock, pollMs: 5 });
    await follower.caughtUp();
    await world.append(batches.slice(0, 2));
    const [, , skipped] = batches;
    const damaged = batchEvent({ ...(skipped as (typeof batches)[0]), entry_count: 99 }, 'final-0', world.registry);
    await world.store.append('final-0', 1, [damaged]);
    await expect.poll(() => follower.failures().get('final-0')?.code).toBe('CHAIN_BROKEN');
    await world.append(others);
    await expect.poll(() => revision('tentative-0')).toBe(others.length - 1);
    expect(await revision()).toBe(1);
    expect([...follower.failures().keys()]).toEqual(['final-0']);
    await follower.stop();
  });
});

describe('a ledger index that follows EventStoreDB', () => {
  it('is whole after every kind of interruption, and its checkpoint holds both positions', async () => {
    const double = await EventStoreDbDouble.start({ nodes: 2 });
    const store = await openEventStoreDbLedgerStore({ address: addressOf(double.addresses), clock });
    const follower = followLedgers({ ...world, store, clock, pollMs: 5 });
    await follower.caughtUp();
    for (const [n, batch] of [...batches, ...others].entries()) {
      if (n % 5 === 1) double.leader.cable.cut();
      if (n % 7 === 2) double.elect(n % 2);
      await untilWritten(() => appendBatches(store, world.registry, [batch]));
    }
    await expect.poll(() => revision()).toBe(last);
    await expect.poll(() => revision('tentative-0')).toBe(others.length - 1);
    expect(await entries('final-0')).toEqual(batches.flatMap((batch) => batch.entries));
    expect(await entries('tentative-0')).toEqual(others.flatMap((batch) => batch.entries));
    const { position } = double.log.all.at(-1) ?? {};
    await expect.poll(() => world.index.checkpoint(store.name), { timeout: 60_000 }).toEqual(position);
    expect(position?.commit).not.toBe(position?.prepare);
    await follower.stop();
    await store.close();
    await double.close();
  });
});

/** The connection is cut before the append, so that nothing of it is written when it fails. */
async function untilWritten(append: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await append();
    } catch (error) {
      if (!isAdtallyError(error, 'LEDGER_UNAVAILABLE')) throw error;
      await clock.sleep(5);
    }
  }
}
