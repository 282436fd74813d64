import { banner, flightFrom, placement } from '../../simulate/catalog-parts.ts';
import type { CatalogSpec, LineItemSpec } from '../../simulate/publish-catalog.ts';

const campaigns = 5;
const size = [300, 250] as const;

/**
 * Ads that are paid for by the impression, from budgets of which an outage takes but a little. One line item of each campaign is capped for each person, so that who
 * comes matters.
 */
export function outageCatalog(nowMs: number): CatalogSpec {
  const lineItem = (name: string, bidMicros: number, more: LineItemSpec['more']): LineItemSpec => ({
    name,
    pricingModel: 'CPM',
    bidMicros,
    targeting: {},
    ...(more === undefined ? {} : { more }),
    creatives: [banner(name, size, ['#0b5cad', '#0a2f63'])],
  });
  return {
    name: 'outage',
    publishers: [
      {
        body: {
          name: 'The Outage Gazette',
          domains: ['gazette.example'],
          shares: [{ effective_from: '2026-01-01T00:00:00Z', share_ppm: 700_000 }],
          share_rounding: 'DOWN',
        },
        placements: [1, 2, 3].map((number) => placement(`Slot ${number}`, ['banner'], ['300x250'], '100000')),
      },
    ],
    advertisers: [
      {
        body: { name: 'Steady Lamps', currency: 'EUR', time_zone: 'Europe/Berlin', domains: ['lamps.example'] },
        campaigns: Array.from({ length: campaigns }, (_, number) => ({
          body: {
            name: `Lamps ${number}`,
            budget_total_micros: '500000000000',
            flight: flightFrom(nowMs, 30),
            pacing: 'asap',
          },
          lineItems: [
            lineItem(`Lamps ${number}`, 2_000_000 + number, undefined),
            lineItem(`Lamps ${number}, capped`, 3_000_000 + number, {
              frequency_cap: { impressions: 2, window_ms: 3_600_000 },
            }),
          ],
        })),
      },
    ],
  };
}
