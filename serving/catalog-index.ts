import {
  applyCatalog,
  bidderOf,
  type Catalog,
  campaignsOf,
  creativesOf,
  emptyCatalog,
  isLive,
} from '../domain/catalog.ts';
import type {
  AdvertiserPublished,
  AnyRecord,
  BidderPublished,
  CampaignPublished,
  Change,
  CreativePublished,
  LineItemPublished,
  Targeting,
} from '../domain/records.ts';
import { certainPpm, ecpmLimit, ecpmMicros, hashText, housePriority, priorityOf } from './auction.ts';
import { clearBit, countBits, hasBit, SlotSet, setBit } from './bitmap.ts';
import { BitmapDimension } from './bitmap-dimension.ts';
import { BitmapExpressions } from './bitmap-expressions.ts';
import { BitmapKeyValues } from './bitmap-key-values.ts';
import { RankBounds } from './bitmap-ranking.ts';
import { BrandIndex } from './brand-index.ts';
import { type ClickRates, SmoothedClickRates } from './click-rates.ts';
import { creativeKeys } from './creative-fit.ts';
import { FlightSchedule } from './flight-schedule.ts';
import { isCapped } from './person-exposures.ts';
import { type FeaturedCreative, ModelSwitch } from './prediction/model-switch.ts';
import { type ZoneClock, ZoneClocks } from './zone-clock.ts';

/** A creative with what a slot is compared with. */
export interface IndexedCreative extends FeaturedCreative {
  /** As in `creativeKeys`. */
  readonly keys: readonly string[];
  /** `hashText` of its id. */
  readonly hash: number;
}

/** A line item with what decides about it, as it now stands. */
export interface IndexedLineItem {
  /** Its bit in every bitmap. */
  readonly slot: number;
  readonly lineItem: LineItemPublished;
  campaign: CampaignPublished;
  advertiser: AdvertiserPublished;
  /** Who bids through it, paused ones included; null: it bids by itself. */
  readonly bidder: BidderPublished | null;
  /** Neither paused nor archived, oldest first. */
  readonly creatives: readonly IndexedCreative[];
  /** Budget day and hour in the zone of the advertiser. */
  readonly clock: ZoneClock;
  /** `hashText` of its id. */
  readonly hash: number;
  /** Hours of the week as bits, in 168 of 6 × 32; null: always. */
  readonly hours: Uint32Array | null;
  /** When its flight next begins or ends, ms. */
  flightAt: number;
  /** Every set that its slot is in. */
  readonly memberships: SlotSet[];
}

/** Attributes of which a line item has a list rule, by the name of the rule. */
export const listDimensions = [
  'placements',
  'publishers',
  'formats',
  'sizes',
  'countries',
  'regions',
  'device_types',
  'os',
  'languages',
  'domains',
  'categories',
  'keywords',
  'segments',
] as const satisfies readonly Exclude<keyof Targeting, 'key_values' | 'hours'>[];
export type ListDimension = (typeof listDimensions)[number];

export interface CatalogIndexOptions {
  readonly nowMs: number;
  /** Default: empty. Indexed as it stands; afterwards it changes through `apply` only. */
  readonly catalog?: Catalog;
  /** Default: the prior for every creative. */
  readonly rates?: ClickRates;
  /** Default: all. */
  readonly onlyLineItems?: readonly string[];
}

/** Line items of a campaign, and their slots. */
interface CampaignLineItems {
  readonly slots: SlotSet;
  readonly items: Set<IndexedLineItem>;
}

const noItems: readonly IndexedLineItem[] = [];
/** No publisher blocks it. */
const ofItsBids: readonly string[] = ['of-its-bids'];

/** Retired line items whose slots are given back at one decision. */
const sweptAtOnce = 8;

/** Bitmaps that grow together, one bit a slot. */
interface StateBitmaps {
  /** In the catalogue and not archived. */
  readonly known: Uint32Array;
  /** Line item, campaign and advertiser are all live. */
  readonly active: Uint32Array;
  /** The line item itself is. */
  readonly ownActive: Uint32Array;
  readonly inFlight: Uint32Array;
  /** Not in one of its hours now. */
  readonly closed: Uint32Array;
  /** A frequency cap holds for it: its own, its campaign's or its advertiser's. */
  readonly capped: Uint32Array;
  /** The line item itself has one. */
  readonly ownCapped: Uint32Array;
  /** A house ad. */
  readonly house: Uint32Array;
}

function stateBitmaps(words: number): StateBitmaps {
  return {
    known: new Uint32Array(words),
    active: new Uint32Array(words),
    ownActive: new Uint32Array(words),
    inFlight: new Uint32Array(words),
    closed: new Uint32Array(words),
    capped: new Uint32Array(words),
    ownCapped: new Uint32Array(words),
    house: new Uint32Array(words),
  };
}

/**
 * The catalogue as bitmaps over line items, kept up to date in place: a record changes the bits of the line items that it concerns. Time moves
 * through `advance`, never backwards.
 */
export class CatalogIndex {
  readonly catalog: Catalog;
  readonly rates: ClickRates;
  readonly dimensions: Readonly<Record<ListDimension, BitmapDimension>>;
  /** By the currency of the advertiser. */
  readonly currencies = new BitmapDimension();
  /** By format and size of its creatives. */
  readonly creativeFits = new BitmapDimension();
  /** By advertiser, domain and category: what publishers block. */
  readonly brands = new BrandIndex();
  /** Line items that are not to stand beside some categories of pages. */
  readonly avoidingCategories = new SlotSet();
  readonly keyValues = new BitmapKeyValues();
  /** By the deals that it buys by. */
  readonly deals = new BitmapDimension();
  readonly expressions = new BitmapExpressions();
  readonly bounds = new RankBounds();
  /** Which model predicts clicks and views; none: `rates`. */
  readonly models = new ModelSwitch();
  /** Changes with every bit of every bitmap: whatever was derived from an older version is worthless. */
  version = 0;
  state: StateBitmaps = stateBitmaps(0);
  readonly #bySlot: (IndexedLineItem | undefined)[] = [];
  readonly #byId = new Map<string, IndexedLineItem>();
  readonly #byCampaign = new Map<string, CampaignLineItems>();
  readonly #byHours = new Map<ZoneClock, Set<IndexedLineItem>>();
  readonly #freeSlots: number[] = [];
  readonly #flights = new FlightSchedule();
  readonly #clocks: ZoneClocks;
  /** Archived with their campaign or advertiser: no longer known, but still in their sets. */
  readonly #retired: Iterator<IndexedLineItem>[] = [];
  #retiredCount = 0;
  #now: number;

  constructor(options: CatalogIndexOptions) {
    this.catalog = options.catalog ?? emptyCatalog();
    this.rates = options.rates ?? new SmoothedClickRates();
    this.#now = options.nowMs;
    this.#clocks = new ZoneClocks(options.nowMs);
    this.dimensions = Object.fromEntries(
      listDimensions.map((name) => [name, new BitmapDimension()]),
    ) as unknown as Record<ListDimension, BitmapDimension>;
    for (const advertiser of this.catalog.advertisers.values()) this.brands.setAdvertiser(advertiser);
    for (const id of options.onlyLineItems ?? this.catalog.lineItems.keys()) this.#refresh(id);
  }

  /** Number of the next record of `catalog` that is not in it. */
  get revision(): number {
    return this.catalog.nextOffset;
  }

  /** Words of every bitmap that are in use. */
  get length(): number {
    return (this.#bySlot.length + 31) >>> 5;
  }

  /** Line items that are not archived. */
  get size(): number {
    return this.#byId.size - this.#retiredCount;
  }

  at(slot: number): IndexedLineItem {
    return this.#bySlot[slot] as IndexedLineItem;
  }

  /** Line items that are not archived, in no order. */
  items(): IterableIterator<IndexedLineItem> {
    return this.#byId.values().filter((item) => this.#isKnown(item));
  }

  /** Line items through which bidders of outside demand buy, in the order in which these were created. */
  bidders(): readonly IndexedLineItem[] {
    if (this.catalog.bidders.size === 0) return noItems;
    const ids = new Set(Array.from(this.catalog.bidders.values(), ({ line_item_id }) => line_item_id));
    return [...ids].flatMap((id) => this.get(id) ?? []);
  }

  get(lineItemId: string): IndexedLineItem | undefined {
    const item = this.#byId.get(lineItemId);
    return item !== undefined && this.#isKnown(item) ? item : undefined;
  }

  #isKnown({ slot }: IndexedLineItem): boolean {
    return hasBit(this.state.known, slot);
  }

  /** Wall clock of a zone, at the time of the index. */
  clockOf(zone: string): ZoneClock {
    return this.#clocks.get(zone);
  }

  ofAdvertiser(advertiserId: string): SlotSet | undefined {
    return this.brands.ofAdvertiser(advertiserId);
  }

  /** Takes the next record of `catalog`; false if it is void. */
  apply(record: AnyRecord, offset: number): boolean {
    if (!applyCatalog(this.catalog, record, offset)) return false;
    this.version += 1;
    if (record.name === 'LineItemPublished') this.#refresh(record.value.line_item_id);
    if (record.name === 'CreativePublished') this.#refresh(record.value.line_item_id);
    if (record.name === 'BidderPublished') this.#refresh(record.value.line_item_id);
    if (record.name === 'CampaignPublished') this.#refreshCampaign(record.value);
    if (record.name === 'AdvertiserPublished') this.#refreshAdvertiser(record.value);
    return true;
  }

  /** Slots are numbered below it. */
  get slots(): number {
    return this.#bySlot.length;
  }

  /** The model that predicts changes: only those who are sold by the click are ranked by it in a way that their bound does not cover. */
  boundAgain(slot: number): void {
    const item = this.#bySlot[slot];
    if (item?.lineItem.pricing_model === 'CPC') this.bounds.set(slot, this.#boundOf(item));
  }

  /** The predicted click rate of a creative changed. */
  rateChanged(creativeId: string): void {
    const creative = this.catalog.creatives.get(creativeId);
    const item = creative && this.#byId.get(creative.line_item_id);
    if (item === undefined) return;
    this.bounds.set(item.slot, this.#boundOf(item));
  }

  /**
   * Brings flights, hours and budget days up to a time; gives the time of the index, ms: that, or an earlier call's if the clock went back since.
   */
  advance(nowMs: number): number {
    if (this.#retired.length > 0) this.#sweep();
    if (nowMs <= this.#now) return this.#now;
    this.#now = nowMs;
    if (nowMs >= this.#clocks.nextAt) this.#advanceClocks();
    if (nowMs >= this.#flights.nextAt) this.#advanceFlights();
    return nowMs;
  }

  /**
   * Takes a few of those that were archived with their campaign out of their sets. Thousands are hidden at once, by one pass over a bitmap, and leave
   * their sets a few at every decision: a change must not hold up the decisions that wait behind it.
   */
  #sweep(): void {
    const items = this.#retired.at(-1);
    for (let left = sweptAtOnce; left > 0 && items !== undefined; left -= 1) {
      const { done, value: item } = items.next();
      if (done === true) return void this.#retired.pop();
      if (this.#byId.get(item.lineItem.line_item_id) !== item || this.#isKnown(item)) continue;
      this.#remove(item);
      this.#freeSlots.push(item.slot);
    }
  }

  #retire({ slots, items }: CampaignLineItems): void {
    const { known } = this.state;
    const before = countBits(known, this.length);
    slots.assignFrom(null, known);
    this.#retiredCount += before - countBits(known, this.length);
    this.#retired.push(items.values());
  }

  #advanceClocks(): void {
    for (const clock of this.#clocks.advance(this.#now)) {
      this.version += 1;
      for (const item of this.#byHours.get(clock) ?? []) this.#setHours(item);
    }
  }

  #advanceFlights(): void {
    this.version += 1;
    for (const slot of this.#flights.takeDue(this.#now)) {
      const item = this.#bySlot[slot];
      if (item !== undefined && item.flightAt <= this.#now) this.#setFlight(item);
    }
  }

  #refreshCampaign(campaign: CampaignPublished): void {
    const members = this.#byCampaign.get(campaign.campaign_id);
    if (members === undefined || members.items.size === 0) return this.#refreshAll(campaign.campaign_id);
    if (campaign.change.archived) return this.#retire(members);
    const [first] = members.items;
    const before = first?.campaign.flight;
    const hasMoved = before?.starts_at !== campaign.flight.starts_at || before.ends_at !== campaign.flight.ends_at;
    for (const item of members.items) item.campaign = campaign;
    if (hasMoved) for (const item of members.items) this.#setFlight(item);
    this.#setOwned(members);
  }

  #refreshAdvertiser(advertiser: AdvertiserPublished): void {
    this.brands.setAdvertiser(advertiser);
    for (const { campaign_id } of campaignsOf(this.catalog, advertiser.advertiser_id)) {
      const members = this.#byCampaign.get(campaign_id);
      const [first] = members?.items ?? [];
      if (members === undefined || first === undefined || isElsewhere(first.advertiser, advertiser)) {
        this.#refreshAll(campaign_id);
      } else if (advertiser.change.archived) this.#retire(members);
      else {
        for (const item of members.items) item.advertiser = advertiser;
        this.#setOwned(members);
      }
    }
  }

  #refreshAll(campaignId: string): void {
    for (const id of this.catalog.children.get(campaignId) ?? []) this.#refresh(id);
  }

  /** Brings what the line items of a campaign have from it and its advertiser up to date: a pass over bitmaps, however many they are. */
  #setOwned({ slots, items }: CampaignLineItems): void {
    const [first] = items;
    if (first === undefined) return;
    const { campaign, advertiser } = first;
    const { active, capped, ownActive, ownCapped, known } = this.state;
    slots.assignFrom(isLive(campaign) && isLive(advertiser) ? ownActive : null, active);
    const isCappedAbove = campaign.frequency_cap !== null || advertiser.frequency_cap !== null;
    slots.assignFrom(isCappedAbove ? known : ownCapped, capped);
  }

  /** Indexes a line item anew, or takes it out if it is archived or incomplete. */
  #refresh(lineItemId: string): void {
    const before = this.#byId.get(lineItemId);
    if (before !== undefined) this.#remove(before);
    const lineItem = this.catalog.lineItems.get(lineItemId);
    const campaign = lineItem && this.catalog.campaigns.get(lineItem.campaign_id);
    const advertiser = campaign && this.catalog.advertisers.get(campaign.advertiser_id);
    if (
      advertiser === undefined ||
      campaign === undefined ||
      lineItem === undefined ||
      isArchived(lineItem, campaign, advertiser)
    ) {
      if (before !== undefined) this.#freeSlots.push(before.slot);
    } else this.#insert({ lineItem, campaign, advertiser }, before?.slot ?? this.#takeSlot());
  }

  #takeSlot(): number {
    const slot = this.#freeSlots.pop() ?? this.#bySlot.length;
    if (slot >>> 5 >= this.state.known.length) this.#grow();
    return slot;
  }

  #grow(): void {
    const words = Math.max(8, 2 * this.state.known.length);
    const grown = stateBitmaps(words);
    for (const name of Object.keys(grown) as (keyof StateBitmaps)[]) grown[name].set(this.state[name]);
    this.state = grown;
    this.bounds.grow(words);
  }

  #insert(parts: Pick<IndexedLineItem, 'lineItem' | 'campaign' | 'advertiser'>, slot: number): void {
    const { lineItem, advertiser } = parts;
    const item: IndexedLineItem = {
      ...parts,
      slot,
      bidder: bidderOf(this.catalog, lineItem.line_item_id),
      creatives: liveCreatives(this.catalog, lineItem.line_item_id),
      clock: this.#clocks.get(advertiser.time_zone),
      hash: hashText(lineItem.line_item_id),
      hours: hoursAsBits(lineItem.targeting.hours),
      flightAt: Infinity,
      memberships: [],
    };
    this.#bySlot[slot] = item;
    this.#byId.set(lineItem.line_item_id, item);
    this.#joinCampaign(item);
    if (item.hours !== null) join(this.#byHours, item.clock, item);
    this.#joinSets(item);
    this.#setBits(item);
    this.bounds.set(slot, this.#boundOf(item));
  }

  #joinCampaign(item: IndexedLineItem): void {
    const { campaign_id } = item.lineItem;
    const members = this.#byCampaign.get(campaign_id) ?? { slots: new SlotSet(), items: new Set() };
    this.#byCampaign.set(campaign_id, members);
    members.items.add(item);
    members.slots.add(item.slot);
    item.memberships.push(members.slots);
  }

  #joinSets({ slot, lineItem, advertiser, bidder, creatives, memberships }: IndexedLineItem): void {
    for (const name of listDimensions) this.dimensions[name].add(slot, lineItem.targeting[name], memberships);
    this.keyValues.add(slot, lineItem.targeting.key_values, memberships);
    if (lineItem.targeting.categories.exclude.length > 0) {
      this.avoidingCategories.add(slot);
      memberships.push(this.avoidingCategories);
    }
    this.expressions.add(slot, { text: lineItem.targeting.expression, zone: advertiser.time_zone }, memberships);
    if (lineItem.deals.length > 0) this.deals.restrict(slot, lineItem.deals, memberships);
    this.currencies.restrict(slot, [advertiser.currency], memberships);
    this.creativeFits.restrict(
      slot,
      creatives.flatMap(({ keys }) => keys),
      memberships,
    );
    // What a bidder shows is known, and judged, once it has bid: the creative only stands for it.
    const shown = creatives.map(({ creative }) =>
      bidder === null ? creative : { ...creative, categories: ofItsBids },
    );
    this.brands.add(slot, advertiser.advertiser_id, shown, memberships);
  }

  #setBits(item: IndexedLineItem): void {
    setBit(this.state.known, item.slot);
    put(this.state.house, item.slot, priorityOf(item.lineItem) === housePriority);
    this.#setCapped(item);
    this.#setActive(item);
    this.#setFlight(item);
    this.#setHours(item);
  }

  #setActive({ slot, lineItem, campaign, advertiser }: IndexedLineItem): void {
    put(this.state.ownActive, slot, isLive(lineItem));
    put(this.state.active, slot, isLive(lineItem) && isLive(campaign) && isLive(advertiser));
  }

  #setCapped(item: IndexedLineItem): void {
    put(this.state.ownCapped, item.slot, item.lineItem.frequency_cap !== null);
    put(this.state.capped, item.slot, isCapped(item));
  }

  #setHours({ slot, hours, clock }: IndexedLineItem): void {
    const open = hours === null || ((hours[clock.hourOfWeek >>> 5] as number) & (1 << (clock.hourOfWeek & 31))) !== 0;
    put(this.state.closed, slot, !open);
  }

  #setFlight(item: IndexedLineItem): void {
    const { starts_at, ends_at } = flightOf(item);
    put(this.state.inFlight, item.slot, starts_at <= this.#now && this.#now < ends_at);
    const next = this.#now < starts_at ? starts_at : ends_at;
    const flightAt = this.#now < next ? next : Infinity;
    if (flightAt !== Infinity && flightAt !== item.flightAt) this.#flights.push(flightAt, item.slot);
    item.flightAt = flightAt;
  }

  #boundOf({ lineItem, creatives, hash }: IndexedLineItem) {
    const { pricing_model: model, bid_micros: bidMicros } = lineItem;
    let value = 0;
    for (const creative of creatives) {
      const clickRatePpm = model === 'CPC' ? this.#clickBoundOf(creative) : 0;
      const bid = { model, bidMicros, clickRatePpm, viewRatePpm: certainPpm, qualityPpm: certainPpm };
      value = Math.max(value, ecpmMicros(bid));
    }
    // A micro more than the rounded value, so that a part of it is not below the same part of what was rounded. What stands at the limit is not cut at all.
    const isCut = model === 'CPC' && this.models.newest !== null && value < ecpmLimit - 1;
    const best = isCut ? value + 1 : value;
    const clickMicros = isCut ? best : 0;
    const byDeal = lineItem.deals.length > 0;
    const worthMicros = byDeal || model === 'NONE' ? Infinity : best;
    return {
      priority: priorityOf(lineItem),
      preferred: byDeal,
      ecpmMicros: best,
      worthMicros,
      clickMicros,
      itemHash: hash,
    };
  }

  #clickBoundOf(creative: IndexedCreative): number {
    return this.models.boundPpm(creative, this.rates.ratePpm(creative.creative.creative_id));
  }

  #remove(item: IndexedLineItem): void {
    const { slot } = item;
    if (!this.#isKnown(item)) this.#retiredCount -= 1;
    for (const set of item.memberships) set.delete(slot);
    for (const bitmap of Object.values(this.state) as Uint32Array[]) clearBit(bitmap, slot);
    this.bounds.clear(slot);
    this.#bySlot[slot] = undefined;
    this.#byId.delete(item.lineItem.line_item_id);
    this.#byCampaign.get(item.lineItem.campaign_id)?.items.delete(item);
    this.#byHours.get(item.clock)?.delete(item);
  }
}

/** The console never lets them change; were they changed all the same, half of the index would go on with the old ones. */
function isElsewhere(before: AdvertiserPublished, after: AdvertiserPublished): boolean {
  return before.currency !== after.currency || before.time_zone !== after.time_zone;
}

/** Creatives of a line item that can be shown, oldest first. */
export function liveCreatives(catalog: Catalog, lineItemId: string): IndexedCreative[] {
  return creativesOf(catalog, lineItemId).filter(isLive).map(indexedCreative);
}

function indexedCreative(creative: CreativePublished): IndexedCreative {
  return { creative, keys: creativeKeys(creative), hash: hashText(creative.creative_id), features: null };
}

function isArchived(...entities: readonly { readonly change: Change }[]): boolean {
  return entities.some(({ change }) => change.archived);
}

function put(words: Uint32Array, slot: number, value: boolean): void {
  if (value) setBit(words, slot);
  else clearBit(words, slot);
}

function join<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

/** The flight of a line item lies within that of its campaign. */
function flightOf({ lineItem, campaign }: IndexedLineItem): { starts_at: number; ends_at: number } {
  const own = lineItem.flight ?? campaign.flight;
  return {
    starts_at: Math.max(own.starts_at, campaign.flight.starts_at),
    ends_at: Math.min(own.ends_at, campaign.flight.ends_at),
  };
}

function hoursAsBits(hours: readonly number[]): Uint32Array | null {
  if (hours.length === 0) return null;
  const bits = new Uint32Array(6);
  for (const hour of hours) setBit(bits, hour);
  return bits;
}
