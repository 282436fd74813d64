import type { BidFault, CallOutcome } from './external-bid.ts';

/** What one bidder did in this process. Each number is of requests unless it says otherwise. */
export class BidderCounts {
  /** Its line item was eligible in a slot at least. */
  eligible = 0;
  /** It was sent a bid request. */
  solicited = 0;
  /** It answered in time with a bid that could be used. */
  responded = 0;
  /** Ads for which its bid stood in the ranking. */
  participating = 0;
  /** Ads that it won. */
  won = 0;
  /** Answers that came when nobody waited for them any more. */
  cameLate = 0;
  /** Of all calls with an outcome, microseconds. */
  latencyUs = 0;
  readonly notAsked = new Map<string, number>();
  /** Of what was sent, exactly one each. */
  readonly outcomes = new Map<CallOutcome, number>();
  /** Bids and answers that could not be used. */
  readonly faults = new Map<BidFault, number>();

  get concluded(): number {
    let sum = 0;
    for (const count of this.outcomes.values()) sum += count;
    return sum;
  }
}

/** Counts by bidder. */
export class DemandCounts {
  readonly byBidder = new Map<string, BidderCounts>();
  /** Auctions that asked somebody; settled before the cut; waited until the cut. */
  auctions = 0;
  settledEarly = 0;
  cut = 0;
  /** Asked in auctions that are not over yet. */
  waitedFor = 0;

  /** Calls that have no outcome though their auction is over: there is none, or something is wrong. */
  solicitedWithoutOutcome(): number {
    let open = 0;
    for (const { solicited, concluded } of this.byBidder.values()) open += solicited - concluded;
    return open - this.waitedFor;
  }

  of(bidderId: string): BidderCounts {
    let counts = this.byBidder.get(bidderId);
    if (counts === undefined) {
      counts = new BidderCounts();
      this.byBidder.set(bidderId, counts);
    }
    return counts;
  }
}

export function countOne<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
