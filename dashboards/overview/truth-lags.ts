import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { IndexedStream } from '../../ports/ledger-index.ts';
import type { Topic } from '../../domain/records.ts';
import { type TruthName, truthNames } from '../objectives/objectives.ts';

/** How far one truth lies behind the evidence. */
export interface TruthLag {
  readonly truth: TruthName;
  /** Age of the oldest record that it lacks, ms; 0 if it lacks none; null if it can't be said. */
  readonly lag_ms: number | null;
  /** Records that it lacks; null where they are not counted. */
  readonly records: number | null;
  /** What the lag may be, ms. */
  readonly tolerance_ms: number;
  /** Where it is furthest behind; empty if it lacks nothing. */
  readonly worst: string;
}

/** Time of the folds: no truth of money can be ahead of it. */
export interface FoldTime {
  /** The lowest of all streams, ms; null before the first tick. */
  readonly at: number | null;
  readonly age_ms: number | null;
  readonly tolerance_ms: number;
}

export interface TruthLagDeps {
  readonly clock: Clock;
  readonly log: Pick<EventLog, 'bounds' | 'read' | 'shards' | 'committed'>;
  readonly index: { indexedStreams(): Promise<readonly IndexedStream[]> };
  readonly sinkLag: () => Promise<readonly { readonly topic: Topic; readonly offsets: number; readonly ms: number }[]>;
  /** Who writes the verdicts: under which name the log keeps how far it has come, and what it reads. */
  readonly judge: { readonly group: string; readonly topics: readonly Topic[] };
  /** When the views of the running campaigns were written, ms. */
  readonly pacingViewedAt: () => Promise<readonly { readonly campaignId: string; readonly at: number }[]>;
}

/**
 * docs/ARCHITECTURE.md, the truths: p95 2 s for both ledgers, 5 s for reporting; views of pacing are written each second, p95 1 s behind; verdicts note every
 * 5 s how far they have come. `time` is no truth, but what all money waits for.
 */
export const tolerancesMs = {
  pacing: 3_000,
  tentative: 2_000,
  final: 2_000,
  fraud: 15_000,
  reporting: 5_000,
  time: 120_000,
} as const satisfies Readonly<Record<TruthName | 'time', number>>;

/** What lags, by how much. What it lacks is judged by the records of the log themselves, not by what a truth says of itself. */
export async function readTruthLags(
  deps: TruthLagDeps,
): Promise<{ readonly truths: readonly TruthLag[]; readonly time: FoldTime }> {
  const readers = truthReaders(deps);
  const [streams, ...truths] = await Promise.all([
    deps.index.indexedStreams(),
    ...truthNames.map((truth) => readers[truth]()),
  ]);
  const at = streams.length === 0 ? null : Math.min(...streams.map(({ foldTime }) => foldTime));
  const age_ms = at === null || at === 0 ? null : Math.max(0, deps.clock.now() - at);
  return { truths, time: { at, age_ms, tolerance_ms: tolerancesMs.time } };
}

/** How the lag of each truth is read; what one can't be asked is no other's failure. */
export function truthReaders(deps: TruthLagDeps): Readonly<Record<TruthName, () => Promise<TruthLag>>> {
  return {
    pacing: () => pacingLag(deps),
    tentative: () => ledgerLag(deps, 'tentative'),
    final: () => ledgerLag(deps, 'final'),
    fraud: () => verdictLag(deps),
    reporting: () => reportingLag(deps),
  };
}

/** A place of the log up to which somebody has come. */
interface ReadUpTo {
  readonly topic: Topic;
  readonly shard: number;
  readonly next: number;
  /** What is behind, for whoever looks. */
  readonly name: string;
}

async function ledgerLag(deps: TruthLagDeps, truth: 'tentative' | 'final'): Promise<TruthLag> {
  const streams = (await deps.index.indexedStreams()).filter((one) => one.truth === truth);
  const places = streams.map(
    ({ stream, shard, next }): ReadUpTo => ({ topic: 'spend', shard, next: next.offset, name: stream }),
  );
  return lagOfPlaces(deps, truth, places);
}

/** Reversals and voids follow from verdicts: this truth is as far as whoever judges has come. */
async function verdictLag(deps: TruthLagDeps): Promise<TruthLag> {
  const { log, judge } = deps;
  const shards = judge.topics.flatMap((topic) =>
    Array.from({ length: log.shards(topic) }, (_, shard) => ({ topic, shard })),
  );
  const places = await Promise.all(
    shards.map(async ({ topic, shard }): Promise<ReadUpTo> => {
      const next = (await log.committed(judge.group, topic, shard)) ?? (await log.bounds(topic, shard)).first;
      return { topic, shard, next, name: `${topic}/${shard}` };
    }),
  );
  return lagOfPlaces(deps, 'fraud', places);
}

/** What lies in the log beyond these places: how much, and since when. */
async function lagOfPlaces(
  { log, clock }: TruthLagDeps,
  truth: TruthName,
  places: readonly ReadUpTo[],
): Promise<TruthLag> {
  let records = 0;
  let lag_ms = 0;
  let worst = '';
  for (const { topic, shard, next, name } of places) {
    const behind = (await log.bounds(topic, shard)).next - next;
    if (behind <= 0) continue;
    records += behind;
    const [oldest] = await log.read(topic, shard, next, 1);
    const age = oldest === undefined ? 0 : Math.max(0, clock.now() - oldest.appendedAt);
    if (age >= lag_ms) [lag_ms, worst] = [age, name];
  }
  return { truth, lag_ms, records, tolerance_ms: tolerancesMs[truth], worst };
}

async function reportingLag({ sinkLag }: TruthLagDeps): Promise<TruthLag> {
  const topics = await sinkLag();
  const behind = topics.filter(({ offsets }) => offsets > 0);
  const worst = behind.toSorted((a, b) => b.ms - a.ms)[0];
  return {
    truth: 'reporting',
    lag_ms: topics.length === 0 ? null : (worst?.ms ?? 0),
    records: behind.reduce((sum, { offsets }) => sum + offsets, 0),
    tolerance_ms: tolerancesMs.reporting,
    worst: worst?.topic ?? '',
  };
}

async function pacingLag({ pacingViewedAt, clock }: TruthLagDeps): Promise<TruthLag> {
  const views = await pacingViewedAt();
  const oldest = views.toSorted((a, b) => a.at - b.at)[0];
  return {
    truth: 'pacing',
    lag_ms: oldest === undefined ? null : Math.max(0, clock.now() - oldest.at),
    records: null,
    tolerance_ms: tolerancesMs.pacing,
    worst: oldest?.campaignId ?? '',
  };
}
