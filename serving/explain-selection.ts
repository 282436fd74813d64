import type { Catalog } from '../domain/catalog.ts';
import type { AdSelected, BidderOutcome, ExclusionCount } from '../domain/records.ts';
import { compareRanks, dueMicros, housePriority, priceMicros } from './auction.ts';
import { hasBit } from './bitmap.ts';
import {
  admit,
  attributeBlocked,
  bidMicrosOf,
  bidOf,
  floorRefusal,
  noExternalBid,
  type Offer,
  type PlaceFacts,
  pace,
} from './candidate.ts';
import { CatalogIndex, type IndexedLineItem } from './catalog-index.ts';
import { clickRatesView } from './click-rates.ts';
import { EligibilityIndex, type Eligible } from './eligibility.ts';
import { addExclusion, runnerUpOf } from './ranking.ts';
import { type Difference, isOfAnEarlierVersion, type Settled, settleBudgets } from './unrecorded-budgets.ts';
import {
  placeFacts,
  recordedAttributes,
  requireModel,
  requireRevision,
  shownAdvertisers,
  type WhyNotFacts,
} from './why-not.ts';

/** One that took part: what it bid, what that was worth, and what it would have paid with everybody before it away. */
export interface Standing {
  readonly place: number;
  readonly line_item_id: string;
  readonly advertiser_id: string;
  readonly creative_id: string;
  readonly pricing_model: string;
  readonly priority: number;
  /** Null: in the open auction. */
  readonly deal_id: string | null;
  readonly bid_micros: number;
  readonly click_ppm: number;
  readonly view_ppm: number;
  readonly quality_ppm: number;
  readonly rank_value_micros: number;
  /** Of one billable event. */
  readonly would_pay_micros: number;
  /** won, outbid, lost_tie; no_budget or not_reached for whoever is ahead of the winner, or of the runner-up. */
  readonly outcome: string;
}

/** How the price came about: every number that went into it. */
export interface PriceAccount {
  readonly rule: string;
  readonly deal_id: string | null;
  readonly pricing_model: string;
  readonly currency: string;
  readonly bid_micros: number;
  readonly floor_micros: number;
  readonly soft_floor_micros: number;
  readonly increment_micros: number;
  readonly runner_up_line_item_id: string | null;
  readonly runner_up_rank_value_micros: number | null;
  /** In the unit of the bid. */
  readonly due_micros: number;
  /** Of one billable event. */
  readonly price_micros: number;
}

export interface SelectionExplanation {
  readonly selection_id: string;
  readonly line_item_id: string;
  readonly selected_at: number;
  readonly placement_id: string;
  readonly slot_id: string;
  readonly position: number;
  readonly plan: string;
  /** Line items in the catalogue then. */
  readonly known: number;
  /** Passed status, targeting, brand safety and creative. */
  readonly eligible: number;
  /** Took part, as recomputed: the decision itself stopped when its first few were certain. */
  readonly participating: number;
  /** Who was taken out, by step and reason, as recomputed over the whole catalogue. */
  readonly exclusions: readonly ExclusionCount[];
  /** Best first, at most `standingsShown`. */
  readonly ranking: readonly Standing[];
  /** What became of bidders of outside demand, as recorded: what they answered is a fact that nothing can compute again. */
  readonly bidders: readonly BidderOutcome[];
  /** Null if the winner could not be recomputed. */
  readonly price: PriceAccount | null;
  readonly differences: readonly Difference[];
}

export const standingsShown = 20;

/**
 * Decides a recorded selection again, over the whole catalogue of then and by the code that decided, and holds every number of the record against
 * it. Errors: as `whyNot`.
 */
export function explainSelection(
  selected: AdSelected,
  catalog: Catalog,
  facts: WhyNotFacts = {},
): SelectionExplanation {
  requireRevision(selected, 'catalog', catalog.nextOffset);
  requireRevision(selected, clickRatesView, facts.rates?.revision ?? 0);
  requireModel(selected, facts);
  const { billing } = selected;
  const index = new CatalogIndex({ nowMs: billing.selected_at, catalog, ...(facts.rates && { rates: facts.rates }) });
  const attributes = recordedAttributes(selected, catalog);
  const eligible = new EligibilityIndex(index).find(attributes, {
    personKnown: selected.person !== null,
    shownAdvertisers: shownAdvertisers(selected, catalog),
    resting: null,
  });
  const place = placeFacts(selected, attributes, index, facts);
  const judged = judgeAll(index, eligible, { place, houseOnly: isHouseOnly(selected) });
  const settled = settleBudgets(selected, judged.offers, judged.exclusions);
  const { ranking, without, reason, unexplained } = settled;
  const exclusions = without.reduce(
    (counts) => addExclusion(counts, { step: reason === 'no_budget' ? 'budget' : 'ranking', reason, count: 1 }),
    judged.exclusions,
  );
  const earlier = isOfAnEarlierVersion(selected);
  const price = priceAccount(ranking, selected, earlier);
  return {
    selection_id: billing.selection_id,
    line_item_id: billing.line_item_id,
    selected_at: billing.selected_at,
    placement_id: billing.placement_id,
    slot_id: selected.slot_id,
    position: selected.position,
    plan: selected.plan,
    known: index.size,
    eligible: eligible.targeted,
    participating: ranking.length,
    exclusions,
    ranking: standings(settled, earlier),
    bidders: selected.bidders,
    price,
    differences: [...unexplained, ...differencesOf(selected, { ranking, eligible, price })],
  };
}

/** True if the plan of the decision had no time for an auction. */
function isHouseOnly({ exclusions }: AdSelected): boolean {
  return exclusions.some(({ reason }) => reason === 'house_only');
}

interface Judged {
  /** Everybody who met every rule, best first. */
  readonly offers: readonly Offer[];
  readonly exclusions: ExclusionCount[];
}

function judgeAll(
  index: CatalogIndex,
  { words, exclusions }: Eligible,
  { place, houseOnly }: { readonly place: PlaceFacts; readonly houseOnly: boolean },
): Judged {
  const offers: Offer[] = [];
  let counts = exclusions;
  for (const id of index.catalog.lineItems.keys()) {
    const item = index.get(id);
    if (item === undefined || !hasBit(words, item.slot)) continue;
    const offer = judge(item, place, houseOnly);
    if ('step' in offer) counts = addExclusion(counts, { step: offer.step, reason: offer.reason, count: 1 });
    else offers.push(offer);
  }
  return { offers: offers.toSorted((a, b) => compareRanks(a.rank, b.rank)), exclusions: counts };
}

function judge(
  item: IndexedLineItem,
  place: PlaceFacts,
  houseOnly: boolean,
): Offer | { readonly step: string; readonly reason: string } {
  const refusal = admit(item, place) ?? pace(item, place) ?? noExternalBid(item, place);
  if (refusal !== null) return refusal;
  const offer = bidOf(item, place);
  if (offer === null) return attributeBlocked;
  if (houseOnly && offer.rank.priority !== housePriority) return { step: 'ranking', reason: 'house_only' };
  return floorRefusal(offer) ?? offer;
}

const idOf = ({ item }: Offer): string => item.lineItem.line_item_id;

function standings(settled: Settled, earlier: boolean): Standing[] {
  const { ranking, without } = settled;
  const all = [...ranking, ...without].toSorted((a, b) => compareRanks(a.rank, b.rank));
  return all.slice(0, standingsShown).map((offer, place) => ({
    place: place + 1,
    line_item_id: idOf(offer),
    advertiser_id: offer.item.lineItem.advertiser_id,
    creative_id: offer.creative.creative.creative_id,
    pricing_model: offer.bid.model,
    priority: offer.rank.priority,
    deal_id: offer.terms.dealId,
    bid_micros: bidMicrosOf(offer),
    click_ppm: offer.bid.clickRatePpm,
    view_ppm: offer.bid.viewRatePpm,
    quality_ppm: offer.bid.qualityPpm,
    rank_value_micros: offer.rank.ecpmMicros,
    would_pay_micros: priceMicros(offer.bid, offer.terms, runnerUpOf(all, place, earlier)?.rank.ecpmMicros ?? null),
    outcome: outcomeOf(offer, settled),
  }));
}

function outcomeOf(offer: Offer, { ranking: [winner], without, reason }: Settled): string {
  if (offer === winner) return 'won';
  if (without.includes(offer)) return reason;
  return winner?.rank.ecpmMicros === offer.rank.ecpmMicros && winner.rank.priority === offer.rank.priority
    ? 'lost_tie'
    : 'outbid';
}

function priceAccount(ranking: readonly Offer[], { billing }: AdSelected, earlier: boolean): PriceAccount | null {
  const [winner] = ranking;
  if (winner === undefined) return null;
  const { bid, terms } = winner;
  const rival = runnerUpOf(ranking, 0, earlier);
  const value = rival?.rank.ecpmMicros ?? null;
  return {
    rule: winner.rank.priority === housePriority ? 'fallback' : terms.rule,
    deal_id: terms.dealId,
    pricing_model: bid.model,
    currency: billing.currency,
    bid_micros: bidMicrosOf(winner),
    floor_micros: terms.floorMicros,
    soft_floor_micros: terms.softFloorMicros,
    increment_micros: terms.incrementMicros,
    runner_up_line_item_id: rival === null ? null : idOf(rival),
    runner_up_rank_value_micros: value,
    due_micros: dueMicros(bid, terms, value),
    price_micros: priceMicros(bid, terms, value),
  };
}

interface Recomputed {
  readonly ranking: readonly Offer[];
  readonly eligible: Eligible;
  readonly price: PriceAccount | null;
}

function differencesOf(selected: AdSelected, { ranking, eligible, price }: Recomputed): Difference[] {
  const { billing, auction, prediction, losers } = selected;
  const [winner] = ranking;
  const checks: (readonly [field: string, recorded: unknown, recomputed: unknown])[] = [
    ['eligible', auction.eligible, eligible.targeted],
    ['line_item_id', billing.line_item_id, winner === undefined ? null : idOf(winner)],
  ];
  if (winner !== undefined && price !== null && idOf(winner) === billing.line_item_id) {
    checks.push(
      ['creative_id', billing.creative_id, winner.creative.creative.creative_id],
      ['priority', auction.priority, winner.rank.priority],
      ['ecpm_micros', auction.ecpm_micros, winner.rank.ecpmMicros],
      ['price_micros', billing.price_micros, price.price_micros],
    );
    for (const name of [
      'rule',
      'deal_id',
      'bid_micros',
      'floor_micros',
      'soft_floor_micros',
      'increment_micros',
    ] as const)
      checks.push([name, auction[name], price[name]]);
    // A decision that does not need the runner-up for its price may not have looked for it.
    if (auction.rule === 'second_price')
      checks.push(['runner_up_ecpm_micros', auction.runner_up_ecpm_micros, price.runner_up_rank_value_micros]);
    if (prediction !== null) {
      checks.push(['click_ppm', prediction.click_ppm, winner.bid.clickRatePpm]);
      checks.push(['view_ppm', prediction.view_ppm, winner.bid.viewRatePpm]);
      checks.push(['quality_ppm', prediction.quality_ppm, winner.bid.qualityPpm]);
    }
  }
  for (const loser of losers) {
    const offer = ranking.find((one) => idOf(one) === loser.line_item_id);
    if (offer !== undefined) checks.push([`losers.${loser.line_item_id}`, loser.ecpm_micros, offer.rank.ecpmMicros]);
  }
  return checks
    .filter(([, recorded, recomputed]) => recorded !== recomputed)
    .map(([field, recorded, recomputed]) => ({ field, recorded: String(recorded), recomputed: String(recomputed) }));
}
