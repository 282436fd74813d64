import { expect, it } from 'vitest';
import { type Balance, sumBalances } from './ledger.ts';

const of = (advertiser: string, campaign: string | null, debit: string, credit: string): Balance => ({
  account: 'advertiser:unbilled',
  normal_side: 'debit',
  advertiser_id: advertiser,
  campaign_id: campaign,
  currency: 'EUR',
  debit_micros: debit,
  credit_micros: credit,
  balance_micros: String(BigInt(credit) - BigInt(debit)),
});
const balances = [
  of('adv_1', 'cmp_1', '9007199254740993', '1'),
  of('adv_1', null, '1', '0'),
  of('adv_2', 'cmp_2', '0', '5'),
];

it('balances add up exactly, by account, advertiser and campaign', () => {
  const sums = (by: 'account' | 'advertiser' | 'campaign') =>
    sumBalances(balances, by).map(({ owner, debit, credit }) => [owner, debit, credit]);
  expect(sums('account')).toEqual([['', 9007199254740994n, 6n]]);
  expect(sums('advertiser')).toEqual([
    ['adv_1', 9007199254740994n, 1n],
    ['adv_2', 0n, 5n],
  ]);
  expect(sums('campaign')).toEqual([
    ['', 1n, 0n],
    ['cmp_1', 9007199254740993n, 1n],
    ['cmp_2', 0n, 5n],
  ]);
});
