import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventIndex } from './event-index.ts';

export interface EventIndexHarness {
  readonly engine: EventIndex;
  close(): Promise<void>;
}

const first = '01900000-0000-7000-8000-000000000001';
const second = '01900000-0000-7000-8000-000000000002';

/** The promises of the EventIndex port, for one engine. */
export function describeEventIndexContract(name: string, open: () => Promise<EventIndexHarness>): void {
  describe(`EventIndex on ${name}`, () => {
    let harness: EventIndexHarness;
    let index: EventIndex;
    beforeEach(async () => {
      harness = await open();
      index = harness.engine;
    });
    afterEach(() => harness.close());

    it('starts every shard at offset 0', async () => {
      expect(await index.indexedEvents('spend', 3)).toBe(0);
      expect(await index.eventsOf(first)).toEqual([]);
    });

    it('finds the records of one selection over all topics, in their order', async () => {
      await index.addEvents({ topic: 'spend', shard: 2, from: 0, next: 9 }, [
        { selectionId: first, offset: 7 },
        { selectionId: second, offset: 5 },
        { selectionId: first, offset: 3 },
      ]);
      await index.addEvents({ topic: 'selected', shard: 2, from: 0, next: 1 }, [{ selectionId: first, offset: 0 }]);
      expect(await index.eventsOf(first)).toEqual([
        { topic: 'selected', shard: 2, offset: 0 },
        { topic: 'spend', shard: 2, offset: 3 },
        { topic: 'spend', shard: 2, offset: 7 },
      ]);
      expect(await index.indexedEvents('spend', 2)).toBe(9);
      expect(await index.indexedEvents('spend', 1)).toBe(0);
    });

    it('adds nothing for a reader that was overtaken', async () => {
      const range = { topic: 'spend', shard: 0, from: 0, next: 4 } as const;
      expect(await index.addEvents(range, [{ selectionId: first, offset: 1 }])).toBe(true);
      expect(await index.addEvents(range, [{ selectionId: second, offset: 2 }])).toBe(false);
      expect(await index.eventsOf(second)).toEqual([]);
      expect(await index.indexedEvents('spend', 0)).toBe(4);
    });

    it('forgets everything when dropped', async () => {
      await index.addEvents({ topic: 'click', shard: 0, from: 0, next: 2 }, [{ selectionId: first, offset: 1 }]);
      await index.dropEvents();
      expect(await index.eventsOf(first)).toEqual([]);
      expect(await index.indexedEvents('click', 0)).toBe(0);
    });
  });
}
