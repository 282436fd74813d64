import type { NoAdReason } from '../slot.ts';
import type { NotPlaced } from './placement-finder.ts';

/** Why an imp gets no bid. */
export type NoBidReason =
  | NoAdReason
  | NotPlaced
  | 'no_currency'
  | 'no_native'
  | 'seat_blocked'
  | 'too_many_imps'
  | 'too_many_blocks'
  | 'shed';

interface NoBidCodes {
  /** `BidResponse.nbr`: AdCOM's list of no-bid reasons; from 500 on our own. */
  readonly nbr: number;
  /** `ext.seatnonbid[].nonbid[].statuscode`: the community extension's list; from 500 on our own. */
  readonly statusCode: number;
}

/** A number is never given another meaning. */
export const noBidCodes: Readonly<Record<NoBidReason, NoBidCodes>> = {
  blocked_traffic: { nbr: 4, statusCode: 200 },
  placement_inactive: { nbr: 7, statusCode: 200 },
  unknown_publisher: { nbr: 7, statusCode: 200 },
  frequency_capped: { nbr: 9, statusCode: 0 },
  deadline_exceeded: { nbr: 15, statusCode: 101 },
  nothing_eligible: { nbr: 500, statusCode: 0 },
  below_floor: { nbr: 501, statusCode: 301 },
  no_budget: { nbr: 502, statusCode: 0 },
  unknown_placement: { nbr: 503, statusCode: 200 },
  format_not_allowed: { nbr: 504, statusCode: 202 },
  size_not_allowed: { nbr: 505, statusCode: 351 },
  same_advertiser: { nbr: 506, statusCode: 0 },
  same_category: { nbr: 507, statusCode: 0 },
  creative_blocked: { nbr: 508, statusCode: 350 },
  no_currency: { nbr: 509, statusCode: 300 },
  no_native: { nbr: 510, statusCode: 202 },
  seat_blocked: { nbr: 511, statusCode: 200 },
  too_many_imps: { nbr: 512, statusCode: 200 },
  shed: { nbr: 513, statusCode: 203 },
  too_many_blocks: { nbr: 514, statusCode: 200 },
};

export interface NoBid {
  readonly impId: string;
  readonly reason: NoBidReason;
}

/** One reason for the whole request: that of the first imp of which something can be done about it; where none says more, that of the first. */
export function reasonOfAll(noBids: readonly NoBid[]): NoBidReason {
  const telling = noBids.find(({ reason }) => reason !== 'nothing_eligible');
  return (telling ?? noBids[0])?.reason ?? 'nothing_eligible';
}
