import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  AdSelected,
  AdvertiserPublished,
  AnyRecord,
  CampaignPublished,
  CreativePublished,
  LineItemPublished,
} from '../domain/records.ts';
import {
  excluding,
  FixedLeases,
  including,
  indexOf,
  inputOf,
  inventory,
  knownPerson,
  noon,
  personal,
  selectionsOf,
  supply,
  worldOf,
} from '../test/decision-world.ts';
import { scatteredWeights, signedModel } from '../test/model-world.ts';
import { hashText, tieBreak } from './auction.ts';
import { ClickRateHistory } from './click-rate-history.ts';
import { noCounts, SmoothedClickRates } from './click-rates.ts';
import { ServedModel } from './prediction/served-model.ts';
import { explainSelection } from './explain-selection.ts';
import { recordedRevision, type WhyNotFacts, whyNot } from './why-not.ts';

const targetings = fc.constantFrom(
  {},
  {},
  {},
  { countries: including('DE') },
  { countries: excluding('DE') },
  { keywords: including('cars', 'bikes') },
  { segments: including('sports') },
  { key_values: [{ key: 'section', include: ['news'], exclude: [] }] },
  { hours: [84] },
  { hours: [85] },
  { expression: 'country = DE and keyword in (cars, boats) or segment = sports' },
  { expression: 'not (country = FR or kv.section = sport) and hour in (11..13)' },
);
const oneSupply = fc.record({
  pricing_model: fc.constantFrom('CPM' as const, 'VCPM' as const, 'CPC' as const, 'CPC' as const, 'NONE' as const),
  bid_micros: fc.constantFrom(900, 1_000_000, 2_000_000, 2_000_001, 5_000_000),
  priority: fc.constantFrom(1, 8, 8),
  status: fc.constantFrom('ACTIVE' as const, 'ACTIVE' as const, 'ACTIVE' as const, 'PAUSED' as const),
  cap: fc.constantFrom(
    null,
    null,
    { impressions: 1, window_ms: 60_000, calendar: '' },
    { impressions: 3, window_ms: 60_000, calendar: '' },
  ),
  above: fc.constantFrom<{
    readonly campaign?: Partial<CampaignPublished>;
    readonly advertiser?: Partial<AdvertiserPublished>;
  }>(
    {},
    {},
    { campaign: { frequency_cap: { impressions: 2, window_ms: 0, calendar: 'day' } } },
    { advertiser: { frequency_cap: { impressions: 2, window_ms: 60_000, calendar: '' } } },
    { advertiser: { frequency_cap: { impressions: 4, window_ms: 0, calendar: 'week' } } },
  ),
  targeting: targetings,
  blocked: fc.boolean(),
  width: fc.constantFrom(300, 300, 728, 0),
  currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'USD'),
  category: fc.constantFrom('IAB1-1', 'IAB2', 'IAB2-3'),
  deals: fc.constantFrom([], [], [], [], ['fixed'], ['private'], ['elsewhere']),
  /** Another creative that fits. */
  rotates: fc.boolean(),
});

type OneSupply = typeof oneSupply extends fc.Arbitrary<infer T> ? T : never;

function recordsOf(supplies: readonly OneSupply[]): AnyRecord[] {
  return supplies.flatMap((one, number) => {
    const [advertiser, campaign, lineItem, creative] = supply(number, {
      advertiser: { currency: one.currency, categories: [one.category], ...one.above.advertiser },
      campaign: { ...one.above.campaign },
      lineItem: {
        pricing_model: one.pricing_model,
        bid_micros: one.bid_micros,
        priority: one.priority,
        status: one.status,
        frequency_cap: one.cap,
        deals: one.deals,
      },
      creative: { attributes: one.blocked ? [17] : [], width: one.width, height: one.width === 0 ? 0 : 250 },
    }) as [AnyRecord, AnyRecord, AnyRecord & { value: LineItemPublished }, AnyRecord];
    const value: LineItemPublished = {
      ...lineItem.value,
      targeting: { ...lineItem.value.targeting, ...one.targeting },
    };
    const other = supply(number)[3] as AnyRecord & { value: CreativePublished };
    const second = { name: 'CreativePublished' as const, value: { ...other.value, creative_id: `cr_${number}b` } };
    return [advertiser, campaign, { name: 'LineItemPublished', value }, creative, ...(one.rotates ? [second] : [])];
  });
}

/** Rates that nodes learn together: from none to a click each time, often such that a bid by the click meets one by the thousand. */
const learnedSlice = fc.uniqueArray(
  fc.record({
    creative_id: fc.nat(39).map((number) => `cr_${number}`),
    rate_ppm: fc.oneof(fc.constantFrom(0, 400, 1_000, 1_999, 2_000, 2_001, 5_000), fc.nat(1_000_000)),
  }),
  { selector: ({ creative_id }) => creative_id, minLength: 1, maxLength: 30 },
);

/** What is known of creatives that take turns. */
const learnedCounts = fc.uniqueArray(
  fc.record({
    creative_id: fc.tuple(fc.nat(39), fc.constantFrom('', 'b')).map(([number, other]) => `cr_${number}${other}`),
    impressions: fc.constantFrom(0, 1_000, 100_000),
    clicks: fc.nat(40),
  }),
  { selector: ({ creative_id }) => creative_id, maxLength: 30 },
);
const models = [5_000, 40_000].map(
  (most, seed) => new ServedModel(signedModel({ version: seed + 1, weights: scatteredWeights(seed, most) })),
);

const asked = fc.record({
  counts: learnedCounts,
  model: fc.constantFrom(null, ...models),
  modelLater: fc.boolean(),
  /** Before the decision. */
  learned: fc.array(learnedSlice, { maxLength: 4 }),
  /** After it: no decision knows them. */
  learnedLater: fc.array(learnedSlice, { maxLength: 2 }),
  country: fc.constantFrom('DE', 'FR', undefined),
  keywords: fc.subarray(['cars', 'boats']),
  section: fc.constantFrom('news', 'sport', undefined),
  segments: fc.subarray(['sports', 'music']),
  person: fc.boolean(),
  exposed: fc.array(fc.nat(24), { maxLength: 8 }),
  floor: fc.constantFrom(0, 0, 1_500_000),
  second: fc.boolean(),
  increment: fc.constantFrom(0, 1000),
  softFloor: fc.constantFrom(0, 2_000_000),
  separation: fc.constantFrom('advertiser', 'category'),
  offered: fc.constantFrom(undefined, ['fixed'], []),
  slots: fc.integer({ min: 1, max: 3 }),
  count: fc.integer({ min: 1, max: 2 }),
  broke: fc.array(fc.nat(39), { maxLength: 30 }),
  refusing: fc.array(fc.nat(39), { maxLength: 3 }),
  test: fc.boolean(),
});

function decided(supplies: readonly OneSupply[], given: typeof asked extends fc.Arbitrary<infer T> ? T : never) {
  const placement = {
    floor_micros: given.floor,
    auction: given.second ? 'second_price' : 'first_price',
    soft_floor_micros: given.softFloor,
    increment_micros: given.increment,
    deals: [
      {
        deal_id: 'fixed',
        floor_micros: 1_100_000,
        auction: 'fixed',
        advertisers: ['adv_1', 'adv_2', 'adv_3', 'adv_4'],
      },
      { deal_id: 'private', floor_micros: 1_200_000, auction: 'second_price', advertisers: [] },
    ],
    blocked_attributes: [17],
  };
  const publisher = { separation: given.separation };
  const rates = new SmoothedClickRates();
  const index = indexOf([...inventory(1, { placement, publisher }), ...recordsOf(supplies)], { rates });
  const history = new ClickRateHistory();
  const learn = (slice: (typeof given.learned)[number], counts: typeof given.counts = []) => {
    rates.learn(slice, counts);
    for (const { creative_id } of slice) index.rateChanged(creative_id);
    history.add({ node: 'node-1', boot: 'boot', revision: rates.revision, rates: slice, counts, learned_at: noon });
  };
  for (const slice of given.learned) learn(slice, given.counts);
  const takeOver = (model: ServedModel) => {
    index.models.take(model);
    for (let step = 0; step < 2; step += 1) index.models.advance(index, 1000);
  };
  if (given.model !== null) takeOver(given.model);
  const leases = new FixedLeases(Object.fromEntries(given.broke.map((number) => [`cmp_${number}`, 999])));
  for (const number of given.refusing) leases.refusing.add(`cmp_${number}`);
  const world = worldOf(index, leases);
  const items = new Map(given.exposed.map((number) => [`li_${number}`, [noon - 1000, noon - 500]]));
  const body = {
    slots: Array.from({ length: given.slots }, (_, slot) => ({
      id: `s${slot}`,
      placement_id: 'pl_1',
      count: given.count,
      ...(given.section && { key_values: { section: given.section } }),
      ...(given.offered && { deals: given.offered }),
    })),
    geo: { country: given.country },
    context: { keywords: given.keywords },
    user: { id: 'someone', segments: given.segments },
    test: given.test,
  };
  const person = given.person ? knownPerson({ view: { items, segments: ['sports'] } }) : null;
  const input = inputOf(world, { body, person, ...(given.person && { consent: personal }) });
  const selections = selectionsOf(world, input);
  for (const slice of given.learnedLater) learn(slice);
  if (given.modelLater) takeOver(models[1] as ServedModel);
  return { index, selections, history };
}

/** As an auditor has it: from the records alone, up to the revision that the selection names. */
function recordedRates(selected: AdSelected, history: ClickRateHistory): WhyNotFacts {
  const rates = history.at(recordedRevision(selected, 'creative-stats'));
  const model = models.find(({ version }) => version === selected.prediction?.model_version);
  return { ...(rates && { rates }), ...(model && { model }) };
}

/** How many line items the record says were taken out at that step for that reason. */
function recordedCount({ exclusions }: AdSelected, step: string, reason: string): number {
  return exclusions.find((exclusion) => exclusion.step === step && exclusion.reason === reason)?.count ?? 0;
}

test('recomputing the winner, every recorded loser and every count of exclusions agrees with the record', () => {
  fc.assert(
    fc.property(fc.array(oneSupply, { minLength: 1, maxLength: 40 }), asked, (supplies, given) => {
      const { index, selections, history } = decided(supplies, given);
      const poor = new Set([...given.broke, ...given.refusing].map((number) => `li_${number}`));
      for (const selected of selections) {
        const facts = recordedRates(selected, history);
        const verdicts = [...index.catalog.lineItems.keys()].map((id) => whyNot(selected, id, index.catalog, facts));
        const winner = verdicts.filter(({ step }) => step === 'won');
        expect(winner).toEqual([
          {
            line_item_id: selected.billing.line_item_id,
            step: 'won',
            reason: 'won',
            detail: null,
            creative_id: selected.billing.creative_id,
            ecpm_micros: selected.auction.ecpm_micros,
          },
        ]);
        for (const loser of selected.losers) {
          const verdict = verdicts.find(({ line_item_id }) => line_item_id === loser.line_item_id);
          expect(verdict).toMatchObject(loser);
        }
        for (const { step, line_item_id } of verdicts) if (step === 'budget') expect(poor).toContain(line_item_id);
        const counted = new Map<string, number>();
        for (const { step, reason } of verdicts)
          counted.set(`${step}/${reason}`, (counted.get(`${step}/${reason}`) ?? 0) + 1);
        for (const [name, count] of counted) {
          const [step = '', reason = ''] = name.split('/');
          if (
            step === 'status' ||
            step === 'targeting' ||
            step === 'brand_safety' ||
            reason === 'no_creative_fits' ||
            reason === 'same_advertiser'
          ) {
            expect([name, recordedCount(selected, step, reason)]).toEqual([name, count]);
          }
        }
        const reached = recordedCount(selected, 'ranking', 'not_reached') === 0;
        const tookPart = verdicts.filter(({ step }) => step === 'won' || step === 'auction').length;
        if (reached) expect(tookPart).toBe(selected.auction.participating);
      }
    }),
    { numRuns: 300 },
  );
});

test('explained as a whole, no record differs from its recomputation, whatever was learned, capped, spent or sold by deal', () => {
  fc.assert(
    fc.property(fc.array(oneSupply, { minLength: 1, maxLength: 40 }), asked, (supplies, given) => {
      const { index, selections, history } = decided(supplies, given);
      for (const selected of selections) {
        const told = explainSelection(selected, index.catalog, recordedRates(selected, history));
        expect(told.differences).toEqual([]);
        expect(told.price?.price_micros).toBe(selected.billing.price_micros);
        expect(told.exclusions.reduce((sum, { count }) => sum + count, told.participating)).toBe(told.known);
      }
    }),
    { numRuns: 200 },
  );
});

describe('a line item that did not win', () => {
  function one(changes: Parameters<typeof supply>[1], leases = new FixedLeases()) {
    const index = indexOf([
      ...inventory(1),
      ...supply(1, changes),
      ...supply(2, { lineItem: { bid_micros: 1_000_000 } }),
    ]);
    const [selected] = selectionsOf(worldOf(index, leases), inputOf(worldOf(index, leases)));
    if (selected === undefined) throw new Error('there was no ad');
    return { selected, index, verdict: whyNot(selected, 'li_1', index.catalog) };
  }

  test.each([
    [{ lineItem: { status: 'PAUSED' as const } }, 'status', 'inactive'],
    [{ campaign: { flight: { starts_at: noon + 1, ends_at: noon + 2 } } }, 'status', 'not_in_flight'],
    [{ advertiser: { currency: 'USD' } }, 'targeting', 'currency'],
    [{ creative: { width: 728 } }, 'creative', 'no_creative_fits'],
    [{ lineItem: { frequency_cap: { impressions: 1, window_ms: 1000, calendar: '' } } }, 'frequency', 'no_person'],
    [{ lineItem: { bid_micros: 999_999 } }, 'auction', 'outbid'],
  ])('%j was refused at step %s: %s', (changes, step, reason) => {
    expect(one(changes).verdict).toMatchObject({ line_item_id: 'li_1', step, reason });
  });

  test('for want of budget is told so from what the record says of its lease', () => {
    const { verdict, selected } = one({}, new FixedLeases({ cmp_1: 1999 }));
    expect(selected.leases).toContainEqual({ campaign_id: 'cmp_1', left_micros: 1999 });
    expect(verdict).toMatchObject({ step: 'budget', reason: 'no_budget' });
  });

  test('is judged on the catalogue of that time only', () => {
    const { selected, index } = one({ lineItem: { bid_micros: 1 } });
    index.apply(supply(9)[0] as AnyRecord, index.revision);
    expect(() => whyNot(selected, 'li_1', index.catalog)).toThrow('revision 10 of catalog');
  });

  test('sold by the click is judged by the model of that time only; whoever is sold by the impression needs none', () => {
    const [model, later] = models as [ServedModel, ServedModel];
    const sold = { pricing_model: 'CPC' as const, bid_micros: 10 };
    const index = indexOf([...inventory(1), ...supply(1, { lineItem: sold }), ...supply(2)]);
    index.models.take(model);
    index.models.advance(index, 1000);
    const [selected] = selectionsOf(worldOf(index), inputOf(worldOf(index)));
    expect(selected?.prediction).toMatchObject({ model_version: 1, quality_ppm: 1_000_000, creative_choice: 'only' });
    const judged = (id: string, facts: WhyNotFacts) => whyNot(selected as AdSelected, id, index.catalog, facts);
    expect(judged('li_1', { model })).toMatchObject({ step: 'auction', reason: 'outbid' });
    expect(() => judged('li_1', {})).toThrow('made with model 1, what can be had is none');
    expect(() => judged('li_1', { model: later })).toThrow('what can be had is 2');
    expect(judged('li_2', {})).toMatchObject({ step: 'won' });
  });

  test('of a selection from before creatives were sampled is judged as they took turns then', () => {
    const other = supply(1)[3] as AnyRecord & { value: CreativePublished };
    const second = { name: 'CreativePublished' as const, value: { ...other.value, creative_id: 'cr_1b' } };
    const index = indexOf([
      ...inventory(1),
      ...supply(1),
      second,
      ...supply(2, { lineItem: { bid_micros: 9_000_000 } }),
    ]);
    const chosen = Array.from({ length: 40 }, (_, number) => {
      const requestId = `018f0000-0000-7000-8000-0000000000${10 + number}`;
      const [selected] = selectionsOf(worldOf(index), inputOf(worldOf(index), { requestId }));
      const before = { ...(selected as AdSelected), prediction: null };
      const turn = (id: string) => tieBreak(hashText(`${requestId}/s/0`), hashText(id));
      const expected = turn('cr_1') < turn('cr_1b') ? 'cr_1' : 'cr_1b';
      expect(whyNot(before, 'li_1', index.catalog).creative_id).toBe(expected);
      return expected;
    });
    expect(new Set(chosen).size).toBe(2);
  });

  test('sold by the click is judged by the click rates of that time only; any other needs none', () => {
    const learned = (revision: number, rate_ppm: number) => ({
      revision,
      ratePpm: () => rate_ppm,
      countsOf: () => noCounts,
    });
    const byTheClick = { lineItem: { pricing_model: 'CPC' as const, bid_micros: 1_000_000 } };
    const records = [...inventory(1), ...supply(1, byTheClick), ...supply(2, { lineItem: { bid_micros: 1_500_000 } })];
    const index = indexOf(records, { rates: learned(3, 1_200) });
    const [selected] = selectionsOf(worldOf(index), inputOf(worldOf(index)));
    if (selected === undefined) throw new Error('there was no ad');
    const judged = (id: string, facts: WhyNotFacts) => whyNot(selected, id, index.catalog, facts);
    expect(judged('li_1', { rates: learned(3, 1_200) })).toEqual({
      line_item_id: 'li_1',
      step: 'auction',
      reason: 'outbid',
      detail: null,
      creative_id: 'cr_1',
      ecpm_micros: 1_200_000,
    });
    expect(() => judged('li_1', {})).toThrow('revision 3 of creative-stats, what can be had is 0');
    expect(() => judged('li_1', { rates: learned(4, 1_200) })).toThrow('what can be had is 4');
    expect(judged('li_2', {})).toMatchObject({ step: 'won', ecpm_micros: 1_500_000 });
  });

  test('that nobody knew is not found', () => {
    const { selected, index } = one({ lineItem: { bid_micros: 1 } });
    expect(() => whyNot(selected, 'li_9', index.catalog)).toThrow('li_9');
  });
});
