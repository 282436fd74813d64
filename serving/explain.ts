import type { ExclusionCount } from '../domain/records.ts';
import type { ChosenAd } from './decide.ts';

/** What `debug` shows whoever has a key. Money as decimal strings of micros. */
export interface Explanation {
  readonly price?: {
    readonly pricing_model: string;
    readonly price_micros: string;
    readonly currency: string;
    readonly rule: string;
    readonly bid_micros: string;
    readonly ecpm_micros: string;
    readonly floor_micros: string;
    readonly soft_floor_micros: string;
    readonly increment_micros: string;
    /** Null: in the open auction. */
    readonly deal_id: string | null;
    readonly runner_up_ecpm_micros: string | null;
  };
  readonly counts?: {
    readonly eligible: number;
    readonly solicited: number;
    readonly responded: number;
    readonly participating: number;
  };
  readonly losers?: readonly {
    readonly line_item_id: string;
    readonly creative_id: string;
    readonly ecpm_micros: string;
    readonly reason: string;
  }[];
  readonly exclusions: readonly ExclusionCount[];
}

/** Why this ad, at this price. */
export function explain({ offer, auction, priceMicros, losers, exclusions }: ChosenAd): Explanation {
  const { eligible, solicited, responded, participating } = auction;
  return {
    price: {
      pricing_model: offer.bid.model,
      price_micros: String(priceMicros),
      currency: offer.item.advertiser.currency,
      rule: auction.rule,
      bid_micros: String(auction.bid_micros),
      ecpm_micros: String(auction.ecpm_micros),
      floor_micros: String(auction.floor_micros),
      soft_floor_micros: String(auction.soft_floor_micros),
      increment_micros: String(auction.increment_micros),
      deal_id: auction.deal_id,
      runner_up_ecpm_micros: auction.runner_up_ecpm_micros === null ? null : String(auction.runner_up_ecpm_micros),
    },
    counts: { eligible, solicited, responded, participating },
    losers: losers.map((loser) => ({ ...loser, ecpm_micros: String(loser.ecpm_micros) })),
    exclusions,
  };
}
