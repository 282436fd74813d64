import type { Category } from '../domain/records.ts';

/**
 * The accounts, per currency, each with the side on which it normally stands. `campaign:authority` is the contra of all draws: a budget is
 * compared with it, never stored in it.
 */
export const accounts = {
  'campaign:authority': 'credit',
  'campaign:reserved': 'debit',
  'campaign:incurred': 'debit',
  'advertiser:unbilled': 'debit',
  'advertiser:invoiced': 'debit',
  'publisher:payable': 'credit',
  'platform:revenue': 'credit',
  'contra:givt': 'debit',
  'contra:sivt': 'debit',
  'contra:quality': 'debit',
  absorbed: 'debit',
  rounding: 'credit',
  suspense: 'debit',
} as const satisfies Record<string, 'debit' | 'credit'>;

export type Account = keyof typeof accounts;

/** The account that takes what a verdict of this category takes back. */
export function contraAccount(category: Category): Account {
  switch (category) {
    case 'GIVT':
      return 'contra:givt';
    case 'SIVT':
      return 'contra:sivt';
    case 'QUALITY':
      return 'contra:quality';
    default:
      return category satisfies never;
  }
}
