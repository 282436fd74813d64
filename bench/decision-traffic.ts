import UserAgent from 'user-agents';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import type { AnyRecord, KeyValueRule, ListRule, PricingModel, Targeting } from '../domain/records.ts';
import { campaign, creative, advertiser, lineItem, placement, publisher, everywhere } from '../test/decision-world.ts';

/**
 * A catalogue and the traffic for it, by seed. Of the line items half are bound to countries, a third to devices, a fifth to placements, keywords or
 * segments, a tenth to key-values, hours or languages; a fifth have a frequency cap. One request in five is of a person with consent.
 */
export interface TrafficOptions {
  readonly lineItems: number;
  readonly requests: number;
  readonly nowMs: number;
  readonly seed: number;
}

const countries = [
  'DE',
  'FR',
  'GB',
  'US',
  'ES',
  'IT',
  'NL',
  'PL',
  'SE',
  'AT',
  'CH',
  'BE',
  'DK',
  'NO',
  'FI',
  'PT',
  'CZ',
  'IE',
  'JP',
  'BR',
];
const sizes = ['300x250', '728x90', '160x600', '320x50', '970x250', '300x600'];
const devices = ['desktop', 'phone', 'tablet'];
const languages = ['de', 'fr', 'en', 'es', 'it'];
const keywords = Array.from({ length: 200 }, (_, number) => `keyword${number}`);
const segments = Array.from({ length: 100 }, (_, number) => `segment${number}`);
const sections = Array.from({ length: 30 }, (_, number) => `section${number}`);
const categories = Array.from({ length: 26 }, (_, number) => `IAB${number + 1}`);
const placements = 200;
/** Raw ids of persons. */
export const trafficPersons = Array.from({ length: 5000 }, (_, number) => `person-${number}`);
const day = 86_400_000;

class Draw {
  readonly #random;

  constructor(seed: number) {
    this.#random = createSeededRandom(seed);
  }

  chance(share: number): boolean {
    return this.#random.fraction() < share;
  }

  below(most: number): number {
    return Math.floor(this.#random.fraction() * most);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  some<T>(list: readonly T[], most: number): T[] {
    return [...new Set(Array.from({ length: 1 + this.below(most) }, () => this.of(list)))];
  }

  /** Log-uniform: as many between 0.5 and 1 as between 5 and 10. */
  amount(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.#random.fraction());
  }
}

function rule(draw: Draw, share: number, values: readonly string[], most: number): ListRule {
  if (!draw.chance(share)) return { include: [], exclude: [] };
  return draw.chance(0.85)
    ? { include: draw.some(values, most), exclude: [] }
    : { include: [], exclude: draw.some(values, most) };
}

function targetingOf(draw: Draw): Targeting {
  const ids = Array.from({ length: placements }, (_, number) => `pl_${number}`);
  const keyValues: KeyValueRule[] = draw.chance(0.1)
    ? [{ key: 'section', include: draw.some(sections, 3), exclude: [] }]
    : [];
  return {
    ...everywhere,
    countries: rule(draw, 0.5, countries, 3),
    device_types: rule(draw, 0.33, devices, 2),
    placements: rule(draw, 0.2, ids, 20),
    keywords: rule(draw, 0.2, keywords, 5),
    segments: rule(draw, 0.2, segments, 5),
    languages: rule(draw, 0.1, languages, 2),
    categories: rule(draw, 0.05, categories, 3),
    key_values: keyValues,
    hours: draw.chance(0.1) ? Array.from({ length: 168 }, (_, hour) => hour).filter((hour) => hour % 24 >= 6) : [],
  };
}

function pricing(draw: Draw): { pricing_model: PricingModel; bid_micros: number } {
  const share = draw.below(10);
  if (share < 7) return { pricing_model: 'CPM', bid_micros: draw.amount(500_000, 10_000_000) };
  if (share < 8) return { pricing_model: 'VCPM', bid_micros: draw.amount(800_000, 12_000_000) };
  return { pricing_model: 'CPC', bid_micros: draw.amount(200_000, 3_000_000) };
}

/** Twenty line items a campaign, five campaigns an advertiser. */
export function trafficCatalog({ lineItems, nowMs, seed }: TrafficOptions): AnyRecord[] {
  const draw = new Draw(seed);
  const records: AnyRecord[] = [];
  for (let number = 0; number < 20; number += 1) records.push({ name: 'PublisherPublished', value: publisher(number) });
  for (let number = 0; number < placements; number += 1) {
    const value = placement(number, {
      publisher_id: `pub_${number % 20}`,
      sizes: draw.some(sizes, 3),
      floor_micros: draw.amount(100_000, 1_000_000),
      auction: number % 2 === 0 ? 'first_price' : 'second_price',
      tier: draw.of(['premium', 'standard', 'remnant']),
    });
    records.push({ name: 'PlacementPublished', value });
  }
  for (let number = 0; number < lineItems; number += 1) {
    const [campaignNumber, advertiserNumber] = [Math.floor(number / 20), Math.floor(number / 100)];
    const owner = { advertiser_id: `adv_${advertiserNumber}`, campaign_id: `cmp_${campaignNumber}` };
    if (number % 100 === 0) records.push({ name: 'AdvertiserPublished', value: advertiser(advertiserNumber) });
    if (number % 20 === 0) {
      const flight = { starts_at: nowMs - day, ends_at: nowMs + 30 * day };
      records.push({ name: 'CampaignPublished', value: campaign(campaignNumber, { ...owner, flight }) });
    }
    const frequency_cap = draw.chance(0.2) ? { impressions: 3, window_ms: day, calendar: '' } : null;
    const changes = {
      ...owner,
      ...pricing(draw),
      priority: draw.of([6, 8, 8, 8]),
      targeting: targetingOf(draw),
      frequency_cap,
    };
    records.push({ name: 'LineItemPublished', value: lineItem(number, changes) });
    const [width = 0, height = 0] = draw.of(sizes).split('x').map(Number);
    records.push({ name: 'CreativePublished', value: creative(number, { ...owner, width, height }) });
  }
  return records;
}

/** Bodies of `POST /v1/decisions`: one slot each. */
export function trafficBodies({ requests, seed }: TrafficOptions): string[] {
  const draw = new Draw(seed + 1);
  const agents = Array.from({ length: 300 }, () => new UserAgent().toString());
  return Array.from({ length: requests }, () => JSON.stringify(oneBody(draw, agents)));
}

function oneBody(draw: Draw, agents: readonly string[]): unknown {
  const number = draw.below(placements);
  const person = draw.chance(0.2);
  return {
    slots: [{ id: 'top', placement_id: `pl_${number}`, key_values: { section: draw.of(sections), position: 'atf' } }],
    ...(person && { user: { id: draw.of(trafficPersons), segments: draw.some(segments, 4) } }),
    device: { ua: draw.of(agents), ip: `203.0.${draw.below(256)}.${draw.below(256)}`, language: draw.of(languages) },
    geo: { country: draw.of(countries), region: draw.of(['BE', 'BY', 'HH', 'NW']), city: 'somewhere' },
    consent: person ? { gdpr: false } : { gdpr: true },
    context: {
      url: `https://news${draw.below(50)}.example/articles/${draw.below(100_000)}.html?ref=home`,
      keywords: draw.some(keywords, 5),
      categories: draw.some(categories, 2),
    },
    tmax: 100,
  };
}
