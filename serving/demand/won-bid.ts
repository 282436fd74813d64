import type { Auction, Billing, ExternalAd } from '../../domain/records.ts';
import type { CurrencyRates } from '../openrtb/currency-rates.ts';
import { decimalOf } from '../openrtb/decimal.ts';
import type { ValidBid } from './external-bid.ts';
import { type AuctionMacros, fillNotice } from './notice-macros.ts';

export interface Cleared {
  readonly requestId: string;
  /** Of the place, in which prices stand. */
  readonly currency: string;
  /** Price for a thousand, micros; null: the bid did not win. */
  readonly priceMicros: number | null;
  /** Least value that would have won, micros for a thousand. */
  readonly minToWinMicros: number;
  /** Loss reason of OpenRTB; 0: won. */
  readonly loss: number;
}

/** Values of a bid's macros. Amounts are in the bid's own currency, rounded down; empty where there is no rate any more. */
export function auctionMacros(bid: ValidBid, cleared: Cleared, rates: Pick<CurrencyRates, 'convert'>): AuctionMacros {
  const amount = (micros: number | null): string => {
    if (micros === null) return '';
    const converted = rates.convert(BigInt(micros), { from: cleared.currency, to: bid.currency }, 'down');
    return converted === null ? '' : decimalOf(converted);
  };
  const { priceMicros, requestId, loss, minToWinMicros } = cleared;
  return {
    AUCTION_ID: requestId,
    AUCTION_BID_ID: bid.bidId,
    AUCTION_IMP_ID: bid.impId,
    AUCTION_SEAT_ID: bid.seat,
    AUCTION_AD_ID: bid.creativeRef,
    AUCTION_PRICE: amount(priceMicros),
    AUCTION_CURRENCY: bid.currency,
    AUCTION_MBR: priceMicros === null ? '' : ratio(priceMicros, bid.bidMicros),
    AUCTION_LOSS: String(loss),
    AUCTION_MIN_TO_WIN: amount(minToWinMicros),
  };
}

/** a ÷ b with four digits behind the point, rounded down. */
function ratio(a: number, b: number): string {
  return decimalOf(((BigInt(a) * 10_000n) / BigInt(b)) * 100n);
}

/** Least value that would have won the place of an ad, micros for a thousand. */
export function minToWinMicros({ floor_micros, runner_up_ecpm_micros }: Auction): number {
  return Math.max(floor_micros, runner_up_ecpm_micros ?? 0);
}

/** Macros of the bid that won an ad. */
export function wonMacros(
  bid: ValidBid,
  {
    requestId,
    billing,
    minToWinMicros,
  }: { readonly requestId: string; readonly billing: Billing; readonly minToWinMicros: number },
  rates: Pick<CurrencyRates, 'convert'>,
): AuctionMacros {
  const { currency, price_micros } = billing;
  return auctionMacros(bid, { requestId, currency, priceMicros: price_micros * 1000, minToWinMicros, loss: 0 }, rates);
}

/** The winning bid as it is recorded. */
export function externalRecord(bid: ValidBid, macros: AuctionMacros): ExternalAd {
  return {
    bidder_id: bid.bidderId,
    bid_id: bid.bidId,
    imp_id: bid.impId,
    seat: bid.seat,
    creative_ref: bid.creativeRef,
    price: bid.price,
    currency: bid.currency,
    bid_micros: bid.bidMicros,
    domains: bid.domains,
    categories: bid.categories,
    attributes: bid.attributes,
    billing_url: bid.billingUrl === '' ? '' : fillNotice(bid.billingUrl, macros),
  };
}
