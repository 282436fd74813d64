import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedLedgerIndex } from '../../adapters/embedded/ledger-index-store.ts';
import { createSimulatedLedger } from '../../adapters/simulated/ledger-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { EntriesBooked, Entry } from '../../domain/records.ts';
import type { LedgerEvent, NewLedgerEvent } from '../../ports/ledger-store.ts';
import { type BookedRecord, batchesOf, type LedgerWorld, openLedgerWorld } from '../../test/sample-ledger.ts';
import { batchEvent, readBatch } from '../batch.ts';
import { EntryChain } from '../chain.ts';
import { catchUpLedgers, followLedgers } from './follow-ledgers.ts';

let world: LedgerWorld;
beforeEach(async () => {
  world = await openLedgerWorld(1);
});
afterEach(() => world.close());

const shard = { truth: 'final', shard: 0 } as const;
const stream = 'final-0';
/** Record n is a tick at time n that books n % 4 entries. */
const records: readonly BookedRecord[] = Array.from({ length: 40 }, (_, n) => ({
  tick: n * 10,
  postings: Array.from({ length: n % 4 }, (_, i) => ({ amount_micros: 100 * n + i, reference: `entry ${n}/${i}` })),
}));

/** Everything that the index of a world knows of a stream. */
async function contents(index: LedgerWorld['index']) {
  const at = await index.indexedStream(stream);
  const entries = at?.entryCount ?? 0;
  return {
    at,
    last: await index.lastTick(stream),
    ticks: await Promise.all(records.map((_, n) => index.firstTickAt(stream, n * 10 - 5))),
    entries: await index.entries({ stream, from: 0, to: entries, filter: {}, limit: entries + 1 }),
    sums: await index.sums([{ stream, entries }], {}),
  };
}

describe('the index of a ledger stream', () => {
  it('is the same whether it was built in one go, step by step, or again', async () => {
    const batches = batchesOf(shard, records);
    for (const batch of batches) {
      await world.append([batch]);
      expect(await world.catchUp()).toEqual(new Map());
    }
    const incremental = await contents(world.index);
    await world.index.dropLedgers();
    await world.catchUp();
    expect(await contents(world.index)).toEqual(incremental);
    expect(incremental.entries.map(({ entry }) => entry)).toEqual(batches.flatMap(({ entries }) => entries));
  });

  it('does not show how entries were batched, even where one record took several batches', async () => {
    const built: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.constantFrom(700, 1000, 5000), async (every, maxBytes) => {
        const other = await openLedgerWorld(1);
        await other.append(batchesOf(shard, records, every, maxBytes));
        expect(await other.catchUp()).toEqual(new Map());
        const { at, ...rest } = await contents(other.index);
        built.push({ ...rest, head: at?.chainHead, next: at?.next, entryCount: at?.entryCount });
        await other.close();
        expect(built.at(-1)).toEqual(built[0]);
      }),
      { numRuns: 12 },
    );
  });

  it('goes on where it was after its process ended', async () => {
    const batches = batchesOf(shard, records);
    await world.append(batches.slice(0, 5));
    await world.catchUp();
    await world.index.close();
    await world.append(batches.slice(5));
    const { ledgers: index } = await openEmbeddedLedgerIndex({ folder: world.folder, clock: createSystemClock() });
    expect((await index.indexedStream(stream))?.revision).toBe(4);
    expect(await catchUpLedgers({ ...world, index })).toEqual(new Map());
    expect((await index.indexedStream(stream))?.revision).toBe(batches.length - 1);
    await index.close();
  });

  it('is built by two processes together', async () => {
    await world.append(batchesOf(shard, records));
    const { ledgers: index } = await openEmbeddedLedgerIndex({ folder: world.folder, clock: createSystemClock() });
    await Promise.all([world.catchUp(), catchUpLedgers({ ...world, index })]);
    expect((await contents(index)).entries.map(({ entry }) => entry)).toEqual(
      batchesOf(shard, records).flatMap(({ entries }) => entries),
    );
    await index.close();
  });

  it('follows the stream while it grows, and through an outage of the store', async () => {
    const batches = batchesOf(shard, records);
    const revision = async () => (await world.index.indexedStream(stream))?.revision;
    await world.append(batches.slice(0, 4));
    const follower = followLedgers({ ...world, clock: createSystemClock(), pollMs: 5 });
    await follower.caughtUp();
    expect(await revision()).toBe(3);
    world.ledger.setAvailable(false);
    await expect.poll(() => follower.failures().get(stream)?.code).toBe('LEDGER_UNAVAILABLE');
    world.ledger.setAvailable(true);
    await world.append(batches.slice(4));
    await expect.poll(revision).toBe(batches.length - 1);
    await expect.poll(() => follower.failures().size).toBe(0);
    await follower.stop();
  });
});

describe('damage in a ledger stream', () => {
  const batches = batchesOf(shard, records);
  const entries = batches.flatMap((batch) => batch.entries);
  const original = () => batches.map((batch) => batchEvent(batch, stream, world.registry));

  /** What is wrong with a stream of these events, and the entries that were taken from it before. */
  async function reading(events: readonly NewLedgerEvent[]) {
    const store = createSimulatedLedger().open();
    await store.append(stream, 'no_stream', events);
    const failures = await catchUpLedgers({ ...world, store });
    const failure = failures.get(stream);
    const found = await world.index.entries({ stream, from: 0, to: 1000, filter: {}, limit: 1000 });
    return { code: failure?.code, message: failure?.message ?? '', entries: found.map(({ entry }) => entry) };
  }

  /** Events with one batch changed and encoded anew, under an id that is right for its bytes. */
  function changed(revision: number, change: (batch: EntriesBooked) => EntriesBooked): NewLedgerEvent[] {
    return original().map((event, at) => {
      if (at !== revision) return event;
      const batch = readBatch({ ...event, stream, revision: at } satisfies LedgerEvent, world.registry);
      return batchEvent(change(batch), stream, world.registry);
    });
  }

  function entryAt(number: number) {
    const entry = entries[number] as Entry;
    return { entry, text: `entry ${number} at ${entry.source_offset}/${entry.ordinal}` };
  }

  const revisionOf = (number: number) => batches.findIndex(({ entry_count }) => entry_count > number);

  it('is not there in an undamaged one', async () => {
    expect(await reading(original())).toMatchObject({ code: undefined, entries });
  });

  it('is found when any one bit of any event is flipped, and nothing wrong gets into the index', {
    timeout: 60_000,
  }, async () => {
    const place = fc.tuple(fc.nat(batches.length - 1), fc.nat(100_000), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(place, async ([revision, byte, bit]) => {
        await world.index.dropLedgers();
        const events = original().map((event, at) => {
          const data = Uint8Array.from(event.data);
          const index = byte % data.length;
          if (at === revision) data[index] = (data[index] as number) ^ (1 << bit);
          return { ...event, data };
        });
        const { code, message, entries: found } = await reading(events);
        expect(['CHAIN_BROKEN', 'UNKNOWN_SCHEMA']).toContain(code);
        expect(message).toContain(`${stream} revision ${revision}, `);
        expect(found).toEqual(batches.slice(0, revision).flatMap((batch) => batch.entries));
      }),
      { numRuns: 300 },
    );
  });

  it('is found and named when a micro is added to an entry', async () => {
    for (const number of [0, 7, entries.length - 1]) {
      await world.index.dropLedgers();
      const { entry, text } = entryAt(number);
      const events = changed(revisionOf(number), (batch) => ({
        ...batch,
        entries: batch.entries.map((e) =>
          e.source_offset === entry.source_offset && e.ordinal === entry.ordinal
            ? { ...e, amount_micros: e.amount_micros + 1 }
            : e,
        ),
      }));
      const found = await reading(events);
      expect(found.code).toBe('CHAIN_BROKEN');
      expect(found.message).toContain(`${stream} revision ${revisionOf(number)}, ${text}: it carries hash`);
    }
  });

  it('is found and named when two entries are swapped', async () => {
    const number = entries.findIndex(({ ordinal }) => ordinal === 1) - 1;
    const events = changed(revisionOf(number), (batch) => {
      const copy = [...batch.entries];
      const at = copy.findIndex(({ source_offset }) => source_offset === entryAt(number).entry.source_offset);
      [copy[at], copy[at + 1]] = [copy[at + 1] as Entry, copy[at] as Entry];
      return { ...batch, entries: copy };
    });
    const { code, message } = await reading(events);
    expect(code).toBe('CHAIN_BROKEN');
    expect(message).toContain(`entry ${number} at ${entryAt(number).entry.source_offset}/1: an entry at`);
  });

  it('is found and named when an entry is dropped, even if the batch counts anew', async () => {
    const dropped = (number: number) =>
      changed(revisionOf(number), (batch) => ({
        ...batch,
        entries: batch.entries.filter((e) => Buffer.compare(e.chain_hash, entryAt(number).entry.chain_hash) !== 0),
        entry_count: batch.entry_count - 1,
      }));
    const inside = batches.findIndex((batch, at) => at > 0 && batch.entries.length > 2);
    const first = (batches[inside - 1] as EntriesBooked).entry_count;
    const next = entries[first + 1] as Entry;
    expect((await reading(dropped(first))).message).toContain(
      `entry ${first} at ${next.source_offset}/${next.ordinal}`,
    );
    await world.index.dropLedgers();
    const last = (batches[inside] as EntriesBooked).entry_count - 1;
    expect((await reading(dropped(last))).message).toContain(`entry ${last} before`);
  });

  it('is found when a whole batch is dropped', async () => {
    const { code, message } = await reading(original().toSpliced(4, 1));
    expect(code).toBe('CHAIN_BROKEN');
    expect(message).toContain(`${stream} revision 4, source position 12/0: the batch begins at 15/0`);
  });

  it('is found when a tick is moved, which no entry covers', async () => {
    const events = original();
    const moved = changed(3, (batch) => ({
      ...batch,
      ticks: batch.ticks.map((tick) => ({ ...tick, advanced_to: tick.advanced_to + 1 })),
    }));
    const { code, message } = await reading(
      events.map((event, at) => ({ ...event, data: moved[at]?.data ?? event.data })),
    );
    expect(code).toBe('CHAIN_BROKEN');
    expect(message).toContain(`revision 3, from source position 9/0 on: its bytes are not those`);
  });

  it('is found when the tail is cut off after it was indexed', async () => {
    await reading(original());
    const { code, message, entries: kept } = await reading(original().slice(0, 5));
    expect(code).toBe('CHAIN_BROKEN');
    expect(message).toContain(
      `${stream} revision ${batches.length - 1}, before source position 40/0: the event is gone`,
    );
    expect(kept).toEqual(entries);
  });

  it('is found when history is rewritten, chain and ids and all, after it was indexed', async () => {
    await reading(original());
    const chain = new EntryChain(stream);
    const rewritten = batches.map((batch) => {
      const forged = batch.entries.map((entry) => {
        const other = { ...entry, amount_micros: entry.amount_micros + 1 };
        return { ...other, chain_hash: chain.link(other) };
      });
      return batchEvent({ ...batch, entries: forged, chain_head: chain.head }, stream, world.registry);
    });
    const { code, message } = await reading(rewritten);
    expect(code).toBe('CHAIN_BROKEN');
    expect(message).toContain(`${stream} revision ${batches.length - 1}`);
  });

  it('stops its own stream only, and is forgotten once the stream is whole again', async () => {
    const damaged = createSimulatedLedger().open();
    await damaged.append(stream, 'no_stream', original().toSpliced(4, 1));
    const other = batchesOf({ truth: 'tentative', shard: 0 }, records).map((b) =>
      batchEvent(b, 'tentative-0', world.registry),
    );
    await damaged.append('tentative-0', 'no_stream', other);
    const failures = await catchUpLedgers({ ...world, store: damaged });
    expect([...failures.keys()]).toEqual([stream]);
    expect((await world.index.indexedStream('tentative-0'))?.entryCount).toBe(entries.length);
    expect((await reading(original())).entries).toEqual(entries);
  });
});
