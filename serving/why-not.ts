import type { Catalog } from '../domain/catalog.ts';
import { AdtallyError } from '../domain/errors.ts';
import { requestFactsOf } from '../domain/prediction-facts.ts';
import type { AdSelected, PlacementPublished, PublisherPublished } from '../domain/records.ts';
import { compareRanks, hashText, housePriority, priorityOf, type Rank, tieBreak } from './auction.ts';
import {
  admit,
  bidOf,
  categoriesKeptApart,
  floorRefusal,
  noExternalBid,
  type Offer,
  type PlaceFacts,
  pace,
  placeName,
} from './candidate.ts';
import { CatalogIndex, type IndexedLineItem, liveCreatives } from './catalog-index.ts';
import { type ClickRates, clickRatesView } from './click-rates.ts';
import { lostBecause } from './decide.ts';
import { recordedDemand } from './demand/slot-outcomes.ts';
import { termsOf } from './deals.ts';
import { EligibilityIndex } from './eligibility.ts';
import { exclusionDetail } from './exclusion-detail.ts';
import { limitsOf } from './exchange-terms.ts';
import { capOwner } from './person-exposures.ts';
import type { ServedModel } from './prediction/served-model.ts';
import { attributesOf, type SlotAttributes } from './targeting.ts';

/** What the selection's record does not hold and a recomputation reads: the views at the revisions that `selected.views` names. */
export interface WhyNotFacts {
  /** Left to draw by campaign, micros, over and above those that are recorded. */
  readonly leases?: ReadonlyMap<string, number>;
  /** Click rates of the selection's boot at the recorded revision of `creative-stats`. Default: the prior, which is revision 0. */
  readonly rates?: ClickRates;
  /** The model of the version that the selection names. Default: none, which is version 0. */
  readonly model?: ServedModel;
}

/** Why a line item was not chosen. Steps and reasons are those of `ExclusionCount`, and `auction` for whoever took part. */
export interface WhyNot {
  readonly line_item_id: string;
  /** status, targeting, brand_safety, creative, frequency, separation, budget, floor, ranking or auction; `won` for the winner. */
  readonly step: string;
  readonly reason: string;
  /** More about it, where there is more: the part of the targeting expression that failed, the cap and what was counted. */
  readonly detail: string | null;
  /** Creative it would have shown, and its ranking value for a thousand; null if it was refused before its bid. */
  readonly creative_id: string | null;
  readonly ecpm_micros: number | null;
}

/**
 * Judges one line item again for a recorded selection, by the code that decided: its bitmap in an index of its own, then caps, budget, bid, floor and
 * rank against the recorded winner. `catalog` is the fold of `catalog` up to the recorded revision.
 * Errors: `NOT_FOUND` for a line item or placement that the catalogue did not have then; `STATE_CONFLICT` for a catalogue of another revision, and for
 * click rates or a model of another one if the line item is judged by them.
 */
export function whyNot(selected: AdSelected, lineItemId: string, catalog: Catalog, facts: WhyNotFacts = {}): WhyNot {
  requireRevision(selected, 'catalog', catalog.nextOffset);
  const lineItem = catalog.lineItems.get(lineItemId);
  if (lineItem === undefined) {
    throw new AdtallyError('NOT_FOUND', `there was no line item ${lineItemId} then`, { path: 'line_item_id' });
  }
  const index = new CatalogIndex({
    nowMs: selected.billing.selected_at,
    catalog,
    onlyLineItems: [lineItemId],
    ...(facts.rates && { rates: facts.rates }),
  });
  const item = index.get(lineItemId);
  if (item === undefined) return refused(lineItemId, 'status', 'archived');
  requirePredictions(selected, item, facts);
  const attributes = recordedAttributes(selected, catalog);
  const excluded = excludedByBitmaps(selected, attributes, index);
  const place = placeFacts(selected, attributes, index, facts);
  const exposures: PlaceFacts['exposures'] = (asked, scope) => place.exposures(asked, scope);
  const told = { attributes, clockOf: (zone: string) => index.clockOf(zone), exposures };
  const verdict =
    excluded === null ? judge(item, selected, place) : refused(lineItemId, excluded.step, excluded.reason);
  return { ...verdict, detail: exclusionDetail(verdict.reason, item, told) };
}

/** Click rates rank who is sold by the click, where there was no model, and choose among several creatives; a model ranks who is not sold by the impression. */
function requirePredictions(selected: AdSelected, { lineItem, creatives }: IndexedLineItem, facts: WhyNotFacts): void {
  const isModelled = lineItem.pricing_model === 'CPC' || lineItem.pricing_model === 'VCPM';
  if (isModelled) requireModel(selected, facts);
  const isRanked = lineItem.pricing_model === 'CPC' && (selected.prediction?.model_version ?? 0) === 0;
  const isSampled = selected.prediction !== null && creatives.length > 1;
  if (isRanked || isSampled) requireRevision(selected, clickRatesView, facts.rates?.revision ?? 0);
}

/** Error: `STATE_CONFLICT` if the selection was made with another model, or with none. */
export function requireModel({ prediction }: AdSelected, { model }: WhyNotFacts): void {
  const version = prediction?.model_version ?? 0;
  if (version === (model?.version ?? 0)) return;
  const had = model?.version ?? 'none';
  throw new AdtallyError('STATE_CONFLICT', `the selection was made with model ${version}, what can be had is ${had}`);
}

/** A view of which a selection names no revision was at its beginning. */
export function recordedRevision({ views }: AdSelected, name: string): number {
  return views.find(({ view }) => view === name)?.revision ?? 0;
}

export function requireRevision(selected: AdSelected, view: string, given: number): void {
  const recorded = recordedRevision(selected, view);
  if (recorded === given) return;
  throw new AdtallyError(
    'STATE_CONFLICT',
    `the selection was made on revision ${recorded} of ${view}, what can be had is ${given}`,
  );
}

function refused(line_item_id: string, step: string, reason: string): WhyNot {
  return { line_item_id, step, reason, detail: null, creative_id: null, ecpm_micros: null };
}

function placementOf(
  { billing }: AdSelected,
  catalog: Catalog,
): { readonly placement: PlacementPublished; readonly publisher: PublisherPublished } {
  const placement = catalog.placements.get(billing.placement_id);
  const publisher = placement && catalog.publishers.get(placement.publisher_id);
  if (placement === undefined || publisher === undefined) {
    throw new AdtallyError('NOT_FOUND', `there was no placement ${billing.placement_id} then`);
  }
  return { placement, publisher };
}

export function recordedAttributes(selected: AdSelected, catalog: Catalog): SlotAttributes {
  const { context, person } = selected;
  return attributesOf({ context, ...placementOf(selected, catalog), profileSegments: person?.segments ?? [] });
}

/** The first step that took the line item out, or null if it passed them all. */
function excludedByBitmaps(
  selected: AdSelected,
  attributes: SlotAttributes,
  index: CatalogIndex,
): { readonly step: string; readonly reason: string } | null {
  const eligible = new EligibilityIndex(index).find(attributes, {
    personKnown: selected.person !== null,
    shownAdvertisers: shownAdvertisers(selected, index.catalog),
    resting: null,
  });
  return eligible.exclusions[0] ?? null;
}

export function shownAdvertisers({ excluded_creatives }: AdSelected, catalog: Catalog): string[] {
  return excluded_creatives.flatMap((id) => catalog.creatives.get(id)?.advertiser_id ?? []);
}

/** Line items of the ads before this one in the answer, as `competitionOf` sees them. */
function shownItems(
  { excluded_creatives }: AdSelected,
  catalog: Catalog,
): Pick<IndexedLineItem, 'advertiser' | 'creatives'>[] {
  return excluded_creatives.flatMap((id) => {
    const shown = catalog.creatives.get(id);
    const advertiser = shown && catalog.advertisers.get(shown.advertiser_id);
    if (shown === undefined || advertiser === undefined) return [];
    return [{ advertiser, creatives: liveCreatives(catalog, shown.line_item_id) }];
  });
}

export function placeFacts(
  selected: AdSelected,
  { creativeKeys, blockedCategories }: SlotAttributes,
  index: CatalogIndex,
  { leases, model }: WhyNotFacts,
): PlaceFacts {
  const counts = recordedCounts(selected);
  const recorded = new Map(selected.leases.map(({ campaign_id, left_micros }) => [campaign_id, left_micros]));
  const left = (campaignId: string) => recorded.get(campaignId) ?? leases?.get(campaignId) ?? Infinity;
  const { placement, publisher } = placementOf(selected, index.catalog);
  const { floor_micros: floorMicros, deals: offered, blocked_attributes, channel } = selected.context;
  return {
    creativeKeys,
    blockedCategories,
    blockedAttributes: [...placement.blocked_attributes, ...blocked_attributes],
    ...(channel === 'openrtb' && { limits: limitsOf(selected.context) }),
    terms: termsOf(placement, { floorMicros, offered }),
    demand: recordedDemand(selected.bidders, {
      lineItemId: selected.billing.line_item_id,
      format: index.catalog.creatives.get(selected.billing.creative_id)?.format ?? null,
    }),
    shownCategories: categoriesKeptApart(publisher, shownItems(selected, index.catalog)),
    requestHash: requestHashOf(selected),
    rates: index.rates,
    model: model?.forRequest(requestFactsOf(selected.context, selected.billing)) ?? null,
    rotation: selected.prediction === null ? 'turns' : 'sampling',
    exposures: (item, scope) => counts.get(capOwner(item, scope)) ?? 0,
    leftMicros: ({ campaign }) => left(campaign.campaign_id),
  };
}

/** Exposures by line item, campaign and advertiser; whoever is not among them had none. */
function recordedCounts({ person }: AdSelected): ReadonlyMap<string, number> {
  return new Map([
    ...(person?.frequency ?? []).map(({ line_item_id, count }) => [line_item_id, count] as const),
    ...(person?.caps ?? []).map(({ owner_id, count }) => [owner_id, count] as const),
  ]);
}

function requestHashOf({ request_id, slot_id, position }: AdSelected): number {
  return hashText(placeName(request_id, slot_id, position));
}

function judge(item: IndexedLineItem, selected: AdSelected, facts: PlaceFacts): WhyNot {
  const id = item.lineItem.line_item_id;
  if (isHouseOnly(selected) && priorityOf(item.lineItem) !== housePriority) return refused(id, 'ranking', 'house_only');
  const refusal = admit(item, facts) ?? pace(item, facts) ?? noExternalBid(item, facts);
  if (refusal !== null) return refused(id, refusal.step, refusal.reason);
  const offer = bidOf(item, facts);
  if (offer === null) return refused(id, 'creative', 'attribute_blocked');
  const { step, reason } = floorRefusal(offer) ?? compared(offer, selected);
  return {
    line_item_id: id,
    step,
    reason,
    detail: null,
    creative_id: offer.creative.creative.creative_id,
    ecpm_micros: offer.rank.ecpmMicros,
  };
}

/** The plan of the decision had no time for an auction. */
function isHouseOnly({ degradations }: AdSelected): boolean {
  return degradations.some(({ stage, reason }) => stage === 'auction' && reason.startsWith('auction_'));
}

/** The rank that the winner had, as recorded. */
function winnerRank(selected: AdSelected): Rank {
  const { auction, billing } = selected;
  const tie = tieBreak(requestHashOf(selected), hashText(billing.line_item_id));
  const preferred = auction.rule === 'fixed_price';
  return { priority: auction.priority, preferred, ecpmMicros: auction.ecpm_micros, tie };
}

function compared(offer: Offer, selected: AdSelected): { readonly step: string; readonly reason: string } {
  const winner = winnerRank(selected);
  if (offer.item.lineItem.line_item_id === selected.billing.line_item_id) return { step: 'won', reason: 'won' };
  if (compareRanks(winner, offer.rank) <= 0) return { step: 'auction', reason: lostBecause({ rank: winner }, offer) };
  if (selected.degradations.some(({ reason }) => reason === 'walk_cut')) {
    return { step: 'ranking', reason: 'not_reached' };
  }
  // It outranks the winner and nothing else kept it out. The walk meets line items in the order of their rank, so it was met before the winner, and a
  // budget is all that a decision sees without recording it: of more campaigns than a record holds, or of one that rested for want of it.
  return { step: 'budget', reason: 'no_budget' };
}
