import type { Transition } from '../../domain/transitions.ts';
import { contraAccount } from '../../ledger/accounts.ts';
import { type Legs, type Post, postTransition } from '../../ledger/entries.ts';

/**
 * What is reserved, and what is incurred but not certified. A draw turns authority into a reservation; everything later takes the money on or back,
 * so that `campaign:reserved` is open, `campaign:incurred` pending and `suspense` suspended, at every position.
 */
export function postTentative(transition: Transition, post: Post): void {
  const legs = tentativeLegs(transition);
  if (legs !== null) postTransition(post, transition, legs);
}

function tentativeLegs(transition: Transition): Legs | null {
  const { kind, amountMicros } = transition;
  switch (kind) {
    case 'drawn':
      return { kind: 'draw', debit: 'campaign:reserved', credit: 'campaign:authority', amountMicros };
    case 'released':
      return { kind: 'release', debit: 'campaign:authority', credit: 'campaign:reserved', amountMicros };
    case 'incurred':
      return { kind: 'incur', debit: 'campaign:incurred', credit: 'campaign:reserved', amountMicros };
    case 'suspended':
      return { kind: 'suspend', debit: 'suspense', credit: 'campaign:incurred', amountMicros };
    case 'voided': {
      const { category, rule: reference, fromSuspense } = transition;
      return { kind: 'void', debit: contraAccount(category), credit: pending(fromSuspense), amountMicros, reference };
    }
    case 'certified':
      return { kind: 'certify', debit: 'advertiser:unbilled', credit: pending(transition.fromSuspense), amountMicros };
    case 'reversed':
    case 'absorbed':
    case 'absorbed_voided':
      return null; // never entered, or has left, what is tentative
    default:
      return kind satisfies never;
  }
}

function pending(fromSuspense: boolean): 'suspense' | 'campaign:incurred' {
  return fromSuspense ? 'suspense' : 'campaign:incurred';
}
