import type { Break } from './breaks.ts';
import { type ExpectedEntry, partiesText } from './expected-entries.ts';
import type { BookedEntry } from './ledger-reading.ts';

export interface LedgerSide {
  readonly truth: 'tentative' | 'final';
  readonly shard: number;
  readonly selectionId: string;
  readonly campaignId: string;
}

type Plain = Omit<ExpectedEntry, 'truth'>;

function plain(entry: BookedEntry): Plain {
  return {
    sourceOffset: entry.source_offset,
    kind: entry.kind,
    debit: entry.debit_account,
    credit: entry.credit_account,
    amountMicros: entry.amount_micros,
    servicePeriod: entry.service_period,
    postingPeriod: entry.posting_period,
    postedAt: entry.posted_at,
    parties: partiesText(entry, entry.reference),
  };
}

/** Everything about an entry but its accounts and its amount: where and when it stands, and whose it is. */
function placeText(entry: Plain): string {
  return `${entry.servicePeriod}|${entry.postingPeriod}|${entry.postedAt}|${entry.parties}`;
}

function whole(entry: Plain): string {
  return `${entry.sourceOffset}|${entry.kind}|${entry.debit}|${entry.credit}|${entry.amountMicros}|${placeText(entry)}`;
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

/** The most that is missing from, or too much on, any one account of any one period, time and party. An entry moved from one to another counts once. */
function misplacedMicros(expected: readonly Plain[], actual: readonly Plain[]): number {
  const nets = new Map<string, number>();
  const add = (account: string, entry: Plain, micros: number): void => {
    const key = `${account}|${placeText(entry)}`;
    nets.set(key, (nets.get(key) ?? 0) + micros);
  };
  for (const [entries, sign] of [
    [expected, 1],
    [actual, -1],
  ] as const) {
    for (const entry of entries) {
      add(entry.debit, entry, sign * entry.amountMicros);
      add(entry.credit, entry, -sign * entry.amountMicros);
    }
  }
  return Math.max(0, ...[...nets.values()].map(Math.abs));
}

/**
 * Compares the entries that one selection should have in one ledger with those it has. What it counts is money that is not where it should be:
 * see `misplacedMicros`. Entries whose money nets out, as two legs with another offset, count 0 and are a break all the same.
 */
export function checkEntries(
  side: LedgerSide,
  expectedEntries: readonly ExpectedEntry[],
  actualEntries: readonly BookedEntry[],
): Break | null {
  const expected: Plain[] = [...expectedEntries];
  const actual = actualEntries.map(plain);
  pairOff(expected, actual, whole);
  if (expected.length === 0 && actual.length === 0) return null;
  const differenceMicros = misplacedMicros(expected, actual);
  const [expectedMicros, actualMicros] = [sumOf(expected), sumOf(actual)];
  const places = [...expected, ...actual].map((entry) => `${side.truth}-${side.shard}@${entry.sourceOffset}`);
  const changed = pairOff(expected, actual, legs);
  return {
    code: 'ledger_entries',
    truth: side.truth,
    selectionId: side.selectionId,
    campaignId: side.campaignId,
    expectedMicros,
    actualMicros,
    differenceMicros,
    refs: [...new Set(places)],
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
