import { describe, expect, it, vi } from 'vitest';
import type { LedgerCheckpoint, LedgerEvent, LedgerStore, LedgerSubscription } from './ledger-store.ts';
import type { LedgerStoreHarness } from './ledger-store.contract.ts';
import { events } from './ledger-store-model.contract.ts';

/** What the port promises of subscriptions. */
export function describeLedgerSubscriptionContract(open: () => LedgerStoreHarness): void {
  const names = (list: readonly LedgerEvent[]) => list.map(({ stream, revision }) => `${stream}/${revision}`);

  /** Takes events until there are enough, and the last checkpoint with them. */
  async function take(subscription: LedgerSubscription, count: number, max = 100) {
    const taken: LedgerEvent[] = [];
    let checkpoint: LedgerCheckpoint | null = null;
    await vi.waitFor(
      async () => {
        const step = await subscription.next(max);
        taken.push(...step.events);
        checkpoint = step.checkpoint ?? checkpoint;
        expect(taken.length).toBeGreaterThanOrEqual(count);
      },
      { timeout: 20_000, interval: 5 },
    );
    return { names: names(taken), events: taken, checkpoint: checkpoint as LedgerCheckpoint | null };
  }

  async function fill(store: LedgerStore): Promise<void> {
    await store.append('a', 'no_stream', events(1, 2, 3));
    await store.append('b', 'no_stream', events(11));
    await store.append('a', 2, events(4, 5));
  }

  describe('a subscription', () => {
    it('brings every event of every stream from the start, as it was, in the order of its stream', async () => {
      const { engine } = open();
      await fill(engine);
      const subscription = await engine.subscribe('start');
      const taken = await take(subscription, 6);
      expect(taken.names.filter((name) => name.startsWith('a'))).toEqual(['a/0', 'a/1', 'a/2', 'a/3', 'a/4']);
      expect(taken.names.filter((name) => name.startsWith('b'))).toEqual(['b/0']);
      expect(taken.events.filter(({ stream }) => stream === 'a')).toEqual(await engine.readForwards('a', 0, 10));
      expect(await subscription.next(10)).toMatchObject({ events: [] });
      await subscription.close();
    });

    it('brings what other processes write while it is open', async () => {
      const harness = open();
      const { engine } = harness;
      await fill(engine);
      const subscription = await engine.subscribe('start');
      await take(subscription, 6);
      const other = await harness.another();
      for (let i = 0; i < 30; i += 1) await other.append('c', i === 0 ? 'no_stream' : i - 1, events(100 + i));
      expect((await take(subscription, 30)).names).toEqual(Array.from({ length: 30 }, (_, i) => `c/${i}`));
      await subscription.close();
    });

    it('brings nothing old from the end, and all that is written from then on', async () => {
      const { engine } = open();
      await fill(engine);
      const subscription = await engine.subscribe('end');
      expect(await subscription.next(10)).toMatchObject({ events: [] });
      await engine.append('b', 0, events(12));
      expect((await take(subscription, 1)).names).toEqual(['b/1']);
      await subscription.close();
    });

    it.each([1, 2, 3, 100])('goes on after any checkpoint without a gap, if it was taken %i at a time', async (max) => {
      const { engine } = open();
      await fill(engine);
      const before: string[] = [];
      let checkpoint: LedgerCheckpoint | 'start' = 'start';
      for (let round = 0; round < 6 && before.length < 6; round += 1) {
        const subscription: LedgerSubscription = await engine.subscribe(checkpoint);
        const step = await vi.waitFor(async () => {
          const taken = await subscription.next(max);
          expect(taken.events.length).toBeGreaterThan(0);
          return taken;
        }, 20_000);
        before.push(...names(step.events));
        checkpoint = step.checkpoint ?? checkpoint;
        await subscription.close();
      }
      expect(new Set(before)).toEqual(new Set(['a/0', 'a/1', 'a/2', 'b/0', 'a/3', 'a/4']));
    });

    it('goes on from a checkpoint after the store was opened again', async () => {
      const harness = open();
      await fill(harness.engine);
      const first = await harness.engine.subscribe('start');
      const { checkpoint } = await take(first, 6);
      await first.close();
      const store = await harness.reopen();
      await store.append('b', 0, events(12));
      const subscription = await store.subscribe(checkpoint ?? 'start');
      expect((await take(subscription, 1)).names.at(-1)).toBe('b/1');
      await subscription.close();
    });

    it('keeps up with more than it can hold', async () => {
      const { engine } = open();
      const subscription = await engine.subscribe('start');
      const numbers = Array.from({ length: 1500 }, (_, i) => i);
      await engine.append('s', 'no_stream', events(...numbers));
      expect((await take(subscription, 1500)).names).toEqual(numbers.map((i) => `s/${i}`));
      await subscription.close();
    });
  });
}
