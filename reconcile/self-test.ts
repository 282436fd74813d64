import { entriesBySelection, sideOf } from './compare-ledgers.ts';
import { checkEntries } from './ledger-check.ts';
import type { Recounted } from './recount.ts';
import type { Reading } from './sources.ts';

/** Corrupts one entry in a copy, by one micro, and must find it: a comparison that can't fail proves nothing. */
export function testItself(
  recounted: readonly Recounted[],
  reading: Reading,
): 'passed' | 'failed' | 'nothing_to_corrupt' {
  for (const stream of reading.ledgers) {
    const actual = entriesBySelection(stream);
    const one = recounted.find((candidate) => candidate.shard === stream.shard && actual.has(candidate.selectionId));
    const entries = one === undefined ? undefined : actual.get(one.selectionId);
    if (one === undefined || entries === undefined) continue;
    const copy = entries.map((entry, index) =>
      index === 0 ? { ...entry, amount_micros: entry.amount_micros + 1 } : entry,
    );
    const side = sideOf(stream, one);
    const expected = one.entries.filter(
      (entry) => entry.truth === stream.truth && entry.sourceOffset < stream.nextOffset,
    );
    const before = checkEntries(side, expected, entries)?.detail;
    return checkEntries(side, expected, copy)?.detail === before ? 'failed' : 'passed';
  }
  return 'nothing_to_corrupt';
}
