import { AdtallyError } from '../../domain/errors.ts';
import { majorUnits } from '../../domain/money.ts';
import type { GroupFilter, GroupSum } from '../../ports/ledger-index.ts';
import type { Balance, BalanceQuestion, BalancesAnswer } from '../../ports/ledger-queries.ts';
import { type Account, accounts } from '../accounts.ts';
import { type CutPorts, findCut, sealOf } from './cut.ts';
import type { Sides } from './shown.ts';

type AccountSides = Sides & Pick<GroupSum, 'advertiser_id' | 'campaign_id' | 'currency'> & { readonly account: string };

/** Balances of every account that was ever moved before the cut, by advertiser, campaign and currency. */
export async function answerBalances(ports: CutPorts, question: BalanceQuestion): Promise<BalancesAnswer> {
  const { truth, advertiserId, campaignId, at } = question;
  const cut = await findCut(ports, [truth], at);
  const filter: GroupFilter = { ...(advertiserId && { advertiserId }), ...(campaignId && { campaignId }) };
  const sides = [...sidesOfAccounts(await ports.index.sums(cut.streams, filter)).values()];
  sides.sort((a, b) => compare(a.currency, b.currency) || compare(keyOf(a), keyOf(b)));
  return { truth, ...sealOf(cut), balances: sides.map(shownBalance), trial_balance: trialBalance(sides) };
}

/** The side on which an account grows. Error: `INVARIANT_BROKEN` for an account that is not in the chart. */
export function normalSide(account: string): 'debit' | 'credit' {
  if (Object.hasOwn(accounts, account)) return accounts[account as Account];
  throw new AdtallyError(
    'INVARIANT_BROKEN',
    `the ledger has entries on ${account}, which is not in the chart of accounts`,
  );
}

/** Every sum of entries on the two accounts that they moved. */
function sidesOfAccounts(sums: readonly GroupSum[]): ReadonlyMap<string, AccountSides> {
  const found = new Map<string, AccountSides>();
  const of = (account: string, { advertiser_id, campaign_id, currency }: GroupSum) => {
    const fresh = { account, advertiser_id, campaign_id, currency, debitMicros: 0n, creditMicros: 0n };
    const sides = found.get(keyOf(fresh)) ?? fresh;
    found.set(keyOf(fresh), sides);
    return sides;
  };
  for (const sum of sums) {
    of(sum.debit_account, sum).debitMicros += sum.amountMicros;
    of(sum.credit_account, sum).creditMicros += sum.amountMicros;
  }
  return found;
}

function keyOf({ advertiser_id, campaign_id, currency, account }: Omit<AccountSides, keyof Sides>): string {
  return [advertiser_id, campaign_id, account, currency].join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function shownBalance({
  account,
  advertiser_id,
  campaign_id,
  currency,
  debitMicros,
  creditMicros,
}: AccountSides): Balance {
  return {
    account,
    normal_side: normalSide(account),
    advertiser_id,
    campaign_id: campaign_id === '' ? null : campaign_id,
    currency,
    debit_micros: String(debitMicros),
    credit_micros: String(creditMicros),
    balance_micros: String(creditMicros - debitMicros),
    balance: majorUnits(creditMicros - debitMicros),
  };
}

/** Debits and credits of all accounts by currency. Error: `INVARIANT_BROKEN` if they differ. */
function trialBalance(sides: readonly AccountSides[]): BalancesAnswer['trial_balance'] {
  const totals = new Map<string, Sides>();
  for (const { currency, debitMicros, creditMicros } of sides) {
    const total = totals.get(currency) ?? { debitMicros: 0n, creditMicros: 0n };
    total.debitMicros += debitMicros;
    total.creditMicros += creditMicros;
    totals.set(currency, total);
  }
  return [...totals].map(([currency, { debitMicros, creditMicros }]) => {
    if (debitMicros !== creditMicros) {
      throw new AdtallyError(
        'INVARIANT_BROKEN',
        `debits of ${debitMicros} and credits of ${creditMicros} ${currency} micros differ`,
      );
    }
    const total = { debit_micros: String(debitMicros), credit_micros: String(creditMicros) };
    return { currency, ...total, difference_micros: String(creditMicros - debitMicros) };
  });
}
