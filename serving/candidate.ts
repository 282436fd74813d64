import { pricePerEventMicros } from '../domain/money.ts';
import type { AdvertiserPublished, PublisherPublished } from '../domain/records.ts';
import { type Bid, certainPpm, ecpmMicros, priorityOf, type Rank, rankValueMicros, tieBreak } from './auction.ts';
import { categoriesOf, categoryVerdict } from './brand-safety.ts';
import type { IndexedCreative, IndexedLineItem } from './catalog-index.ts';
import type { ClickRates } from './click-rates.ts';
import { capOf, type CapScope, capScopes } from './person-exposures.ts';
import { chooseCreative, type ChosenCreative, type CreativeChoice, lowestTurn } from './prediction/creative-choice.ts';
import { featuresOf } from './prediction/model-switch.ts';
import type { SlotModel } from './prediction/served-model.ts';
import type { BidderFact, CallOutcome, ExternalBid, NotAskedReason } from './demand/external-bid.ts';
import { type PlaceTerms, type SaleTerms, termsFor } from './deals.ts';
import { isShowable, type PlaceLimits, refusedBuyer } from './exchange-terms.ts';

/** Everything of one ad's place against which single line items are judged, after the bitmaps. A recorded selection gives it again. */
export interface PlaceFacts {
  /** As in `slotKeys`. */
  readonly creativeKeys: readonly string[];
  /** IAB categories that publisher and request block. */
  readonly blockedCategories: readonly string[];
  /** IAB creative attributes that the placement does not show. */
  readonly blockedAttributes: readonly number[];
  /** Bidders of outside demand by the line item through which they buy. Default: none was asked. */
  readonly demand?: ReadonlyMap<string, BidderFact>;
  /** On what terms the place is sold. */
  readonly terms: PlaceTerms;
  /** Categories (tier 1) of the ads before it in the answer, where the publisher keeps competitors apart; null where it does not. */
  readonly shownCategories: ReadonlySet<string> | null;
  /** Of the request of an exchange. */
  readonly limits?: PlaceLimits;
  /** `hashText` of `placeName`. */
  readonly requestHash: number;
  readonly rates: ClickRates;
  /** What the model makes of the slot; null, or left out: there is none, and `rates` hold. */
  readonly model?: SlotModel | null;
  /** As versions before chose a creative, by turns. Default: by sampling. */
  readonly rotation?: 'turns' | 'sampling';
  /** Exposures of the person within the window of the cap that the line item has in that scope. Asked only where there is one, of a known person. */
  exposures(item: IndexedLineItem, scope: CapScope): number;
  /** Left to draw for the campaign on this node, micros. */
  leftMicros(item: IndexedLineItem): number;
}

/** Names one ad's place in one answer: what ties and the rotation of creatives are hashed by. */
export function placeName(requestId: string, slotId: string, position: number): string {
  return `${requestId}/${slotId}/${position}`;
}

/** Why a line item that passed targeting takes no part in the ranking: step and reason of `ExclusionCount`. */
export interface Refusal {
  readonly step: 'deal' | 'separation' | 'frequency' | 'budget' | 'creative' | 'floor' | 'bidders';
  readonly reason:
    | 'deal_not_offered'
    | 'deal_by_the_click'
    | 'no_price'
    | 'seat_not_allowed'
    | 'same_category'
    | 'cap_reached'
    | 'campaign_cap_reached'
    | 'advertiser_cap_reached'
    | 'no_budget'
    | 'attribute_blocked'
    | 'below_floor'
    | 'below_deal_floor'
    | BidderRefusal;
}

/** Why a bidder was not asked, or what became of its answer. */
type BidderRefusal = NotAskedReason | Exclude<CallOutcome, 'bid'> | 'not_asked' | 'above_limit';

const dealNotOffered: Refusal = { step: 'deal', reason: 'deal_not_offered' };
const dealByTheClick: Refusal = { step: 'deal', reason: 'deal_by_the_click' };
const sameCategory: Refusal = { step: 'separation', reason: 'same_category' };

const capReached: Readonly<Record<CapScope, Refusal>> = {
  line_item: { step: 'frequency', reason: 'cap_reached' },
  campaign: { step: 'frequency', reason: 'campaign_cap_reached' },
  advertiser: { step: 'frequency', reason: 'advertiser_cap_reached' },
};
export const noBudget: Refusal = { step: 'budget', reason: 'no_budget' };
export const attributeBlocked: Refusal = { step: 'creative', reason: 'attribute_blocked' };
export const belowFloor: Refusal = { step: 'floor', reason: 'below_floor' };
const belowDealFloor: Refusal = { step: 'floor', reason: 'below_deal_floor' };

/**
 * What keeps a line item out before anything of it is weighed: no deal that it could buy by, or a competitor that is there already. A fixed price is for
 * a thousand, so it takes nobody who is billed by the click.
 */
export function admit(item: IndexedLineItem, { terms, shownCategories, limits, demand }: PlaceFacts): Refusal | null {
  const { lineItem } = item;
  const unasked = item.bidder === null ? null : notAsked(demand?.get(lineItem.line_item_id));
  if (unasked !== null) return unasked;
  const refusedAs = limits === undefined ? null : refusedBuyer(lineItem, limits);
  if (refusedAs !== null) return { step: 'deal', reason: refusedAs };
  const own = termsFor(lineItem, terms);
  if (own === null) return dealNotOffered;
  if (own.rule === 'fixed_price' && lineItem.pricing_model === 'CPC') return dealByTheClick;
  const competes = shownCategories !== null && competitionOf(item).some((category) => shownCategories.has(category));
  return competes ? sameCategory : null;
}

/** A bidder that was not asked takes no part, whatever its line item says. */
function notAsked(fact: BidderFact | undefined): Refusal | null {
  if (fact?.asked === true) return null;
  return bidderRefusal(fact === undefined || fact.reason === '' ? 'not_asked' : fact.reason);
}

/** Reasons that come from a record are those of the version that wrote it. */
function bidderRefusal(reason: string): Refusal {
  return { step: 'bidders', reason: reason as BidderRefusal };
}

/** Why a bidder that was asked has no bid in the ranking; null if it has one, or the line item is no bidder's. */
export function noExternalBid({ bidder, lineItem }: IndexedLineItem, { demand }: PlaceFacts): Refusal | null {
  if (bidder === null) return null;
  const fact = demand?.get(lineItem.line_item_id);
  const bid = fact?.bid ?? null;
  if (bid === null) return bidderRefusal(fact?.outcome ?? 'not_asked');
  // The line item was changed while the bidder thought.
  return bid.bidMicros > lineItem.bid_micros ? bidderRefusal('above_limit') : null;
}

/** What is bid for it: by its bidder, or by itself. */
function offeredFor({ bidder, lineItem }: IndexedLineItem, { demand }: Pick<PlaceFacts, 'demand'>): number {
  if (bidder === null) return lineItem.bid_micros;
  return demand?.get(lineItem.line_item_id)?.bid?.bidMicros ?? lineItem.bid_micros;
}

/** What one billable event of a line item costs at the most, micros. */
export function dearestMicros(item: IndexedLineItem, facts: Pick<PlaceFacts, 'demand'> = {}): number {
  return pricePerEventMicros(offeredFor(item, facts), item.lineItem.pricing_model);
}

/** The first of its caps that is used up: its own, then those of what it belongs to. */
function reachedCap(item: IndexedLineItem, facts: PlaceFacts): Refusal | null {
  for (const scope of capScopes) {
    const cap = capOf(item, scope);
    if (cap !== null && facts.exposures(item, scope) >= cap.impressions) return capReached[scope];
  }
  return null;
}

/** Caps and budget: null if the line item is asked for a bid. A budget must cover the whole bid, whatever the price will be. */
export function pace(item: IndexedLineItem, facts: PlaceFacts): Refusal | null {
  const reached = reachedCap(item, facts);
  if (reached !== null) return reached;
  const dearest = dearestMicros(item, facts);
  return dearest > 0 && facts.leftMicros(item) < dearest ? noBudget : null;
}

/** A line item with the creative that it would show and what that is worth. */
export interface Offer {
  readonly item: IndexedLineItem;
  readonly creative: IndexedCreative;
  readonly bid: Bid;
  readonly terms: SaleTerms;
  readonly rank: Rank;
  readonly choice: CreativeChoice;
  /** Of the model that predicted; 0: none did. */
  readonly modelVersion: number;
  /** What its bidder bid; null: it bid by itself. */
  readonly external: ExternalBid | null;
}

/** What was bid for an offer, before a deal made a price of it; in the unit of its pricing model. */
export function bidMicrosOf({ external, item }: Offer): number {
  return external?.bidMicros ?? item.lineItem.bid_micros;
}

/**
 * The bid of a line item that was admitted (and has no `noExternalBid`), or null if all its creatives that fit are blocked. In a fixed-price deal the bid is the price, or what was really bid if that is less.
 */
export function bidOf(item: IndexedLineItem, facts: PlaceFacts): Offer | null {
  const tie = tieBreak(facts.requestHash, item.hash);
  const chosen = choose(item, facts, tie);
  if (chosen === null) return null;
  const { creative, choice } = chosen;
  const { lineItem } = item;
  const { model } = facts;
  const terms = termsFor(lineItem, facts.terms) ?? facts.terms.open;
  const isFixed = terms.rule === 'fixed_price';
  const external = facts.demand?.get(lineItem.line_item_id)?.bid ?? null;
  const offered = external?.bidMicros ?? lineItem.bid_micros;
  const bid: Bid = {
    model: lineItem.pricing_model,
    bidMicros: isFixed ? Math.min(offered, terms.floorMicros) : offered,
    clickRatePpm: model?.clickPpm(featuresOf(creative)) ?? facts.rates.ratePpm(creative.creative.creative_id),
    viewRatePpm: model?.viewPpm(featuresOf(creative)) ?? certainPpm,
    qualityPpm: certainPpm,
  };
  const rank = {
    priority: priorityOf(lineItem),
    preferred: isFixed && bid.model !== 'NONE',
    ecpmMicros: rankValueMicros(bid),
    tie,
  };
  return { item, creative, bid, terms, rank, choice, modelVersion: model?.version ?? 0, external };
}

/** Whether an offer meets the floor of its terms: null if it does. House ads have none; a fixed price is held against the bid itself. */
export function floorRefusal(offer: Offer): Refusal | null {
  const { bid, terms } = offer;
  if (bid.model === 'NONE') return null;
  const held = terms.rule === 'fixed_price' ? bidMicrosOf(offer) : ecpmMicros(bid);
  if (held >= terms.floorMicros) return null;
  return terms.dealId === null ? belowFloor : belowDealFloor;
}

/**
 * Categories that no further ad of the answer may have, or null where the publisher does not ask for it. Advertisers are kept apart always, by the
 * index.
 */
export function categoriesKeptApart(
  { separation }: PublisherPublished,
  before: readonly Pick<IndexedLineItem, 'advertiser' | 'creatives'>[],
): ReadonlySet<string> | null {
  return separation === 'category' && before.length > 0 ? new Set(before.flatMap(competitionOf)) : null;
}

/** Where nothing says what an ad is about, it competes with the others of which nothing is known. */
const unknownCategory = ['unknown'];

/**
 * Categories by which line items compete: tier 1 (`IAB2` of `IAB2-3`) of all that its live creatives show; where a creative names none, those of the
 * advertiser.
 */
export function competitionOf({ advertiser, creatives }: Pick<IndexedLineItem, 'advertiser' | 'creatives'>): string[] {
  const named = creatives.flatMap(({ creative: { categories } }) =>
    categories.length === 0 ? advertiser.categories : categories,
  );
  const distinct = [...new Set(named.map((category) => category.split('-', 1)[0] as string))];
  return distinct.length === 0 ? unknownCategory : distinct;
}

function choose(item: IndexedLineItem, facts: PlaceFacts, chance: number): ChosenCreative<IndexedCreative> | null {
  const { creatives, advertiser, bidder } = item;
  if (bidder !== null) return standIn(item, facts);
  // Eligible means that one of them fits and one is safe: of one alone nothing but its attributes and the terms of an exchange are in question.
  if (creatives.length === 1 && facts.blockedAttributes.length === 0 && facts.limits === undefined) {
    return { creative: creatives[0] as IndexedCreative, choice: 'only' };
  }
  const fitting = creatives.filter((one) => fits(one, facts) && isSafe(one, advertiser, facts));
  if (facts.rotation === 'turns') {
    return fitting.length === 0 ? null : { creative: lowestTurn(fitting, facts.requestHash), choice: 'explored' };
  }
  return chooseCreative(fitting, chance, ({ creative }) => facts.rates.countsOf(creative.creative_id));
}

/**
 * The creative that stands for what a bidder brings along: one of the bid's format that fits; what the bid itself shows, and how long it is, was judged
 * when it came.
 */
function standIn({ creatives, lineItem }: IndexedLineItem, facts: PlaceFacts): ChosenCreative<IndexedCreative> | null {
  const format = facts.demand?.get(lineItem.line_item_id)?.bid?.format ?? null;
  const creative = creatives.find((one) => (format === null || one.creative.format === format) && suits(one, facts));
  return creative === undefined ? null : { creative, choice: 'only' };
}

function isSafe(
  { creative }: IndexedCreative,
  advertiser: AdvertiserPublished,
  { blockedCategories }: PlaceFacts,
): boolean {
  return categoryVerdict(categoriesOf(creative, advertiser), blockedCategories) === 'safe';
}

function fits(one: IndexedCreative, facts: PlaceFacts): boolean {
  return suits(one, facts) && (facts.limits === undefined || isShowable(one.creative, facts.limits));
}

function suits({ keys, creative }: IndexedCreative, { creativeKeys, blockedAttributes }: PlaceFacts): boolean {
  if (!keys.some((key) => creativeKeys.includes(key))) return false;
  return blockedAttributes.length === 0 || !creative.attributes.some((code) => blockedAttributes.includes(code));
}
