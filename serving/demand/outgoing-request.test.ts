import { GVL, TCModel, TCString } from '@iabtechlabtcf/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyRecord } from '../../domain/records.ts';
import {
  type Asked,
  bidder,
  contextual,
  indexOf,
  inputOf,
  inventory,
  knownPerson,
  personal,
  supply,
  worldOf,
} from '../../test/decision-world.ts';
import { CurrencyRates } from '../openrtb/currency-rates.ts';
import { supplyChainOf } from '../openrtb/supply-chain.ts';
import { validateBidRequest } from '../openrtb/validate.ts';
import { askedFormats } from './asked-formats.ts';
import { formatsOf } from './bidder-eligibility.ts';
import { chainWithUs } from './outgoing-chain.ts';
import { type AskedPlace, floorCurrency, outgoingRequest } from './outgoing-request.ts';

const rates = new CurrencyRates(1e15, () => 0);
rates.load(JSON.stringify({ dataAsOf: '1970-01-01', conversions: { USD: { EUR: 0.9 } } }));

/** What bidder 2 is asked for a decision. */
function asked(
  given: Asked = {},
  own: Parameters<typeof bidder>[1] = {},
  records: readonly AnyRecord[] = inventory(1),
) {
  const one = bidder(2, own);
  const index = indexOf([...records, ...supply(2), { name: 'BidderPublished', value: one }]);
  const world = worldOf(index);
  const input = inputOf(world, given);
  const places = world.decider.outlook(input).map((outlook, number): AskedPlace => {
    const [place] = outlook.bidders;
    if (place === undefined) throw new Error('the bidder is not eligible');
    const formats = askedFormats(outlook.slot, formatsOf(place.item, outlook.slot));
    if (formats === null) throw new Error('the bidder has nothing to bring');
    return { ...outlook, formats, impId: String(number + 1), terms: place.terms, limitMicros: 10_000_000 };
  });
  return outgoingRequest(input, { bidder: one, places, tmaxMs: 40, rates, domain: 'ads.example' });
}

/** A vendor list as small as the encoder takes it. */
const listHead = {
  gvlSpecificationVersion: 3,
  vendorListVersion: 1,
  tcfPolicyVersion: 5,
  lastUpdated: '2026-01-01T00:00:00Z',
  purposes: { 1: {}, 3: {}, 4: {} },
  specialPurposes: {},
  features: {},
  specialFeatures: {},
  stacks: {},
  dataCategories: {},
};

function tcf(...vendors: readonly number[]): string {
  const named = Object.fromEntries(
    vendors.map((id) => [
      id,
      {
        id,
        name: `Vendor ${id}`,
        purposes: [1, 3, 4],
        legIntPurposes: [],
        flexiblePurposes: [],
        specialPurposes: [],
        features: [],
        specialFeatures: [],
      },
    ]),
  );
  const model = new TCModel(
    new GVL({ ...listHead, vendors: named } as unknown as ConstructorParameters<typeof GVL>[0] & object),
  );
  model.cmpId = 300;
  model.cmpVersion = 1;
  model.consentScreen = 1;
  model.consentLanguage = 'EN';
  model.purposeConsents.set([1, 3, 4]);
  model.vendorConsents.set([...vendors]);
  return TCString.encode(model);
}

describe('What a bidder is asked', () => {
  test('is a bid request by the specification', () => {
    expect(() => validateBidRequest(JSON.parse(JSON.stringify(asked())))).not.toThrow();
  });

  test('names its place, size, floor and market, and nobody whom it could not be sold to', () => {
    const records = inventory(1, {
      placement: {
        floor_micros: 1_230_000,
        auction: 'second_price',
        blocked_attributes: [3],
        sizes: ['300x250', '320x50'],
      },
      publisher: { blocked_categories: ['IAB7'], blocked_advertisers: ['adv_9', 'rival.example'] },
    });
    expect(asked({}, {}, records)).toMatchObject({
      at: 2,
      tmax: 40,
      cur: ['EUR'],
      bcat: ['IAB7'],
      badv: ['rival.example'],
      imp: [
        {
          id: '1',
          tagid: 'pl_1',
          bidfloor: 1.23,
          bidfloorcur: 'EUR',
          banner: {
            w: 300,
            h: 250,
            format: [
              { w: 300, h: 250 },
              { w: 320, h: 50 },
            ],
            battr: [3],
          },
        },
      ],
    });
  });

  test('has its floor in a currency that it knows, rounded up', () => {
    const records = inventory(1, { placement: { floor_micros: 1_000_000 } });
    expect(asked({}, { currencies: ['USD'] }, records)).toMatchObject({
      cur: ['USD'],
      imp: [{ bidfloor: 1.111112, bidfloorcur: 'USD' }],
    });
    expect(floorCurrency({ currencies: ['CHF'] }, 'EUR', rates)).toBeNull();
    expect(floorCurrency({ currencies: [] }, 'EUR', rates)).toBe('EUR');
  });

  test('says of a person nothing without consent, and with it an id that no other bidder has', () => {
    const body = { user: { id: 'raw' }, segments: ['secret'] };
    expect(asked({ body, consent: contextual, person: null })['user']).toBeUndefined();
    const person = knownPerson();
    const seen = [bidder(2), bidder(2, { bidder_id: 'bd_9' })].map(
      (one) => (asked({ body, consent: personal, person }, one)['user'] as { id: string }).id,
    );
    expect(new Set([...seen, person.userKey]).size).toBe(3);
    expect(JSON.stringify(asked({ body, consent: personal, person }))).not.toMatch(/raw|secret/);
  });

  test('says it under the TCF only to a vendor that the person consented to', () => {
    const consent = { consent: 'personal', reason: 'tcf_ok' } as const;
    const person = knownPerson();
    const told = (vendorId: number, text: string) =>
      asked({ body: { consent: { tcf: text, gdpr: true } }, consent, person }, { vendor_id: vendorId })['user'] as {
        id?: string;
        consent: string;
      };
    expect(told(7, tcf(7)).id).toMatch(/^[0-9a-f]{32}$/);
    expect(told(7, tcf(8)).id).toBeUndefined();
    expect(told(0, tcf(7)).id).toBeUndefined();
    expect(told(8, tcf(8))).toMatchObject({ consent: tcf(8) });
  });

  test('passes the signals of privacy on as they came', () => {
    const consent = { tcf: 'CTCF', gdpr: true, coppa: true };
    expect(asked({ body: { consent } })).toMatchObject({ regs: { gdpr: 1, coppa: 1 }, user: { consent: 'CTCF' } });
  });
});

describe('The supply chain', () => {
  const slot = { publisher: { publisher_id: 'pub_1' } } as AskedPlace['slot'];
  const chain = (supply_chain: string) =>
    chainWithUs({ slot, context: { supply_chain } as AskedPlace['context'] }, 'ads.example', 'r');
  const own = { asi: 'ads.example', sid: 'pub_1', hp: 1, rid: 'r' };

  test('begins with us where nobody sold before', () => {
    expect(chain('')).toEqual({ ver: '1.0', complete: 1, nodes: [own] });
  });

  test('goes on as it came, with us behind it, whatever stands in it', () => {
    const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
    const node = fc.record({ asi: text, sid: text, hp: fc.constantFrom(0, 1) });
    fc.assert(
      fc.property(fc.array(node, { maxLength: 3 }), fc.constantFrom(0, 1), (nodes, complete) => {
        const written = supplyChainOf({ source: { schain: { ver: '1.0', complete, nodes } } });
        fc.pre(written.length < 1024);
        expect(chain(written)).toEqual({ ver: '1.0', complete, nodes: [...nodes, own] });
      }),
    );
  });

  test('that is cut or empty is not made up', () => {
    expect(chain('1.0,0!a.example,1,1,,,!b.example')).toMatchObject({
      complete: 0,
      nodes: [{ asi: 'a.example' }, own],
    });
    expect(chain('1.0,1!%E0%A4%A,1,1,,,')).toMatchObject({ nodes: [own] });
    const long = `1.0,1!a.example,1,1,,,!${'b'.repeat(1100)}`.slice(0, 1024);
    expect(chain(long)).toEqual({ ver: '1.0', complete: 0, nodes: [{ asi: 'a.example', sid: '1', hp: 1 }, own] });
  });
});
