import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntriesBooked, Entry } from '../../domain/records.ts';
import { type Account, accounts } from '../../ledger/accounts.ts';
import { EntryChain, genesis } from '../../ledger/chain.ts';
import { type LedgerTruth, ledgerTruths } from '../../ports/ledger-index.ts';
import { history } from '../../test/spend-histories.ts';
import {
  adjusted,
  closed,
  content,
  holdMs,
  incurred,
  policy,
  reserved,
  SpendStory,
  tick,
  verdict,
} from '../../test/spend-story.ts';
import { SpendFold } from '../runtime/spend-fold.ts';
import type { SpendRecord } from './spend-lifecycle.ts';

const start = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };
const dayMs = 86_400_000;

function fold(records: readonly SpendRecord[], maxAppendBytes = 1 << 20): Record<LedgerTruth, EntriesBooked[]> {
  const all = new SpendFold({ shard: 0, tails: { tentative: start, final: start }, maxAppendBytes });
  for (const record of records) all.fold(record);
  return { tentative: [...all.take('tentative', true)], final: [...all.take('final', true)] };
}

function entriesOf(records: readonly SpendRecord[]): Record<LedgerTruth, Entry[]> {
  const batches = fold(records);
  return {
    tentative: batches.tentative.flatMap((batch) => [...batch.entries]),
    final: batches.final.flatMap((batch) => [...batch.entries]),
  };
}

/** Balance of every account on its debit side, micros. */
function balances(entries: readonly Entry[]): Record<Account, number> {
  const sums = Object.fromEntries(Object.keys(accounts).map((account) => [account, 0])) as Record<Account, number>;
  for (const { debit_account, credit_account, amount_micros } of entries) {
    sums[debit_account as Account] += amount_micros;
    sums[credit_account as Account] -= amount_micros;
  }
  return sums;
}

function lines(entries: readonly Entry[]): readonly string[] {
  return entries.map((one) => `${one.kind}: ${one.debit_account} / ${one.credit_account} ${one.amount_micros}`);
}

const preamble = [policy(), tick(0)];
const cpm = content(0);

describe('entries of one selection', () => {
  it('follow it through both ledgers', () => {
    const { tentative, final } = entriesOf([...preamble, reserved(cpm), incurred(cpm), tick(holdMs), verdict(cpm)]);
    expect(lines(tentative)).toEqual([
      'draw: campaign:reserved / campaign:authority 2500',
      'incur: campaign:incurred / campaign:reserved 2500',
      'certify: advertiser:unbilled / campaign:incurred 2500',
    ]);
    expect(lines(final)).toEqual([
      'certify: advertiser:unbilled / publisher:payable 1750',
      'certify: advertiser:unbilled / platform:revenue 749',
      'certify: advertiser:unbilled / rounding 1',
      'reverse: contra:givt / advertiser:unbilled 2500',
      'reverse: publisher:payable / contra:givt 1750',
      'reverse: platform:revenue / contra:givt 749',
      'reverse: rounding / contra:givt 1',
    ]);
    expect(final.map((one) => one.ordinal)).toEqual([0, 1, 2, 0, 1, 2, 3]);
    expect(final[3]).toMatchObject({ source_offset: 5, reference: 'click_flood', selection_id: cpm.selection_id });
  });

  it('pay the publisher of what is absorbed at our cost, and take it back', () => {
    const bare = content(0, { draw_lease: null });
    const { tentative, final } = entriesOf([...preamble, incurred(bare), verdict(bare)]);
    expect(tentative).toEqual([]);
    expect(lines(final)).toEqual([
      'absorb: absorbed / publisher:payable 1750',
      'absorb: absorbed / platform:revenue 749',
      'absorb: absorbed / rounding 1',
      'absorb_void: publisher:payable / absorbed 1750',
      'absorb_void: platform:revenue / absorbed 749',
      'absorb_void: rounding / absorbed 1',
    ]);
  });

  it('leave suspense on the side of suspense', () => {
    const other = { ...cpm, price_micros: 1 };
    const { tentative } = entriesOf([
      ...preamble,
      incurred(cpm),
      incurred(other),
      adjusted(1, cpm, { action: 'RELEASE' }),
    ]);
    expect(lines(tentative).slice(2)).toEqual([
      'suspend: suspense / campaign:incurred 2500',
      'certify: advertiser:unbilled / suspense 2500',
    ]);
  });

  it('net to exactly what was certified when it is reversed in parts', () => {
    const shares = fc.record({
      price_micros: fc.integer({ min: 1, max: 10_000_000 }),
      revenue_share_ppm: fc.integer({ min: 0, max: 1_000_000 }),
      share_rounding: fc.constantFrom('DOWN' as const, 'UP' as const, 'HALF_EVEN' as const),
    });
    fc.assert(
      fc.property(shares, fc.array(fc.integer({ min: 1, max: 4_000_000 }), { maxLength: 6 }), (share, parts) => {
        const billing = content(0, share);
        const corrections: SpendRecord[] = [];
        let before = 0;
        for (const part of [
          ...parts.filter(
            (one, index) => parts.slice(0, index + 1).reduce((a, b) => a + b, 0) < share.price_micros && one > 0,
          ),
          0,
        ]) {
          const amount_micros = part === 0 ? share.price_micros - before : part;
          const relied = { relied_certified_micros: share.price_micros, relied_reversed_micros: before };
          corrections.push(adjusted(corrections.length + 1, billing, { amount_micros, ...relied }));
          before += amount_micros;
        }
        const { final } = entriesOf([...preamble, incurred(billing), tick(holdMs), ...corrections]);
        expect(new SpendStory(incurred(billing), tick(holdMs), ...corrections).refusals).toEqual([]);
        expect(Object.values(balances(final)).filter((balance) => balance !== 0)).toEqual([]);
      }),
    );
  });
});

describe('a closed period', () => {
  const [a, b] = [content(0), content(1, { advertiser_id: 'adv_0', currency: 'USD' })];
  const month = 86_400_000 / 2 + 1;

  it('is invoiced by advertiser and currency, with its last entries, and what is reversed later is credited in the next', () => {
    const relied = { amount_micros: 500, relied_certified_micros: 2_500 };
    const { final } = entriesOf([
      ...preamble,
      incurred(a),
      incurred(b),
      tick(holdMs),
      tick(month),
      closed('2026-10'),
      adjusted(1, a, relied),
      tick(31 * dayMs),
      closed('2026-11'),
    ]);
    const invoices = final.filter((one) => one.kind === 'invoice');
    expect(lines(invoices)).toEqual([
      'invoice: advertiser:invoiced / advertiser:unbilled 2500',
      'invoice: advertiser:invoiced / advertiser:unbilled 2500',
      'invoice: advertiser:unbilled / advertiser:invoiced 500',
    ]);
    expect(invoices.map((one) => [one.advertiser_id, one.currency, one.posting_period])).toEqual([
      ['adv_0', 'USD', '2026-10'],
      ['adv_1', 'EUR', '2026-10'],
      ['adv_1', 'EUR', '2026-11'],
    ]);
    expect(final.find((one) => one.kind === 'adjust')).toMatchObject({
      service_period: '2026-10',
      posting_period: '2026-11',
    });
  });
});

describe('the entries of any history', () => {
  it('balance, are positive, chained and in order; the accounts hold what the fold holds', () => {
    fc.assert(
      fc.property(history, (records) => {
        const entries = entriesOf(records);
        const {
          drawn,
          released,
          incurred: taken,
          suspended,
          voided,
          certified,
          reversed,
          absorbed,
          absorbed_voided,
        } = new SpendStory(...records.slice(2)).amounts();
        const tentative = balances(entries.tentative);
        expect(tentative).toMatchObject({
          'campaign:authority': released - drawn,
          'campaign:reserved': drawn - released - taken,
          'campaign:incurred': taken - suspended - voided - certified,
          suspense: suspended,
          'advertiser:unbilled': certified,
        });
        expect(tentative['contra:givt'] + tentative['contra:quality']).toBe(voided);
        const final = balances(entries.final);
        expect(final['advertiser:unbilled'] + final['advertiser:invoiced']).toBe(certified - reversed);
        expect(final.absorbed).toBe(absorbed - absorbed_voided);
        const paidOut = final['publisher:payable'] + final['platform:revenue'] + final.rounding;
        expect(paidOut + certified - reversed + absorbed - absorbed_voided).toBe(0);
        expect(final['contra:givt'] + final['contra:quality']).toBe(0);
        for (const truth of ledgerTruths) requireChain(truth, entries[truth]);
      }),
      { numRuns: 300 },
    );
  });

  it('are the same however they are cut into batches, whose marks and ranges leave no gap', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 600, max: 3_000 }), (records, maxBytes) => {
        const whole = fold(records);
        const cut = fold(records, maxBytes);
        for (const truth of ledgerTruths) {
          const batches = cut[truth];
          expect(batches.flatMap((batch) => [...batch.entries])).toEqual(
            whole[truth].flatMap((batch) => [...batch.entries]),
          );
          expect(batches.flatMap((batch) => [...batch.ticks])).toEqual(
            whole[truth].flatMap((batch) => [...batch.ticks]),
          );
          expect(batches.flatMap((batch) => [...batch.closes])).toEqual(
            whole[truth].flatMap((batch) => [...batch.closes]),
          );
          expect(batches.map((batch) => batch.first)).toEqual([
            { offset: 0, ordinal: 0 },
            ...batches.slice(0, -1).map((batch) => batch.next),
          ]);
          expect(batches.at(-1)?.next).toEqual({ offset: records.length, ordinal: 0 });
        }
      }),
      { numRuns: 150 },
    );
  });
});

function requireChain(truth: LedgerTruth, entries: readonly Entry[]): void {
  const chain = new EntryChain(`${truth}-0`);
  let before = { source_offset: -1, ordinal: 0 };
  for (const entry of entries) {
    expect(entry.amount_micros).toBeGreaterThan(0);
    expect(Buffer.from(chain.link(entry)).equals(entry.chain_hash)).toBe(true);
    const { source_offset, ordinal } = entry;
    const follows = source_offset > before.source_offset ? ordinal === 0 : ordinal === before.ordinal + 1;
    expect(follows).toBe(true);
    before = { source_offset, ordinal };
  }
}
