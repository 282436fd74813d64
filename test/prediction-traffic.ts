import { adFeatures, type AdFacts, type RequestFacts, requestFeatures } from '../domain/click-features.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';

/** An impression of the simulated world, with the probabilities by which it was drawn. */
export interface Impression {
  readonly request: RequestFacts;
  readonly ad: AdFacts;
  readonly clickRate: number;
  readonly viewRate: number;
  readonly clicked: boolean;
  readonly viewed: boolean;
}

const counts = { placements: 60, sites: 40, advertisers: 40, lineItems: 160, creatives: 480, countries: 12 } as const;
const devices = ['desktop', 'phone', 'tablet', 'tv'] as const;

/** Uniform numbers from 0 to 1 by seed. */
export function uniform(seed: number): () => number {
  const random = createSeededRandom(seed);
  return () => Buffer.from(random.bytes(4)).readUInt32LE(0) / 2 ** 32;
}

function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** Index from 0 to `count` − 1, low ones far more often: as traffic is. */
function skewed(count: number, next: () => number): number {
  return Math.min(count - 1, Math.floor(count * next() ** 2.2));
}

/**
 * Impressions of known click and view propensities: effects of placement, site, device, country, hour, advertiser, line item and creative, and of line item
 * with placement, on the logit; about one click in a hundred, two where a line item meets its audience.
 */
export function simulatedTraffic(seed: number): () => Impression {
  const next = uniform(seed);
  const effects = (count: number, deviation: number) => Array.from({ length: count }, () => deviation * normal(next));
  const effect = {
    placement: effects(counts.placements, 0.5),
    site: effects(counts.sites, 0.3),
    country: effects(counts.countries, 0.2),
    advertiser: effects(counts.advertisers, 0.4),
    lineItem: effects(counts.lineItems, 0.4),
    creative: effects(counts.creatives, 0.3),
    pair: effects(counts.placements * counts.lineItems, 0.35),
    seen: effects(counts.placements, 0.7),
  };
  const ofDevice = { desktop: 0, phone: 0.35, tablet: 0.1, tv: -1.2 } as const;
  return () => {
    const placement = skewed(counts.placements, next);
    const site = placement % counts.sites;
    const lineItem = skewed(counts.lineItems, next);
    const advertiser = lineItem % counts.advertisers;
    const creative = lineItem * 3 + Math.floor(3 * next());
    const country = skewed(counts.countries, next);
    const device = devices[skewed(devices.length, next)] ?? 'desktop';
    const hour = Math.floor(24 * next());
    const at = (list: readonly number[], place: number) => list[place] as number;
    const logit =
      -4.7 +
      at(effect.placement, placement) +
      at(effect.site, site) +
      at(effect.country, country) +
      at(effect.advertiser, advertiser) +
      at(effect.lineItem, lineItem) +
      at(effect.creative, creative) +
      at(effect.pair, placement * counts.lineItems + lineItem) +
      ofDevice[device] +
      0.25 * Math.sin((2 * Math.PI * hour) / 24);
    const clickRate = 1 / (1 + Math.exp(-logit));
    const viewRate = 1 / (1 + Math.exp(-(0.4 + at(effect.seen, placement) + (device === 'phone' ? 0.3 : 0))));
    const clicked = next() < clickRate;
    return {
      request: {
        placementId: `pl_${placement}`,
        publisherId: `pub_${placement % 15}`,
        site: `site${site}.example`,
        deviceType: device,
        os: device === 'phone' ? 'android' : 'other',
        country: `C${country}`,
        shape: placement % 2 === 0 ? 'banner:300x250' : 'banner:728x90',
        hour,
      },
      ad: {
        advertiserId: `adv_${advertiser}`,
        campaignId: `cmp_${lineItem}`,
        lineItemId: `li_${lineItem}`,
        creativeId: `cr_${creative}`,
      },
      clickRate,
      viewRate,
      clicked,
      viewed: next() < viewRate,
    };
  };
}

/** Features of an impression, with those that come again kept. */
export function featuresBy() {
  const ads = new Map<string, ReturnType<typeof adFeatures>>();
  return {
    request: requestFeatures,
    ad: (ad: AdFacts) => {
      const known = ads.get(ad.creativeId) ?? adFeatures(ad);
      ads.set(ad.creativeId, known);
      return known;
    },
  };
}
