import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnyRecord, ListRule, Targeting } from '../domain/records.ts';
import { hasBit } from './bitmap.ts';
import { CatalogIndex, listDimensions } from './catalog-index.ts';
import { type EligibilityFacts, EligibilityIndex } from './eligibility.ts';
import { type Expression, isMeant, parseExpression, printExpression } from '../domain/targeting-expression.ts';
import type { SlotAttributes } from './targeting.ts';
import { everywhere, firstChange, indexOf, noon, supply } from '../test/decision-world.ts';

const values = ['a', 'b', 'c'];
const someValues = fc.subarray(values);
const rule: fc.Arbitrary<ListRule> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ include: [], exclude: [] }) },
  fc.record({ include: someValues, exclude: fc.subarray(['b', 'd']) }),
);
const keyValueRules = fc.array(
  fc.record({ key: fc.constantFrom('k', 'l'), include: someValues, exclude: fc.subarray(['b', 'd']) }),
  { maxLength: 3 },
);
/** Over attributes of every kind; values as those of requests below, though no console would take them. */
const expressions = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom<Expression>(
      { kind: 'test', attribute: 'keyword', values: ['a'] },
      { kind: 'test', attribute: 'keyword', values: ['b', 'c'] },
      { kind: 'test', attribute: 'segment', values: ['a', 'b'] },
      { kind: 'test', attribute: 'category', values: ['a'] },
      { kind: 'test', attribute: 'category', values: ['b', 'd'] },
      { kind: 'test', attribute: 'kv.k', values: ['a'] },
      { kind: 'test', attribute: 'city', values: ['berlin'] },
      { kind: 'test', attribute: 'hour', values: ['12', '13'] },
      { kind: 'test', attribute: 'day', values: ['thu'] },
    ),
    tie('expression').map((part): Expression => (part.kind === 'not' ? part.part : { kind: 'not', part })),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('expression'), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, parts]) => ({ kind, parts: parts.flatMap((part) => (part.kind === kind ? part.parts : [part])) })),
  ),
})).expression;

const targeting: fc.Arbitrary<Targeting> = fc
  .record({
    rules: fc.dictionary(fc.constantFrom(...listDimensions), rule, { maxKeys: 4 }),
    key_values: fc.oneof(fc.constant([]), keyValueRules),
    hours: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray([83, 84, 85])),
    expression: fc.oneof({ weight: 2, arbitrary: fc.constant('') }, expressions.map(printExpression)),
  })
  .map(({ rules, key_values, hours, expression }) => ({ ...everywhere, ...rules, key_values, hours, expression }));

const flight = fc.record({
  starts_at: fc.constantFrom(noon - 10, noon, noon + 5),
  ends_at: fc.constantFrom(noon, noon + 1, noon + 20),
});
const status = fc.constantFrom('ACTIVE' as const, 'ACTIVE' as const, 'PAUSED' as const);
const lineItemChanges = fc.record({
  targeting,
  status,
  flight: fc.oneof(fc.constant(null), flight),
  deals: fc.constantFrom([], [], ['spring'], ['spring', 'autumn']),
  frequency_cap: fc.constantFrom(null, { impressions: 1, window_ms: 1000, calendar: '' }),
});
const advertiserChanges = fc.record({
  status,
  currency: fc.constantFrom('EUR', 'USD'),
  categories: fc.subarray(['IAB7-1', 'IAB9']),
});
const creativeChanges = fc.record({
  status,
  format: fc.constantFrom('banner', 'video'),
  width: fc.constantFrom(0, 300, 728),
  categories: fc.constantFrom([], [], ['IAB7-39'], ['IAB9', 'IAB2']),
});
const oneSupply = fc.record({
  lineItem: lineItemChanges,
  advertiser: advertiserChanges,
  creative: creativeChanges,
  campaign: fc.record({ status }),
});

const attributes: fc.Arbitrary<SlotAttributes> = fc
  .record({
    values: fc.record(
      Object.fromEntries(listDimensions.map((name) => [name, fc.subarray(['a', 'b', 'c', 'd'], { maxLength: 2 })])),
    ),
    keyValues: fc.dictionary(fc.constantFrom('k', 'l', 'm'), fc.subarray(['a', 'b', 'd'], { minLength: 1 })),
    currency: fc.constantFrom('EUR', 'EUR', 'USD'),
    creativeKeys: fc.subarray(['banner:300x250', 'banner:fluid', 'video', 'banner']),
    blockedBrands: fc.subarray(['adv_1', 'brand2.example', 'nobody']),
    blockedCategories: fc.oneof(fc.constant([]), fc.subarray(['IAB7', 'IAB9', 'IAB2-1'])),
    city: fc.constantFrom(null, 'berlin'),
    deals: fc.subarray(['spring', 'summer']),
  })
  .map(({ values: given, keyValues, ...rest }) => ({
    ...rest,
    values: given as unknown as SlotAttributes['values'],
    keyValues: new Map(Object.entries(keyValues)),
  }));

const facts: fc.Arbitrary<EligibilityFacts> = fc.record({
  personKnown: fc.boolean(),
  shownAdvertisers: fc.subarray(['adv_1', 'adv_3']),
  resting: fc.constant(null),
});

interface Case {
  readonly slot: SlotAttributes;
  readonly given: EligibilityFacts;
  readonly nowMs: number;
}

/** The rules of targeting, written down once more and as simply as can be. */
function passes({ catalog }: CatalogIndex, id: string, { slot, given, nowMs }: Case): boolean {
  const item = catalog.lineItems.get(id);
  const campaign = catalog.campaigns.get(item?.campaign_id ?? '');
  const advertiser = catalog.advertisers.get(item?.advertiser_id ?? '');
  if (item === undefined || campaign === undefined || advertiser === undefined) return false;
  const live = [item, campaign, advertiser].every(({ status, change }) => status === 'ACTIVE' && !change.archived);
  const flights = [campaign.flight, item.flight ?? campaign.flight];
  const flying = flights.every(({ starts_at, ends_at }) => starts_at <= nowMs && nowMs < ends_at);
  const hour = ((new Date(nowMs).getUTCDay() + 6) % 7) * 24 + new Date(nowMs).getUTCHours();
  const { hours, key_values } = item.targeting;
  const takes = ({ include, exclude }: ListRule, given_: readonly string[]) =>
    (include.length === 0 || include.some((value) => given_.includes(value))) &&
    !exclude.some((value) => given_.includes(value));
  const keys = [...catalog.creatives.values()]
    .filter((one) => one.line_item_id === id && one.status === 'ACTIVE' && !one.change.archived)
    .flatMap(({ format, width, height }) => {
      if (format !== 'banner') return [format];
      return ['banner', width === 0 && height === 0 ? 'banner:fluid' : `banner:${width}x${height}`];
    });
  const brands = [advertiser.advertiser_id, ...advertiser.domains];
  const shown = [...catalog.creatives.values()]
    .filter((one) => one.line_item_id === id && one.status === 'ACTIVE' && !one.change.archived)
    .map(({ categories }) => (categories.length > 0 ? categories : advertiser.categories));
  const isBlocked = (category: string) => slot.blockedCategories.some((one) => `${category}-`.startsWith(`${one}-`));
  const requestOf = (attribute: string): readonly string[] => {
    if (attribute === 'hour') return [String(hour % 24)];
    if (attribute === 'day') return [['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'][Math.floor(hour / 24)] ?? ''];
    if (attribute === 'city') return slot.city === null ? [] : [slot.city];
    if (attribute === 'kv.k') return slot.keyValues.get('k') ?? [];
    return (
      { keyword: slot.values.keywords, segment: slot.values.segments, category: slot.values.categories }[attribute] ??
      []
    );
  };
  const { expression, categories: pages } = item.targeting;
  return (
    live &&
    flying &&
    (hours.length === 0 || hours.includes(hour)) &&
    advertiser.currency === slot.currency &&
    (item.deals.length === 0 || item.deals.some((id) => slot.deals.includes(id))) &&
    listDimensions.every((name) => takes(item.targeting[name], slot.values[name])) &&
    key_values.every((keyRule) => takes(keyRule, slot.keyValues.get(keyRule.key) ?? [])) &&
    keys.some((key) => slot.creativeKeys.includes(key)) &&
    !slot.blockedBrands.some((brand) => brands.includes(brand)) &&
    (slot.blockedCategories.length === 0 ||
      shown.some((categories) => categories.length > 0 && !categories.some(isBlocked))) &&
    (slot.values.categories.length > 0 || pages.exclude.length === 0) &&
    (expression === '' || isMeant(parseExpression(expression), requestOf)) &&
    (given.personKnown || item.frequency_cap === null) &&
    !given.shownAdvertisers.includes(advertiser.advertiser_id)
  );
}

function found(index: CatalogIndex, eligibility: EligibilityIndex, slot: SlotAttributes, given: EligibilityFacts) {
  const eligible = eligibility.find(slot, given);
  const ids = [...index.catalog.lineItems.keys()].filter((id) => {
    const item = index.get(id);
    return item !== undefined && hasBit(eligible.words, item.slot);
  });
  return { ids: ids.toSorted(), eligible };
}

function expected(index: CatalogIndex, slot: SlotAttributes, given: EligibilityFacts, nowMs: number): string[] {
  return [...index.catalog.lineItems.keys()].filter((id) => passes(index, id, { slot, given, nowMs })).toSorted();
}

/** A second revision of some of the records: changed, or archived. */
function changedRecord(record: AnyRecord, next: AnyRecord, archived: boolean): AnyRecord {
  const value = { ...next.value, change: firstChange({ revision: 2, archived }) };
  return { name: record.name, value } as AnyRecord;
}

test('bitmaps find exactly the line items that the rules of targeting let through, and every exclusion is counted once', () => {
  fc.assert(
    fc.property(
      fc.array(oneSupply, { minLength: 1, maxLength: 12 }),
      fc.array(attributes, { minLength: 1, maxLength: 4 }),
      facts,
      (supplies, slots, given) => {
        const index = indexOf(supplies.flatMap((changes, number) => supply(number, changes)));
        const eligibility = new EligibilityIndex(index);
        for (const slot of [...slots, ...slots]) {
          const { ids, eligible } = found(index, eligibility, slot, given);
          expect(ids).toEqual(expected(index, slot, given, noon));
          expect(eligible.count).toBe(ids.length);
          const excluded = eligible.exclusions.reduce((sum, { count }) => sum + count, 0);
          expect(eligible.count + excluded).toBe(index.size);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('an index that was changed in place finds the same as one made anew, at every time', () => {
  const change = fc.record({ number: fc.nat(7), part: fc.nat(3), archived: fc.boolean(), next: oneSupply });
  fc.assert(
    fc.property(
      fc.array(oneSupply, { minLength: 1, maxLength: 8 }),
      fc.array(change, { maxLength: 6 }),
      fc.array(attributes, { minLength: 1, maxLength: 3 }),
      facts,
      (supplies, changes, slots, given) => {
        const first = supplies.flatMap((one, number) => supply(number, one));
        const index = indexOf(first);
        const eligibility = new EligibilityIndex(index);
        const check = (nowMs: number) => {
          index.advance(nowMs);
          for (const slot of slots) {
            const fresh = new CatalogIndex({ nowMs, catalog: index.catalog });
            const anew = found(fresh, new EligibilityIndex(fresh), slot, given);
            const inPlace = found(index, eligibility, slot, given);
            expect(inPlace.ids).toEqual(anew.ids);
            expect(inPlace.ids).toEqual(expected(index, slot, given, nowMs));
            expect(inPlace.eligible.exclusions).toEqual(anew.eligible.exclusions);
          }
        };
        check(noon);
        for (const { number, part, archived, next } of changes) {
          const before = first[number * 4 + part];
          const after = supply(number, next)[part];
          if (before === undefined || after === undefined) continue;
          index.apply(changedRecord(before, after, archived), index.revision);
          check(noon);
        }
        for (const later of [1, 5, 20, 3_600_000, 7_200_000]) check(noon + later);
      },
    ),
    { numRuns: 150 },
  );
});

test('a line item is indexed once its campaign and advertiser are known, in whatever order they come', () => {
  const [advertiser, campaign, lineItem, creative] = supply(1) as [AnyRecord, AnyRecord, AnyRecord, AnyRecord];
  const index = indexOf([creative, lineItem, campaign]);
  expect(index.size).toBe(0);
  index.apply(advertiser, index.revision);
  expect(index.size).toBe(1);
  expect(index.get('li_1')?.creatives).toHaveLength(1);
});

test('the slot of an archived line item is used again', () => {
  const index = indexOf([...supply(1), ...supply(2)]);
  const archived = { ...index.get('li_1')?.lineItem, change: firstChange({ revision: 2, archived: true }) };
  index.apply({ name: 'LineItemPublished', value: archived } as AnyRecord, index.revision);
  for (const record of supply(3)) index.apply(record, index.revision);
  expect(index.get('li_1')).toBeUndefined();
  expect(index.length).toBe(1);
  expect(index.get('li_3')?.slot).toBe(0);
});

test('a campaign of hundreds of line items changes at once, and gives its slots back when it is archived', () => {
  const anywhere = (shownAdvertisers: string[], personKnown: boolean) => ({
    shownAdvertisers,
    personKnown,
    resting: null,
  });
  const slot: SlotAttributes = {
    values: Object.fromEntries(listDimensions.map((name) => [name, []])) as unknown as SlotAttributes['values'],
    keyValues: new Map(),
    city: null,
    currency: 'EUR',
    creativeKeys: ['banner'],
    blockedBrands: ['brand1.example'],
    blockedCategories: ['IAB7'],
    deals: [],
  };
  const campaignChange = fc.record({
    kind: fc.constantFrom('campaign' as const, 'campaign' as const, 'advertiser' as const, 'lineItem' as const),
    status,
    archived: fc.constantFrom(false, false, false, true),
    capped: fc.boolean(),
    ended: fc.boolean(),
    domains: fc.constantFrom([], ['brand1.example']),
    categories: fc.constantFrom(['IAB2'], ['IAB7-3'], []),
    number: fc.nat(99),
    sweeps: fc.nat(30),
  });
  fc.assert(
    fc.property(fc.array(campaignChange, { minLength: 1, maxLength: 8 }), (changes) => {
      const [owner, whole, item, shown] = supply(1, { advertiser: { categories: ['IAB2'], domains: [] } });
      const members = Array.from({ length: 100 }, (_, number): AnyRecord[] => [
        { ...item, value: { ...item?.value, line_item_id: `li_${number}` } } as AnyRecord,
        {
          ...shown,
          value: { ...shown?.value, line_item_id: `li_${number}`, creative_id: `cr_${number}` },
        } as AnyRecord,
      ]);
      const index = indexOf([owner, whole, ...members.flat(), ...supply(200)] as AnyRecord[]);
      const eligibility = new EligibilityIndex(index);
      let nowMs = noon;
      const cap = { impressions: 1, window_ms: 1000, calendar: '' };
      for (const { kind, archived, number, sweeps, ...to } of changes) {
        const { catalog } = index;
        const before = {
          campaign: catalog.campaigns.get('cmp_1'),
          advertiser: catalog.advertisers.get('adv_1'),
          lineItem: catalog.lineItems.get(`li_${number}`),
        }[kind];
        const isGone = [catalog.campaigns.get('cmp_1'), catalog.advertisers.get('adv_1')].some(
          (one) => one?.change.archived,
        );
        if (before === undefined || before.change.archived || isGone) continue;
        const flight = { starts_at: noon - 5, ends_at: to.ended ? noon - 1 : noon + 99 };
        const more = {
          campaign: { flight, frequency_cap: to.capped ? cap : null },
          advertiser: { domains: to.domains, categories: to.categories, frequency_cap: to.capped ? cap : null },
          lineItem: { frequency_cap: to.capped ? cap : null },
        }[kind];
        const change = firstChange({ revision: before.change.revision + 1, archived });
        const name = {
          campaign: 'CampaignPublished',
          advertiser: 'AdvertiserPublished',
          lineItem: 'LineItemPublished',
        }[kind];
        index.apply({ name, value: { ...before, ...more, status: to.status, change } } as AnyRecord, index.revision);
        for (let sweep = 0; sweep < sweeps; sweep += 1) index.advance((nowMs += 1));
        const fresh = new CatalogIndex({ nowMs, catalog });
        for (const facts_ of [anywhere([], false), anywhere(['adv_1'], true), anywhere([], true)]) {
          const anew = found(fresh, new EligibilityIndex(fresh), slot, facts_);
          const inPlace = found(index, eligibility, slot, facts_);
          expect(inPlace.ids).toEqual(anew.ids);
          expect(inPlace.eligible.exclusions).toEqual(anew.eligible.exclusions);
          expect(index.size).toBe(fresh.size);
        }
      }
      const slots = index.length;
      if (index.get('li_200') === undefined || index.size > 1) return;
      for (let sweep = 0; sweep < 20; sweep += 1) index.advance((nowMs += 1));
      for (const record of members.flat()) index.apply(renamed(record), index.revision);
      expect(index.length).toBe(slots);
    }),
    { numRuns: 60 },
  );
});

/** The same line item or creative under another name, in the campaign that is left. */
function renamed({ name, value }: AnyRecord): AnyRecord {
  const { line_item_id = '', creative_id = '' } = value as { line_item_id?: string; creative_id?: string };
  const ids = {
    line_item_id: line_item_id.replace('li_', 'li_new'),
    creative_id: creative_id.replace('cr_', 'cr_new'),
  };
  return { name, value: { ...value, ...ids, campaign_id: 'cmp_200', advertiser_id: 'adv_200' } } as AnyRecord;
}
