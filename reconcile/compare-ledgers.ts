import type { Entry } from '../domain/records.ts';
import { type Break, type Explained, structureBreak } from './breaks.ts';
import type { ExpectedEntry } from './expected-entries.ts';
import { checkInvoices, expectedInvoices } from './invoice-check.ts';
import { checkEntries } from './ledger-check.ts';
import type { LedgerStream } from './ledger-reading.ts';
import type { Recounted } from './recount.ts';
import type { Reading } from './sources.ts';
import type { Timeline } from './timeline.ts';

/** A ledger may be so far behind the ticks that were read, in ms of fold time, before what it lacks is a break. */
export const ledgerToleranceMs = 10_000;

export interface Comparison {
  readonly breaks: Break[];
  readonly explained: Explained[];
}

/** Entries of a stream by selection. The record at which it stands may be booked in part: it is for the run that sees it whole. */
export function entriesBySelection(stream: LedgerStream): ReadonlyMap<string, readonly Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of stream.entries) {
    if (entry.source_offset >= stream.nextOffset || entry.selection_id === '') continue;
    const group = groups.get(entry.selection_id);
    if (group === undefined) groups.set(entry.selection_id, [entry]);
    else group.push(entry);
  }
  return groups;
}

/** Compares each ledger stream with what the recount expects of it: where it stands, every selection, every invoice. */
export function compareLedger(stream: LedgerStream, own: readonly Recounted[], reading: Reading): Comparison {
  const timeline = reading.timelines.get(stream.shard);
  if (timeline === undefined) return { breaks: [], explained: [] };
  const isLate = timeline.lastTime() - stream.foldTime > ledgerToleranceMs;
  // Pacing is told of nothing that the ledgers do not hold.
  const dueBefore = isLate
    ? Number.POSITIVE_INFINITY
    : Math.max(stream.nextOffset, pacingHeardOf(reading, stream.shard));
  const breaks = positionBreaks(stream, reading, timeline);
  const explained: Explained[] = [];
  const actual = entriesBySelection(stream);
  for (const one of own) {
    const expected = one.entries.filter((entry) => entry.truth === stream.truth);
    const due = expected.filter((entry) => entry.sourceOffset < dueBefore);
    if (due.length < expected.length) {
      const young = expected.filter((entry) => entry.sourceOffset >= dueBefore);
      explained.push(...young.map((entry) => behind(one, stream, entry)));
    }
    const found = checkEntries(sideOf(stream, one), due, actual.get(one.selectionId) ?? []);
    if (found !== null) breaks.push(found);
  }
  breaks.push(...unknownSelections(stream, actual, own));
  if (stream.truth === 'final')
    breaks.push(...checkInvoices(stream, expectedInvoices(stream.shard, own, timeline, stream.nextOffset)));
  return { breaks, explained };
}

export function sideOf(stream: LedgerStream, one: Pick<Recounted, 'selectionId' | 'campaignId'>) {
  const { truth, shard } = stream;
  return { truth, shard, selectionId: one.selectionId, campaignId: one.campaignId };
}

function positionBreaks(stream: LedgerStream, reading: Reading, timeline: Timeline): Break[] {
  const end = reading.positions[`spend/${stream.shard}`]?.next ?? 0;
  const behindMs = timeline.lastTime() - stream.foldTime;
  const problems = [
    stream.nextOffset > end
      ? `stands at ${stream.nextOffset}, beyond the end of spend at ${end}: its tail was cut`
      : '',
    behindMs > ledgerToleranceMs ? `stands at ${stream.nextOffset} of ${end}, ${behindMs} ms of fold time behind` : '',
  ];
  return problems
    .filter((problem) => problem !== '')
    .map((problem) =>
      structureBreak(stream.truth, 'ledger_position', problem, { refs: [`${stream.truth}-${stream.shard}`] }),
    );
}

function pacingHeardOf({ pacing }: Reading, shard: number): number {
  let highest = 0;
  for (const { value } of pacing)
    if (value.name === 'SpendDelta' && value.value.shard === shard)
      highest = Math.max(highest, value.value.source_offset);
  return highest;
}

function behind(one: Recounted, stream: LedgerStream, entry: ExpectedEntry): Explained {
  return {
    cause: 'ledger_behind',
    between: stream.truth === 'tentative' ? ['spend', 'tentative'] : ['tentative', 'final'],
    selectionId: one.selectionId,
    campaignId: one.campaignId,
    amountMicros: entry.amountMicros,
    refs: [{ topic: 'spend', shard: stream.shard, offset: entry.sourceOffset }],
  };
}

/** Entries of selections of which no evidence and no spend of this shard knows. */
function unknownSelections(
  stream: LedgerStream,
  actual: ReadonlyMap<string, readonly Entry[]>,
  own: readonly Recounted[],
): Break[] {
  const known = new Set(own.map((one) => one.selectionId));
  return [...actual].flatMap(([selectionId, entries]) => {
    if (known.has(selectionId)) return [];
    const side = sideOf(stream, { selectionId, campaignId: entries[0]?.campaign_id ?? '' });
    const found = checkEntries(side, [], entries);
    return found === null ? [] : [found];
  });
}
