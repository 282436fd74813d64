import type { Entry } from '../domain/records.ts';
import type { Transition } from '../domain/transitions.ts';
import type { Account } from './accounts.ts';

export const entryKinds = [
  'draw',
  'release',
  'incur',
  'void',
  'suspend',
  'certify',
  'reverse',
  'adjust',
  'absorb',
  'absorb_void',
  'invoice',
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** One double entry that has no place in a stream yet: whoever gives it one fills in the fields of its place. */
export type Posting = { -readonly [K in keyof Entry]: Entry[K] } & {
  readonly kind: EntryKind;
  readonly debit_account: Account;
  readonly credit_account: Account;
};

/** What the fields of its place hold until then. */
export const unplaced = { source_offset: -1, ordinal: -1, posted_at: -1, chain_hash: new Uint8Array(0) } as const;

/** What is debited and what is credited, and by how much (micros). */
export interface Legs {
  readonly kind: EntryKind;
  readonly debit: Account;
  readonly credit: Account;
  readonly amountMicros: number;
  /** Rule of a verdict, reason of an adjustment. */
  readonly reference?: string;
}

/** Where translators put their postings. Those with amount 0 are not written. */
export type Post = (posting: Posting) => void;

/** Posts one leg of a transition of one selection. */
export function postTransition(post: Post, transition: Transition, legs: Legs): void {
  if (legs.amountMicros === 0) return;
  const { billing } = transition;
  post({
    source_offset: unplaced.source_offset,
    ordinal: unplaced.ordinal,
    kind: legs.kind,
    selection_id: billing.selection_id,
    advertiser_id: billing.advertiser_id,
    campaign_id: billing.campaign_id,
    line_item_id: billing.line_item_id,
    publisher_id: billing.publisher_id,
    debit_account: legs.debit,
    credit_account: legs.credit,
    amount_micros: legs.amountMicros,
    currency: billing.currency,
    service_period: transition.servicePeriod,
    posting_period: transition.postingPeriod,
    posted_at: unplaced.posted_at,
    selected_at: billing.selected_at,
    reference: legs.reference ?? '',
    chain_hash: unplaced.chain_hash,
  });
}
