import { banner, flightFrom, native, placement, video } from './catalog-parts.ts';
import type { Json } from './console-client.ts';
import type { CatalogSpec } from './publish-catalog.ts';

const units = 1_000_000;

/**
 * The small catalogue that `npm start` publishes into an empty one: something of every pricing model to look at and play with. `serveUrl`: the public side,
 * where the files of its video and its native ad are.
 */
export function demoCatalog(nowMs: number, serveUrl: string): CatalogSpec {
  const flight = flightFrom(nowMs, 366);
  const campaign = (name: string, budget: number): Json => ({
    name,
    budget_total_micros: String(budget * units),
    flight,
    pacing: 'asap',
  });
  return {
    name: 'demo',
    publishers: [
      {
        body: {
          name: 'The Daily Example',
          domains: ['daily.example'],
          shares: [{ effective_from: '2026-01-01T00:00:00Z', share_ppm: 700_000 }],
          share_rounding: 'HALF_EVEN',
        },
        placements: [
          placement('Article, 300×250', ['banner'], ['300x250'], '100000'),
          placement('Leaderboard, 728×90', ['banner'], ['728x90'], '100000'),
          placement('Player', ['video'], [], '500000'),
          placement('Feed', ['native'], [], '100000'),
        ],
      },
    ],
    advertisers: [
      {
        body: {
          name: 'Blue Bicycles',
          currency: 'EUR',
          time_zone: 'Europe/Berlin',
          domains: ['bicycles.example'],
          categories: ['IAB17'],
        },
        campaigns: [
          {
            body: campaign('Spring rides', 5_000),
            lineItems: [
              {
                name: 'Bicycles, per thousand impressions',
                pricingModel: 'CPM',
                bidMicros: 4_567_890,
                targeting: { sizes: { include: ['300x250'] } },
                creatives: [banner('Blue Bicycles', [300, 250], ['#0b5cad', '#0a2f63'])],
              },
              {
                name: 'Bicycles, per thousand viewable',
                pricingModel: 'VCPM',
                bidMicros: 6_000_000,
                targeting: { sizes: { include: ['728x90'] } },
                creatives: [banner('Blue Bicycles', [728, 90], ['#0b5cad', '#0a2f63'])],
              },
              {
                name: 'Bicycles, native per thousand viewable',
                pricingModel: 'VCPM',
                bidMicros: 5_500_000,
                targeting: { formats: { include: ['native'] } },
                creatives: [native('Blue Bicycles', `${serveUrl}/sdk/example/bicycle.svg`)],
              },
            ],
          },
        ],
      },
      {
        body: {
          name: 'Green Tea House',
          currency: 'EUR',
          time_zone: 'Europe/Paris',
          domains: ['tea.example'],
          categories: ['IAB8'],
        },
        campaigns: [
          {
            body: campaign('First flush', 2_000),
            lineItems: [
              {
                name: 'Tea, per click',
                pricingModel: 'CPC',
                bidMicros: 250_000,
                targeting: { formats: { include: ['banner'] } },
                creatives: [
                  banner('Green Tea House', [300, 250], ['#1b6b3a', '#0d3b20']),
                  banner('Green Tea House', [728, 90], ['#1b6b3a', '#0d3b20']),
                ],
              },
              {
                name: 'Tea, video per thousand',
                pricingModel: 'CPM',
                bidMicros: 9_000_000,
                targeting: { formats: { include: ['video'] } },
                creatives: [video('Green Tea House', `${serveUrl}/sdk/example/spot.webm`, 4_000)],
              },
              {
                name: 'Tea, native per thousand viewable',
                pricingModel: 'VCPM',
                bidMicros: 5_000_000,
                targeting: { formats: { include: ['native'] } },
                creatives: [native('Green Tea House', `${serveUrl}/sdk/example/tea.svg`)],
              },
              {
                name: 'House ads',
                pricingModel: 'NONE',
                bidMicros: 0,
                targeting: {},
                more: { priority: 16 },
                creatives: [banner('Read The Daily Example', [0, 0], ['#555555', '#222222'])],
              },
            ],
          },
        ],
      },
    ],
  };
}
