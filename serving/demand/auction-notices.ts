import { createHash } from 'node:crypto';
import type { BidderNotice, NoticeSender } from '../../ports/bidder-connection.ts';
import type { DecisionInput } from '../decide.ts';
import type { IssuedAd } from '../issue.ts';
import type { CurrencyRates } from '../openrtb/currency-rates.ts';
import type { DemandCounts } from './demand-counts.ts';
import type { Demand } from './demand-desk.ts';
import type { ValidBid } from './external-bid.ts';
import { fillNotice } from './notice-macros.ts';
import { auctionMacros, minToWinMicros, wonMacros } from './won-bid.ts';

/** A notice is worth nothing after so long, ms. */
const noticeLifeMs = 10 * 60_000;

/** Loss reasons of OpenRTB (list 5.25) by what became of a bid; what is not here is an internal matter. */
const lossReasons: Readonly<Record<string, number>> = {
  below_floor: 100,
  below_deal_floor: 101,
  outbid: 102,
  lost_tie: 102,
  same_advertiser: 207,
  same_category: 207,
};
const internal = 1;
const outbid = 102;

export interface Settlement {
  readonly input: DecisionInput;
  readonly demand: Demand;
  readonly ads: readonly IssuedAd[];
}

export interface NoticeDeps {
  readonly notices: NoticeSender;
  readonly rates: Pick<CurrencyRates, 'convert'>;
  readonly counts: DemandCounts;
}

/** Tells every bidder what became of its bids, and counts who took part and who won. Of test requests nobody is told. */
export function settleBids(settlement: Settlement, { notices, rates, counts }: NoticeDeps): void {
  const { input, demand, ads } = settlement;
  for (const { chosen } of ads) {
    for (const { bidder_id, outcome, reason } of chosen.bidders) {
      if (outcome !== 'bid') continue;
      if (reason === 'won') counts.of(bidder_id).won += 1;
      if (reason === 'won' || reason === 'outbid' || reason === 'lost_tie') counts.of(bidder_id).participating += 1;
    }
  }
  if (input.request.test) return;
  for (const [slotId, ofSlot] of demand) {
    const shown = ads.filter(({ chosen }) => chosen.slot.request.id === slotId);
    for (const { bid, outdone } of ofSlot.values()) {
      const won = bid === null ? undefined : shown.find(({ chosen }) => chosen.external === bid);
      if (won !== undefined && bid?.winUrl) notices.send(winNotice(bid, won, input, rates));
      const lost = bid === null || won !== undefined ? outdone : [bid, ...outdone];
      lost.forEach((one, number) => {
        if (one.lossUrl !== '') notices.send(lossNotice({ bid: one, number, slotId, winner: shown[0] }, input, rates));
      });
    }
  }
}

function winNotice(
  bid: ValidBid,
  won: IssuedAd,
  { requestId, nowMs }: DecisionInput,
  rates: NoticeDeps['rates'],
): BidderNotice {
  const { billing, chosen } = won;
  const macros = wonMacros(bid, { requestId, billing, minToWinMicros: minToWinMicros(chosen.auction) }, rates);
  return {
    id: `win-${billing.selection_id}`,
    kind: 'win',
    url: fillNotice(bid.winUrl, macros),
    bidderId: bid.bidderId,
    expiresAt: nowMs + noticeLifeMs,
  };
}

interface LostBid {
  readonly bid: ValidBid;
  /** Of the bids of one bidder for a slot that lost. */
  readonly number: number;
  readonly slotId: string;
  /** The first ad of the slot; undefined: it stayed empty. */
  readonly winner: IssuedAd | undefined;
}

function lossNotice(
  { bid, number, slotId, winner }: LostBid,
  { requestId, nowMs, slots }: DecisionInput,
  rates: NoticeDeps['rates'],
): BidderNotice {
  const slot = slots.find(({ request }) => request.id === slotId);
  const became = winner?.chosen.bidders.find(({ bidder_id }) => bidder_id === bid.bidderId)?.reason ?? 'below_floor';
  const cleared = {
    requestId,
    currency: slot?.placement.floor_currency ?? bid.currency,
    priceMicros: null,
    minToWinMicros: winner?.chosen.auction.ecpm_micros ?? slot?.floorMicros ?? 0,
    // Behind another bid of the same bidder.
    loss: became === 'won' ? outbid : (lossReasons[became] ?? internal),
  };
  const name = `${requestId}/${slotId}/${bid.bidderId}/${number}`;
  return {
    id: `loss-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`,
    kind: 'loss',
    url: fillNotice(bid.lossUrl, auctionMacros(bid, cleared, rates)),
    bidderId: bid.bidderId,
    expiresAt: nowMs + noticeLifeMs,
  };
}
