import { type AskedImp, broughtFormat, contentOf } from './bid-content.ts';

/** What a simulated bidder reads of a bid request. */
export interface BidRequest {
  readonly id: string;
  readonly imp: readonly (AskedImp & {
    readonly id: string;
    readonly bidfloor?: number;
    readonly bidfloorcur?: string;
    readonly pmp?: { readonly deals?: readonly { readonly id: string; readonly bidfloor?: number }[] };
  })[];
  readonly cur?: readonly string[];
  readonly badv?: readonly string[];
}

export interface BidTerms {
  /** Base of its notices, without a slash at the end. */
  readonly notices: string;
  readonly name: string;
  /** Whole units for a thousand, up to 4 digits after the point. */
  readonly price: number;
  /** Unique among the bids of this bidder. */
  readonly bidId: string;
  readonly wantsLoss: boolean;
  /** Which of the formats that are asked for it brings, by turns. Default: the first. */
  readonly turn?: number;
}

/** The currency that it answers in: that of the first floor, if it may. */
export function currencyOf({ imp, cur = ['USD'] }: BidRequest): string {
  const wanted = imp[0]?.bidfloorcur ?? 'USD';
  return cur.includes(wanted) ? wanted : (cur[0] ?? 'USD');
}

/** One bid for each place, as an object, so that a liar can spoil it. */
export function bidsOf(
  request: BidRequest,
  { notices, name, price, bidId, wantsLoss, turn = 0 }: BidTerms,
): Record<string, unknown>[] {
  return request.imp.map((imp, index) => {
    const { id, pmp } = imp;
    const bid = request.imp.length === 1 ? bidId : `${bidId}.${index}`;
    const notice = (kind: string) =>
      `${notices}/${kind}?bid=\${AUCTION_BID_ID}&price=\${AUCTION_PRICE}&cur=\${AUCTION_CURRENCY}&loss=\${AUCTION_LOSS}`;
    const deal = pmp?.deals?.[0];
    const bidPrice = Math.max(price, deal?.bidfloor ?? 0);
    return {
      id: bid,
      impid: id,
      price: bidPrice,
      ...(deal !== undefined && { dealid: deal.id }),
      crid: `${name}-${index % 4}`,
      adomain: [`${name}.example`],
      cat: ['IAB3'],
      ...contentOf(imp, broughtFormat(imp, turn + index), { name, bid, price: bidPrice }),
      nurl: notice('win'),
      burl: notice('billing'),
      ...(wantsLoss && { lurl: notice('loss') }),
    };
  });
}

export function responseOf(request: BidRequest, bids: readonly Record<string, unknown>[]): Record<string, unknown> {
  return { id: request.id, cur: currencyOf(request), seatbid: [{ seat: 'seat-1', bid: bids }] };
}
