import type { Explained, Truth } from './breaks.ts';
import type { LedgerSums } from './ledger-sums.ts';
import type { Recounted } from './recount.ts';

/** Two truths that follow each other, in one currency. Micros as decimal strings. */
export interface Bridge {
  readonly from: Truth;
  readonly to: Truth;
  readonly currency: string;
  readonly from_micros: string;
  readonly to_micros: string;
  readonly explained_micros: string;
  /** What is left; 0 unless there are breaks. */
  readonly left_micros: string;
}

/** The truths in the order in which the money of a selection goes through them. */
const chain = ['selection', 'delivery', 'spend', 'tentative', 'final', 'fraud_adjusted', 'reporting'] as const;
type Link = (typeof chain)[number];

/** What each truth says was, or is to be, charged for a selection. Micros. */
function saidOf(one: Recounted, ledger: LedgerSums, reportedMicros: number): Readonly<Record<Link, number>> {
  const { facts, delivery, priceMicros, shard } = one;
  const isCharged = facts.incurred.some((at) => at.shard === shard && !at.value.billing.test);
  return {
    selection: facts.selected.length > 0 ? priceMicros : 0,
    delivery: (delivery?.billable.length ?? 0) > 0 ? priceMicros : 0,
    spend: isCharged ? priceMicros : 0,
    tentative: ledger.incurred,
    final: ledger.certified,
    fraud_adjusted: ledger.certified - ledger.reversed,
    reporting: reportedMicros,
  };
}

/** Bridges over the closed selections. */
export class Bridges {
  private readonly sums = new Map<string, Record<Link, bigint>>();
  private readonly causes = new Map<string, bigint>();

  /** One selection, with what the ledgers and reporting say of it, and what explains the differences. */
  add(
    one: Recounted,
    said: { readonly ledger: LedgerSums; readonly reportedMicros: number },
    explained: readonly Explained[],
  ): void {
    if (!one.closed || one.delivery === null) return;
    const figures = saidOf(one, said.ledger, said.reportedMicros);
    const sum =
      this.sums.get(one.currency) ?? (Object.fromEntries(chain.map((link) => [link, 0n])) as Record<Link, bigint>);
    this.sums.set(one.currency, sum);
    for (const link of chain) sum[link] += BigInt(figures[link]);
    for (const { between, amountMicros } of explained) {
      const key = `${one.currency}|${between.join('|')}`;
      this.causes.set(key, (this.causes.get(key) ?? 0n) + BigInt(amountMicros));
    }
  }

  /** Without reporting the last one is left out. */
  rows(reporting: boolean): Bridge[] {
    const links = reporting ? chain : chain.slice(0, -1);
    return [...this.sums].flatMap(([currency, sum]) =>
      links.slice(1).map((to, index) => {
        const from = links[index] as Link;
        const because = this.causes.get(`${currency}|${from}|${to}`) ?? 0n;
        return {
          from,
          to,
          currency,
          from_micros: String(sum[from]),
          to_micros: String(sum[to]),
          explained_micros: String(because),
          left_micros: String(sum[from] - sum[to] - because),
        };
      }),
    );
  }
}
