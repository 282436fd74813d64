import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Account, boundaryMs, type PricedLineItem } from './account.ts';
import { placementTerms, priceOfSale } from './sale-price.ts';

function item(changes: Partial<PricedLineItem> = {}): PricedLineItem {
  const plain = { lineItemId: 'li_1', campaignId: 'cmp_1', advertiserId: 'adv_1', currency: 'EUR', deals: [] } as const;
  return { ...plain, pricingModel: 'CPM', bidMicros: 2_345_678, ...changes };
}

const expiresAt = 100_000;
const inTime = { selectionId: 's1', kind: 'impression', expiresAt, sentAt: 5_000, doneAt: 5_010 } as const;

function accountWith(changes: Partial<PricedLineItem> = {}): Account {
  const account = new Account([item(changes)]);
  account.selected('s1', 'li_1', false);
  return account;
}

const firstPrice = { terms: undefined, runnerUpMicros: undefined };
const priceOfOne = (changes: Partial<PricedLineItem>) => priceOfSale(item(changes), firstPrice);

describe('the price of one event', () => {
  test('of a bid for a thousand is never more than the thousandth part, and less than a micro below it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (bidMicros) => {
        const price = priceOfOne({ pricingModel: 'CPM', bidMicros });
        expect(price * 1000).toBeLessThanOrEqual(bidMicros);
        expect(bidMicros - price * 1000).toBeLessThan(1000);
      }),
    );
  });

  test('of a bid for a click is the bid, of a house ad nothing', () => {
    expect(priceOfOne({ pricingModel: 'CPC', bidMicros: 123_457 })).toBe(123_457);
    expect(priceOfOne({ pricingModel: 'NONE', bidMicros: 0 })).toBe(0);
  });
});

describe('the price of a sale', () => {
  const terms = placementTerms({
    auction: 'second_price',
    floor_micros: '500000',
    soft_floor_micros: '2000000',
    increment_micros: '10000',
    deals: [
      { deal_id: 'fixed', floor_micros: '4000999', auction: 'fixed' },
      { deal_id: 'private', floor_micros: '2500000', auction: 'second_price' },
    ],
  });
  const sold = (bidMicros: number, runnerUpMicros: number | null, deals: string[] = []) =>
    priceOfSale(item({ bidMicros, deals }), { terms, runnerUpMicros });

  test.each([
    ['a rival and the increment', sold(5_432_109, 3_210_987), 3220],
    ['the soft floor, alone', sold(5_432_109, null), 2000],
    ['its own bid, below the soft floor', sold(1_234_567, 600_000), 1234],
    ['its own bid, within the increment', sold(3_215_000, 3_210_987), 3215],
    ['what was agreed', sold(6_000_000, 5_000_000, ['fixed']), 4000],
    ['the floor of the deal', sold(3_333_333, null, ['private']), 2500],
    ['a rival of the deal', sold(3_333_333, 3_210_987, ['private']), 3220],
  ])('is %s', (_, price, expected) => {
    expect(price).toBe(expected);
  });

  test('is not guessed where no rule gives it', () => {
    expect(() => priceOfSale(item(), { terms, runnerUpMicros: undefined })).toThrow('names no rival');
    expect(() => sold(5_000_000, null, ['elsewhere'])).toThrow('not here');
    expect(() => priceOfSale(item({ pricingModel: 'VCPM' }), { terms, runnerUpMicros: null })).toThrow('predicted');
  });
});

describe('the account', () => {
  test('charges a selection once, however often its beacon was acknowledged', () => {
    const account = accountWith();
    for (let time = 0; time < 3; time += 1) account.attempted({ ...inTime, acknowledged: true });
    expect([...account.charges().values()]).toEqual([
      { selectionId: 's1', campaignId: 'cmp_1', currency: 'EUR', amountMicros: 2345 },
    ]);
    expect(account.doubtful().size).toBe(0);
  });

  test('charges only for the kind of event that the pricing model bills', () => {
    const account = accountWith({ pricingModel: 'VCPM' });
    account.attempted({ ...inTime, acknowledged: true });
    expect(account.charges().size).toBe(0);
    account.attempted({ ...inTime, kind: 'viewable', acknowledged: true });
    expect(account.charges().size).toBe(1);
  });

  test('charges nothing for a beacon that came after its time', () => {
    const account = accountWith();
    account.attempted({ ...inTime, sentAt: expiresAt + boundaryMs + 1, doneAt: expiresAt + 2_000, acknowledged: true });
    expect(account.charges().size).toBe(0);
    expect(account.doubtful().size).toBe(0);
  });

  test('is in doubt after an answer that was lost in time, until the beacon is acknowledged in time', () => {
    const account = accountWith();
    account.attempted({ ...inTime, acknowledged: false });
    expect([...account.doubtful().keys()]).toEqual(['s1']);
    account.attempted({ ...inTime, acknowledged: true });
    expect(account.doubtful().size).toBe(0);
    expect(account.charges().size).toBe(1);
  });

  test('is in doubt about an answer at the very moment of expiry', () => {
    const account = accountWith();
    account.attempted({ ...inTime, sentAt: expiresAt - 10, doneAt: expiresAt + 10, acknowledged: true });
    expect([...account.doubtful().keys()]).toEqual(['s1']);
  });

  test('leaves line items alone that the simulator did not write, test selections and house ads', () => {
    const account = new Account([item(), item({ lineItemId: 'li_2', pricingModel: 'NONE', bidMicros: 0 })]);
    expect(account.selected('foreign', 'li_9', false)).toBe(false);
    account.selected('test', 'li_1', true);
    account.selected('house', 'li_2', false);
    for (const selectionId of ['foreign', 'test', 'house']) {
      account.attempted({ ...inTime, selectionId, acknowledged: true });
    }
    expect(account.charges().size).toBe(0);
    expect(account.foreign).toBe(1);
  });

  test('notices an id that is given out twice', () => {
    const account = accountWith();
    account.selected('s1', 'li_1', false);
    expect(account.repeatedIds).toBe(1);
  });
});
