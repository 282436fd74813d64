import type { DemandFormat } from './asked-formats.ts';
import type { OutsideNative } from './native-answer.ts';
import type { OutsideMedia } from './vast-answer.ts';

/** What was wrong with a bid, or with a whole answer. */
export type BidFault =
  | 'too_deep'
  | 'not_json'
  | 'bad_shape'
  | 'wrong_id'
  | 'too_many'
  | 'wrong_currency'
  | 'no_rate'
  | 'no_bid_id'
  | 'unknown_imp'
  | 'wrong_seat'
  | 'bad_price'
  | 'above_limit'
  | 'bad_deal'
  | 'bad_format'
  | 'bad_size'
  | 'no_markup'
  | 'markup_too_long'
  | 'bad_vast'
  | 'bad_protocol'
  | 'bad_media'
  | 'bad_duration'
  | 'bad_native'
  | 'no_asset'
  | 'bad_asset'
  | 'bad_url'
  | 'list_too_long'
  | 'blocked_attribute'
  | 'blocked_category'
  | 'category_unknown'
  | 'blocked_advertiser'
  | 'advertiser_unknown'
  | 'bad_notice';

/** Why a bidder whose line item was eligible was not asked. The rest of the reasons are those of line items (cap_reached, no_budget …). */
export const notAskedReasons = [
  'paused',
  'tier',
  'currency',
  'format',
  'no_size',
  'outranked',
  'breaker_open',
  'throttled',
  'qps_limit',
  'in_flight_limit',
  'no_time',
  'plan',
] as const;
export type NotAskedReason = (typeof notAskedReasons)[number];

/** What became of a call to a bidder; every call has exactly one. `late`: cut when time was over. `not_awaited`: nobody still out could be expected to win. */
export const callOutcomes = [
  'bid',
  'no_bid',
  'invalid',
  'late',
  'not_awaited',
  'timed_out',
  'connect_failed',
  'bad_status',
  'too_large',
  'bad_encoding',
  'address_refused',
  'aborted',
] as const;
export type CallOutcome = (typeof callOutcomes)[number];

/** Of a bid what the ranking needs, and what is recorded of every bid. */
export interface ExternalBid {
  /** For a thousand impressions, micros of the floor's currency, rounded down. */
  readonly bidMicros: number;
  /** Of what it brings; null: of a bid that lost, in a record. */
  readonly format: DemandFormat | null;
  readonly domains: readonly string[];
  readonly categories: readonly string[];
}

/** A bid that was found valid. */
export interface ValidBid extends ExternalBid {
  readonly format: DemandFormat;
  /** What was read of the markup; null for a banner, whose markup is shown as it is. */
  readonly content: OutsideMedia | OutsideNative | null;
  readonly bidderId: string;
  readonly bidId: string;
  readonly impId: string;
  readonly seat: string;
  readonly creativeRef: string;
  /** As it was written, of `currency`. */
  readonly price: string;
  readonly currency: string;
  readonly attributes: readonly number[];
  readonly width: number;
  readonly height: number;
  /** `adm`, macros not filled. */
  readonly markup: string;
  readonly winUrl: string;
  readonly billingUrl: string;
  readonly lossUrl: string;
}

/** What is known of a bidder for one slot when the ranking begins. */
export interface BidderFact<Bid extends ExternalBid = ExternalBid> {
  readonly bidderId: string;
  /** Through which it buys. */
  readonly lineItemId: string;
  readonly asked: boolean;
  /** `CallOutcome`, or not_asked. */
  readonly outcome: string;
  /** Why it was not asked, or what was wrong with its answer. */
  readonly reason: string;
  readonly timeoutUs: number;
  readonly latencyUs: number;
  /** Null: none that could be ranked. */
  readonly bid: Bid | null;
  /** Its other bids for the slot, which were lower. */
  readonly outdone: readonly Bid[];
}

/** Bidders of one slot by the line item through which they buy. */
export type SlotDemand<Bid extends ExternalBid = ExternalBid> = ReadonlyMap<string, BidderFact<Bid>>;
