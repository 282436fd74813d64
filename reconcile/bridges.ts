import type { Explained, Truth } from './breaks.ts';
import { type LedgerSums, noSums } from './ledger-sums.ts';
import type { Recounted } from './recount.ts';
import type { Said } from './report.ts';

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

/** Bridges over the closed selections; without reporting the last one is left out. */
export function bridgesOf(
  recounted: readonly Recounted[],
  explained: readonly Explained[],
  {
    ledgers,
    reportedMicros,
  }: Pick<Said, 'ledgers'> & { readonly reportedMicros: ((selectionId: string) => number) | null },
): Bridge[] {
  const closed = new Map(
    recounted.filter((one) => one.closed && one.delivery !== null).map((one) => [one.selectionId, one]),
  );
  const sums = new Map<string, Record<Link, bigint>>();
  for (const one of closed.values()) {
    const said = saidOf(one, ledgers.get(one.selectionId) ?? noSums(), reportedMicros?.(one.selectionId) ?? 0);
    const sum = sums.get(one.currency) ?? (Object.fromEntries(chain.map((link) => [link, 0n])) as Record<Link, bigint>);
    sums.set(one.currency, sum);
    for (const link of chain) sum[link] += BigInt(said[link]);
  }
  const causes = new Map<string, bigint>();
  for (const { between, selectionId, amountMicros } of explained) {
    const one = closed.get(selectionId);
    if (one === undefined) continue;
    const key = `${one.currency}|${between.join('|')}`;
    causes.set(key, (causes.get(key) ?? 0n) + BigInt(amountMicros));
  }
  const links = reportedMicros === null ? chain.slice(0, -1) : chain;
  return [...sums].flatMap(([currency, sum]) =>
    links.slice(1).map((to, index) => {
      const from = links[index] as Link;
      const because = causes.get(`${currency}|${from}|${to}`) ?? 0n;
      const left = sum[from] - sum[to] - because;
      return {
        from,
        to,
        currency,
        from_micros: String(sum[from]),
        to_micros: String(sum[to]),
        explained_micros: String(because),
        left_micros: String(left),
      };
    }),
  );
}
