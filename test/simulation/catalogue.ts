import type { EntityKind } from '../../domain/identity.ts';
import type { Dice } from './dice.ts';

/** What operators publish before anything else: a body for each, and the parent by its place in the list. */
export interface Published {
  readonly kind: EntityKind;
  readonly body: Readonly<Record<string, unknown>>;
  readonly parent: number | null;
}

const parentField: Readonly<Partial<Record<EntityKind, string>>> = {
  campaign: 'advertiser_id',
  line_item: 'campaign_id',
  creative: 'line_item_id',
  placement: 'publisher_id',
};

export function withParent({ kind, body }: Published, parentId: string | null): Readonly<Record<string, unknown>> {
  const field = parentField[kind];
  return field === undefined ? body : { ...body, [field]: parentId };
}

const zones = ['UTC', 'Europe/Berlin', 'America/New_York'] as const;
const models = ['CPM', 'VCPM', 'CPC'] as const;

/** A small world: budgets so tight that they run out, shares that leave residues, zones that end their days at different times. */
export function catalogueOf(dice: Dice, startMs: number): readonly Published[] {
  const all: Published[] = [];
  const add = (kind: EntityKind, parent: number | null, body: Published['body']): number =>
    all.push({ kind, body, parent }) - 1;
  const publisher = add('publisher', null, {
    name: 'Publisher',
    shares: [{ effective_from: '2025-01-01T00:00:00Z', share_ppm: dice.pick([700_000, 333_333, 512_345]) }],
    share_rounding: dice.pick(['DOWN', 'UP', 'HALF_EVEN']),
  });
  const auction = dice.pick(['first_price', 'second_price']);
  const floor = { floor_micros: '100000', floor_currency: 'EUR', auction, sizes: ['300x250'] };
  add('placement', publisher, { name: 'Banner', formats: ['banner'], ...floor });
  add('placement', publisher, { name: 'Player', formats: ['video'], ...floor, sizes: [] });
  const campaigns = dice.between(2, 4);
  for (let number = 0; number < campaigns; number += 1) addCampaign(number);
  return all;

  function addCampaign(number: number): void {
    const zone = dice.pick(zones);
    const advertiser = add('advertiser', null, { name: `Advertiser ${number}`, currency: 'EUR', time_zone: zone });
    const model = models[number % models.length] ?? 'CPM';
    const bid = model === 'CPC' ? dice.between(90_000, 300_000) : dice.between(2_000_000, 9_000_000);
    const price = model === 'CPC' ? bid : Math.floor(bid / 1_000);
    const total = price * dice.pick(model === 'CPC' ? [2, 4, 20, 500] : [6, 20, 60, 500]);
    const campaign = add('campaign', advertiser, {
      name: `Campaign ${number}`,
      budget_total_micros: String(total),
      budget_daily_micros: dice.chance(0.3) ? String(Math.floor(total / 2)) : null,
      flight: { starts_at: at(startMs - 86_400_000), ends_at: at(startMs + 86_400_000 * 3) },
      pacing: dice.chance(0.2) ? 'even' : 'asap',
    });
    const item = add('line_item', campaign, {
      name: `Line item ${number}`,
      pricing_model: model,
      bid_micros: String(bid),
      frequency_cap: dice.chance(0.4) ? { impressions: dice.between(2, 6), window_ms: 3_600_000 } : null,
    });
    const format = number % 4 === 3 ? 'video' : 'banner';
    add('creative', item, {
      name: `Creative ${number}`,
      format,
      ...(format === 'banner' ? { width: 300, height: 250 } : { width: 640, height: 360, duration_ms: 15_000 }),
      markup: '<a href="{click_url}">{creative_id}</a>',
      landing_url: 'https://brand.example/?c={click_id}',
    });
  }
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
