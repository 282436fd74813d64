import type { Billing, Category, Lease } from './records.ts';

/**
 * What the life cycle of a selection did to money: the outcome of the one fold (`spend-lifecycle`), translated into entries by the two
 * ledgers and into deltas by pacing. `amountMicros` is always more than 0.
 */
export type Transition =
  /** Money committed against a lease: open. */
  | (Moved<'drawn'> & { readonly lease: Lease })
  /** Open → available again (expiry, or a surplus draw of a second node). */
  | (Moved<'released'> & { readonly lease: Lease; readonly surplus: boolean })
  /** Open → pending: the billable event arrived. */
  | (Moved<'incurred'> & { readonly lease: Lease })
  /** Pending → voided by a verdict. */
  | (Moved<'voided'> & Ground & { readonly lease: Lease; readonly fromSuspense: boolean })
  /** Pending → suspense: two records of the selection disagree. */
  | (Moved<'suspended'> & { readonly lease: Lease })
  /** Pending or suspense → certified: may be billed. */
  | (Moved<'certified'> & { readonly lease: Lease; readonly fromSuspense: boolean })
  /** Certified → reversed; `reversedBeforeMicros` makes the split of a partial reversal exact. */
  | (Moved<'reversed'> &
      Ground & {
        readonly lease: Lease | null;
        readonly certifiedMicros: number;
        readonly reversedBeforeMicros: number;
        readonly adjustment: boolean;
      })
  /** No live draw covers it: our cost, never billed. */
  | Moved<'absorbed'>
  /** A verdict on what was absorbed. */
  | (Moved<'absorbed_voided'> & Ground);

interface Moved<K extends string> {
  readonly kind: K;
  readonly billing: Billing;
  readonly amountMicros: number;
  /** YYYY-MM in which it was delivered: month of the selection in the calendar of the advertiser. */
  readonly servicePeriod: string;
  /** YYYY-MM in which it is booked: the first unclosed month of that calendar that ends after fold time. */
  readonly postingPeriod: string;
}

interface Ground {
  readonly category: Category;
  readonly rule: string;
}
