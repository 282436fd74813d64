import { banner, flightFrom, placement } from '../../simulate/catalog-parts.ts';
import type { CatalogSpec, LineItemSpec } from '../../simulate/publish-catalog.ts';

const size = [300, 250] as const;
const pricingModels = ['CPM', 'VCPM', 'CPC'] as const;

/** One catalogue for each way to pay, on placements of its own: so each is sold. Budgets are such that kills take but a little of them. */
export function campaignCatalogs(nowMs: number): readonly CatalogSpec[] {
  return pricingModels.map((pricingModel) => ({
    name: `campaign-${pricingModel}`,
    publishers: [
      {
        body: {
          name: `Gazette ${pricingModel}`,
          domains: ['gazette.example'],
          shares: [{ effective_from: '2026-01-01T00:00:00Z', share_ppm: 683_333 }],
          share_rounding: 'DOWN',
        },
        placements: placementsOf(pricingModel).map((name) => placement(name, ['banner'], ['300x250'], '100000')),
      },
    ],
    advertisers: [
      {
        body: {
          name: `Lamps ${pricingModel}`,
          currency: 'EUR',
          time_zone: 'Europe/Berlin',
          domains: ['lamps.example'],
        },
        campaigns: [1, 2].map((number) => ({
          body: {
            name: `Lamps ${pricingModel} ${number}`,
            budget_total_micros: '500000000000',
            flight: flightFrom(nowMs, 30),
            pacing: 'asap',
          },
          lineItems: [lineItem(`Lamps ${number}`, pricingModel, number)],
        })),
      },
    ],
  }));
}

/** Most are paid for by the impression; who asks picks any. */
function placementsOf(pricingModel: LineItemSpec['pricingModel']): readonly string[] {
  return pricingModel === 'CPM' ? ['Top', 'Middle', 'Bottom'] : ['Side'];
}

function lineItem(name: string, pricingModel: LineItemSpec['pricingModel'], number: number): LineItemSpec {
  return {
    name,
    pricingModel,
    bidMicros: pricingModel === 'CPC' ? 150_001 + number : 2_345_678 + number * 1_000,
    targeting: {},
    creatives: [banner(name, size, ['#0b5cad', '#0a2f63'])],
  };
}
