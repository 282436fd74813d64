import type { BidderOutcome } from '../../domain/records.ts';
import { demandFormats } from './asked-formats.ts';
import type { SlotDemand, ValidBid } from './external-bid.ts';

/** Of bids, that a record of many bidders stays small; of the bid that wins all are kept. */
const namesKept = 3;

/**
 * What is recorded of the bidders of a slot.
 * @param becameOf what became of a bid in the ranking: won, outbid, lost_tie, or why it took no part
 */
export function bidderOutcomes(
  demand: SlotDemand<ValidBid>,
  becameOf: (lineItemId: string) => string,
): BidderOutcome[] {
  return Array.from(demand.values(), ({ bidderId, lineItemId, outcome, reason, timeoutUs, latencyUs, bid }) => ({
    bidder_id: bidderId,
    line_item_id: lineItemId,
    outcome,
    reason: bid === null ? reason : becameOf(lineItemId),
    timeout_us: timeoutUs,
    latency_us: latencyUs,
    bid_micros: bid?.bidMicros ?? 0,
    domains: bid?.domains.slice(0, namesKept) ?? [],
    categories: bid?.categories.slice(0, namesKept) ?? [],
  }));
}

/**
 * Bidders of a slot as a record has them, for whoever decides again.
 * @param won the line item that won, and the format of the creative that stands for what its bidder brought
 */
export function recordedDemand(
  bidders: readonly BidderOutcome[],
  won: { readonly lineItemId: string; readonly format: string | null },
): SlotDemand {
  const formatOf = (id: string) =>
    (id === won.lineItemId ? demandFormats.find((format) => format === won.format) : undefined) ?? null;
  return new Map(
    bidders.map((one) => [
      one.line_item_id,
      {
        bidderId: one.bidder_id,
        lineItemId: one.line_item_id,
        asked: one.outcome !== 'not_asked',
        outcome: one.outcome,
        reason: one.reason,
        timeoutUs: one.timeout_us,
        latencyUs: one.latency_us,
        outdone: [],
        bid:
          one.outcome === 'bid'
            ? {
                bidMicros: one.bid_micros,
                format: formatOf(one.line_item_id),
                domains: one.domains,
                categories: one.categories,
              }
            : null,
      },
    ]),
  );
}
