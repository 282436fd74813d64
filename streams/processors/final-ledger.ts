import { type Split, splitRevenue } from '../../domain/money.ts';
import type { Billing } from '../../domain/records.ts';
import type { Transition } from '../../domain/transitions.ts';
import { type Account, contraAccount } from '../../ledger/accounts.ts';
import { type EntryKind, type Post, postTransition } from '../../ledger/entries.ts';
import { postInvoices, type Unbilled } from './unbilled.ts';

/** What may be billed, and what was taken back or absorbed. `unbilled` follows along, since an invoice is a balance. */
export function postFinal(transition: Transition, unbilled: Unbilled, post: Post): void {
  switch (transition.kind) {
    case 'certified':
      postShares(transition, post, { kind: 'certify', debit: 'advertiser:unbilled', parts: split(transition.billing) });
      unbilled.add(transition, transition.amountMicros);
      return;
    case 'reversed':
      postReversal(transition, post);
      unbilled.add(transition, -transition.amountMicros);
      return;
    case 'absorbed':
      postShares(transition, post, { kind: 'absorb', debit: 'absorbed', parts: split(transition.billing) });
      return;
    case 'absorbed_voided':
      postBack(transition, post, {
        kind: 'absorb_void',
        credit: 'absorbed',
        parts: split(transition.billing),
        reference: transition.rule,
      });
      return;
    case 'drawn':
    case 'released':
    case 'incurred':
    case 'suspended':
    case 'voided':
      return; // not final
    default:
      transition satisfies never;
  }
}

/** A closed period of a calendar is invoiced: its last entries. */
export function postClose(period: { calendar: number; period: string }, unbilled: Unbilled, post: Post): void {
  postInvoices(unbilled.close(period.calendar, period.period), period.period, post);
}

function split(billing: Billing): Split {
  return splitRevenue(billing.price_micros, billing.revenue_share_ppm, billing.share_rounding);
}

/** What was certified is taken back: the campaign's charge in full, and from each who had a part of it his part. */
function postReversal(transition: Extract<Transition, { kind: 'reversed' }>, post: Post): void {
  const { amountMicros, rule: reference } = transition;
  const contra = contraAccount(transition.category);
  const kind = transition.adjustment ? 'adjust' : 'reverse';
  postTransition(post, transition, { kind, debit: contra, credit: 'advertiser:unbilled', amountMicros, reference });
  postBack(transition, post, { kind, credit: contra, parts: partsOfReversal(transition), reference });
}

/** By the difference of what is reversed after and before, so that a reversal in parts nets to exactly what was certified. */
function partsOfReversal(transition: Extract<Transition, { kind: 'reversed' }>): Split {
  const { billing, amountMicros, reversedBeforeMicros } = transition;
  const before = splitRevenue(reversedBeforeMicros, billing.revenue_share_ppm, billing.share_rounding);
  const after = splitRevenue(reversedBeforeMicros + amountMicros, billing.revenue_share_ppm, billing.share_rounding);
  return {
    publisherMicros: after.publisherMicros - before.publisherMicros,
    platformMicros: after.platformMicros - before.platformMicros,
    roundingMicros: after.roundingMicros - before.roundingMicros,
  };
}

interface Shares {
  readonly kind: EntryKind;
  readonly debit: Account;
  readonly parts: Split;
}

function postShares(transition: Transition, post: Post, { kind, debit, parts }: Shares): void {
  postTransition(post, transition, { kind, debit, credit: 'publisher:payable', amountMicros: parts.publisherMicros });
  postTransition(post, transition, { kind, debit, credit: 'platform:revenue', amountMicros: parts.platformMicros });
  postTransition(post, transition, { kind, debit, credit: 'rounding', amountMicros: parts.roundingMicros });
}

interface Back {
  readonly kind: EntryKind;
  readonly credit: Account;
  readonly parts: Split;
  readonly reference: string;
}

function postBack(transition: Transition, post: Post, { kind, credit, parts, reference }: Back): void {
  const back = (debit: Account, amountMicros: number): void => {
    if (amountMicros >= 0) postTransition(post, transition, { kind, debit, credit, amountMicros, reference });
    // the residue of a part can be larger before than after: then it goes the other way
    else
      postTransition(post, transition, { kind, debit: credit, credit: debit, amountMicros: -amountMicros, reference });
  };
  back('publisher:payable', parts.publisherMicros);
  back('platform:revenue', parts.platformMicros);
  back('rounding', parts.roundingMicros);
}
