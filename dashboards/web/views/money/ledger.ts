/** Answers of `/v1/ledger/*` as far as the console shows them. */

export interface Seal {
  readonly cut: string | null;
  readonly as_of_position: string;
  readonly digest: string;
}

export interface EntryRow {
  readonly truth: string;
  readonly shard: number;
  readonly number: number;
  readonly source_offset: number;
  readonly kind: string;
  readonly selection_id: string | null;
  readonly advertiser_id: string;
  readonly campaign_id: string | null;
  readonly debit_account: string;
  readonly credit_account: string;
  readonly amount_micros: string;
  readonly currency: string;
  readonly service_period: string;
  readonly posting_period: string;
  readonly posted_at: string;
  readonly reference: string;
}

export interface Balance {
  readonly account: string;
  readonly normal_side: string;
  readonly advertiser_id: string;
  readonly campaign_id: string | null;
  readonly currency: string;
  readonly debit_micros: string;
  readonly credit_micros: string;
  readonly balance_micros: string;
}

export interface Balances extends Seal {
  readonly balances: readonly Balance[];
  readonly trial_balance: readonly {
    readonly currency: string;
    readonly debit_micros: string;
    readonly credit_micros: string;
    readonly difference_micros: string;
  }[];
}

export interface StatementLine {
  readonly campaign_id: string;
  readonly service_period: string;
  readonly events: number;
  readonly category?: string;
  readonly amount_micros: string;
}

export interface Statement extends Seal {
  readonly advertiser_id: string;
  readonly name: string;
  readonly time_zone: string;
  readonly period: string;
  readonly final: boolean;
  readonly open_streams: readonly string[];
  readonly statements: readonly {
    readonly currency: string;
    readonly opening: { readonly amount_micros: string };
    readonly lines: readonly StatementLine[];
    readonly credits: readonly StatementLine[];
    readonly adjustments: readonly StatementLine[];
    readonly closing: { readonly amount_micros: string };
    readonly invoiced_micros: string;
  }[];
}

export type Grouping = 'account' | 'advertiser' | 'campaign';

/** Balances of one owner (or of all), added up by account and currency. */
export interface AccountSum {
  readonly key: string;
  /** Advertiser or campaign; empty for all. */
  readonly owner: string;
  readonly account: string;
  readonly normal_side: string;
  readonly currency: string;
  readonly debit: bigint;
  readonly credit: bigint;
}

export function sumBalances(balances: readonly Balance[], by: Grouping): AccountSum[] {
  const sums = new Map<string, AccountSum>();
  for (const one of balances) {
    const owner = by === 'account' ? '' : by === 'advertiser' ? one.advertiser_id : (one.campaign_id ?? '');
    const key = `${owner} ${one.currency} ${one.account}`;
    const { account, normal_side, currency } = one;
    const known = sums.get(key) ?? { key, owner, account, normal_side, currency, debit: 0n, credit: 0n };
    sums.set(key, {
      ...known,
      debit: known.debit + BigInt(one.debit_micros),
      credit: known.credit + BigInt(one.credit_micros),
    });
  }
  return [...sums.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}
