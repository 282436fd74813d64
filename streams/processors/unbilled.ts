import { maxAmountMicros } from '../../domain/money.ts';
import type { Transition } from '../../domain/transitions.ts';
import { type Post, unplaced } from '../../ledger/entries.ts';

/** What an advertiser owes for one open period, in one currency. */
export interface UnbilledSum {
  readonly calendar: number;
  readonly period: string;
  readonly advertiserId: string;
  readonly currency: string;
  micros: bigint;
}

/** Balances of `advertiser:unbilled` by calendar, posting period, advertiser and currency, for the periods that are open. */
export class Unbilled {
  readonly #periods = new Map<string, Map<string, UnbilledSum>>();

  /** `amountMicros` is negative where a charge is taken back. */
  add({ billing, postingPeriod }: Transition, amountMicros: number): void {
    const { calendar, advertiser_id: advertiserId, currency } = billing;
    this.#sum({ calendar, period: postingPeriod, advertiserId, currency, micros: 0n }).micros += BigInt(amountMicros);
  }

  /** Takes the sums of a period out, sorted by advertiser and currency. */
  close(calendar: number, period: string): readonly UnbilledSum[] {
    const key = `${calendar}/${period}`;
    const sums = [...(this.#periods.get(key)?.values() ?? [])];
    this.#periods.delete(key);
    return sums.sort((a, b) => compare(a.advertiserId, b.advertiserId) || compare(a.currency, b.currency));
  }

  all(): readonly UnbilledSum[] {
    return [...this.#periods.values()].flatMap((sums) => [...sums.values()]);
  }

  restore(sum: UnbilledSum): void {
    this.#sum(sum).micros = sum.micros;
  }

  #sum(fresh: UnbilledSum): UnbilledSum {
    const periodKey = `${fresh.calendar}/${fresh.period}`;
    let sums = this.#periods.get(periodKey);
    if (sums === undefined) {
      sums = new Map();
      this.#periods.set(periodKey, sums);
    }
    const key = `${fresh.advertiserId}/${fresh.currency}`;
    const known = sums.get(key);
    if (known !== undefined) return known;
    sums.set(key, fresh);
    return fresh;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One invoice an advertiser and currency; several where a sum is larger than one amount may be; a credit note where it is negative. */
export function postInvoices(sums: readonly UnbilledSum[], period: string, post: Post): void {
  for (const sum of sums) {
    const owed = sum.micros > 0n;
    for (let left = owed ? sum.micros : -sum.micros; left > 0n; left -= BigInt(maxAmountMicros)) {
      post({
        ...unplaced,
        kind: 'invoice',
        selection_id: '',
        advertiser_id: sum.advertiserId,
        campaign_id: '',
        line_item_id: '',
        publisher_id: '',
        debit_account: owed ? 'advertiser:invoiced' : 'advertiser:unbilled',
        credit_account: owed ? 'advertiser:unbilled' : 'advertiser:invoiced',
        amount_micros: Number(left < BigInt(maxAmountMicros) ? left : BigInt(maxAmountMicros)),
        currency: sum.currency,
        service_period: period,
        posting_period: period,
        selected_at: 0,
        reference: '',
      });
    }
  }
}
