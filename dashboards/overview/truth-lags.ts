import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { IndexedStream } from '../../ports/ledger-index.ts';
import type { Topic } from '../../domain/records.ts';

/** How far one truth lies behind the evidence. */
export interface TruthLag {
  readonly truth: 'pacing' | 'tentative' | 'final' | 'reporting';
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
  readonly log: Pick<EventLog, 'bounds' | 'read'>;
  readonly index: { indexedStreams(): Promise<readonly IndexedStream[]> };
  readonly sinkLag: () => Promise<readonly { readonly topic: Topic; readonly offsets: number; readonly ms: number }[]>;
  /** When the views of the running campaigns were written, ms. */
  readonly pacingViewedAt: () => Promise<readonly { readonly campaignId: string; readonly at: number }[]>;
}

/** docs/ARCHITECTURE.md, the truths: p95 2 s for both ledgers, 5 s for reporting; views of pacing are written each second, p95 1 s behind. */
export const tolerancesMs = { pacing: 3_000, tentative: 2_000, final: 2_000, reporting: 5_000, time: 120_000 } as const;

/** What lags, by how much. What it lacks is judged by the records of the log themselves, not by what a truth says of itself. */
export async function readTruthLags(
  deps: TruthLagDeps,
): Promise<{ readonly truths: readonly TruthLag[]; readonly time: FoldTime }> {
  const streams = await deps.index.indexedStreams();
  const [pacing, tentative, final, reporting] = await Promise.all([
    pacingLag(deps),
    ledgerLag(deps, 'tentative', streams),
    ledgerLag(deps, 'final', streams),
    reportingLag(deps),
  ]);
  const at = streams.length === 0 ? null : Math.min(...streams.map(({ foldTime }) => foldTime));
  const age_ms = at === null || at === 0 ? null : Math.max(0, deps.clock.now() - at);
  return {
    truths: [pacing, tentative, final, reporting],
    time: { at, age_ms, tolerance_ms: tolerancesMs.time },
  };
}

async function ledgerLag(
  { log, clock }: TruthLagDeps,
  truth: 'tentative' | 'final',
  streams: readonly IndexedStream[],
): Promise<TruthLag> {
  let records = 0;
  let lag_ms = 0;
  let worst = '';
  for (const { stream, shard, next } of streams.filter((one) => one.truth === truth)) {
    const behind = (await log.bounds('spend', shard)).next - next.offset;
    if (behind <= 0) continue;
    records += behind;
    const [oldest] = await log.read('spend', shard, next.offset, 1);
    const age = oldest === undefined ? 0 : Math.max(0, clock.now() - oldest.appendedAt);
    if (age >= lag_ms) [lag_ms, worst] = [age, stream];
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
