import { audio, banner, flightFrom, native, placement, video } from './catalog-parts.ts';
import type { Json } from './console-client.ts';
import type { CampaignSpec, CatalogSpec, LineItemSpec } from './publish-catalog.ts';

const units = 1_000_000;

/** Subjects of pages; each has line items that seek it, so that everything in the catalogue gets its share of the traffic. */
export const topics = ['news', 'sport', 'travel', 'food', 'cars', 'games'] as const;

function about(...subjects: readonly string[]): Json {
  return { key_values: [{ key: 'topic', include: subjects }] };
}

function campaign(name: string, budget: number, nowMs: number, lineItems: readonly LineItemSpec[]): CampaignSpec {
  const body = {
    name,
    budget_total_micros: String(budget * units),
    flight: flightFrom(nowMs, 31),
    pacing: 'asap',
  };
  return { body, lineItems };
}

const colors = ['#7a3b9a', '#3d1d4d'] as const;

function banners(name: string): readonly Json[] {
  return [banner(name, [300, 250], colors), banner(name, [728, 90], colors)];
}

/**
 * Sold at second price, with a soft floor and two deals: by topic it meets a rival, none, a bid below the soft floor, a fixed price and a private
 * auction with a rival in the open one.
 */
const takeover: Json = {
  ...placement('Takeover', ['banner'], ['970x250'], '500000'),
  auction: 'second_price',
  soft_floor_micros: '2000000',
  increment_micros: '10000',
  deals: [
    { deal_id: 'takeover-fixed', floor_micros: '4000999', auction: 'fixed' },
    { deal_id: 'takeover-private', floor_micros: '2500000', auction: 'second_price' },
  ],
};

function wide(name: string): readonly Json[] {
  return [banner(name, [970, 250], colors)];
}

function byDeal(spec: LineItemSpec, deal: string): LineItemSpec {
  return { ...spec, more: { deals: [deal] } };
}

function item(
  name: string,
  [pricingModel, bidMicros]: readonly [LineItemSpec['pricingModel'], number],
  targeting: Json,
  creatives: readonly Json[] = banners(name),
): LineItemSpec {
  return { name, pricingModel, bidMicros, targeting, creatives };
}

/** A bidder as it can be put into a catalogue. */
export interface BidderEndpoint {
  readonly name: string;
  readonly endpoint: string;
}

/** So many of them pay by one advertiser: of one answer it wins one place at most. */
const biddersOfOne = 4;

/** For each format that bidders are asked for, what stands for what they bring. */
const standIns = [banner('Outside', [0, 0], colors), video('Outside'), native('Outside')];

/** Advertisers that buy for bidders, one line item each, on every page. */
function outsideDemand(name: string, bidders: readonly BidderEndpoint[], nowMs: number): CatalogSpec['advertisers'] {
  const groups = Array.from({ length: Math.ceil(bidders.length / biddersOfOne) }, (_, index) =>
    bidders.slice(index * biddersOfOne, (index + 1) * biddersOfOne),
  );
  return groups.map((group, index) => ({
    body: { name: `${name} Outside ${index + 1}`, currency: 'EUR', time_zone: 'Europe/Paris' },
    campaigns: group.map((bidder) =>
      campaign(`Outside: ${bidder.name}`, 50_000, nowMs, [
        {
          ...item(`Outside: ${bidder.name}`, ['CPM', 20_000_000], {}, standIns),
          bidder: { ...bidder, network_ms: 1 },
        },
      ]),
    ),
  }));
}

/** Catalogue of a simulation: three advertisers in two currencies and three time zones, bids whose thousandth leaves a rest, shares that must be rounded; and bidders of outside demand, if there are any. */
export function simulatedCatalog(name: string, nowMs: number, bidders: readonly BidderEndpoint[] = []): CatalogSpec {
  const shares = (share_ppm: number): Json => ({ shares: [{ effective_from: '2026-01-01T00:00:00Z', share_ppm }] });
  return {
    name,
    publishers: [
      {
        body: {
          name: `${name} Gazette`,
          ...shares(653_217),
          share_rounding: 'HALF_EVEN',
          // Nobody who does not say what he advertises, and no gambling.
          blocked_categories: ['IAB7-39', 'IAB25', 'IAB26'],
        },
        placements: [
          placement('Rectangle', ['banner'], ['300x250'], '100000'),
          placement('Leaderboard', ['banner'], ['728x90'], '50000'),
          takeover,
        ],
      },
      {
        body: { name: `${name} Player`, ...shares(700_001), share_rounding: 'UP' },
        placements: [
          placement('Stream', ['video'], [], '500000'),
          // Where nobody but bidders has native ads.
          ...(bidders.length > 0 ? [placement('Feed', ['native'], [], '100000')] : []),
          { ...placement('Card', ['native'], [], '100000'), floor_currency: 'USD' },
          { ...placement('Podcast', ['audio'], [], '100000'), floor_currency: 'USD' },
        ],
      },
    ],
    advertisers: [
      {
        body: { name: `${name} North`, currency: 'EUR', time_zone: 'Europe/Berlin', categories: ['IAB12', 'IAB20'] },
        campaigns: [
          campaign('News and sport', 50_000, nowMs, [
            item('News CPM', ['CPM', 2_345_678], about('news')),
            item('Sport viewable', ['VCPM', 3_999_999], about('sport')),
          ]),
          campaign('Takeover of North', 50_000, nowMs, [
            item('Wide', ['CPM', 5_432_109], about('news', 'sport'), wide('North')),
            item('Wide, low', ['CPM', 1_234_567], about('games'), wide('North')),
            byDeal(item('Wide, private', ['CPM', 3_333_333], about('food'), wide('North')), 'takeover-private'),
          ]),
          campaign('Clicks', 50_000, nowMs, [item('Travel CPC', ['CPC', 123_457], about('travel'))]),
          // Too little for all who come: it runs dry, and others take its place.
          campaign('Small budget', 1, nowMs, [item('Food, first', ['CPM', 9_876_543], about('food'))]),
        ],
      },
      {
        body: { name: `${name} West`, currency: 'EUR', time_zone: 'America/New_York', categories: ['IAB2', 'IAB8'] },
        campaigns: [
          campaign('Everything else', 50_000, nowMs, [
            item('Food, second', ['CPM', 1_111_111], about('food')),
            item('Cars', ['CPM', 4_444_445], { expression: 'kv.topic = cars and not device in (tv, set_top_box)' }),
            item('Games', ['VCPM', 2_000_999], about('games')),
            // Some subjects are left to the films of bidders.
            item('Video', ['CPM', 12_345_678], bidders.length > 0 ? about('news', 'food', 'cars') : {}, [
              video('West'),
            ]),
            {
              ...item('Capped', ['CPM', 7_000_001], about('cars', 'games')),
              more: { frequency_cap: { impressions: 2, window_ms: 3_600_000 } },
            },
          ]),
          campaign('Takeover of West', 50_000, nowMs, [
            item('Wide', ['CPM', 3_210_987], about('news', 'cars', 'food'), wide('West')),
            item('Wide, high', ['CPM', 9_999_999], about('travel'), wide('West')),
            byDeal(item('Wide, fixed', ['CPM', 6_000_000], about('travel'), wide('West')), 'takeover-fixed'),
          ]),
          campaign('House', 1, nowMs, [{ ...item('House', ['NONE', 0], {}), more: { priority: 16 } }]),
        ],
      },
      {
        body: { name: `${name} Pacific`, currency: 'USD', time_zone: 'Asia/Tokyo', categories: ['IAB22'] },
        campaigns: [
          campaign('Cards and spots', 50_000, nowMs, [
            item('Cards', ['CPM', 1_999_001], {}, [native('Pacific')]),
            item('Spots', ['CPM', 8_080_808], {}, [audio('Pacific')]),
          ]),
        ],
      },
      ...outsideDemand(name, bidders, nowMs),
    ],
  };
}
