import type { Catalog, CatalogRecord } from '../../domain/catalog.ts';
import { builtInPolicies, tiers } from '../../domain/deadline-policy.ts';
import type { EntityKind } from '../../domain/identity.ts';
import { PricingModel, Rounding, type Status } from '../../domain/records.ts';
import {
  choice,
  code,
  deadlineShares,
  deals,
  degradationPlans,
  type Field,
  fixed,
  flag,
  flight,
  formatList,
  frequencyCap,
  integer,
  integerList,
  label,
  longText,
  money,
  nullable,
  optional,
  shares,
  stringList,
  targeting,
  targetingNotes,
  trackers,
} from './fields.ts';

/** The kinds of the catalogue: how each is named in routes, records and JSON, and of which fields it consists. */
export interface Entity {
  readonly kind: EntityKind;
  /** Last part of the route. */
  readonly path: string;
  readonly record: CatalogRecord['name'];
  readonly idField: string;
  /** Names of the map in the catalogue. */
  readonly map:
    | 'advertisers'
    | 'campaigns'
    | 'lineItems'
    | 'creatives'
    | 'publishers'
    | 'placements'
    | 'deadlinePolicies'
    | 'bidders';
  /** Field that names the parent at creation. */
  readonly parent: { readonly kind: EntityKind; readonly field: string } | null;
  /** Ids of those further up, taken from the parent. */
  readonly inherited: readonly string[];
  /** Belongs to an advertiser, so that a key of that advertiser may see it. */
  readonly advertised: boolean;
  // The record's own type holds the fields together; here they only pass through.
  readonly fields: Readonly<Record<string, Field<never>>>;
  /** Currency of its amounts; null if it has none. */
  readonly currencyOf: ((catalog: Catalog, value: Readonly<Record<string, unknown>>) => string | null) | null;
}

const statusField: Field<Status> = {
  ...optional(choice(['active', 'paused'], 'A paused one is not selected.'), 'active'),
  read: (json) => (json === 'paused' ? 'PAUSED' : 'ACTIVE'),
  show: (value) => value.toLowerCase(),
};

function field<T>(given: Field<T>): Field<never> {
  return given as unknown as Field<never>;
}

function advertiserCurrency(catalog: Catalog, value: Readonly<Record<string, unknown>>): string | null {
  return catalog.advertisers.get(String(value['advertiser_id']))?.currency ?? null;
}

const advertiser: Entity = {
  kind: 'advertiser',
  path: 'advertisers',
  record: 'AdvertiserPublished',
  idField: 'advertiser_id',
  map: 'advertisers',
  parent: null,
  inherited: [],
  advertised: true,
  fields: {
    name: field(label('Name.')),
    currency: field(fixed(code('^[A-Z]{3}$', 'ISO 4217; of all budgets, bids and statements. Never changes.'))),
    time_zone: field(
      fixed(
        code('^[A-Z][0-9A-Za-z_+/-]{1,63}$', 'IANA zone of budget days, hours and statement months. Never changes.'),
      ),
    ),
    domains: field(optional(stringList(1_000, 'Its domains, lower case.'), [])),
    categories: field(optional(stringList(100, 'IAB categories of its products.'), [])),
    frequency_cap: field(nullable(frequencyCap('By person, over all its campaigns; null: none.'))),
    status: field(statusField),
  },
  currencyOf: null,
};

const campaign: Entity = {
  kind: 'campaign',
  path: 'campaigns',
  record: 'CampaignPublished',
  idField: 'campaign_id',
  map: 'campaigns',
  parent: { kind: 'advertiser', field: 'advertiser_id' },
  inherited: [],
  advertised: true,
  fields: {
    name: field(label('Name.')),
    budget_total_micros: field(money('Whole budget, micros.')),
    budget_daily_micros: field(nullable(money('Budget of a day in the zone of the advertiser, micros; null: none.'))),
    flight: field(flight('From the first moment to the moment after the last.')),
    pacing: field(optional(choice(['even', 'asap'], 'Spread over the flight, or as fast as demand allows.'), 'even')),
    frequency_cap: field(nullable(frequencyCap('By person, over all its line items; null: none.'))),
    status: field(statusField),
  },
  currencyOf: advertiserCurrency,
};

const lineItem: Entity = {
  kind: 'line_item',
  path: 'line-items',
  record: 'LineItemPublished',
  idField: 'line_item_id',
  map: 'lineItems',
  parent: { kind: 'campaign', field: 'campaign_id' },
  inherited: ['advertiser_id'],
  advertised: true,
  fields: {
    name: field(label('Name.')),
    pricing_model: field(
      choice(
        PricingModel,
        'What is billed: impressions (CPM), viewable ones (VCPM), clicks (CPC), nothing (NONE: house ads).',
      ),
    ),
    bid_micros: field(money('For a thousand (CPM, VCPM) or for one click (CPC), micros; 0 for NONE.')),
    priority: field(optional(integer([1, 16], '1 comes first.'), 8)),
    targeting: field(optional(targeting(`Whom it may reach; all rules must hold. ${targetingNotes}`), {})),
    frequency_cap: field(
      nullable(frequencyCap('At most so many impressions for one person within the window; null: none.')),
    ),
    deals: field(optional(stringList(100, 'Deals of placements that it may use; empty: the open auction only.'), [])),
    flight: field(nullable(flight('Narrower than that of the campaign; null: the same.'))),
    status: field(statusField),
  },
  currencyOf: advertiserCurrency,
};

const creative: Entity = {
  kind: 'creative',
  path: 'creatives',
  record: 'CreativePublished',
  idField: 'creative_id',
  map: 'creatives',
  parent: { kind: 'line_item', field: 'line_item_id' },
  inherited: ['campaign_id', 'advertiser_id'],
  advertised: true,
  fields: {
    name: field(label('Name.')),
    format: field(choice(['banner', 'video', 'audio', 'native'], 'Format.')),
    width: field(optional(integer([0, 20_000], 'CSS pixels; 0 with height 0: fits any size.'), 0)),
    height: field(optional(integer([0, 20_000], 'CSS pixels.'), 0)),
    markup: field(
      longText(
        65_536,
        'Template with macros {click_url}, {selection_id}, {cachebuster}, {width}, {height}, {asset_url}, …: HTML for banners, JSON for native, video and audio (docs/formats.md).',
      ),
    ),
    landing_url: field(
      longText(2_000, 'Where a click leads: http or https, with macros {click_id}, {selection_id}, …'),
    ),
    trackers: field(optional(trackers('Third-party trackers, called by the client.'), [])),
    attributes: field(optional(integerList([1, 500], 100, 'IAB creative attributes.'), [])),
    categories: field(
      optional(stringList(100, 'IAB categories of what it shows; empty: those of the advertiser.'), []),
    ),
    duration_ms: field(optional(integer([0, 86_400_000], 'Length of video or audio, ms; 0 otherwise.'), 0)),
    status: field(statusField),
  },
  currencyOf: null,
};

const publisher: Entity = {
  kind: 'publisher',
  path: 'publishers',
  record: 'PublisherPublished',
  idField: 'publisher_id',
  map: 'publishers',
  parent: null,
  inherited: [],
  advertised: false,
  fields: {
    name: field(label('Name.')),
    domains: field(optional(stringList(1_000, 'Its domains and app bundles.'), [])),
    shares: field(shares('Its revenue share, by effective date, first one first.')),
    share_rounding: field(optional(choice(Rounding, 'How a fraction of a micro of its share is rounded.'), 'DOWN')),
    click_prefix: field(nullable(longText(1_000, 'URL put before our click URL; null: none.'))),
    blocked_advertisers: field(optional(stringList(1_000, 'adv_… or domains.'), [])),
    blocked_categories: field(optional(stringList(1_000, 'IAB categories.'), [])),
    separation: field(
      optional(
        choice(
          ['advertiser', 'category'],
          'What no two ads of one answer share: the advertiser, or the category (tier 1) as well.',
        ),
        'advertiser',
      ),
    ),
    status: field(statusField),
  },
  currencyOf: null,
};

const placement: Entity = {
  kind: 'placement',
  path: 'placements',
  record: 'PlacementPublished',
  idField: 'placement_id',
  map: 'placements',
  parent: { kind: 'publisher', field: 'publisher_id' },
  inherited: [],
  advertised: false,
  fields: {
    name: field(label('Name.')),
    formats: field(formatList('What it shows.')),
    sizes: field(optional(stringList(100, 'WxH; empty: any.'), [])),
    floor_micros: field(optional(money('Least price for a thousand, micros.'), '0')),
    floor_currency: field(code('^[A-Z]{3}$', 'ISO 4217; the currency of its auctions.')),
    tier: field(optional(choice(['premium', 'standard', 'remnant'], 'How much time a decision may take.'), 'standard')),
    auction: field(optional(choice(['first_price', 'second_price'], 'What the winner pays.'), 'first_price')),
    soft_floor_micros: field(
      optional(money('Second price: a bid between floor and soft floor pays itself; 0: none.'), '0'),
    ),
    increment_micros: field(optional(money('Second price: what is paid above the runner-up, for a thousand.'), '1000')),
    deals: field(optional(deals('Terms agreed with some buyers.'), [])),
    blocked_attributes: field(optional(integerList([1, 500], 100, 'IAB creative attributes that it refuses.'), [])),
    status: field(statusField),
  },
  currencyOf: null,
};

const deadlinePolicy: Entity = {
  kind: 'deadline_policy',
  path: 'deadline-policies',
  record: 'DeadlinePolicyPublished',
  idField: 'policy_id',
  map: 'deadlinePolicies',
  parent: null,
  inherited: [],
  advertised: false,
  fields: {
    name: field(label('Name.')),
    tier: field(fixed(choice(tiers, 'Tier of the placements that it is for; one live policy a tier. Never changes.'))),
    shares: field(deadlineShares('Share of the deadline by stage, in hundredths; what they leave of 100 is slack.')),
    plans: field(
      optional(
        degradationPlans(
          'Plans of degradation, the mildest first, each doing without all that the one before does without, the last without everything.',
        ),
        builtInPolicies.standard.plans,
      ),
    ),
    status: field(statusField),
  },
  currencyOf: null,
};

const bidder: Entity = {
  kind: 'bidder',
  path: 'bidders',
  record: 'BidderPublished',
  idField: 'bidder_id',
  map: 'bidders',
  parent: { kind: 'line_item', field: 'line_item_id' },
  inherited: ['campaign_id', 'advertiser_id'],
  advertised: true,
  fields: {
    name: field(label('Name.')),
    endpoint: field(longText(2_000, 'Where bid requests of OpenRTB 2.6 are posted: http or https.')),
    seat: field(optional(code('^[^\\u0000-\\u001f]{0,64}$', 'Seat whose bids alone are taken; empty: any.'), '')),
    currencies: field(
      optional(stringList(20, 'Currencies in which it may bid; empty: that of the placement alone.'), []),
    ),
    tiers: field(optional(stringList(3, 'Tiers of inventory that it is asked for; empty: all.'), [])),
    vendor_id: field(
      optional(integer([0, 65_535], 'Id in the TCF vendor list; 0: it learns of no person where GDPR applies.'), 0),
    ),
    qps_limit: field(
      optional(integer([0, 1_000_000], 'Bid requests a second by a serving process; 0: any number.'), 0),
    ),
    in_flight_limit: field(
      optional(integer([1, 100_000], 'Unanswered bid requests of a serving process at most.'), 1000),
    ),
    timeout_min_ms: field(optional(integer([1, 5_000], 'Least time that it is given, ms.'), 10)),
    timeout_max_ms: field(optional(integer([1, 5_000], 'Most time that it is given, ms.'), 200)),
    network_ms: field(optional(integer([0, 1_000], 'Time on the way, by which its tmax is lower, ms.'), 5)),
    max_answer_bytes: field(optional(integer([256, 1_048_576], 'Longest answer that is read, bytes.'), 65_536)),
    gzip: field(optional(flag('Bid requests are compressed.'), false)),
    http2: field(optional(flag('HTTP/2 where it is offered.'), false)),
    status: field(statusField),
  },
  currencyOf: null,
};

export const entities = [
  advertiser,
  campaign,
  lineItem,
  creative,
  publisher,
  placement,
  deadlinePolicy,
  bidder,
] as const;

export function entityOf(kind: EntityKind): Entity {
  return entities.find((entity) => entity.kind === kind) ?? advertiser;
}
