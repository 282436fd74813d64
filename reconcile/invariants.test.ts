import { describe, expect, it } from 'vitest';
import { Invariants } from './invariants.ts';
import type { BookedEntry, LedgerStream } from './ledger-reading.ts';
import { ledgerSums } from './ledger-sums.ts';

function entry(selectionId: string, kind: string, change: Partial<BookedEntry> = {}): BookedEntry {
  return {
    source_offset: 7,
    ordinal: 0,
    kind,
    selection_id: selectionId,
    advertiser_id: 'adv_1',
    campaign_id: 'cmp_1',
    line_item_id: 'li_1',
    publisher_id: 'pub_1',
    debit_account: 'campaign:incurred',
    credit_account: 'campaign:reserved',
    amount_micros: 1_000,
    currency: 'EUR',
    service_period: '2026-11',
    posting_period: '2026-11',
    posted_at: 1,
    selected_at: 1,
    reference: '',
    ...change,
  };
}

const draw = { debit_account: 'campaign:reserved', credit_account: 'campaign:authority' };

function stream(shard: number, ...entries: readonly BookedEntry[]): LedgerStream {
  return { truth: 'tentative', shard, entries, nextOffset: 99, foldTime: 1, chainHead: '', breaks: [] };
}

/** Numbers of the invariants that do not hold. */
function broken(streams: readonly LedgerStream[], strays: readonly string[], budget: number): readonly number[] {
  const invariants = new Invariants(new Set(strays));
  for (const one of streams) invariants.addShard([one], ledgerSums([one]));
  return invariants.checks(new Map([['cmp_1', budget]])).flatMap(({ number, holds }) => (holds ? [] : [number]));
}

describe('invariants, shard by shard', () => {
  const charged = [entry('s1', 'draw', draw), entry('s1', 'incur')];

  it('hold over shards whose entries tally', () => {
    expect(broken([stream(0, ...charged), stream(1, entry('s2', 'draw', draw))], [], 2_000)).toEqual([]);
  });

  it('5: a selection that two shards charged is one of both, and is found once both were seen', () => {
    const streams = [stream(0, ...charged), stream(1, ...charged)];
    expect(broken(streams, ['s1'], 2_000)).toEqual([5]);
    expect(
      broken([stream(0, ...charged, entry('s1', 'draw', draw), entry('s1', 'incur', { source_offset: 8 }))], [], 2_000),
    ).toEqual([5]);
  });

  it('7: what stands against a budget is the sum over all shards', () => {
    expect(broken([stream(0, ...charged), stream(1, entry('s2', 'draw', draw))], [], 1_999)).toEqual([7]);
  });

  it('3 and 4: nothing stands below zero, and no entry is one-sided', () => {
    expect(broken([stream(0, entry('s1', 'incur'))], [], 2_000)).toEqual([3]);
    expect(broken([stream(0, ...charged, entry('s2', 'draw', { ...draw, credit_account: '' }))], [], 2_000)).toEqual([
      4,
    ]);
  });
});
