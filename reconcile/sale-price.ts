import type { LineItemPublished, PlacementPublished } from '../domain/records.ts';
import type { SelectedFact } from './facts.ts';

// Written from docs/auction.md alone: nothing here may call what serving decides with.

const million = 1_000_000n;

export type DerivedPrice = { readonly micros: number } | { readonly problem: string };

/** The price of a paid selection, as its terms in the catalogue and the rivals that it names give it, or why none can be derived. */
export function salePrice(
  selected: SelectedFact,
  lineItem: LineItemPublished,
  placement: PlacementPublished,
): DerivedPrice {
  const problem = termsProblem(selected, lineItem, placement);
  if (problem !== null) return { problem };
  const { billing, auction } = selected;
  const perThousand = lineItem.pricing_model !== 'CPC';
  const ofOne = (micros: bigint): number => Number(perThousand ? micros / 1000n : micros);
  const highest = ofOne(BigInt(lineItem.bid_micros));
  if (auction.rule === 'first_price') return { micros: highest };
  if (auction.rule === 'fixed_price') return { micros: Math.min(highest, ofOne(BigInt(auction.floor_micros))) };
  const rates = ratesOf(selected);
  // What a click was predicted to be worth is not in the record: no more can be said than that nobody paid above its bid.
  if (rates === null) return { micros: Math.min(highest, billing.price_micros) };
  return { micros: Math.min(highest, ofOne(secondPrice(selected, lineItem, rates))) };
}

/** Billable events of a million impressions, and the factor of the ranking. */
interface Rates {
  readonly billable: bigint;
  readonly quality: bigint;
}

function ratesOf({ billing, predicted }: SelectedFact): Rates | null {
  if (predicted === null) return billing.pricing_model === 'CPC' ? null : { billable: million, quality: million };
  const { click_ppm, view_ppm, quality_ppm } = predicted;
  const billable = { CPM: 1_000_000, VCPM: view_ppm, CPC: click_ppm, NONE: 0 }[billing.pricing_model];
  return { billable: BigInt(billable), quality: BigInt(quality_ppm) };
}

/** In the unit of the bid: what it takes to beat the runner-up, the floor and the soft floor; the bid itself where that is below the soft floor. */
function secondPrice(
  { auction }: SelectedFact,
  { bid_micros, pricing_model }: LineItemPublished,
  rates: Rates,
): bigint {
  const bid = BigInt(bid_micros);
  // Impressions to which a bid's unit belongs: a bid by the click is for one.
  const unit = pricing_model === 'CPC' ? 1000n : 1n;
  const worth = (bid * rates.billable * unit) / million;
  const soft = BigInt(auction.soft_floor_micros);
  if (worth < soft || rates.billable === 0n) return bid;
  const rival = auction.runner_up_ecpm_micros;
  const toBeat = rival === null ? 0n : up(BigInt(rival) * million, rates.quality) + BigInt(auction.increment_micros);
  const needed = [BigInt(auction.floor_micros), soft, toBeat].reduce((a, b) => (a > b ? a : b));
  return up(needed * million, rates.billable * unit);
}

/** a ÷ b, rounded up. */
function up(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

const dealRules: Readonly<Record<string, string>> = {
  fixed: 'fixed_price',
  second_price: 'second_price',
  first_price: 'first_price',
};

/** What the selection says of its terms and the catalogue does not, or null. */
function termsProblem(
  { auction, billing }: SelectedFact,
  lineItem: LineItemPublished,
  placement: PlacementPublished,
): string | null {
  const { deal_id } = auction;
  const deal = placement.deals.find((one) => one.deal_id === deal_id);
  const takesPart =
    deal === undefined || deal.advertisers.length === 0 || deal.advertisers.includes(billing.advertiser_id);
  if (deal_id === null && lineItem.deals.length > 0) return `${billing.line_item_id} buys by deals only`;
  if (deal_id !== null && (deal === undefined || !lineItem.deals.includes(deal_id) || !takesPart)) {
    return `${billing.placement_id} had no deal ${deal_id} for ${billing.line_item_id}`;
  }
  const expected = {
    rule: deal === undefined ? placement.auction : dealRules[deal.auction],
    soft_floor_micros: deal === undefined ? placement.soft_floor_micros : 0,
    increment_micros: placement.increment_micros,
  };
  for (const name of ['rule', 'soft_floor_micros', 'increment_micros'] as const) {
    if (auction[name] !== expected[name]) return `${name} was ${expected[name]}, the selection says ${auction[name]}`;
  }
  // A request may ask for more than the placement, never for less; the floor of a deal is agreed.
  const { floor_micros } = auction;
  const holds = deal === undefined ? floor_micros >= placement.floor_micros : floor_micros === deal.floor_micros;
  return holds ? null : `the floor was ${(deal ?? placement).floor_micros}, the selection says ${floor_micros}`;
}
