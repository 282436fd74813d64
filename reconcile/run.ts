import { createHash } from 'node:crypto';
import type { Entry } from '../domain/records.ts';
import { type Break, type Explained, unexplainedMicros } from './breaks.ts';
import type { ExpectedEntry } from './expected-entries.ts';
import { checkInvariants } from './invariants.ts';
import { checkInvoices, expectedInvoices } from './invoice-check.ts';
import { checkEntries } from './ledger-check.ts';
import type { LedgerStream } from './ledger-reading.ts';
import { checkPacing, newestDeltas } from './pacing-check.ts';
import { type Recounted, recountSelection, type WindowBounds } from './recount.ts';
import { causesOf, listedDifferences, type ReconciliationReport, sideBySide, tallies, totalsOf } from './report.ts';
import { checkReported, checkRows, type Reported, readReported } from './reporting-check.ts';
import { type Reading, readAll, type Sources } from './sources.ts';

export interface RunOptions {
  readonly id: string;
  readonly bounds: WindowBounds;
  /** Wall clock, ms: only to say when the run was. */
  readonly now: () => number;
  readonly onProgress: (sentence: string) => void;
}

/** A ledger may be so far behind the ticks that were read, in ms of fold time, before what it lacks is a break. */
const ledgerToleranceMs = 10_000;

/** Reads every truth, recounts each selection, and compares. Writes to none of them. */
export async function reconcile(sources: Sources, options: RunOptions): Promise<ReconciliationReport> {
  const startedAt = options.now();
  const reading = await readAll(sources, options.onProgress);
  options.onProgress(`recounting ${reading.book.selections.size} selections`);
  const recounted = [...reading.book.selections.values()].map((facts) =>
    recountSelection(facts, reading, options.bounds),
  );
  const ledger = compareLedgers(recounted, reading);
  options.onProgress('comparing pacing and reporting');
  const reported = sources.warehouse === null ? null : await readReported(sources.warehouse);
  const breaks = [
    ...reading.unreadable.map(unreadableBreak),
    ...reading.ledgers.flatMap((stream) => stream.breaks),
    ...recounted.flatMap((one) => one.breaks),
    ...ledger.breaks,
    ...checkPacing(newestDeltas(reading.pacing), recounted.map(drawnMovements), reading.timelines),
    ...(reported === null ? [] : compareReporting(recounted, reported, reading)),
    ...(sources.warehouse === null ? [] : await checkRows(sources.warehouse, sources.log, reading.positions)),
  ];
  const explained = [...recounted.flatMap((one) => one.explained), ...ledger.explained];
  return assemble({ startedAt, reading, recounted, breaks, explained, reported }, options);
}

interface Compared {
  readonly startedAt: number;
  readonly reading: Reading;
  readonly recounted: readonly Recounted[];
  readonly breaks: readonly Break[];
  readonly explained: readonly Explained[];
  readonly reported: Reported | null;
}

function assemble(
  { startedAt, reading, recounted, breaks, explained, reported }: Compared,
  options: RunOptions,
): ReconciliationReport {
  const sides = sideBySide(recounted, (selectionId) =>
    reported === null ? 0 : billableAsReported(reported, selectionId),
  );
  const invariants = checkInvariants(recounted, reading.ledgers, reading.pacing);
  const selfTest = testItself(recounted, reading);
  const fine = tallies(breaks) && invariants.every((check) => check.holds) && selfTest !== 'failed';
  return {
    id: options.id,
    started_at: new Date(startedAt).toISOString(),
    finished_at: new Date(options.now()).toISOString(),
    result: fine ? 'tallies' : 'differs',
    selections: recounted.length,
    closed_selections: recounted.filter((one) => one.closed).length,
    unexplained_micros: String(unexplainedMicros(breaks)),
    breaks: breaks.slice(0, listedDifferences),
    breaks_total: breaks.length,
    causes: causesOf(explained),
    differences: explained.slice(0, listedDifferences),
    differences_total: explained.length,
    sides,
    totals: totalsOf(sides),
    positions: reading.positions,
    digest: digestOf(reading.ledgers),
    self_test: selfTest,
    reporting: reported === null ? 'left_out' : 'compared',
    invariants,
  };
}

function drawnMovements(one: Recounted) {
  return {
    campaignId: one.campaignId,
    shard: one.shard,
    lease: one.outcome.drawLease,
    movements: one.outcome.movements,
  };
}

function unreadableBreak(ref: { topic: string; shard: number; offset: number }): Break {
  return {
    code: 'unreadable_record',
    truth: ref.topic === 'spend' ? 'spend' : 'delivery',
    selectionId: '',
    campaignId: '',
    expectedMicros: 0,
    actualMicros: 0,
    differenceMicros: 0,
    refs: [`${ref.topic}/${ref.shard}@${ref.offset}`],
    detail: "the record can't be decoded, and nothing in quarantine says that anybody noticed",
  };
}

/** What reporting says may be billed of a selection: certified less reversed. */
function billableAsReported(reported: Reported, selectionId: string): number {
  let sum = 0;
  for (const [key, micros] of reported.bySelection.get(selectionId) ?? []) {
    const [truth, kind, debit, credit] = key.split('|');
    if (truth !== 'final' || kind === 'invoice') continue;
    if (debit === 'advertiser:unbilled') sum += micros;
    if (credit === 'advertiser:unbilled') sum -= micros;
  }
  return sum;
}

type EntryMap = ReadonlyMap<string, readonly Entry[]>;

function bySelection(stream: LedgerStream): EntryMap {
  const groups = new Map<string, Entry[]>();
  for (const entry of stream.entries) {
    // The record at `nextOffset` may be booked in part; it is compared by the run that sees it whole.
    if (entry.source_offset >= stream.nextOffset || entry.selection_id === '') continue;
    const group = groups.get(entry.selection_id);
    if (group === undefined) groups.set(entry.selection_id, [entry]);
    else group.push(entry);
  }
  return groups;
}

function compareLedgers(
  recounted: readonly Recounted[],
  reading: Reading,
): { breaks: Break[]; explained: Explained[] } {
  const breaks: Break[] = [];
  const explained: Explained[] = [];
  for (const stream of reading.ledgers) {
    const timeline = reading.timelines.get(stream.shard);
    if (timeline === undefined) continue;
    const end = reading.positions[`spend/${stream.shard}`]?.next ?? 0;
    const late = timeline.lastTime() - stream.foldTime > ledgerToleranceMs;
    if (stream.nextOffset > end)
      breaks.push(streamBreak(stream, `stands at ${stream.nextOffset}, beyond the end of spend at ${end}`));
    if (late)
      breaks.push(
        streamBreak(
          stream,
          `stands at ${stream.nextOffset} of ${end}, ${timeline.lastTime() - stream.foldTime} ms of fold time behind`,
        ),
      );
    const actual = bySelection(stream);
    const own = recounted.filter((one) => one.shard === stream.shard);
    for (const one of own) {
      const expected = one.entries.filter((entry) => entry.truth === stream.truth);
      const due = expected.filter((entry) => entry.sourceOffset < stream.nextOffset || late);
      explained.push(...expected.filter((entry) => !due.includes(entry)).map((entry) => behind(one, stream, entry)));
      const found = checkEntries(
        { truth: stream.truth, shard: stream.shard, selectionId: one.selectionId, campaignId: one.campaignId },
        due,
        actual.get(one.selectionId) ?? [],
      );
      if (found !== null) breaks.push(found);
    }
    breaks.push(...unknownSelections(stream, actual, own));
    if (stream.truth === 'final')
      breaks.push(...checkInvoices(stream, expectedInvoices(stream.shard, own, timeline, stream.nextOffset)));
  }
  return { breaks, explained };
}

function streamBreak(stream: LedgerStream, detail: string): Break {
  return {
    code: 'ledger_position',
    truth: stream.truth,
    selectionId: '',
    campaignId: '',
    expectedMicros: 0,
    actualMicros: 0,
    differenceMicros: 0,
    refs: [`${stream.truth}-${stream.shard}`],
    detail,
  };
}

function behind(one: Recounted, stream: LedgerStream, entry: ExpectedEntry): Explained {
  return {
    cause: 'ledger_behind',
    selectionId: one.selectionId,
    campaignId: one.campaignId,
    amountMicros: entry.amountMicros,
    refs: [{ topic: 'spend', shard: stream.shard, offset: entry.sourceOffset }],
  };
}

/** Entries of selections of which no evidence and no spend of this shard knows. */
function unknownSelections(stream: LedgerStream, actual: EntryMap, own: readonly Recounted[]): Break[] {
  const known = new Set(own.map((one) => one.selectionId));
  return [...actual].flatMap(([selectionId, entries]) => {
    if (known.has(selectionId)) return [];
    const side = { truth: stream.truth, shard: stream.shard, selectionId, campaignId: entries[0]?.campaign_id ?? '' };
    const found = checkEntries(side, [], entries);
    return found === null ? [] : [found];
  });
}

function compareReporting(recounted: readonly Recounted[], reported: Reported, reading: Reading): Break[] {
  const known = new Set(recounted.map((one) => one.selectionId));
  const unknown = [...reported.bySelection].filter(([id]) => !known.has(id));
  return [
    ...recounted.flatMap(
      (one) => checkReported(one, reported, reading.timelines.get(one.shard)?.lastTime() ?? 0) ?? [],
    ),
    ...unknown.map(([selectionId, sums]) => ({
      code: 'reporting_unknown_selection',
      truth: 'reporting' as const,
      selectionId,
      campaignId: '',
      expectedMicros: 0,
      actualMicros: Math.max(...sums.values()),
      differenceMicros: Math.max(...sums.values()),
      refs: [],
      detail: 'reporting has entries of a selection that neither evidence nor spend knows',
    })),
  ];
}

/** Corrupts one entry in a copy, by one micro, and must find it: a comparison that can't fail proves nothing. */
function testItself(recounted: readonly Recounted[], reading: Reading): ReconciliationReport['self_test'] {
  for (const stream of reading.ledgers) {
    const actual = bySelection(stream);
    const one = recounted.find((candidate) => candidate.shard === stream.shard && actual.has(candidate.selectionId));
    const entries = one === undefined ? undefined : actual.get(one.selectionId);
    if (one === undefined || entries === undefined) continue;
    const copy = entries.map((entry, index) =>
      index === 0 ? { ...entry, amount_micros: entry.amount_micros + 1 } : entry,
    );
    const side = { truth: stream.truth, shard: stream.shard, selectionId: one.selectionId, campaignId: one.campaignId };
    const expected = one.entries.filter(
      (entry) => entry.truth === stream.truth && entry.sourceOffset < stream.nextOffset,
    );
    const before = checkEntries(side, expected, entries)?.differenceMicros ?? 0;
    return (checkEntries(side, expected, copy)?.differenceMicros ?? 0) !== before ? 'passed' : 'failed';
  }
  return 'nothing_to_corrupt';
}

/** SHA-256 over the sorted streams: name, position, chain head; names the state that was reconciled. */
function digestOf(ledgers: readonly LedgerStream[]): string {
  const lines = ledgers
    .map((stream) => `${stream.truth}-${stream.shard}:${stream.nextOffset}:${stream.chainHead}`)
    .sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
