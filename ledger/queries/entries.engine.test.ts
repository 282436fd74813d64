import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../domain/records.ts';
import type { EntryFilter, LedgerTruth } from '../../ports/ledger-index.ts';
import type { AskedCut, EntryRow } from '../../ports/ledger-queries.ts';
import {
  type BookedEntry,
  type BookedRecord,
  batchesOf,
  type LedgerWorld,
  openLedgerWorld,
} from '../../test/sample-ledger.ts';
import { accounts } from '../accounts.ts';

const latest: AskedCut = { kind: 'latest' };

let world: LedgerWorld;
beforeEach(async () => {
  world = await openLedgerWorld(2);
});
afterEach(() => world.close());

type Shards = Parameters<LedgerWorld['book']>[0];

const accountNames = Object.keys(accounts);
const posting = fc.record({
  kind: fc.constantFrom('draw', 'certify', 'reverse', 'adjust'),
  advertiser_id: fc.constantFrom('adv_1', 'adv_2'),
  campaign_id: fc.constantFrom('cmp_1', 'cmp_2', 'cmp_3', ''),
  line_item_id: fc.constantFrom('li_1', 'li_2'),
  debit_account: fc.constantFrom(...accountNames),
  credit_account: fc.constantFrom(...accountNames),
  amount_micros: fc.integer({ min: 1, max: 9_000_000_000_000_000 }),
  currency: fc.constantFrom('EUR', 'JPY'),
  service_period: fc.constantFrom('2026-10', '2026-11'),
  posting_period: fc.constantFrom('2026-10', '2026-11', '2026-12'),
  selection_id: fc.constantFrom('', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002'),
});
const oneShard = fc.array(fc.array(posting, { maxLength: 4 }), { minLength: 1, maxLength: 25 });
/** Record n of every shard is a tick at time n × 10; what it booked differs by ledger. */
const bookings = fc
  .record({ tentative: fc.tuple(oneShard, oneShard), final: fc.tuple(oneShard, oneShard) })
  .map((all): Shards => {
    const length = Math.max(...[...all.tentative, ...all.final].map((shard) => shard.length)) + 1;
    const records = (shard: readonly (readonly Partial<Entry>[])[]) =>
      Array.from({ length }, (_, n): BookedRecord => ({ tick: n * 10, postings: shard[n] ?? [] }));
    return { tentative: all.tentative.map(records), final: all.final.map(records) };
  });

const optional = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const filters = fc
  .record({
    advertiserId: optional('adv_1', 'adv_2', 'adv_3'),
    campaignId: optional('cmp_1', 'cmp_2'),
    account: optional('campaign:reserved', 'rounding', 'suspense'),
    kind: optional('draw', 'certify'),
    servicePeriod: optional('2026-10'),
    postingPeriod: optional('2026-11', '2026-12'),
    selectionId: optional('01900000-0000-7000-8000-000000000001'),
  })
  .map(
    (filter) => Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as EntryFilter,
  );

const takes = (filter: EntryFilter, e: BookedEntry) =>
  [
    [filter.advertiserId, e.advertiser_id],
    [filter.campaignId, e.campaign_id],
    [filter.kind, e.kind],
    [filter.servicePeriod, e.service_period],
    [filter.postingPeriod, e.posting_period],
    [filter.selectionId, e.selection_id],
  ].every(([wanted, is]) => wanted === undefined || wanted === is) &&
  (filter.account === undefined || filter.account === e.debit_account || filter.account === e.credit_account);

/** A world of its own for one run of a property. */
async function inWorld(run: (world: LedgerWorld) => Promise<void>): Promise<void> {
  const fresh = await openLedgerWorld(2);
  await run(fresh);
  await fresh.close();
}

describe('balances', () => {
  it('are, at any cut, what adding up every entry before it gives', { timeout: 480_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        bookings,
        fc.constantFrom<LedgerTruth>('tentative', 'final'),
        filters,
        fc.nat(26),
        (shards, truth, { advertiserId, campaignId }, n) =>
          inWorld(async ({ book, queries }) => {
            const all = await book(shards);
            const offset = Math.min(n, (shards.final[0]?.length ?? 0) - 1);
            const filter = { ...(advertiserId && { advertiserId }), ...(campaignId && { campaignId }) };
            const answer = await queries.balances({ truth, ...filter, at: { kind: 'time', timeMs: offset * 10 - 3 } });
            const counted = all.filter(
              (e) => e.truth === truth && e.source_offset < Math.max(0, offset) && takes(filter, e),
            );
            const sums = new Map<string, bigint>();
            for (const e of counted) {
              for (const [account, sign] of [
                [e.debit_account, -1n],
                [e.credit_account, 1n],
              ] as const) {
                const key = [account, e.advertiser_id, e.campaign_id || null, e.currency].join();
                sums.set(key, (sums.get(key) ?? 0n) + sign * BigInt(e.amount_micros));
              }
            }
            const found = answer.balances.map(
              (b) =>
                [[b.account, b.advertiser_id, b.campaign_id, b.currency].join(), BigInt(b.balance_micros)] as const,
            );
            expect(new Map(found)).toEqual(sums);
            expect(found).toHaveLength(sums.size);
            for (const b of answer.balances)
              expect(b.balance_micros).toBe(String(BigInt(b.credit_micros) - BigInt(b.debit_micros)));
            for (const t of answer.trial_balance) expect(t.difference_micros).toBe('0');
          }),
      ),
      { numRuns: 40 },
    );
  });
});

describe('entries', () => {
  it('are, for every filter and size of page, those that brute force finds, each once, in the order of their streams', {
    timeout: 60_000,
  }, async () => {
    const truths = fc.constantFrom<readonly LedgerTruth[]>(['tentative'], ['final'], ['tentative', 'final']);
    await fc.assert(
      fc.asyncProperty(bookings, truths, filters, fc.integer({ min: 1, max: 40 }), (shards, asked, filter, limit) =>
        inWorld(async ({ book, queries }) => {
          const all = await book(shards);
          const rows: EntryRow[] = [];
          let cursor: string | undefined;
          do {
            const page = await queries.entries({ truths: asked, filter, at: latest, limit, ...(cursor && { cursor }) });
            expect(page.items.length).toBeLessThanOrEqual(limit);
            rows.push(...page.items);
            cursor = page.next_cursor ?? undefined;
          } while (cursor !== undefined);
          const last = (shards.final[0]?.length ?? 0) - 1;
          const expected = all.filter(
            (e) => asked.some((t) => t === e.truth) && e.source_offset < last && takes(filter, e),
          );
          expect(rows.map((row) => row.chain_hash)).toEqual(
            expected.map((e) => Buffer.from(e.chain_hash).toString('hex')),
          );
          expect(rows.map((row) => row.amount_micros)).toEqual(expected.map((e) => String(e.amount_micros)));
        }),
      ),
      { numRuns: 40 },
    );
  });

  it('keep their cut from page to page while more is booked', async () => {
    const records = Array.from(
      { length: 9 },
      (_, n): BookedRecord => ({ tick: n, postings: [{ amount_micros: n + 1 }] }),
    );
    const shards = { tentative: [records, records], final: [records, records] };
    const question = { truths: ['final'], filter: {}, at: latest, limit: 5 } as const;
    await world.book({
      tentative: shards.tentative.map((r) => r.slice(0, 6)),
      final: shards.final.map((r) => r.slice(0, 6)),
    });
    const first = await world.queries.entries(question);
    const more = (['tentative', 'final'] as const).flatMap((truth) =>
      [0, 1].flatMap((shard) => batchesOf({ truth, shard }, records).slice(2)),
    );
    await world.append(more);
    await world.catchUp();
    const second = await world.queries.entries({ ...question, cursor: first.next_cursor ?? '' });
    expect([second.digest, second.cut]).toEqual([first.digest, first.cut]);
    expect(second.items).toHaveLength(5);
    expect(second.next_cursor).toBeNull();
    expect((await world.queries.entries(question)).cut).not.toBe(first.cut);
  });

  it('refuse a cursor of another question, and one that was made up', async () => {
    const records = Array.from({ length: 9 }, (_, n): BookedRecord => ({ tick: n, postings: [{}] }));
    await world.book({ tentative: [records, records], final: [records, records] });
    const question = { truths: ['final'], filter: { kind: 'draw' }, at: latest, limit: 2 } as const;
    const { next_cursor } = await world.queries.entries(question);
    const cursor = next_cursor ?? '';
    const refused = { code: 'VALIDATION_FAILED', path: 'cursor' };
    await expect(world.queries.entries({ ...question, filter: {}, cursor })).rejects.toMatchObject(refused);
    await expect(world.queries.entries({ ...question, truths: ['tentative'], cursor })).rejects.toMatchObject(refused);
    for (const made of [
      '',
      'x',
      '!!',
      Buffer.from('[1,2,3,4]').toString('base64url'),
      Buffer.from('{"a":1}').toString('base64url'),
    ]) {
      await expect(world.queries.entries({ ...question, cursor: made })).rejects.toMatchObject(refused);
    }
  });
});
