/** What a bidder tells over the control side of notices of one kind. */
export interface NoticeCounts {
  readonly received: number;
  readonly bids: number;
  readonly price_micros: number;
  /** Price of each bid, micros for a thousand; only with details. */
  readonly by_bid?: Readonly<Record<string, number>>;
}

/** What one simulated bidder got and gave, as the control side tells it. */
export interface BidderCounts {
  readonly class: string;
  readonly received: number;
  readonly answered: Readonly<Record<string, number>>;
  readonly abandoned: number;
  readonly notices: Readonly<Record<'win' | 'billing' | 'loss', NoticeCounts>>;
  readonly unknown_notices: number;
}

/** Notices that a bidder received of one kind. */
export interface NoticeTally {
  received: number;
  /** By bid: the price that was said, micros for a thousand. Whoever is told twice shows as received > bids. */
  readonly bids: Map<string, number>;
}

/** What one bidder got and gave. */
export class BidderTally {
  /** Requests that arrived whole. */
  received = 0;
  /** Answers that were written, by what they were: bid, no_bid, garbage or a lie. */
  readonly answered = new Map<string, number>();
  /** Requests whose connection was gone before the answer was written. */
  abandoned = 0;
  /** By the id of a bid that was sent: its price, micros for a thousand. */
  readonly bids = new Map<string, number>();
  readonly notices: Readonly<Record<'win' | 'billing' | 'loss', NoticeTally>> = {
    win: { received: 0, bids: new Map() },
    billing: { received: 0, bids: new Map() },
    loss: { received: 0, bids: new Map() },
  };
  /** Notices of bids that it never made. */
  unknownNotices = 0;

  answer(what: string): void {
    this.answered.set(what, (this.answered.get(what) ?? 0) + 1);
  }

  notice(kind: 'win' | 'billing' | 'loss', bidId: string, price: string): void {
    const notices = this.notices[kind];
    notices.received += 1;
    if (!this.bids.has(bidId)) this.unknownNotices += 1;
    notices.bids.set(bidId, Math.round(Number(price) * 1_000_000));
  }

  /** As JSON tells it. `details`: each bid of each notice. */
  toJson(details: boolean): Record<string, unknown> {
    const notices = Object.entries(this.notices).map(([kind, { received, bids }]) => {
      const micros = [...bids.values()].reduce((sum, price) => sum + price, 0);
      return [
        kind,
        { received, bids: bids.size, price_micros: micros, ...(details && { by_bid: Object.fromEntries(bids) }) },
      ];
    });
    return {
      received: this.received,
      answered: Object.fromEntries(this.answered),
      abandoned: this.abandoned,
      notices: Object.fromEntries(notices),
      unknown_notices: this.unknownNotices,
    };
  }
}
