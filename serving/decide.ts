import type {
  Auction,
  BidderOutcome,
  ExclusionCount,
  Lease,
  LeaseFact,
  Loser,
  PersonRead,
  RequestContext,
  ViewRevision,
} from '../domain/records.ts';
import { requestFactsOf } from '../domain/prediction-facts.ts';
import type { Clock } from '../ports/clock.ts';
import { compareRanks, competes, ecpmLimit, hashText, housePriority, priceMicros } from './auction.ts';
import { hasBit } from './bitmap.ts';
import { TopCandidates } from './bitmap-ranking.ts';
import { isCategory } from './brand-safety.ts';
import {
  admit,
  bidMicrosOf,
  categoriesKeptApart,
  floorRefusal,
  noExternalBid,
  type Offer,
  type PlaceFacts,
  pace,
  placeName,
} from './candidate.ts';
import type { CatalogIndex, IndexedLineItem } from './catalog-index.ts';
import type { ConsentVerdict } from './consent.ts';
import { type AdTimes, type Deadline, type Stage } from './deadline.ts';
import { type PlaceTerms, type SaleTerms, termsFor, termsOf } from './deals.ts';
import type { DecisionRequest } from './decision-request.ts';
import type { BidderFact, SlotDemand, ValidBid } from './demand/external-bid.ts';
import { bidderOutcomes } from './demand/slot-outcomes.ts';
import { type Eligible, EligibilityIndex } from './eligibility.ts';
import { limitsOf, type PlaceLimits } from './exchange-terms.ts';
import { mergedTimes, type RecentSelections } from './frequency.ts';
import { houseOnly } from './house-only.ts';
import type { Person } from './person.ts';
import { isCapped, PersonExposures } from './person-exposures.ts';
import type { SlotModel } from './prediction/served-model.ts';
import { addExclusion, losersKept, Ranking } from './ranking.ts';
import { RestingLineItems } from './resting.ts';
import { contextOf, type NoAdReason, type RequestSender, type ResolvedSlot } from './slot.ts';
import { attributesOf } from './targeting.ts';

/** The leases of this boot, as a decision sees them (`LeaseBook`). */
export interface DrawnLeases {
  left(campaignId: string, day: string): number;
  draw(campaignId: string, day: string, amountMicros: number): Lease | null;
  views(): readonly ViewRevision[];
}

export interface DeciderDeps {
  readonly clock: Clock;
  readonly index: CatalogIndex;
  readonly leases: DrawnLeases;
  readonly recent: RecentSelections;
  /** How long a line item without budget is passed over, ms. */
  readonly restMs: number;
}

/** A request whose slots were found in the catalogue, with everything that was read for it. */
export interface DecisionInput {
  readonly requestId: string;
  readonly request: DecisionRequest;
  /** In the order of the request. */
  readonly slots: readonly ResolvedSlot[];
  readonly sender: RequestSender;
  readonly consent: ConsentVerdict;
  /** Null without consent or without an id. */
  readonly person: Person | null;
  readonly deadline: Deadline;
  /** Time of the decision: `CatalogIndex.advance`, ms. */
  readonly nowMs: number;
  /** What bidders of outside demand answered, by slot id. Default: none was asked. */
  readonly demand?: ReadonlyMap<string, SlotDemand<ValidBid>>;
}

/** An ad that was chosen, with its money drawn and with what the record says of how it came about. */
export interface ChosenAd {
  readonly slot: ResolvedSlot;
  readonly position: number;
  readonly offer: Offer;
  readonly context: RequestContext;
  readonly person: PersonRead | null;
  readonly auction: Auction;
  readonly priceMicros: number;
  readonly drawLease: Lease | null;
  readonly losers: readonly Loser[];
  readonly exclusions: readonly ExclusionCount[];
  readonly leases: readonly LeaseFact[];
  readonly times: AdTimes;
  readonly excludedCreatives: readonly string[];
  /** Of outside demand: those that were eligible for the slot. */
  readonly bidders: readonly BidderOutcome[];
  /** The bid of the winner, where a bidder made it. */
  readonly external: ValidBid | null;
}

/** A bidder's line item that is eligible for a slot by the catalogue's word. */
export interface BidderPlace {
  readonly item: IndexedLineItem;
  /** Terms on which it would buy. */
  readonly terms: SaleTerms;
  /** Why it could not win all the same: caps, budget, or everybody of a better priority; null: nothing speaks against asking. */
  readonly refusal: string | null;
}

/** A slot before bidders are asked. */
export interface SlotOutlook {
  readonly slot: ResolvedSlot;
  readonly context: RequestContext;
  readonly bidders: readonly BidderPlace[];
  /** Domains and apps, and IAB categories, that publisher and request block; IAB creative attributes likewise. */
  readonly blockedBrands: readonly string[];
  readonly blockedCategories: readonly string[];
  readonly blockedAttributes: readonly number[];
  /** Value of the best of the house's own, micros for a thousand; 0: none. */
  readonly ownBestMicros: number;
}

export interface EmptySlot {
  readonly slotId: string;
  readonly reason: NoAdReason;
  /** Of the ad that could not be found. */
  readonly exclusions: readonly ExclusionCount[];
}

export interface Choice {
  readonly ads: readonly ChosenAd[];
  readonly empty: readonly EmptySlot[];
}

/** Line items looked at together: enough for a winner and its losers when hardly any of them is refused. */
const walkSize = 8;
const leaseFactsKept = 20;
const noOutcomes: readonly BidderOutcome[] = [];

/**
 * Chooses ads. Works on memory alone: index, leases and what was read of the person; never waits. The arrays that it walks with are its own, so
 * one decision is made at a time.
 */
export class Decider {
  readonly deps: DeciderDeps;
  readonly #eligibility: EligibilityIndex;
  readonly #top: TopCandidates;
  readonly #resting: RestingLineItems;

  constructor(deps: DeciderDeps) {
    this.deps = deps;
    this.#eligibility = new EligibilityIndex(deps.index);
    this.#top = new TopCandidates(deps.index.bounds, walkSize);
    this.#resting = new RestingLineItems(deps.index, deps.restMs);
  }

  choose(input: DecisionInput): Choice {
    const ads: ChosenAd[] = [];
    const empty: EmptySlot[] = [];
    for (const slot of input.slots) {
      const place = new Place(this.deps, input, slot);
      for (let position = 0; position < slot.request.count; position += 1) {
        const found = this.#fillPlace(place, position, keptApart(slot, ads));
        if ('offer' in found) ads.push(found);
        else if (position === 0) empty.push(found);
        if (!('offer' in found)) break;
      }
    }
    return { ads, empty };
  }

  /** Who of the bidders of outside demand could win what, and against whom. Draws nothing and notes nothing. */
  outlook(input: DecisionInput): SlotOutlook[] {
    return input.slots.flatMap((slot) => this.#slotOutlook(new Place(this.deps, input, slot)) ?? []);
  }

  /** Null: no bidder is eligible. */
  #slotOutlook(place: Place): SlotOutlook | null {
    const { index, clock } = this.deps;
    const { slot, context, attributes, input } = place;
    const eligible = this.#findEligible(place, noAds);
    const items = index.bidders().filter((item) => hasBit(eligible.words, item.slot));
    if (items.length === 0) return null;
    const facts = place.factsAt(0, noAds);
    // House's own demand as it stands without them: their bids are not known yet.
    const mayGoOn = () => input.deadline.withSlackUs('bidders', clock.monotonicUs()) > 0;
    const ranking = new Ranking({ index, top: this.#top, eligible, facts, time: { enter: noTime, mayGoOn } });
    ranking.fill(1);
    const [own] = ranking.offers;
    const { blockedBrands, blockedCategories } = attributes;
    return {
      slot,
      context,
      bidders: items.map((item) => bidderPlace(item, place, { facts, own })),
      blockedBrands: blockedBrands.filter((entry) => !isCategory(entry) && !entry.startsWith('adv_')),
      blockedCategories,
      blockedAttributes: facts.blockedAttributes,
      // Whoever is ahead by priority need not beat it.
      ownBestMicros: items.some(({ lineItem }) => own === undefined || lineItem.priority < own.rank.priority)
        ? 0
        : (own?.rank.ecpmMicros ?? 0),
    };
  }

  #fillPlace(place: Place, position: number, before: readonly ChosenAd[]): ChosenAd | EmptySlot {
    const { input, slot } = place;
    const { clock, index } = this.deps;
    const enter = (stage: Stage) => input.deadline.enter(stage, clock.monotonicUs());
    const { deadline } = input;
    deadline.choosePlan(clock.monotonicUs());
    if (deadline.isOver(clock.monotonicUs())) return emptySlot(slot, 'deadline_exceeded', []);
    enter('targeting');
    const found = this.#findEligible(place, before);
    const eligible = deadline.without('auction') ? houseOnly(found, index) : found;
    const facts = place.factsAt(position, before);
    const mayGoOn = () => deadline.mayWalkOn(clock.monotonicUs());
    const ranking = new Ranking({ index, top: this.#top, eligible, facts, time: { enter, mayGoOn } });
    const sale = sell(ranking, place, enter);
    noteSkipped(deadline, ranking);
    this.#resting.note(ranking.withoutBudget, input.nowMs);
    enter('response');
    const exclusions = ranking.exclusions().reduce(addExclusion, eligible.exclusions);
    if (sale === null) return emptySlot(slot, reasonOf(exclusions), exclusions);
    return place.chosen({ position, sale, ranking, eligible, exclusions, before });
  }

  #findEligible(place: Place, before: readonly ChosenAd[]): Eligible {
    const { nowMs, person } = place.input;
    return this.#eligibility.find(place.attributes, {
      personKnown: person !== null && person.view !== null,
      shownAdvertisers: before.map(({ offer }) => offer.item.advertiser.advertiser_id),
      resting: this.#resting.at(nowMs),
    });
  }
}

function noteSkipped(deadline: Deadline, ranking: Ranking): void {
  if (deadline.without('auction')) deadline.skip('auction', 'auction');
  else if (ranking.cut) deadline.fallBack('losers', 'targeting', 'walk_cut');
  else if (deadline.without('losers')) deadline.skip('losers', 'targeting');
}

interface Sale {
  readonly offer: Offer;
  readonly runnerUp: Offer | null;
  readonly priceMicros: number;
  readonly drawLease: Lease | null;
}

/** The auction: the first of the ranking whose budget can be drawn, at the price that the rule gives. */
function sell(ranking: Ranking, place: Place, enter: (stage: Stage) => void): Sale | null {
  for (;;) {
    // The runner-up may make the price; those behind it are evidence alone.
    ranking.fill(place.input.deadline.without('losers') ? 2 : 1 + losersKept);
    const runnerUp = ranking.runnerUp();
    enter('auction');
    const [offer] = ranking.offers;
    if (offer === undefined) return null;
    const price = priceMicros(offer.bid, offer.terms, runnerUp?.rank.ecpmMicros ?? null);
    const drawLease = place.draw(offer, price);
    if (drawLease !== 'refused') return { offer, runnerUp, priceMicros: price, drawLease };
    ranking.withoutBudget.push(offer.item);
    ranking.refuseFirst();
  }
}

const noAds: readonly ChosenAd[] = [];

/** The clock of the stages stands at that of the bidders. */
function noTime(): void {}

function bidderPlace(
  item: IndexedLineItem,
  place: Place,
  { facts, own }: { readonly facts: PlaceFacts; readonly own: Offer | undefined },
): BidderPlace {
  const terms = place.termsFor(item);
  const { lineItem } = item;
  const asked = new Map([[lineItem.line_item_id, askedAlready(item)]]);
  const judged = { ...facts, demand: asked };
  const refusal = admit(item, judged) ?? pace(item, judged);
  if (refusal !== null) return { item, terms, refusal: refusal.reason };
  const best = {
    priority: lineItem.priority,
    preferred: terms.rule === 'fixed_price',
    ecpmMicros: Math.min(lineItem.bid_micros, ecpmLimit - 1),
    tie: 0,
  };
  return { item, terms, refusal: own !== undefined && compareRanks(own.rank, best) < 0 ? 'outranked' : null };
}

/** What caps and budget are judged by before a bid is there: the dearest that may come. */
function askedAlready({ lineItem, bidder }: IndexedLineItem): BidderFact {
  const [bidderId, lineItemId] = [bidder?.bidder_id ?? '', lineItem.line_item_id];
  return {
    bidderId,
    lineItemId,
    asked: true,
    outcome: '',
    reason: '',
    timeoutUs: 0,
    latencyUs: 0,
    bid: null,
    outdone: [],
  };
}

/** Ads of the answer that no competitor may stand beside: all of them, but for an exchange those of the same slot or pod. */
function keptApart({ request }: ResolvedSlot, ads: readonly ChosenAd[]): readonly ChosenAd[] {
  const { id, exchange } = request;
  if (exchange === undefined || ads.length === 0) return ads;
  // Slots are filled one after another.
  if (exchange.pod === null && ads.at(-1)?.slot.request.id !== id) return noAds;
  const isBeside = ({ slot: { request: other } }: ChosenAd) =>
    other.id === id || (exchange.pod !== null && other.exchange?.pod === exchange.pod);
  return ads.filter(isBeside);
}

/** One slot of one request: what is the same for all ads that it takes. */
class Place {
  readonly deps: DeciderDeps;
  readonly input: DecisionInput;
  readonly slot: ResolvedSlot;
  readonly context: RequestContext;
  readonly attributes: ReturnType<typeof attributesOf>;
  readonly #terms: PlaceTerms;
  readonly #limits: PlaceLimits | null;
  readonly #model: SlotModel | null;
  readonly #demand: SlotDemand<ValidBid> | undefined;
  /** Null: not known. */
  #exposures: PersonExposures | null = null;
  /** Campaign → left on its lease when it was first looked at for this ad; 0 if a draw was refused. */
  readonly #left = new Map<string, number>();

  constructor(deps: DeciderDeps, input: DecisionInput, slot: ResolvedSlot) {
    this.deps = deps;
    this.input = input;
    this.slot = slot;
    const view = input.person?.view ?? null;
    this.context = contextOf(slot, input.request, input.sender, input.consent);
    const { placement, publisher } = slot;
    this.#terms = termsOf(placement, { floorMicros: slot.floorMicros, offered: slot.deals });
    this.#demand = input.demand?.get(slot.request.id);
    const { placement_id, publisher_id } = placement;
    const at = { placement_id, publisher_id, selected_at: input.nowMs };
    this.#model = deps.index.models.current?.forRequest(requestFactsOf(this.context, at)) ?? null;
    this.#limits = input.sender.channel === 'openrtb' ? limitsOf(this.context) : null;
    this.attributes = attributesOf({
      context: this.context,
      placement,
      publisher,
      profileSegments: view?.segments ?? [],
    });
  }

  /** On which a line item buys here. */
  termsFor({ lineItem }: IndexedLineItem): SaleTerms {
    return termsFor(lineItem, this.#terms) ?? this.#terms.open;
  }

  /** What is known at this very moment: ads that this answer has so far are among it. */
  #knownExposures(): PersonExposures | null {
    const { nowMs, person } = this.input;
    if (person === null || person.view === null) return null;
    const { items: exposed, selected: shown = new Map() } = person.view;
    const own = person.userKey === null ? undefined : this.deps.recent.of(person.userKey, nowMs);
    return new PersonExposures({ exposed, shown, selected: mergedTimes(own, person.selected), nowMs }, this.deps.index);
  }

  factsAt(position: number, before: readonly ChosenAd[]): PlaceFacts {
    this.#left.clear();
    this.#exposures = this.#knownExposures();
    return {
      creativeKeys: this.attributes.creativeKeys,
      blockedCategories: this.attributes.blockedCategories,
      blockedAttributes: [...this.slot.placement.blocked_attributes, ...this.context.blocked_attributes],
      ...(this.#limits && { limits: this.#limits }),
      terms: this.#terms,
      ...(this.#demand !== undefined && { demand: this.#demand }),
      shownCategories: categoriesKeptApart(
        this.slot.publisher,
        before.map(({ offer }) => offer.item),
      ),
      requestHash: hashText(placeName(this.input.requestId, this.slot.request.id, position)),
      rates: this.deps.index.rates,
      model: this.#model,
      exposures: (item, scope) => this.#exposures?.count(item, scope) ?? 0,
      leftMicros: (item) => this.#leftMicros(item),
    };
  }

  #leftMicros({ campaign, clock }: IndexedLineItem): number {
    const known = this.#left.get(campaign.campaign_id);
    if (known !== undefined) return known;
    const left = this.deps.leases.left(campaign.campaign_id, clock.day);
    this.#left.set(campaign.campaign_id, left);
    return left;
  }

  /** Commits the price where selection commits money. A test ad and one that costs nothing draw nothing. */
  draw({ item, bid }: Offer, price: number): Lease | null | 'refused' {
    if (price === 0 || this.input.request.test || (bid.model !== 'CPM' && bid.model !== 'VCPM')) return null;
    const { campaign_id } = item.campaign;
    const lease = this.deps.leases.draw(campaign_id, item.clock.day, price);
    if (lease !== null) return lease;
    // What can't be drawn is not there: the record says so, and `why-not` comes to the same end.
    this.#left.set(campaign_id, 0);
    return 'refused';
  }

  chosen(parts: {
    readonly position: number;
    readonly sale: Sale;
    readonly ranking: Ranking;
    readonly eligible: Eligible;
    readonly exclusions: readonly ExclusionCount[];
    readonly before: readonly ChosenAd[];
  }): ChosenAd {
    const { position, sale, ranking, eligible, exclusions, before } = parts;
    const { offer, drawLease } = sale;
    const demand = this.#demand;
    const ad: ChosenAd = {
      slot: this.slot,
      position,
      offer,
      context: this.context,
      person: this.#personRead(),
      auction: auctionRecord(sale, ranking, eligible),
      priceMicros: sale.priceMicros,
      drawLease,
      losers: losersOf(sale, ranking),
      exclusions,
      leases: this.#leaseFacts(),
      times: this.input.deadline.takeAdTimes(),
      excludedCreatives: before.map((earlier) => earlier.offer.creative.creative.creative_id),
      bidders:
        demand === undefined
          ? noOutcomes
          : bidderOutcomes(demand, (id) => this.#becameOf(id, sale, { ranking, before, position })),
      external: offer.external === null ? null : (demand?.get(offer.item.lineItem.line_item_id)?.bid ?? null),
    };
    this.#noteExposure(offer.item);
    return ad;
  }

  /** What became of a bidder's bid: won, outbid, lost_tie, or why it took no part. */
  #becameOf(
    lineItemId: string,
    { offer }: Sale,
    {
      ranking,
      before,
      position,
    }: { readonly ranking: Ranking; readonly before: readonly ChosenAd[]; readonly position: number },
  ): string {
    if (offer.item.lineItem.line_item_id === lineItemId) return 'won';
    const isOf = (other: Offer) => other.item.lineItem.line_item_id === lineItemId;
    const behind = ranking.offers.find(isOf);
    if (behind !== undefined) return lostBecause(offer, behind);
    const cheap = ranking.belowFloor.find(isOf);
    if (cheap !== undefined) return floorRefusal(cheap)?.reason ?? 'below_floor';
    const item = this.deps.index.get(lineItemId);
    if (item === undefined) return 'inactive';
    const isBeside = before.some((ad) => ad.offer.item.advertiser.advertiser_id === item.advertiser.advertiser_id);
    if (isBeside) return 'same_advertiser';
    const facts = this.factsAt(position, before);
    // Whom the walk did not reach stood too far behind.
    return (admit(item, facts) ?? pace(item, facts) ?? noExternalBid(item, facts))?.reason ?? 'outbid';
  }

  /** Counts as they were when this ad was chosen. */
  #personRead(): PersonRead | null {
    const { person } = this.input;
    if (person === null || person.view === null || this.#exposures === null) return null;
    return { revision: person.revision, segments: person.view.segments, ...this.#exposures.facts() };
  }

  /** What no cap holds for need not be remembered. */
  #noteExposure(item: IndexedLineItem): void {
    const userKey = this.input.person?.userKey ?? null;
    if (userKey === null || this.input.request.test || !isCapped(item)) return;
    this.deps.recent.note(userKey, item.lineItem.line_item_id, this.input.nowMs);
  }

  #leaseFacts(): LeaseFact[] {
    const facts: LeaseFact[] = [];
    for (const [campaign_id, left_micros] of this.#left) {
      if (facts.length < leaseFactsKept) facts.push({ campaign_id, left_micros });
    }
    return facts;
  }
}

function auctionRecord({ offer, runnerUp }: Sale, ranking: Ranking, eligible: Eligible): Auction {
  const { terms } = offer;
  return {
    rule: isFallback(offer) ? 'fallback' : terms.rule,
    bid_micros: bidMicrosOf(offer),
    ecpm_micros: offer.rank.ecpmMicros,
    floor_micros: terms.floorMicros,
    soft_floor_micros: terms.softFloorMicros,
    increment_micros: terms.incrementMicros,
    deal_id: terms.dealId,
    runner_up_ecpm_micros: runnerUp?.rank.ecpmMicros ?? null,
    priority: offer.rank.priority,
    eligible: eligible.targeted,
    solicited: ranking.solicited,
    responded: ranking.responded,
    participating: ranking.participating,
  };
}

/** A house ad: nobody who pays wanted the place. */
export function isFallback({ rank }: Offer): boolean {
  return rank.priority === housePriority;
}

function losersOf({ offer }: Sale, { offers, belowFloor }: Ranking): Loser[] {
  const behind = offers.slice(1, 1 + losersKept).map((other) => loser(other, lostBecause(offer, other)));
  const cheap = belowFloor.toSorted((a, b) => compareRanks(a.rank, b.rank));
  return [
    ...behind,
    ...cheap
      .slice(0, losersKept - behind.length)
      .map((other) => loser(other, floorRefusal(other)?.reason ?? 'below_floor')),
  ];
}

/** What the one behind lacked. */
export function lostBecause(winner: Pick<Offer, 'rank'>, other: Pick<Offer, 'rank'>): 'outbid' | 'lost_tie' {
  const { rank } = winner;
  return competes(rank, other.rank) && rank.ecpmMicros === other.rank.ecpmMicros ? 'lost_tie' : 'outbid';
}

function loser({ item, creative, rank }: Offer, reason: Loser['reason']): Loser {
  return {
    line_item_id: item.lineItem.line_item_id,
    creative_id: creative.creative.creative_id,
    ecpm_micros: rank.ecpmMicros,
    reason,
  };
}

function emptySlot(slot: ResolvedSlot, reason: NoAdReason, exclusions: readonly ExclusionCount[]): EmptySlot {
  return { slotId: slot.request.id, reason, exclusions };
}

/** Steps after targeting, the last one first: a slot is empty for the reason of whoever came furthest. */
const lateSteps: readonly (readonly [step: string, reason: NoAdReason])[] = [
  ['floor', 'below_floor'],
  ['ranking', 'deadline_exceeded'],
  ['creative', 'creative_blocked'],
  ['budget', 'no_budget'],
  ['separation', 'same_advertiser'],
  ['frequency', 'frequency_capped'],
];

function reasonOf(exclusions: readonly ExclusionCount[]): NoAdReason {
  const late = lateSteps.find(([step]) =>
    exclusions.some((exclusion) => exclusion.step === step && exclusion.reason !== 'no_creative_fits'),
  );
  if (late?.[0] === 'separation' && exclusions.some(({ reason }) => reason === 'same_category')) return 'same_category';
  return late?.[1] ?? 'nothing_eligible';
}
