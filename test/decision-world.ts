import { createSeededRandom } from '../adapters/simulated/random.ts';
import { createSimulatedClock, type SimulatedClock } from '../adapters/simulated/clock.ts';
import { builtInPolicies } from '../domain/deadline-policy.ts';
import type {
  AdvertiserPublished,
  AnyRecord,
  BidderPublished,
  CampaignPublished,
  Change,
  CreativePublished,
  Lease,
  LineItemPublished,
  ListRule,
  PlacementPublished,
  PublisherPublished,
  Targeting,
  ViewRevision,
} from '../domain/records.ts';
import { CatalogIndex } from '../serving/catalog-index.ts';
import { type ClickRates, clickRatesView } from '../serving/click-rates.ts';
import type { ConsentVerdict } from '../serving/consent.ts';
import { Deadline } from '../serving/deadline.ts';
import { Decider, type DecisionInput, type DrawnLeases } from '../serving/decide.ts';
import { readDecisionRequest } from '../serving/decision-request.ts';
import { RecentSelections } from '../serving/frequency.ts';
import { type IssuedAd, type IssuerDeps, issueAd, selectedRecord } from '../serving/issue.ts';
import type { Person } from '../serving/person.ts';
import { type ResolvedSlot, resolveSlot } from '../serving/slot.ts';

/** Thursday noon, UTC. */
export const noon = Date.UTC(2026, 0, 1, 12);
const day = 86_400_000;

export const anything: ListRule = { include: [], exclude: [] };
export const everywhere: Targeting = {
  countries: anything,
  regions: anything,
  device_types: anything,
  os: anything,
  placements: anything,
  publishers: anything,
  formats: anything,
  sizes: anything,
  languages: anything,
  segments: anything,
  keywords: anything,
  categories: anything,
  domains: anything,
  key_values: [],
  hours: [],
  expression: '',
};

export function including(...include: string[]): ListRule {
  return { include, exclude: [] };
}

export function excluding(...exclude: string[]): ListRule {
  return { include: [], exclude };
}

export function firstChange(changes: Partial<Change> = {}): Change {
  return {
    revision: 1,
    changed_by: 'test',
    changed_at: noon - 10 * day,
    idempotency_key: null,
    request_hash: null,
    archived: false,
    ...changes,
  };
}

export function advertiser(number: number, changes: Partial<AdvertiserPublished> = {}): AdvertiserPublished {
  return {
    advertiser_id: `adv_${number}`,
    name: `Advertiser ${number}`,
    currency: 'EUR',
    time_zone: 'UTC',
    calendar: 0,
    domains: [`brand${number}.example`],
    categories: [],
    frequency_cap: null,
    status: 'ACTIVE',
    change: firstChange(),
    ...changes,
  };
}

export function campaign(number: number, changes: Partial<CampaignPublished> = {}): CampaignPublished {
  return {
    campaign_id: `cmp_${number}`,
    advertiser_id: `adv_${number}`,
    name: `Campaign ${number}`,
    budget_total_micros: 1_000_000_000,
    budget_daily_micros: null,
    flight: { starts_at: noon - day, ends_at: noon + 30 * day },
    pacing: 'asap',
    frequency_cap: null,
    status: 'ACTIVE',
    change: firstChange(),
    ...changes,
  };
}

/** CPM at 2.00 by default. */
export function lineItem(number: number, changes: Partial<LineItemPublished> = {}): LineItemPublished {
  return {
    line_item_id: `li_${number}`,
    campaign_id: `cmp_${number}`,
    advertiser_id: `adv_${number}`,
    name: `Line item ${number}`,
    pricing_model: 'CPM',
    bid_micros: 2_000_000,
    priority: 8,
    targeting: everywhere,
    frequency_cap: null,
    deals: [],
    flight: null,
    status: 'ACTIVE',
    change: firstChange(),
    ...changes,
  };
}

export function creative(number: number, changes: Partial<CreativePublished> = {}): CreativePublished {
  return {
    creative_id: `cr_${number}`,
    line_item_id: `li_${number}`,
    campaign_id: `cmp_${number}`,
    advertiser_id: `adv_${number}`,
    name: `Creative ${number}`,
    format: 'banner',
    width: 300,
    height: 250,
    markup:
      '<a href="{click_url}"><img src="https://ads.example/{creative_id}.png" width="{width}" height="{height}"></a>',
    landing_url: 'https://brand.example/?c={click_id}',
    trackers: [],
    attributes: [],
    categories: [],
    duration_ms: 0,
    status: 'ACTIVE',
    change: firstChange(),
    ...changes,
  };
}

export function publisher(number: number, changes: Partial<PublisherPublished> = {}): PublisherPublished {
  return {
    publisher_id: `pub_${number}`,
    name: `Publisher ${number}`,
    domains: [],
    shares: [{ effective_from: 0, share_ppm: 700_000 }],
    share_rounding: 'DOWN',
    click_prefix: null,
    blocked_advertisers: [],
    blocked_categories: [],
    separation: 'advertiser',
    status: 'ACTIVE',
    change: firstChange(),
    ...changes,
  };
}

export function placement(number: number, changes: Partial<PlacementPublished> = {}): PlacementPublished {
  return {
    placement_id: `pl_${number}`,
    publisher_id: `pub_${number}`,
    name: `Placement ${number}`,
    formats: ['banner'],
    sizes: ['300x250'],
    floor_micros: 0,
    floor_currency: 'EUR',
    tier: 'standard',
    auction: 'first_price',
    soft_floor_micros: 0,
    increment_micros: 1000,
    deals: [],
    blocked_attributes: [],
    status: 'ACTIVE',
    change: firstChange(),
    ...changes,
  };
}

/** A bidder that buys through the line item of that number. */
export function bidder(number: number, changes: Partial<BidderPublished> = {}): BidderPublished {
  return {
    bidder_id: `bd_${number}`,
    line_item_id: `li_${number}`,
    campaign_id: `cmp_${number}`,
    advertiser_id: `adv_${number}`,
    name: `Bidder ${number}`,
    endpoint: `https://bidder-${number}.example/bid`,
    seat: '',
    currencies: [],
    tiers: [],
    vendor_id: 0,
    qps_limit: 0,
    in_flight_limit: 1000,
    timeout_min_ms: 10,
    timeout_max_ms: 200,
    network_ms: 5,
    max_answer_bytes: 65_536,
    gzip: false,
    http2: false,
    status: 'ACTIVE',
    change: firstChange(),
    ...changes,
  };
}

/** An advertiser with one campaign, line item and creative of that number. */
export function supply(
  number: number,
  changes: {
    readonly advertiser?: Partial<AdvertiserPublished>;
    readonly campaign?: Partial<CampaignPublished>;
    readonly lineItem?: Partial<LineItemPublished>;
    readonly creative?: Partial<CreativePublished>;
  } = {},
): AnyRecord[] {
  return [
    { name: 'AdvertiserPublished', value: advertiser(number, changes.advertiser) },
    { name: 'CampaignPublished', value: campaign(number, changes.campaign) },
    { name: 'LineItemPublished', value: lineItem(number, changes.lineItem) },
    { name: 'CreativePublished', value: creative(number, changes.creative) },
  ];
}

/** A publisher with one placement of that number. */
export function inventory(
  number: number,
  changes: { readonly publisher?: Partial<PublisherPublished>; readonly placement?: Partial<PlacementPublished> } = {},
): AnyRecord[] {
  return [
    { name: 'PublisherPublished', value: publisher(number, changes.publisher) },
    { name: 'PlacementPublished', value: placement(number, changes.placement) },
  ];
}

export function indexOf(
  records: readonly AnyRecord[],
  options: { nowMs?: number; rates?: ClickRates } = {},
): CatalogIndex {
  const index = new CatalogIndex({ nowMs: options.nowMs ?? noon, ...(options.rates && { rates: options.rates }) });
  for (const record of records) index.apply(record, index.revision);
  return index;
}

/** Leases that hold so much for every campaign and day, or what is said of a campaign. */
export class FixedLeases implements DrawnLeases {
  readonly drawn: { readonly campaignId: string; readonly day: string; readonly amountMicros: number }[] = [];
  readonly left_: Map<string, number>;
  readonly #otherwise: number;
  /** Campaigns whose draws are refused although something is left. */
  readonly refusing = new Set<string>();

  constructor(left: Readonly<Record<string, number>> = {}, otherwise = 1_000_000_000) {
    this.left_ = new Map(Object.entries(left));
    this.#otherwise = otherwise;
  }

  left(campaignId: string): number {
    return this.left_.get(campaignId) ?? this.#otherwise;
  }

  draw(campaignId: string, day: string, amountMicros: number): Lease | null {
    const left = this.left(campaignId);
    if (amountMicros > left || this.refusing.has(campaignId)) return null;
    this.left_.set(campaignId, left - amountMicros);
    this.drawn.push({ campaignId, day, amountMicros });
    return { node: 'node-1', boot: '018f0000-0000-7000-8000-00000000b001', day };
  }

  views(): ViewRevision[] {
    return [{ view: 'pacing:0', revision: 17 }];
  }
}

export const contextual: ConsentVerdict = { consent: 'contextual', reason: 'no_signal' };
export const personal: ConsentVerdict = { consent: 'personal', reason: 'not_in_scope' };

export function knownPerson(changes: Partial<Person> = {}): Person {
  return {
    hash: 'a'.repeat(64),
    userKey: 'user-1',
    view: { items: new Map(), segments: [] },
    revision: 3,
    firstSight: false,
    missing: null,
    ...changes,
  };
}

export interface World {
  readonly clock: SimulatedClock;
  readonly decider: Decider;
  readonly leases: FixedLeases;
  readonly issuer: IssuerDeps;
}

export function worldOf(index: CatalogIndex, leases = new FixedLeases()): World {
  const clock = createSimulatedClock({ startMs: noon });
  const decider = new Decider({ clock, index, leases, recent: new RecentSelections(), restMs: 0 });
  return { clock, decider, leases, issuer: issuerDeps() };
}

export function issuerDeps(): IssuerDeps {
  const key = { id: 'k1', secret: Buffer.alloc(32, 7), verifiesUntil: Number.MAX_SAFE_INTEGER };
  return {
    options: {
      node: 'node-1',
      boot: '018f0000-0000-7000-8000-00000000b001',
      shards: 4,
      publicUrl: 'https://ads.example',
      impressionTokenMs: 30 * 60_000,
      clickTokenMs: day,
      reservationMs: 30 * 60_000 + 62_000,
    },
    random: createSeededRandom(1),
    signingKey: () => key,
  };
}

export interface Asked {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly consent?: ConsentVerdict;
  readonly person?: Person | null;
  readonly requestId?: string;
}

/** The input of a decision for one slot `s` on `pl_1`, unless the body says otherwise. Slots without an ad beforehand are left out. */
export function inputOf(world: World, asked: Asked = {}): DecisionInput {
  const request = readDecisionRequest({ slots: [{ id: 's', placement_id: 'pl_1' }], ...asked.body });
  const { index } = world.decider.deps;
  const slots = request.slots
    .map((slot) => resolveSlot(slot, index.catalog))
    .filter((slot): slot is ResolvedSlot => typeof slot !== 'string');
  return {
    requestId: asked.requestId ?? '018f0000-0000-7000-8000-000000000001',
    request,
    slots,
    sender: { channel: 'api', userAgent: 'UA', network: '', deviceType: request.device.type ?? 'desktop', os: null },
    consent: asked.consent ?? contextual,
    person: asked.person ?? null,
    deadline: new Deadline({
      totalUs: 100_000,
      policy: builtInPolicies.standard,
      startedUs: world.clock.monotonicUs(),
      ads: Math.max(1, request.slots.length),
    }),
    nowMs: index.advance(world.clock.now()),
  };
}

export function issueAll(world: World, input: DecisionInput): IssuedAd[] {
  return world.decider.choose(input).ads.map((ad) => issueAd(ad, input, world.issuer, 1));
}

/** What is recorded of every ad of an answer. */
export function selectionsOf(world: World, input: DecisionInput) {
  const { index, leases } = world.decider.deps;
  const views = [
    { view: 'catalog', revision: index.revision },
    ...leases.views(),
    { view: clickRatesView, revision: index.rates.revision },
  ];
  return issueAll(world, input).map((ad) => selectedRecord(ad, { input, views }));
}
