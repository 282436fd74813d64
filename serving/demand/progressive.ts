import type { BidHistory } from './bid-history.ts';
import type { LatencyWindow } from './latency-window.ts';

/** A place that is being sold. */
export interface OpenPlace {
  readonly currency: string;
  /** Best value so far, of bids and of the house's own, micros for a thousand; 0: none. */
  readonly bestMicros: number;
}

/** A bidder whose answer is not there yet. */
export interface StillOut {
  readonly latencies: LatencyWindow;
  readonly bids: BidHistory;
  /** Places that it was asked about. */
  readonly places: readonly OpenPlace[];
  /** Since it was asked, microseconds. */
  readonly waitedUs: number;
  /** When it is cut, in the same count. */
  readonly cutUs: number;
}

/** What waiting must promise: a share of what all places are worth already, hundredths. */
const worthWaitingPercent = 1;

/**
 * True if the auction need not wait: what those still out are expected to bid above the best so far, times how likely they answer before the cut, is next to
 * nothing. As long as a place has no bid at all, and of whom too little is known, it waits.
 */
export function maySettle(places: readonly OpenPlace[], out: readonly StillOut[]): boolean {
  if (out.length === 0) return true;
  if (places.some(({ bestMicros }) => bestMicros === 0)) return false;
  const worth = places.reduce((sum, { bestMicros }) => sum + bestMicros, 0);
  const enough = (worth * worthWaitingPercent) / 100;
  let gain = 0;
  for (const bidder of out) {
    const likely = bidder.latencies.comesBy(bidder.cutUs, bidder.waitedUs);
    if (likely > 0) {
      for (const place of bidder.places) gain += likely * bidder.bids.expectedAbove(place.currency, place.bestMicros);
    }
    if (gain >= enough) return false;
  }
  return true;
}
