import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maxAmountMicros } from '../domain/money.ts';
import type { Entry } from '../domain/records.ts';
import type {
  EntryFilter,
  GroupFilter,
  GroupSum,
  IndexedStream,
  IndexStep,
  LedgerIndexStore,
  NumberedEntry,
} from './ledger-index.ts';

export interface LedgerIndexHarness {
  readonly engine: LedgerIndexStore;
  /** A further connection to the same index, as another process has it. */
  another(): Promise<LedgerIndexStore>;
  close(): Promise<void>;
}

const hashOf = (number: number) => Uint8Array.from({ length: 32 }, (_, i) => (number >> (8 * (i % 4))) & 255);
const choices = {
  advertiser_id: ['adv_1', 'adv_2'],
  campaign_id: ['cmp_1', 'cmp_2', 'cmp_3'],
  kind: ['draw', 'certify', 'reverse'],
  debit_account: ['campaign:reserved', 'advertiser:unbilled'],
  credit_account: ['campaign:authority', 'publisher:payable', 'advertiser:unbilled'],
  service_period: ['2026-10', '2026-11'],
  posting_period: ['2026-11', '2026-12'],
  selection_id: ['', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002', 'not a uuid'],
} as const;

/** An entry that differs from its neighbours in everything that the index could mix up. */
export function sampleEntry(number: number, changes: Partial<Entry> = {}): Entry {
  const pick = <T>(values: readonly T[], step: number) => values[Math.floor(number / step) % values.length] as T;
  return {
    source_offset: Math.floor(number / 3),
    ordinal: number % 3,
    kind: pick(choices.kind, 2),
    selection_id: pick(choices.selection_id, 3),
    advertiser_id: pick(choices.advertiser_id, 5),
    campaign_id: pick(choices.campaign_id, 7),
    line_item_id: `li_${number % 11}`,
    publisher_id: `pub_${number % 4}`,
    debit_account: pick(choices.debit_account, 3),
    credit_account: pick(choices.credit_account, 4),
    amount_micros: 1 + number * 7919,
    currency: number % 13 === 0 ? 'JPY' : 'EUR',
    service_period: pick(choices.service_period, 17),
    posting_period: pick(choices.posting_period, 29),
    posted_at: 1_000_000 + number,
    selected_at: 900_000 + number,
    reference: number % 5 === 0 ? `rule ${number}` : '',
    chain_hash: hashOf(number),
    ...changes,
  };
}

/** The step that adds entries `from` ≤ n < `to` of a list to a stream as its event `revision`. */
export function sampleStep(
  stream: string,
  revision: number,
  range: { entries: readonly Entry[]; from: number; to: number; next?: number },
): IndexStep {
  const { entries, from, to } = range;
  const added = entries
    .slice(from, to)
    .map((entry, i) => ({ number: from + i, entry, opensBooking: (from + i) % 2 === 0 }));
  const [truth, shard] = stream.split('-') as [IndexedStream['truth'], string];
  const next = { offset: range.next ?? (entries[to - 1]?.source_offset ?? 0) + 1, ordinal: 0 };
  const head = { chainHead: hashOf(to), entryCount: to, lastBooking: `booking ${to}`, foldTime: 5000 + revision };
  const at = { stream, truth, shard: Number(shard), revision, eventId: `${stream}@${revision}`, next };
  return { to: { ...at, ...head }, entries: added, ticks: [], closes: [] };
}

const isOf = (entry: Entry, filter: EntryFilter) =>
  (filter.advertiserId ?? entry.advertiser_id) === entry.advertiser_id &&
  (filter.campaignId ?? entry.campaign_id) === entry.campaign_id &&
  (filter.kind ?? entry.kind) === entry.kind &&
  (filter.servicePeriod ?? entry.service_period) === entry.service_period &&
  (filter.postingPeriod ?? entry.posting_period) === entry.posting_period &&
  (filter.selectionId ?? entry.selection_id) === entry.selection_id &&
  (filter.account === undefined || [entry.debit_account, entry.credit_account].includes(filter.account));

/** The sums of the port by adding one entry after the other. */
function addUp(entries: readonly NumberedEntry[], filter: GroupFilter): GroupSum[] {
  const sums = new Map<string, { entries: number; bookings: number; amountMicros: bigint; entry: Entry }>();
  for (const { number, entry } of entries) {
    if (!isOf(entry, filter)) continue;
    const sum = sums.get(groupText(entry)) ?? { entries: 0, bookings: 0, amountMicros: 0n, entry };
    sum.entries += 1;
    sum.bookings += number % 2 === 0 ? 1 : 0;
    sum.amountMicros += BigInt(entry.amount_micros);
    sums.set(groupText(entry), sum);
  }
  return [...sums.values()].map(({ entry, ...sum }) => ({ ...groupOf(entry), ...sum }));
}

function groupOf(entry: Entry) {
  const { advertiser_id, campaign_id, currency, kind, debit_account, credit_account, service_period, posting_period } =
    entry;
  const accounts = { debit_account, credit_account };
  return { advertiser_id, campaign_id, currency, kind, ...accounts, service_period, posting_period };
}

const groupText = (entry: Entry) => JSON.stringify(groupOf(entry));
const sorted = (sums: readonly GroupSum[]) =>
  sums
    .map((sum) => `${JSON.stringify({ ...sum, amountMicros: String(sum.amountMicros) }, Object.keys(sum).toSorted())}`)
    .toSorted();

const optional = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const filters = fc
  .record({
    advertiserId: optional([...choices.advertiser_id, 'adv_3']),
    campaignId: optional(choices.campaign_id),
    account: optional([...choices.debit_account, ...choices.credit_account]),
    kind: optional(choices.kind),
    servicePeriod: optional(choices.service_period),
    postingPeriod: optional(choices.posting_period),
  })
  .map(
    (filter) => Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as GroupFilter,
  );

/** The promises of the LedgerIndexStore port, for one engine. */
export function describeLedgerIndexContract(name: string, open: () => Promise<LedgerIndexHarness>): void {
  describe(`LedgerIndexStore on ${name}`, () => {
    let harness: LedgerIndexHarness;
    let index: LedgerIndexStore;
    beforeEach(async () => {
      harness = await open();
      index = harness.engine;
    });
    afterEach(() => harness.close());

    const entries = Array.from({ length: 5000 }, (_, number) => sampleEntry(number));
    const numbered = entries.map((entry, number) => ({ number, entry }));
    const fill = async (stream: string, ends: readonly number[]) => {
      let from = 0;
      for (const [revision, to] of ends.entries()) {
        const step = sampleStep(stream, revision, { entries, from, to });
        expect(await index.advance(revision === 0 ? null : revision - 1, step)).toBe(true);
        from = to;
      }
    };

    it('starts empty', async () => {
      expect(await index.indexedStream('final-0')).toBeNull();
      expect(await index.indexedStreams()).toEqual([]);
      expect(await index.lastTick('final-0')).toBeNull();
      expect(await index.firstTickAt('final-0', 0)).toBeNull();
      expect(await index.closedAt('final-0', 0, '2026-11')).toBeNull();
      expect(await index.entriesBelow('final-0', 10)).toEqual({ stream: 'final-0', entries: 0, chainHead: null });
      expect(await index.sums([{ stream: 'final-0', entries: 5 }], {})).toEqual([]);
      expect(await index.entries({ stream: 'final-0', from: 0, to: 9, filter: {}, limit: 9 })).toEqual([]);
    });

    it('keeps how far each stream was read, streams in the order of their names', async () => {
      await fill('tentative-1', [10]);
      await fill('final-1', [3, 5]);
      const at = await index.indexedStream('final-1');
      expect(at).toEqual(sampleStep('final-1', 1, { entries, from: 3, to: 5 }).to);
      expect((await index.indexedStreams()).map(({ stream }) => stream)).toEqual(['final-1', 'tentative-1']);
    });

    it('keeps how far each store was followed, until the streams are forgotten', async () => {
      const [far, near] = [
        { commit: 2n ** 63n - 1n, prepare: 2n ** 53n + 1n },
        { commit: 7n, prepare: 5n },
      ];
      expect(await index.checkpoint('a')).toBe(null);
      await index.setCheckpoint('a', near);
      await index.setCheckpoint('b', near);
      await index.setCheckpoint('a', far);
      const other = await harness.another();
      expect(await other.checkpoint('a')).toEqual(far);
      expect(await other.checkpoint('b')).toEqual(near);
      await index.dropLedgers();
      expect(await other.checkpoint('a')).toBe(null);
      await other.close();
    });

    it('adds nothing for a reader that was overtaken', async () => {
      await fill('final-0', [10]);
      const behind = sampleStep('final-0', 0, { entries, from: 0, to: 20 });
      expect(await index.advance(null, behind)).toBe(false);
      expect(await index.advance(7, sampleStep('final-0', 8, { entries, from: 10, to: 20 }))).toBe(false);
      expect((await index.indexedStream('final-0'))?.entryCount).toBe(10);
      expect(await index.entries({ stream: 'final-0', from: 0, to: 99, filter: {}, limit: 99 })).toHaveLength(10);
    });

    it('is built by several readers together', async () => {
      const other = await harness.another();
      await fill('final-0', [10]);
      expect(await other.advance(0, sampleStep('final-0', 1, { entries, from: 10, to: 40 }))).toBe(true);
      expect(await index.advance(0, sampleStep('final-0', 1, { entries, from: 10, to: 40 }))).toBe(false);
      expect(await index.advance(1, sampleStep('final-0', 2, { entries, from: 40, to: 70 }))).toBe(true);
      const sums = await other.sums([{ stream: 'final-0', entries: 70 }], {});
      expect(sorted(sums)).toEqual(sorted(addUp(numbered.slice(0, 70), {})));
    });

    it('gives entries back as they were', async () => {
      await fill('final-0', [2000, 5000]);
      const read = await index.entries({ stream: 'final-0', from: 0, to: 5000, filter: {}, limit: 5000 });
      expect(read).toEqual(numbered);
    });

    it('sums any prefix of streams by any filter as adding up does', { timeout: 60_000 }, async () => {
      await fill('final-0', [1, 1000, 1024, 1030, 4100, 5000]);
      await fill('tentative-0', [2048, 3000]);
      const prefix = (most: number) => fc.oneof(fc.constantFrom(0, 1, 1023, 1024, 1025, 2048, most), fc.nat(most));
      await fc.assert(
        fc.asyncProperty(prefix(5000), prefix(3000), filters, async (final, tentative, filter) => {
          const prefixes = [
            { stream: 'final-0', entries: final },
            { stream: 'tentative-0', entries: tentative },
          ];
          const summed = [...numbered.slice(0, final), ...numbered.slice(0, tentative)];
          expect(sorted(await index.sums(prefixes, filter))).toEqual(sorted(addUp(summed, filter)));
        }),
        { numRuns: 150 },
      );
    });

    it('finds entries by any filter in the order of the stream, page by page', { timeout: 60_000 }, async () => {
      await fill('final-0', [5000]);
      await fill('final-1', [100]);
      const selections = optional([...choices.selection_id, '01900000-0000-7000-8000-00000000000f']);
      await fc.assert(
        fc.asyncProperty(
          filters,
          selections,
          fc.tuple(fc.nat(5000), fc.nat(5000)),
          fc.integer({ min: 1, max: 700 }),
          async (group, selection, [from, to], limit) => {
            const filter = selection === undefined ? group : { ...group, selectionId: selection };
            const expected = numbered.slice(from, to).filter(({ entry }) => isOf(entry, filter));
            const found = await index.entries({ stream: 'final-0', from, to, filter, limit });
            expect(found).toEqual(expected.slice(0, limit));
          },
        ),
        { numRuns: 150 },
      );
    });

    it('counts the entries below a source offset and gives the hash of the last of them', async () => {
      await fill('final-0', [1000, 5000]);
      for (const offset of [0, 1, 2, 333, 1666, 1667, 9999]) {
        const below = entries.filter(({ source_offset }) => source_offset < offset);
        const expected = { stream: 'final-0', entries: below.length, chainHead: below.at(-1)?.chain_hash ?? null };
        expect(await index.entriesBelow('final-0', offset)).toEqual(expected);
      }
    });

    it('finds the first tick that reaches a time, whatever ticks of lower times come after it', async () => {
      const ticks = [
        { offset: 3, advanced_to: 100 },
        { offset: 5, advanced_to: 90 },
        { offset: 8, advanced_to: 200 },
        { offset: 9, advanced_to: 200 },
      ];
      await index.advance(null, { ...sampleStep('final-0', 0, { entries, from: 0, to: 0 }), ticks });
      const more = [
        { offset: 12, advanced_to: 150 },
        { offset: 15, advanced_to: 300 },
      ];
      await index.advance(0, { ...sampleStep('final-0', 1, { entries, from: 0, to: 0 }), ticks: more });
      const found = await Promise.all(
        [0, 95, 100, 101, 200, 201, 301].map((time) => index.firstTickAt('final-0', time)),
      );
      expect(found.map((tick) => tick?.offset ?? null)).toEqual([3, 3, 3, 8, 8, 15, null]);
      expect(await index.lastTick('final-0')).toEqual({ offset: 15, advanced_to: 300 });
      expect(await index.lastTick('final-1')).toBeNull();
    });

    it('knows where a period was closed first', async () => {
      const closes = [
        { offset: 4, calendar: 1, period: '2026-10' },
        { offset: 7, calendar: 1, period: '2026-10' },
      ];
      await index.advance(null, { ...sampleStep('final-0', 0, { entries, from: 0, to: 0 }), closes });
      expect(await index.closedAt('final-0', 1, '2026-10')).toBe(4);
      expect(await index.closedAt('final-0', 0, '2026-10')).toBeNull();
      expect(await index.closedAt('final-0', 1, '2026-11')).toBeNull();
    });

    it('keeps sums exact that no float and no 64-bit integer holds', async () => {
      const huge = Array.from({ length: 2500 }, (_, n) =>
        sampleEntry(0, { source_offset: n, amount_micros: maxAmountMicros - n }),
      );
      await index.advance(null, sampleStep('final-0', 0, { entries: huge, from: 0, to: 2500 }));
      const sums = await index.sums([{ stream: 'final-0', entries: 2500 }], {});
      expect(sums.map(({ amountMicros }) => amountMicros)).toEqual([
        2500n * BigInt(maxAmountMicros) - (2499n * 2500n) / 2n,
      ]);
    });

    it('forgets the streams, for every process, and can be built again', async () => {
      const other = await harness.another();
      await fill('final-0', [2000, 5000]);
      await other.dropLedgers();
      expect(await index.indexedStreams()).toEqual([]);
      expect(await index.entries({ stream: 'final-0', from: 0, to: 9, filter: {}, limit: 9 })).toEqual([]);
      await fill('final-0', [5000]);
      expect(sorted(await other.sums([{ stream: 'final-0', entries: 5000 }], {}))).toEqual(sorted(addUp(numbered, {})));
    });

    it('reports a closed index as unavailable', async () => {
      await index.close();
      await expect(index.indexedStreams()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    });
  });
}
