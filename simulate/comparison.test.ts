import { describe, expect, test } from 'vitest';
import { Account } from './account.ts';
import type { Books, EntryRow, Verdict } from './books.ts';
import { compare } from './comparison.ts';
import type { SimulationResult } from './simulation.ts';
import { Tallies } from './tallies.ts';
import type { Label } from './visit-plan.ts';

/** Two charged selections at 2000 micros; the second is a robot's. */
function result(): SimulationResult {
  const account = new Account([
    {
      lineItemId: 'li_1',
      campaignId: 'cmp_1',
      advertiserId: 'adv_1',
      pricingModel: 'CPM',
      bidMicros: 2_000_000,
      currency: 'EUR',
      deals: [],
    },
  ]);
  const tallies = new Tallies();
  for (const selectionId of ['s1', 's2']) {
    account.selected(selectionId, 'li_1', false);
    account.attempted({ selectionId, kind: 'impression', expiresAt: 90_000, sentAt: 1, doneAt: 2, acknowledged: true });
    tallies.acknowledge(selectionId, 'impression', false);
  }
  const labels = new Map<string, Label>([
    ['s1', 'person'],
    ['s2', 'prefetcher'],
  ]);
  return {
    account,
    tallies,
    labels,
    asks: new Map(),
    kills: [],
    ownAddresses: true,
    visits: 2,
    startedAt: 0,
    endedAt: 1,
  };
}

const verdicts: readonly Verdict[] = [{ selection_id: 's2', category: 'GIVT', rule: 'declared_bot' }];
const receipts = new Map([
  ['s1/impression', 1],
  ['s2/impression', 1],
]);

function entry(selectionId: string, amount: string, source: string): EntryRow {
  return {
    truth: 'tentative',
    kind: 'incur',
    selection_id: selectionId,
    campaign_id: 'cmp_1',
    debit_account: 'campaign:incurred',
    credit_account: 'campaign:reserved',
    amount_micros: amount,
    reference: '',
    source,
  };
}

const takenBack = [{ ...entry('s2', '2000', '0/3'), kind: 'void', reference: 'declared_bot' }];
const charged = [entry('s1', '2000', '0/1'), entry('s2', '2000', '0/2')];

function books(changes: { incurred?: bigint; certified?: bigint; reported?: bigint } = {}): Books {
  const { incurred = 4000n, certified = 2000n, reported = 4000n } = changes;
  return {
    cut: '2026-01-01T00:00:00.000Z',
    tentative: new Map([['EUR', { incurred, voided: 2000n, openReserved: 0n, pending: 0n }]]),
    final: new Map([['EUR', { certified, reversed: 0n, absorbed: 0n, absorbedVoided: 0n }]]),
    report: new Map([['EUR', { incurred: reported, absorbed: 0n, voided: 2000n, certified: 2000n, reversed: 0n }]]),
  };
}

describe('the comparison', () => {
  test('finds nothing where everything agrees', () => {
    const found = compare(result(), { books: books(), charged, takenBack, verdicts, receipts });
    expect(found.unequal).toEqual([]);
    expect(found.missing).toEqual([]);
    expect(found.unexpected).toEqual([]);
    expect(found.doubleCharged).toEqual([]);
    expect(found.lostBeacons).toEqual([]);
    expect(found.effects.wrong).toEqual([]);
    expect(found.detection).toMatchObject({ precision: 1, recallOfCharged: 1, recallOfLabelled: 1 });
  });

  test.each([{ incurred: 4001n }, { certified: 1999n }, { reported: 3999n }])('notices a micro: %o', (changes) => {
    expect(compare(result(), { books: books(changes), charged, takenBack, verdicts, receipts }).unequal).not.toEqual(
      [],
    );
  });

  test('notices a micro that moved from one selection to another, which no sum shows', () => {
    const moved = [entry('s1', '1999', '0/1'), entry('s2', '2001', '0/2')];
    const found = compare(result(), { books: books(), charged: moved, takenBack, verdicts, receipts });
    expect(found.unequal).toEqual([]);
    expect(found.missing).toEqual(['s1']);
    expect(found.unexpected).toEqual(['s2']);
  });

  test('notices a charge that was booked twice', () => {
    const twice = [...charged, entry('s1', '2000', '0/9')];
    expect(compare(result(), { books: books(), charged: twice, takenBack, verdicts, receipts }).doubleCharged).toEqual([
      's1',
    ]);
  });

  test('notices an acknowledged beacon that the log does not hold', () => {
    const fewer = new Map([['s1/impression', 1]]);
    const found = compare(result(), { books: books(), charged, takenBack, verdicts, receipts: fewer });
    expect(found.lostBeacons).toEqual(['s2/impression']);
  });

  test('takes the platform at its word for a charge that is in doubt, but not for its price', () => {
    const doubted = result();
    doubted.account.selected('s3', 'li_1', false);
    const lost = { selectionId: 's3', kind: 'impression', expiresAt: 90_000, sentAt: 1, doneAt: 2 } as const;
    doubted.account.attempted({ ...lost, acknowledged: false });
    const find = (amount: string) => {
      const with3 = [...charged, entry('s3', amount, '0/3')];
      return compare(doubted, {
        books: books({ incurred: 6000n, certified: 4000n, reported: 6000n }),
        charged: with3,
        takenBack,
        verdicts,
        receipts,
      });
    };
    expect(find('2000')).toMatchObject({ doubtful: ['s3'], doubtfulCharged: ['s3'], unexpected: [], missing: [] });
    expect(find('2001').unexpected).toEqual(['s3']);
    expect(find('1999').missing).toEqual(['s3']);
  });

  test('notices a verdict that took nothing back, and money that came back without one', () => {
    const none: readonly Verdict[] = [];
    expect(compare(result(), { books: books(), charged, takenBack: [], verdicts, receipts }).effects.wrong).toEqual([
      's2',
    ]);
    expect(compare(result(), { books: books(), charged, takenBack, verdicts: none, receipts }).effects.wrong).toEqual([
      's2',
    ]);
  });
});
