import type { Entry } from '../domain/records.ts';
import type { Break } from './breaks.ts';
import type { ExpectedEntry } from './expected-entries.ts';

export interface LedgerSide {
  readonly truth: 'tentative' | 'final';
  readonly shard: number;
  readonly selectionId: string;
  readonly campaignId: string;
}

type Plain = Pick<
  ExpectedEntry,
  'sourceOffset' | 'kind' | 'debit' | 'credit' | 'amountMicros' | 'servicePeriod' | 'postingPeriod' | 'postedAt'
>;

function plain(entry: Entry): Plain {
  return {
    sourceOffset: entry.source_offset,
    kind: entry.kind,
    debit: entry.debit_account,
    credit: entry.credit_account,
    amountMicros: entry.amount_micros,
    servicePeriod: entry.service_period,
    postingPeriod: entry.posting_period,
    postedAt: entry.posted_at,
  };
}

function whole(entry: Plain): string {
  return `${entry.sourceOffset}|${entry.kind}|${entry.debit}|${entry.credit}|${entry.amountMicros}|${entry.servicePeriod}|${entry.postingPeriod}|${entry.postedAt}`;
}

function legs(entry: Plain): string {
  return `${entry.sourceOffset}|${entry.kind}|${entry.debit}|${entry.credit}`;
}

/** Takes out of both lists what is equal under a key, pair by pair, and returns the pairs. */
function pairOff(expected: Plain[], actual: Plain[], key: (entry: Plain) => string): (readonly [Plain, Plain])[] {
  const byKey = new Map<string, Plain[]>();
  for (const entry of actual) byKey.set(key(entry), [...(byKey.get(key(entry)) ?? []), entry]);
  const pairs: (readonly [Plain, Plain])[] = [];
  for (const wanted of expected) {
    const found = byKey.get(key(wanted))?.pop();
    if (found !== undefined) pairs.push([wanted, found]);
  }
  for (const [wanted, found] of pairs) {
    expected.splice(expected.indexOf(wanted), 1);
    actual.splice(actual.indexOf(found), 1);
  }
  return pairs;
}

/**
 * Compares the entries that one selection should have in one ledger with those it has. Same legs with another amount count by the difference of
 * amounts, another period or time counts 0 micros but is a break all the same, entries on one side only count whole.
 */
export function checkEntries(
  side: LedgerSide,
  expectedEntries: readonly ExpectedEntry[],
  actualEntries: readonly Entry[],
): Break | null {
  const expected: Plain[] = [...expectedEntries];
  const actual = actualEntries.map(plain);
  pairOff(expected, actual, whole);
  if (expected.length === 0 && actual.length === 0) return null;
  const changed = pairOff(expected, actual, legs);
  const amounts = changed.reduce((sum, [wanted, found]) => sum + Math.abs(wanted.amountMicros - found.amountMicros), 0);
  const oneSided = [...expected, ...actual].reduce((sum, entry) => sum + entry.amountMicros, 0);
  return {
    code: 'ledger_entries',
    truth: side.truth,
    selectionId: side.selectionId,
    campaignId: side.campaignId,
    expectedMicros: sumOf(expected) + sumOf(changed.map(([wanted]) => wanted)),
    actualMicros: sumOf(actual) + sumOf(changed.map(([, found]) => found)),
    differenceMicros: amounts + oneSided,
    refs: [...expected, ...actual, ...changed.map(([, found]) => found)].map(
      (entry) => `${side.truth}-${side.shard}@${entry.sourceOffset}`,
    ),
    detail: [
      ...expected.map((entry) => `missing ${whole(entry)}`),
      ...actual.map((entry) => `unexpected ${whole(entry)}`),
      ...changed.map(([wanted, found]) => `expected ${whole(wanted)}, found ${whole(found)}`),
    ].join('; '),
  };
}

function sumOf(entries: readonly Plain[]): number {
  return entries.reduce((sum, entry) => sum + entry.amountMicros, 0);
}
