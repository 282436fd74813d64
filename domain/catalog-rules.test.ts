import { describe, expect, it } from 'vitest';
import { applyCatalog, type Catalog, type CatalogRecord, emptyCatalog } from './catalog.ts';
import { archivedFault, catalogFaults } from './catalog-rules.ts';
import type {
  CampaignPublished,
  Change,
  CreativePublished,
  LineItemPublished,
  PlacementPublished,
  PublisherPublished,
  Targeting,
} from './records.ts';
import { targetingLists } from './targeting-rules.ts';

const change: Change = {
  revision: 1,
  changed_by: 't',
  changed_at: 0,
  idempotency_key: null,
  request_hash: null,
  archived: false,
};
const nothing = { include: [], exclude: [] };
const everyone = {
  ...Object.fromEntries(targetingLists.map((name) => [name, nothing])),
  key_values: [],
  hours: [],
  expression: '',
} as unknown as Targeting;
const publisher: PublisherPublished = {
  publisher_id: 'pub_1',
  name: 'p',
  domains: ['daily.example', 'com.example.App', '389801252'],
  shares: [
    { effective_from: 1, share_ppm: 0 },
    { effective_from: 2, share_ppm: 1_000_000 },
  ],
  share_rounding: 'DOWN',
  click_prefix: null,
  blocked_advertisers: ['adv_1', 'acme.example'],
  blocked_categories: ['IAB7-39'],
  separation: 'advertiser',
  status: 'ACTIVE',
  change,
};
const placement: PlacementPublished = {
  placement_id: 'pl_1',
  publisher_id: 'pub_1',
  name: 'p',
  formats: ['banner', 'video'],
  sizes: ['300x250'],
  floor_micros: 0,
  floor_currency: 'EUR',
  tier: 'standard',
  auction: 'first_price',
  soft_floor_micros: 0,
  increment_micros: 1000,
  deals: [],
  blocked_attributes: [1],
  status: 'ACTIVE',
  change,
};
const campaign: CampaignPublished = {
  campaign_id: 'cmp_1',
  advertiser_id: 'adv_1',
  name: 'c',
  budget_total_micros: 10,
  budget_daily_micros: 10,
  flight: { starts_at: 10, ends_at: 20 },
  pacing: 'even',
  frequency_cap: null,
  status: 'ACTIVE',
  change,
};
const lineItem: LineItemPublished = {
  line_item_id: 'li_1',
  campaign_id: 'cmp_1',
  advertiser_id: 'adv_1',
  name: 'l',
  pricing_model: 'CPM',
  bid_micros: 1000,
  priority: 1,
  targeting: everyone,
  frequency_cap: null,
  deals: [],
  flight: null,
  status: 'ACTIVE',
  change,
};
const creative: CreativePublished = {
  creative_id: 'cr_1',
  line_item_id: 'li_1',
  campaign_id: 'cmp_1',
  advertiser_id: 'adv_1',
  name: 'c',
  format: 'banner',
  width: 300,
  height: 250,
  markup: '<a href="{click_url}">{asset_url}</a><style>a{color:red}</style><script>()=>{go}</script>',
  landing_url: 'https://acme.example/{campaign_id}?c={click_id}',
  trackers: [],
  attributes: [],
  categories: [],
  duration_ms: 0,
  status: 'ACTIVE',
  change,
};

function catalogOf(...records: CatalogRecord[]): Catalog {
  const catalog = emptyCatalog();
  const advertiser: CatalogRecord = {
    name: 'AdvertiserPublished',
    value: {
      advertiser_id: 'adv_1',
      name: 'a',
      currency: 'EUR',
      time_zone: 'UTC',
      calendar: 0,
      domains: [],
      categories: [],
      frequency_cap: null,
      status: 'ACTIVE',
      change,
    },
  };
  const all: CatalogRecord[] = [
    advertiser,
    { name: 'PublisherPublished', value: publisher },
    { name: 'PlacementPublished', value: placement },
    { name: 'CampaignPublished', value: campaign },
    { name: 'LineItemPublished', value: lineItem },
    ...records,
  ];
  all.forEach((record, offset) => applyCatalog(catalog, record, offset));
  return catalog;
}

const catalog = catalogOf();
const paths = (record: CatalogRecord) => catalogFaults(catalog, record).map(({ path }) => path);
const ofCampaign = (changes: Partial<CampaignPublished>) =>
  paths({ name: 'CampaignPublished', value: { ...campaign, ...changes } });
const ofLineItem = (changes: Partial<LineItemPublished>) =>
  paths({ name: 'LineItemPublished', value: { ...lineItem, ...changes } });
const ofCreative = (changes: Partial<CreativePublished>) =>
  paths({ name: 'CreativePublished', value: { ...creative, ...changes } });
const ofPublisher = (changes: Partial<PublisherPublished>) =>
  paths({ name: 'PublisherPublished', value: { ...publisher, ...changes } });
const ofPlacement = (changes: Partial<PlacementPublished>) =>
  paths({ name: 'PlacementPublished', value: { ...placement, ...changes } });
const targeted = (changes: Partial<Targeting>) => ofLineItem({ targeting: { ...everyone, ...changes } });

describe('The rules of the catalogue', () => {
  it('have nothing against entities that are right', () => {
    expect([ofCampaign({}), ofLineItem({}), ofCreative({}), ofPublisher({}), ofPlacement({})].flat()).toEqual([]);
  });

  it('of a campaign bind budgets and flight', () => {
    expect(ofCampaign({ budget_total_micros: 0, budget_daily_micros: null })).toEqual(['budget_total_micros']);
    expect(ofCampaign({ budget_daily_micros: 11 })).toEqual(['budget_daily_micros']);
    expect(ofCampaign({ budget_daily_micros: 0 })).toEqual(['budget_daily_micros']);
    expect(ofCampaign({ flight: { starts_at: 5, ends_at: 5 } })).toEqual(['flight.ends_at']);
  });

  it('of a line item ask for a bid that is a price, or for none of a house ad', () => {
    expect(ofLineItem({ bid_micros: 999 })).toEqual(['bid_micros']);
    expect(ofLineItem({ pricing_model: 'VCPM', bid_micros: 999 })).toEqual(['bid_micros']);
    expect(ofLineItem({ pricing_model: 'CPC', bid_micros: 1 })).toEqual([]);
    expect(ofLineItem({ pricing_model: 'CPC', bid_micros: 0 })).toEqual(['bid_micros']);
    expect(ofLineItem({ pricing_model: 'NONE', bid_micros: 0 })).toEqual([]);
    expect(ofLineItem({ pricing_model: 'NONE', bid_micros: 1 })).toEqual(['bid_micros']);
  });

  it('of a cap ask for a window of one kind, and no more impressions than are kept', () => {
    const cap = { impressions: 1, window_ms: 1000, calendar: '' };
    const bound = (changes: Partial<typeof cap>) => ofLineItem({ frequency_cap: { ...cap, ...changes } });
    expect(bound({})).toEqual([]);
    expect(bound({ window_ms: 0, calendar: 'week' })).toEqual([]);
    expect(bound({ window_ms: 999 })).toEqual(['frequency_cap.window_ms']);
    expect(bound({ calendar: 'day' })).toEqual(['frequency_cap.window_ms']);
    expect(bound({ window_ms: 0, calendar: 'year' })).toEqual(['frequency_cap.calendar']);
    expect(bound({ impressions: 51 })).toEqual(['frequency_cap.impressions']);
    expect(ofCampaign({ frequency_cap: { ...cap, window_ms: 1 } })).toEqual(['frequency_cap.window_ms']);
  });

  it('of a targeting expression name the place of what is wrong, and refuse placements and publishers that do not exist', () => {
    const details = (expression: string) =>
      catalogFaults(catalog, {
        name: 'LineItemPublished',
        value: { ...lineItem, targeting: { ...everyone, expression } },
      });
    const path = 'targeting.expression';
    expect(details('country = DE and placement = pl_1 and publisher != pub_1')).toEqual([]);
    expect(details('country = DE or')).toEqual([
      { path, detail: "can't be read: line 1, column 16: expected an attribute, not or `(`, found the end" },
    ]);
    expect(details('placement in (pl_1, pl_2) or publisher = pub_9')).toEqual([
      { path, detail: 'names the placement pl_2, which does not exist' },
      { path, detail: 'names the publisher pub_9, which does not exist' },
    ]);
    const pairs = Array.from({ length: 7 }, (_, n) => `(os = a${n} or language = de)`).join(' and ');
    expect(details(pairs)).toMatchObject([{ path, detail: expect.stringContaining('more than 64 alternatives') }]);
  });

  it('of a creative know the form of its categories', () => {
    expect(ofCreative({ categories: ['IAB7', 'IAB7-39'] })).toEqual([]);
    expect(ofCreative({ categories: ['cars, new', 'IAB7', 'IAB7'] })).toEqual(['categories[0]', 'categories[2]']);
  });

  it('of a line item keep its flight within the campaign', () => {
    expect(ofLineItem({ flight: { starts_at: 10, ends_at: 20 } })).toEqual([]);
    expect(ofLineItem({ flight: { starts_at: 9, ends_at: 20 } })).toEqual(['flight']);
    expect(ofLineItem({ flight: { starts_at: 10, ends_at: 21 } })).toEqual(['flight']);
  });

  it('of targeting know the form of every list', () => {
    const bad = Object.fromEntries(targetingLists.map((name) => [name, { include: ['  '], exclude: [] }]));
    expect(targeted(bad)).toEqual(expect.arrayContaining(targetingLists.map((name) => `targeting.${name}.include[0]`)));
    expect(
      targeted({ placements: { include: ['pl_1'], exclude: [] }, publishers: { include: [], exclude: ['pub_1'] } }),
    ).toEqual([]);
    expect(targeted({ placements: { include: [], exclude: ['pl_2'] } })).toEqual(['targeting.placements.exclude[0]']);
    expect(targeted({ keywords: { include: ['Shoes'], exclude: ['a,b'] } })).toEqual([
      'targeting.keywords.include[0]',
      'targeting.keywords.exclude[0]',
    ]);
  });

  it('of key-values refuse a key twice, an empty value, a comma, and a value on both sides', () => {
    const rule = { key: 'k', include: ['a'], exclude: ['b'] };
    expect(targeted({ key_values: [rule] })).toEqual([]);
    expect(targeted({ key_values: [rule, rule] })).toEqual(['targeting.key_values[1].key']);
    for (const include of [[''], ['a,b'], ['b']])
      expect(targeted({ key_values: [{ ...rule, include }] })).toEqual(['targeting.key_values[0]']);
  });

  it.each([
    ['http://acme.example/', true],
    ['https://acme.example:8443/a?b={click_id}#c', true],
    ['https://acme.example/ä', true],
    ['ftp://acme.example/', false],
    ['//acme.example/', false],
    ['https:///x', false],
    ['https://{click_id}.example/', false],
    ['https://a@b.example/', false],
    ['https://acme.example/{}', false],
    ['https://acme.example/{price}', false],
    ['https://acme.example/a b', false],
    ['https://acme.example/\r\nSet-Cookie: a', false],
    ['https://exa mple/', false],
    ['https://[::1/', false],
  ])('take %j as a landing page: %s', (landing_url, isGood) => {
    expect(ofCreative({ landing_url })).toEqual(isGood ? [] : ['landing_url']);
  });

  it.each(['{click_uri}', '{CLICK_URL}', '{clickurl}', '{unknown_macro}'])(
    'find the mistaken macro %s in a markup',
    (macro) => {
      expect(ofCreative({ markup: `<a href="${macro}">` })).toEqual(['markup']);
    },
  );

  it('of a creative bind its format to size and length', () => {
    expect(ofCreative({ width: 0, height: 0 })).toEqual([]);
    expect(ofCreative({ width: 0 })).toEqual(['height']);
    expect(ofCreative({ duration_ms: 1 })).toEqual(['duration_ms']);
    expect(ofCreative({ format: 'video', duration_ms: 1000 })).toEqual([]);
    expect(ofCreative({ format: 'audio', width: 0, height: 0, duration_ms: 1000 })).toEqual([]);
    expect(ofCreative({ format: 'audio', duration_ms: 1000 })).toEqual(['width']);
    expect(
      ofCreative({
        trackers: [
          { event: 'click', url: 'https://t.example/{selection_id}' },
          { event: 'click', url: 'x' },
        ],
      }),
    ).toEqual(['trackers[1].url']);
  });

  it('of a creative for players or native want a template that can be shown, if its markup is one', () => {
    const video = (markup: string) => ofCreative({ format: 'video', duration_ms: 1000, markup });
    const file = { url: 'https://cdn.example/a.mp4', type: 'video/mp4' };
    expect(video(JSON.stringify({ media: [file], skip_after_ms: 5000 }))).toEqual([]);
    expect(video('https://other.example/vast.xml?cb={cachebuster}')).toEqual([]);
    for (const wrong of [
      '{"media":[]}',
      '{"media":',
      '{"medium":[]}',
      JSON.stringify({ media: [file], wrapper: { url: file.url } }),
      JSON.stringify({ media: [{ ...file, type: 'mp4' }] }),
      JSON.stringify({ media: [{ ...file, url: 'javascript:alert(1)' }] }),
      JSON.stringify({ media: [{ ...file, delivery: 'post' }] }),
      JSON.stringify({ media: [file], companions: [{ width: 300, height: 250 }] }),
      JSON.stringify({ media: [file], verifications: [{ url: file.url }] }),
      JSON.stringify({ wrapper: { url: file.url, follow_wrappers: 'no' } }),
      'https://user@other.example/vast.xml',
    ]) {
      expect([wrong, video(wrong)]).toEqual([wrong, ['markup']]);
    }
    const native = (markup: string) => ofCreative({ format: 'native', markup });
    expect(native('{"assets":[{"title":{"text":"Tea"}}]}')).toEqual([]);
    expect(native('<b>Tea</b>')).toEqual([]);
    for (const wrong of [
      '{"assets":[]}',
      '{"assets":[{"title":{"text":""}}]}',
      '{"assets":[{"title":{"text":"a"},"data":{}}]}',
    ]) {
      expect([wrong, native(wrong)]).toEqual([wrong, ['markup']]);
    }
  });

  it('of a publisher keep its shares in order of their dates', () => {
    const [first, second] = publisher.shares;
    expect(ofPublisher({ shares: [] })).toEqual(['shares']);
    expect(ofPublisher({ shares: [second, first] as PublisherPublished['shares'] })).toEqual([
      'shares[1].effective_from',
    ]);
    expect(ofPublisher({ shares: [first, first] as PublisherPublished['shares'] })).toEqual([
      'shares[1].effective_from',
    ]);
    expect(ofPublisher({ click_prefix: 'https://click.daily.example/?u=' })).toEqual([]);
    expect(ofPublisher({ click_prefix: 'https://click.daily.example/{click_id}' })).toEqual(['click_prefix']);
    expect(ofPublisher({ blocked_advertisers: ['ADV 1'] })).toEqual(['blocked_advertisers[0]']);
  });

  it('of a placement want a soft floor above the floor, and only at second price', () => {
    const second = { auction: 'second_price', floor_micros: 1000 };
    expect(ofPlacement({ ...second, soft_floor_micros: 1000 })).toEqual([]);
    expect(ofPlacement({ ...second, soft_floor_micros: 0 })).toEqual([]);
    expect(ofPlacement({ ...second, soft_floor_micros: 999 })).toEqual(['soft_floor_micros']);
    expect(ofPlacement({ floor_micros: 1000, soft_floor_micros: 2000 })).toEqual(['soft_floor_micros']);
  });

  it('of deals know the ids of a placement, a price that is one, and advertisers who could pay it', () => {
    const deal = { deal_id: 'd-1', floor_micros: 1000, auction: 'fixed', advertisers: ['adv_1'] };
    expect(ofPlacement({ deals: [deal, { ...deal, deal_id: 'd-2' }] })).toEqual([]);
    expect(ofPlacement({ deals: [deal, deal] })).toEqual(['deals[1].deal_id']);
    expect(ofPlacement({ deals: [{ ...deal, floor_micros: 999 }] })).toEqual(['deals[0].floor_micros']);
    expect(ofPlacement({ deals: [{ ...deal, auction: 'first_price', floor_micros: 0 }] })).toEqual([]);
    expect(ofPlacement({ deals: [{ ...deal, advertisers: ['adv_9', 'adv_1', 'adv_1'] }] })).toEqual([
      'deals[0].advertisers[0]',
      'deals[0].advertisers[2]',
    ]);
    expect(ofPlacement({ floor_currency: 'USD', deals: [deal] })).toEqual(['deals[0].advertisers[0]']);
    expect(ofLineItem({ deals: ['d-1', 'of another placement', 'd-1'] })).toEqual(['deals[1]', 'deals[2]']);
  });

  it('of a placement know formats, sizes and currencies', () => {
    expect(ofPlacement({ formats: [] })).toEqual(['formats']);
    expect(ofPlacement({ sizes: ['300X250', '0x0'] })).toEqual(['sizes[0]', 'sizes[1]']);
    expect(ofPlacement({ floor_currency: 'XAU' })).toEqual(['floor_currency']);
  });
});

describe('What is archived', () => {
  const archived = { ...change, revision: 2, archived: true };

  it('keeps what belongs to it from changing, on every level above', () => {
    const item: CatalogRecord = { name: 'LineItemPublished', value: lineItem };
    const under = catalogOf({ name: 'CampaignPublished', value: { ...campaign, change: archived } });
    expect(archivedFault(catalog, item)).toBeNull();
    expect(archivedFault(under, item)).toMatch(/belongs to/);
    expect(archivedFault(under, { name: 'CreativePublished', value: creative })).toMatch(/belongs to/);
    expect(archivedFault(catalog, { name: 'LineItemPublished', value: { ...lineItem, change: archived } })).toMatch(
      /it is archived/,
    );
    const withoutPublisher = catalogOf({ name: 'PublisherPublished', value: { ...publisher, change: archived } });
    expect(archivedFault(withoutPublisher, { name: 'PlacementPublished', value: placement })).toMatch(/belongs to/);
  });
});
