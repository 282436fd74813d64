import { createHash } from 'node:crypto';
import { isUuid } from '../domain/identity.ts';
import { type Topic, topicRecords } from '../domain/records.ts';
import { type Break, type Explained, structureBreak, sumKeys, unexplainedMicros } from './breaks.ts';
import { bridgesOf } from './bridges.ts';
import { compareLedger } from './compare-ledgers.ts';
import { checkInvariants } from './invariants.ts';
import type { LedgerStream } from './ledger-reading.ts';
import { atCommonCut, ledgerSums } from './ledger-sums.ts';
import { type Damage, refText } from './log-reading.ts';
import { checkPacing, newestDeltas, pacingByCampaign } from './pacing-check.ts';
import { type Recounted, recountSelection } from './recount.ts';
import {
  causesOf,
  listedDifferences,
  type ReconciliationReport,
  showBreak,
  showDifference,
  sideBySide,
  totalsOf,
} from './report.ts';
import { checkReported, checkRows, unknownReported } from './reporting-check.ts';
import { type Reported, readReported } from './reporting-reading.ts';
import { testItself } from './self-test.ts';
import { type Progress, type Reading, readAll, type Sources } from './sources.ts';

export interface RunOptions {
  readonly id: string;
  /** Wall clock, ms: only to say when the run was. */
  readonly now: () => number;
  readonly progress: Progress;
}

/** Selections after which others get a turn. */
const breathEvery = 1_000;
const allTopics = (Object.keys(topicRecords) as (Topic | 'ledger')[]).filter((name) => name !== 'ledger');

/** Reads every truth, recounts each selection, and compares. Writes to none of them. */
export async function reconcile(sources: Sources, options: RunOptions): Promise<ReconciliationReport> {
  const startedAt = options.now();
  const reading = await readAll(sources, options.progress);
  const recounted = await recountAll(reading, options);
  const breaks: Break[] = [
    ...reading.damages.map(damageBreak),
    ...reading.ledgers.flatMap((stream) => stream.breaks),
    ...recounted.flatMap((one) => one.breaks),
  ];
  const explained: Explained[] = recounted.flatMap((one) => one.explained);
  for (const stream of reading.ledgers) {
    await options.progress(`comparing ${stream.truth}-${stream.shard}`);
    const own = recounted.filter((one) => one.shard === stream.shard);
    const compared = compareLedger(stream, own, reading);
    breaks.push(...compared.breaks);
    explained.push(...compared.explained);
  }
  await options.progress('comparing pacing');
  breaks.push(...checkPacing(newestDeltas(reading.pacing), recounted.map(drawnMovements), reading.timelines));
  const reported = await compareReporting(sources, { reading, recounted, breaks, explained }, options.progress);
  return assemble({ startedAt, reading, recounted, breaks, explained, reported }, options);
}

async function recountAll(reading: Reading, { progress }: RunOptions): Promise<Recounted[]> {
  const recounted: Recounted[] = [];
  const all = reading.book.selections.size;
  for (const facts of reading.book.selections.values()) {
    if (recounted.length % breathEvery === 0) await progress(`recounting selection ${recounted.length} of ${all}`);
    recounted.push(recountSelection(facts, reading));
  }
  return recounted;
}

interface Compared {
  readonly reading: Reading;
  readonly recounted: readonly Recounted[];
  readonly breaks: Break[];
  readonly explained: Explained[];
}

/** Null if there is no reporting to compare with. */
async function compareReporting(
  sources: Sources,
  { reading, recounted, breaks, explained }: Compared,
  progress: Progress,
): Promise<Reported | null> {
  if (sources.reporting === null) return null;
  await progress('reading reporting');
  const spendNext = Array.from(
    { length: sources.log.shards('spend') },
    (_, shard) => reading.positions[`spend/${shard}`]?.next ?? 0,
  );
  const reported = await readReported(sources.reporting, sources.log, spendNext, allTopics);
  await progress('comparing reporting');
  for (const one of recounted) {
    const found = checkReported(one, reported, reading.timelines.get(one.shard)?.lastTime() ?? 0);
    breaks.push(...found.breaks);
    explained.push(...found.explained);
  }
  const byId = new Map(recounted.map((one) => [one.selectionId, one]));
  breaks.push(...unknownReported(reported, new Set(byId.keys())));
  breaks.push(...(await checkRows(reported.rows, sources, (id) => byId.get(id)?.closed ?? false)));
  return reported;
}

interface Finished extends Compared {
  readonly startedAt: number;
  readonly reported: Reported | null;
}

function assemble(
  { startedAt, reading, recounted, breaks, explained, reported }: Finished,
  options: RunOptions,
): ReconciliationReport {
  const sums = ledgerSums(reading.ledgers);
  const reportedMicros = (id: string): number => (reported === null ? 0 : billableAsReported(reported, id));
  const sides = sideBySide(recounted, { ledgers: sums, reportedMicros });
  const ledgers = atCommonCut(reading.ledgers);
  const invariants = checkInvariants({ ledgers, pacing: reading.pacing, sums: ledgerSums(ledgers) });
  const selfTest = testItself(recounted, reading);
  const fine = breaks.length === 0 && invariants.every((check) => check.holds) && selfTest !== 'failed';
  return {
    id: options.id,
    started_at: new Date(startedAt).toISOString(),
    finished_at: new Date(options.now()).toISOString(),
    result: fine ? 'tallies' : 'differs',
    selections: recounted.length,
    closed_selections: recounted.filter((one) => one.closed).length,
    unexplained_micros: String(unexplainedMicros(breaks, sumsOf(recounted))),
    breaks: breaks.slice(0, listedDifferences).map(showBreak),
    breaks_total: breaks.length,
    causes: causesOf(explained),
    differences: explained.slice(0, listedDifferences).map(showDifference),
    differences_total: explained.length,
    bridges: bridgesOf(recounted, explained, {
      ledgers: sums,
      reportedMicros: reported === null ? null : reportedMicros,
    }),
    sides,
    pacing: pacingByCampaign(newestDeltas(reading.pacing), reading.timelines),
    quarantined_records: reading.quarantinedRecords,
    totals: totalsOf(sides),
    positions: reading.positions,
    digest: digestOf(reading.ledgers),
    self_test: selfTest,
    reporting: reported === null ? 'left_out' : 'compared',
    invariants,
  };
}

/** The sums of pacing and invoices that each selection is in: those of its shard, and of any in which records of it stand. */
function sumsOf(recounted: readonly Recounted[]): (selectionId: string) => readonly string[] {
  const byId = new Map(recounted.map((one) => [one.selectionId, one]));
  return (id) => {
    const one = byId.get(id);
    if (one === undefined) return [];
    const { reserved, incurred, verdicts } = one.facts;
    const shards = new Set([one.shard, ...[...reserved, ...incurred, ...verdicts].map(({ shard }) => shard)]);
    return [...shards].flatMap((shard) => Object.values(sumKeys({ ...one, shard })));
  };
}

function drawnMovements(one: Recounted) {
  const { campaignId, shard, outcome } = one;
  return { campaignId, shard, lease: outcome.drawLease, movements: outcome.movements };
}

const truthOfTopic: Readonly<Partial<Record<Topic, Break['truth']>>> = {
  selected: 'selection',
  catalog: 'selection',
  spend: 'spend',
  pacing: 'pacing',
};

function damageBreak(damage: Damage): Break {
  const unnoticed = damage.code === 'unreadable_record' ? ', and nothing in quarantine says that anybody noticed' : '';
  return structureBreak(truthOfTopic[damage.topic] ?? 'delivery', damage.code, `${damage.detail}${unnoticed}`, {
    refs: [refText(damage)],
    selectionId: isUuid(damage.key) ? damage.key : '',
  });
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

/** SHA-256 over the sorted streams: name, position, chain head; names the state that was reconciled. */
function digestOf(ledgers: readonly LedgerStream[]): string {
  const lines = ledgers
    .map((stream) => `${stream.truth}-${stream.shard}:${stream.nextOffset}:${stream.chainHead}`)
    .sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
