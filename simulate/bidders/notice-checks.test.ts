import { describe, expect, it } from 'vitest';
import type { EntryRow } from '../books.ts';
import type { BidderCounts, NoticeCounts } from './bidder-tally.ts';
import { type NoticeEvidence, noticeChecks } from './notice-checks.ts';

function counted(by_bid: Readonly<Record<string, number>>, received = Object.keys(by_bid).length): NoticeCounts {
  return { received, bids: Object.keys(by_bid).length, price_micros: 0, by_bid };
}

function bidder(notices: Partial<BidderCounts['notices']>): BidderCounts {
  const all = { win: counted({}), billing: counted({}), loss: counted({}), ...notices };
  return { class: 'fast', received: 0, answered: {}, abandoned: 0, notices: all, unknown_notices: 0 };
}

const incur = (selection_id: string, amount_micros: string) => ({ selection_id, amount_micros }) as EntryRow;

/** Two selections of a bidder, one of which was billed, and one of the house. */
function evidence(change: Partial<NoticeEvidence> = {}): NoticeEvidence {
  return {
    bids: new Map([
      ['s1', { bidId: 'b1', bidMicros: 2_345_000 }],
      ['s2', { bidId: 'b2', bidMicros: 1_000_000 }],
    ]),
    incurred: [incur('s1', '2345'), incur('s3', '999')],
    counts: {
      'fast-1': bidder({
        win: counted({ b1: 2_345_000, b2: 1_000_000 }),
        billing: counted({ b1: 2_345_000 }),
      }),
    },
    selections: 3,
    kills: 0,
    ...change,
  };
}

const failed = (of: NoticeEvidence) => noticeChecks(of).flatMap(({ name, holds }) => (holds ? [] : [name]));
const billing = (by_bid: Readonly<Record<string, number>>, received?: number) => ({
  'fast-1': bidder({ win: counted({ b1: 0, b2: 0 }), billing: counted(by_bid, received) }),
});

describe('What bidders were told', () => {
  it('agrees with the ledger if each billed bid was told once, at its price', () => {
    expect(failed(evidence())).toEqual([]);
  });

  it.each<[string, Partial<NoticeEvidence>, string]>([
    ['a billed bid is not told', { counts: billing({}) }, 'billing notices = tentative ledger'],
    [
      'a bid is told that was not billed',
      { counts: billing({ b1: 2_345_000, b2: 1 }) },
      'billing notices = tentative ledger',
    ],
    ['the price is another', { counts: billing({ b1: 2_345_001 }) }, 'billing notices = tentative ledger'],
    ['it is told twice', { counts: billing({ b1: 2_345_000 }, 2) }, 'billing notices sent twice'],
    [
      'a win is not told',
      { counts: { 'fast-1': bidder({ billing: counted({ b1: 2_345_000 }) }) } },
      'wins that bidders were told of',
    ],
    ['hardly anything is bought by bidders', { selections: 10_000 }, 'selections won by bidders'],
  ])('does not if %s', (_what, change, name) => {
    expect(failed(evidence(change))).toEqual([name]);
  });
});
