import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bidder, placement, publisher } from '../../test/decision-world.ts';
import type { BidderPublished } from '../../domain/records.ts';
import { CurrencyRates } from '../openrtb/currency-rates.ts';
import { type Question, readAnswer } from './bid-answer.ts';
import type { AskedPlace } from './outgoing-request.ts';

const rates = new CurrencyRates(1e15, () => 0);
rates.load(JSON.stringify({ dataAsOf: '1970-01-01', conversions: { USD: { EUR: 0.9 } } }));

function place(changes: Partial<AskedPlace> = {}): AskedPlace {
  const slot = { placement: placement(1), publisher: publisher(1), formats: ['banner'], sizes: ['300x250', '320x50'] };
  return {
    impId: '1',
    slot: slot as unknown as AskedPlace['slot'],
    formats: { banner: true, video: null, audio: null, native: null },
    context: {} as AskedPlace['context'],
    terms: { dealId: null, floorMicros: 0 } as AskedPlace['terms'],
    limitMicros: 10_000_000,
    blockedBrands: [],
    blockedCategories: [],
    blockedAttributes: [],
    ...changes,
  };
}

function question(changes: Partial<AskedPlace> = {}, own: Partial<BidderPublished> = {}): Question {
  return { bidder: bidder(1, own), requestId: 'r', places: [place(changes)], rates };
}

const good = { id: 'b', impid: '1', price: 2.5, adm: '<b>x</b>', w: 300, h: 250 };
const answer = (bid: object, rest: object = {}) =>
  Buffer.from(JSON.stringify({ id: 'r', cur: 'EUR', seatbid: [{ seat: 's', bid: [bid] }], ...rest }));

/** The fault, or the bid of the only place. */
function read(bid: object, asked: Question = question(), rest: object = {}) {
  const found = readAnswer(answer(bid, rest), asked);
  if (typeof found === 'string') return found;
  return found.bids.get('1') ?? found.refused[0];
}

describe('An answer', () => {
  test('with a bid as it should be gives its price in the currency of the place, and what it shows', () => {
    expect(read({ ...good, adomain: ['Shoes.Example'], cat: ['IAB3'], attr: [1] })).toMatchObject({
      bidMicros: 2_500_000,
      price: '2.5',
      currency: 'EUR',
      domains: ['shoes.example'],
      categories: ['IAB3'],
      attributes: [1],
      width: 300,
      height: 250,
    });
  });

  test('in another currency is converted, rounded down, and only if the bidder may use it', () => {
    const asked = question({}, { currencies: ['EUR', 'USD'] });
    expect(read({ ...good, price: 0.0000031 * 1e6 }, asked, { cur: 'USD' })).toMatchObject({ bidMicros: 2_790_000 });
    expect(read(good, asked, { cur: undefined })).toMatchObject({ currency: 'USD', bidMicros: 2_250_000 });
    expect(read(good, question(), { cur: 'USD' })).toBe('wrong_currency');
    expect(read(good, question({}, { currencies: ['CHF'] }), { cur: 'CHF' })).toBe('no_rate');
  });

  test.each([
    [{ impid: '2' }, 'unknown_imp'],
    [{ impid: 1 }, 'unknown_imp'],
    [{ id: '' }, 'no_bid_id'],
    [{ price: 0 }, 'bad_price'],
    [{ price: -1 }, 'bad_price'],
    [{ price: '2.5' }, 'bad_price'],
    [{ price: null }, 'bad_price'],
    [{ price: 1e-9 }, 'bad_price'],
    [{ price: 1e300 }, 'above_limit'],
    [{ price: 10.000001 }, 'above_limit'],
    [{ w: 728, h: 90 }, 'bad_size'],
    [{ w: 300, h: undefined }, 'bad_size'],
    [{ w: undefined, h: undefined }, 'bad_size'],
    [{ mtype: 2 }, 'bad_format'],
    [{ adm: undefined }, 'no_markup'],
    [{ adm: ' ' }, 'no_markup'],
    [{ adm: { html: 'x' } }, 'no_markup'],
    [{ adm: 'x'.repeat(70_000) }, 'markup_too_long'],
    [{ adomain: Array.from({ length: 21 }, (_, n) => `a${n}.example`) }, 'list_too_long'],
    [{ dealid: 'private' }, 'bad_deal'],
    [{ nurl: 'javascript:alert(1)' }, 'bad_notice'],
    [{ burl: 7 }, 'bad_notice'],
    [{ lurl: `https://x.example/${'a'.repeat(5000)}` }, 'bad_notice'],
  ])('with %j is refused as %s', (changes, fault) => {
    expect(read({ ...good, ...changes })).toBe(fault);
  });

  test('is held against what publisher and request block; who does not say what it is gets nothing there', () => {
    expect(read({ ...good, attr: [3] }, question({ blockedAttributes: [3] }))).toBe('blocked_attribute');
    const categories = question({ blockedCategories: ['IAB7'] });
    expect(read({ ...good, cat: ['IAB7-39'] }, categories)).toBe('blocked_category');
    expect(read(good, categories)).toBe('category_unknown');
    expect(read({ ...good, cat: ['IAB3'] }, categories)).toMatchObject({ bidId: 'b' });
    const brands = question({ blockedBrands: ['shoes.example'] });
    expect(read({ ...good, adomain: ['www.SHOES.example'] }, brands)).toBe('blocked_advertiser');
    expect(read(good, brands)).toBe('advertiser_unknown');
    expect(read({ ...good, adomain: ['notshoes.example'] }, brands)).toMatchObject({ bidId: 'b' });
  });

  test('names the deal by which its line item buys, and the seat that is agreed', () => {
    const deal = question({ terms: { dealId: 'private', floorMicros: 0 } as AskedPlace['terms'] });
    expect(read({ ...good, dealid: 'private' }, deal)).toMatchObject({ bidId: 'b' });
    expect(read(good, deal)).toBe('bad_deal');
    expect(read(good, question({}, { seat: 'other' }))).toBe('wrong_seat');
  });

  test('that is none is refused whole', () => {
    const whole = (text: string) => readAnswer(Buffer.from(text), question());
    expect(whole('{')).toBe('not_json');
    expect(whole('[]')).toBe('bad_shape');
    expect(whole('{"id":"another"}')).toBe('wrong_id');
    expect(whole(`{"id":"r","ext":${'['.repeat(20)}${']'.repeat(20)}}`)).toBe('too_deep');
    const bids = Array.from({ length: 65 }, () => good);
    expect(readAnswer(answer(good, { seatbid: [{ bid: bids }] }), question())).toBe('too_many');
  });

  test('of several bids gives the best that is valid, and keeps the others apart', () => {
    const bids = [
      { ...good, id: 'low', price: 1 },
      { ...good, id: 'bad', price: 0 },
      { ...good, id: 'best', price: 3 },
    ];
    const found = readAnswer(answer(good, { seatbid: [{ bid: bids }] }), question());
    if (typeof found === 'string') throw new Error(found);
    expect(found.bids.get('1')?.bidId).toBe('best');
    expect(found.outdone.map(({ bidId }) => bidId)).toEqual(['low']);
    expect([found.refused, found.faults.size]).toEqual([['bad_price'], 0]);
  });

  test('of whatever bytes is read without an error, and no bid is above the limit, free, or for nothing', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('1', 'r', 'EUR', 300, 250, 2.5, '<b>', null));
    const bid = fc.record(
      {
        id: value,
        impid: value,
        price: fc.oneof(fc.double(), value),
        adm: value,
        w: value,
        h: value,
        nurl: value,
        attr: value,
        cat: value,
      },
      { requiredKeys: [] },
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(value, fc.array(bid)).map(([cur, all]) => answer({}, { cur, seatbid: [{ bid: all }] })),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        const found = readAnswer(body, question());
        if (typeof found === 'string') return;
        for (const { bidMicros, markup } of found.bids.values()) {
          expect(Number.isSafeInteger(bidMicros) && bidMicros > 0 && bidMicros <= 10_000_000).toBe(true);
          expect(markup.trim()).not.toBe('');
        }
      }),
    );
  });
});
