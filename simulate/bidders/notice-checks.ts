import type { EntryRow } from '../books.ts';
import type { Check } from '../run-report.ts';
import type { OutsideBid } from '../tallies.ts';
import type { BidderCounts } from './bidder-tally.ts';

export interface NoticeEvidence {
  /** Selections that bidders won, by what their ads said; tests left out. */
  readonly bids: ReadonlyMap<string, OutsideBid>;
  /** Entries `incur` of the tentative ledger. */
  readonly incurred: readonly EntryRow[];
  /** What the bidders counted, with details. */
  readonly counts: Readonly<Record<string, BidderCounts>>;
  /** All selections of the run. */
  readonly selections: number;
  /** Processes that were killed. */
  readonly kills: number;
}

/** Outside demand has at least this part of the selections, or a run shows nothing of it; in a small one at least something, since a busy machine has little time for bidders. */
const leastShare = 0.25;
const smallSelections = 5_000;
/** Notices of its last moment that a killed process may have forgotten, be it that they are to be sent or that they were. */
const forgottenByKill = 25;

/** Holds what bidders were told against what the ledger booked and the ads said. */
export function noticeChecks(evidence: NoticeEvidence): readonly Check[] {
  const { bids, selections } = evidence;
  const share = bids.size / Math.max(1, selections);
  const demand = {
    name: 'selections won by bidders',
    holds: bids.size > 0 && (selections < smallSelections || share >= leastShare),
    detail: `${bids.size} of ${selections}, ${(100 * share).toFixed(1)} %`,
  };
  return [demand, billed(evidence), repeated(evidence), won(evidence), invented(evidence)];
}

/** What the ledger says of the bids that it billed: bid → price of one impression, micros. */
function billedBids({ bids, incurred }: NoticeEvidence): ReadonlyMap<string, number> {
  const billedOf = new Map<string, number>();
  for (const { selection_id, amount_micros } of incurred) {
    const bid = bids.get(selection_id ?? '');
    if (bid !== undefined) billedOf.set(bid.bidId, Number(amount_micros));
  }
  return billedOf;
}

/** What bidders were told of one kind: bid → price for a thousand, micros. */
function told({ counts }: NoticeEvidence, kind: 'win' | 'billing'): ReadonlyMap<string, number> {
  return new Map(Object.values(counts).flatMap(({ notices }) => Object.entries(notices[kind].by_bid ?? {})));
}

function billed(evidence: NoticeEvidence): Check {
  const [ledger, bidders] = [billedBids(evidence), told(evidence, 'billing')];
  const missing = [...ledger.keys()].filter((bid) => !bidders.has(bid));
  const unexpected = [...bidders.keys()].filter((bid) => !ledger.has(bid));
  const otherPrice = [...ledger].filter(([bid, micros]) => (bidders.get(bid) ?? micros * 1000) !== micros * 1000);
  return {
    name: 'billing notices = tentative ledger',
    holds: [missing, unexpected, otherPrice].every(({ length }) => length === 0) && ledger.size > 0,
    detail: `${ledger.size} billed, ${bidders.size} told; ${missing.length} missing, ${unexpected.length} unexpected, ${otherPrice.length} at another price`,
  };
}

function repeated({ counts, kills }: NoticeEvidence): Check {
  const times = Object.values(counts).reduce(
    (sum, { notices: { billing } }) => sum + billing.received - billing.bids,
    0,
  );
  return {
    name: 'billing notices sent twice',
    holds: times <= forgottenByKill * kills,
    detail: `${times} (${kills} kills)`,
  };
}

function won(evidence: NoticeEvidence): Check {
  const wins = told(evidence, 'win');
  const missing = [...evidence.bids.values()].filter(({ bidId }) => !wins.has(bidId)).length;
  return {
    name: 'wins that bidders were told of',
    holds: missing <= forgottenByKill * evidence.kills,
    detail: `${evidence.bids.size - missing} of ${evidence.bids.size}`,
  };
}

function invented({ counts }: NoticeEvidence): Check {
  const unknown = Object.values(counts).reduce((sum, one) => sum + one.unknown_notices, 0);
  return { name: 'notices of bids that nobody made', holds: unknown === 0, detail: String(unknown) };
}
