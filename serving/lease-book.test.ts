import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyRecord, BudgetSet, Lease, LeaseGranted } from '../domain/records.ts';
import { LeaseFold } from './lease-book.ts';

const node = 'node-1';
const boot = '018f0000-0000-7000-8000-00000000b001';
const day = '2026-01-01';
const noon = Date.UTC(2026, 0, 1, 12);
const lease: Lease = { node, boot, day };

function bookOf(...records: AnyRecord[]): LeaseFold {
  const book = new LeaseFold({ node, boot, shards: 4, idleMs: 30_000 });
  for (const [offset, record] of records.entries()) book.apply(record, 0, offset);
  return book;
}

function granted(number: number, amount_micros: number, change: Partial<LeaseGranted> = {}): AnyRecord {
  const value = { campaign_id: 'cmp_1', number, lease, amount_micros, granted_at: noon, allocator: 'a', ...change };
  return { name: 'LeaseGranted', value };
}

function budget(revision: number, change: Partial<BudgetSet> = {}): AnyRecord {
  const flight = { starts_at: 0, ends_at: Date.UTC(2027, 0, 1) };
  const value: BudgetSet = {
    campaign_id: 'cmp_1',
    revision,
    advertiser_id: 'adv_1',
    currency: 'EUR',
    time_zone: 'Europe/Berlin',
    total_micros: 1_000_000,
    daily_micros: null,
    flight,
    pacing: 'even',
    active: true,
    set_at: 0,
    ...change,
  };
  return { name: 'BudgetSet', value };
}

function applied(number: number, total_micros: number): AnyRecord {
  const value = {
    campaign_id: 'cmp_1',
    number,
    revision: 1,
    total_micros,
    daily_micros: null,
    applied_at: 0,
    allocator: 'a',
  };
  return { name: 'BudgetApplied', value };
}

describe('The lease book', () => {
  it('draws all or nothing, and never more than was granted', () => {
    const book = bookOf(granted(1, 100));
    expect(book.draw('cmp_1', day, 60)).toEqual(lease);
    expect(book.draw('cmp_1', day, 41)).toBeNull();
    expect(book.left('cmp_1', day)).toBe(40);
    expect(book.draw('cmp_1', '2026-01-02', 1)).toBeNull();
    expect(book.draw('cmp_2', day, 1)).toBeNull();
    expect(book.draw('cmp_1', day, 40)).toEqual(lease);
    expect(book.draw('cmp_1', day, 1)).toBeNull();
  });

  it('holds a number only if it is the campaign’s last plus one, whoever it is granted to', () => {
    const elsewhere = { lease: { ...lease, boot: '018f0000-0000-7000-8000-00000000ffff' } };
    expect(bookOf(granted(1, 10), granted(1, 10)).left('cmp_1', day)).toBe(10);
    expect(bookOf(granted(2, 10)).left('cmp_1', day)).toBe(0);
    expect(bookOf(granted(1, 10, elsewhere), granted(1, 10), granted(2, 7)).left('cmp_1', day)).toBe(7);
    expect(bookOf(applied(1, 5), granted(1, 10), granted(2, 3)).left('cmp_1', day)).toBe(3);
    expect(bookOf(granted(1, 10, { campaign_id: 'cmp_2' }), granted(1, 4)).left('cmp_1', day)).toBe(4);
  });

  it('gives everything undrawn back at once when the budget falls, the day’s budget falls, or the campaign stops', () => {
    const cuts: Partial<BudgetSet>[] = [{ total_micros: 999_999 }, { daily_micros: 10_000 }, { active: false }];
    for (const cut of cuts) {
      const book = bookOf(budget(1), granted(1, 100));
      book.draw('cmp_1', day, 30);
      book.apply(budget(2, cut), 0, 2);
      const [returned] = book.takeReturns(noon);
      expect(returned).toMatchObject({ campaign_id: 'cmp_1', lease, returned_micros: 70 });
      expect(book.left('cmp_1', day)).toBe(0);
    }
  });

  it('gives nothing back for a higher budget, nor for an older revision', () => {
    const book = bookOf(
      budget(2),
      granted(1, 100),
      budget(1, { total_micros: 1 }),
      budget(3, { total_micros: 2_000_000 }),
    );
    expect(book.takeReturns(noon)).toEqual([]);
    expect(book.left('cmp_1', day)).toBe(100);
  });

  it('gives back what lies here when more is committed than the console wants', () => {
    const book = bookOf(budget(1, { total_micros: 50 }), granted(1, 40), applied(2, 90));
    expect(book.takeReturns(noon)).toMatchObject([{ returned_micros: 40 }]);
  });

  it('gives a lease back once its budget day is over in the zone of the advertiser', () => {
    const book = bookOf(budget(1), granted(1, 100));
    const lastMoment = Date.UTC(2026, 0, 1, 22, 59, 59, 999);
    expect(book.dayOf('cmp_1', lastMoment)).toBe(day);
    expect(book.takeReturns(noon + 1)).toEqual([]);
    expect(book.takeReturns(lastMoment + 1)).toMatchObject([{ returned_micros: expect.any(Number), lease }]);
    expect(book.left('cmp_1', day)).toBe(0);
  });

  it('offers a return again, cumulative, until it is certain to reach the log', () => {
    const book = bookOf(budget(1), granted(1, 100));
    book.recallAll();
    const first = book.takeReturns(noon);
    expect(first).toMatchObject([{ returned_micros: 100 }]);
    expect(book.takeReturns(noon)).toEqual(first);
    book.returnsSent(first);
    expect(book.takeReturns(noon)).toEqual([]);
    book.apply(granted(2, 50), 0, 9);
    book.recallAll();
    expect(book.takeReturns(noon)).toMatchObject([{ returned_micros: 150 }]);
  });

  it('gives half of what lies idle back, but nothing of a lease that is drawn on', () => {
    const book = bookOf(budget(1), granted(1, 100));
    book.draw('cmp_1', day, 20);
    expect(book.takeReturns(noon)).toEqual([]);
    book.draw('cmp_1', day, 20);
    expect(book.takeReturns(noon + 29_999)).toEqual([]);
    expect(book.takeReturns(noon + 59_998)).toEqual([]);
    expect(book.takeReturns(noon + 59_999)).toMatchObject([{ returned_micros: 30 }]);
    expect(book.left('cmp_1', day)).toBe(30);
  });

  it('draws nothing while the boot may not, and never after its end', () => {
    const book = bookOf(granted(1, 100));
    book.stopDrawing();
    expect(book.draw('cmp_1', day, 1)).toBeNull();
    book.resumeDrawing();
    expect(book.draw('cmp_1', day, 1)).toEqual(lease);
    book.close();
    book.resumeDrawing();
    expect([book.draw('cmp_1', day, 1), book.left('cmp_1', day)]).toEqual([null, 0]);
  });

  it('says how far it has read every shard', () => {
    const book = bookOf(granted(1, 1));
    book.apply(null, 2, 41);
    expect(book.views()).toEqual([
      { view: 'pacing:0', revision: 1 },
      { view: 'pacing:1', revision: 0 },
      { view: 'pacing:2', revision: 42 },
      { view: 'pacing:3', revision: 0 },
    ]);
  });

  it('never lets drawn plus returned exceed what was granted', () => {
    const step = fc.oneof(
      fc.record({ does: fc.constant('grant'), amount: fc.nat(1_000) }),
      fc.record({ does: fc.constant('draw'), amount: fc.nat(1_000) }),
      fc.record({ does: fc.constantFrom('recall', 'return', 'sent', 'cut'), amount: fc.nat(100_000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const book = bookOf(budget(1));
        const sums = { granted: 0, drawn: 0, returned: 0 };
        let [number, revision, now] = [0, 1, noon];
        for (const { does, amount } of steps) {
          if (does === 'grant') {
            book.apply(granted((number += 1), amount), 0, number);
            sums.granted += amount;
          }
          if (does === 'draw' && book.draw('cmp_1', day, amount) !== null) sums.drawn += amount;
          if (does === 'recall') book.recallAll();
          if (does === 'cut') book.apply(budget((revision += 1), { total_micros: 1_000_000 - revision }), 0, revision);
          now += amount;
          const returns = book.takeReturns(Math.min(now, noon + 3_600_000));
          if (does === 'sent') book.returnsSent(returns);
          sums.returned = returns[0]?.returned_micros ?? sums.returned;
          expect(sums.drawn + sums.returned).toBeLessThanOrEqual(sums.granted);
          expect(book.left('cmp_1', day)).toBe(sums.granted - sums.drawn - sums.returned);
        }
      }),
    );
  });
});
