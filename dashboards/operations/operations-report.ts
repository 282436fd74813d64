import type { PacingView } from '../../domain/pacing-view.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { IndexedStream } from '../../ports/ledger-index.ts';
import { type Alert, alertsOf, type Watched } from '../overview/alerts.ts';
import { burnsOf } from './burn.ts';
import { fleetAlerts } from './fleet-alerts.ts';
import type { FleetProcess, FleetWatch } from './fleet-watch.ts';
import type { NodeBoot, NodeRoll } from './node-roll.ts';
import { sumsBy } from './requests.ts';
import { type ShardOwner, type ShardWork, shardCounts, shardWork } from './shard-work.ts';

/** An engine that the console stands on. */
export interface EngineAnswer {
  readonly name: string;
  /** What it is: SQLite, Kafka … */
  readonly engine: string;
  readonly ok: boolean;
  readonly answer_ms: number;
  /** For people. */
  readonly detail: string;
}

export interface OperationsDeps {
  readonly clock: Clock;
  readonly log: Pick<EventLog, 'shards' | 'bounds' | 'read'>;
  readonly index: { indexedStreams(): Promise<readonly IndexedStream[]> };
  readonly fleet: Pick<FleetWatch, 'history' | 'processes'>;
  readonly roll: Pick<NodeRoll, 'read'>;
  readonly watch: () => Promise<Watched>;
  /** The streams of both ledgers. */
  readonly ledgerStreams: readonly { readonly stream: string; readonly truth: string; readonly shard: number }[];
  /** What each ledger stream that can't be read on says. */
  readonly damaged: () => ReadonlyMap<string, unknown>;
  readonly sinkLag: () => Promise<readonly { readonly topic: string; readonly offsets: number; readonly ms: number }[]>;
  /** Views of the running campaigns: what was leased to whom. */
  readonly pacingViews: () => Promise<readonly PacingView[]>;
  readonly engines: () => Promise<readonly EngineAnswer[]>;
  /** A boot whose last mark is older stops drawing on its leases, ms. */
  readonly drawingMs: number;
}

/** How the platform runs, process by process and shard by shard; the answer of `GET /v1/operations`. */
export interface OperationsReport {
  readonly at: string;
  readonly watched_since: string;
  readonly alerts: readonly Alert[];
  readonly truths: Watched['truths'];
  readonly processes: readonly ReturnType<typeof shownProcess>[];
  readonly nodes: readonly ShownNode[];
  readonly plans: readonly { readonly plan: string; readonly ads: number }[];
  readonly shards: readonly ReturnType<typeof shownWork>[];
  readonly streams: readonly ShownStream[];
  readonly reporting: readonly { readonly topic: string; readonly records: number; readonly lag_ms: number }[];
  readonly engines: readonly EngineAnswer[];
  readonly objectives: ReturnType<typeof burnsOf>;
  readonly quarantined: number;
}

/** A ledger stream as the console has read it. */
export interface ShownStream {
  readonly stream: string;
  readonly shard: number;
  readonly truth: string;
  readonly records: number;
  /** Age of the oldest record of spend that it lacks, ms; 0 if it lacks none. */
  readonly lag_ms: number;
  readonly time_age_ms: number | null;
  readonly damaged: boolean;
}

export interface ShownNode {
  readonly node: string;
  readonly boot: string;
  readonly booted_at: string;
  readonly url: string | null;
  /** serving; silent: it marks no more and draws no more; stopped, succeeded or timed_out: its boot has ended. */
  readonly state: string;
  readonly ended_by: string | null;
  readonly mark_age_ms: number | null;
  readonly entries: number | null;
  readonly decisions: number | null;
  /** What it may still draw, by currency. */
  readonly leases: readonly { readonly currency: string; readonly campaigns: number; readonly left_micros: string }[];
}

const planMs = 300_000;

/** Errors: those of the engines that it is read off; what an engine does not answer it says under `engines`. */
export async function readOperations(deps: OperationsDeps): Promise<OperationsReport> {
  const { clock, fleet, log } = deps;
  const [watched, engines, streams, sink, boots, views] = await Promise.all([
    deps.watch(),
    deps.engines(),
    readStreams(deps),
    deps.sinkLag(),
    deps.roll.read(),
    deps.pacingViews(),
  ]);
  const now = clock.now();
  const processes = fleet.processes();
  const shardsOf = shardCounts(log);
  const plans = sumsBy(fleet.history.last(now, planMs).samples, 'adtally_plan_ads_total', 'plan');
  return {
    at: formatTime(now),
    watched_since: formatTime(fleet.history.sinceMs),
    alerts: [...fleetAlerts(processes, shardsOf), ...alertsOf(watched)],
    truths: watched.truths,
    processes: processes.map((one) => shownProcess(one)),
    nodes: boots.map((boot) => shownNode(boot, { now, drawingMs: deps.drawingMs, views })),
    plans: [...plans].map(([plan, ads]) => ({ plan, ads })).toSorted((a, b) => b.ads - a.ads),
    shards: shardWork(processes, shardsOf).map((work) => shownWork(work, streams)),
    streams,
    reporting: sink.map(({ topic, offsets: records, ms: lag_ms }) => ({ topic, records, lag_ms })),
    engines,
    objectives: burnsOf(fleet.history, now),
    quarantined: watched.quarantined,
  };
}

/** How far each ledger stream lies behind `spend`, judged by the log's own records. */
async function readStreams({ log, index, clock, damaged, ledgerStreams }: OperationsDeps): Promise<ShownStream[]> {
  const indexed = new Map((await index.indexedStreams()).map((one) => [one.stream, one]));
  const broken = damaged();
  const shown: ShownStream[] = [];
  for (const { stream, truth, shard } of ledgerStreams) {
    const { next = { offset: 0 }, foldTime = 0 } = indexed.get(stream) ?? {};
    const records = Math.max(0, (await log.bounds('spend', shard)).next - next.offset);
    const [oldest] = records === 0 ? [] : await log.read('spend', shard, next.offset, 1);
    const now = clock.now();
    shown.push({
      stream,
      truth,
      shard,
      records,
      lag_ms: oldest === undefined ? 0 : Math.max(0, now - oldest.appendedAt),
      time_age_ms: foldTime === 0 ? null : Math.max(0, now - foldTime),
      damaged: broken.has(stream),
    });
  }
  return shown;
}

const shownGauges = {
  buffer_entries: 'adtally_buffer_entries',
  buffer_bytes: 'adtally_buffer_bytes',
  buffer_oldest_ms: 'adtally_buffer_oldest_ms',
  drawing: 'adtally_boot_drawing',
  fenced: 'adtally_boot_fenced',
  load: 'adtally_load',
  zone: 'adtally_load_zone',
  memory_bytes: 'process_resident_memory_bytes',
} as const;

function shownProcess({ name, kind, url, isUp, sinceMs, seenAtMs, answerMs, problem, samples }: FleetProcess) {
  const started = samples.find((one) => one.name === 'adtally_process_started_seconds');
  const value = (metric: string) => samples.find((one) => one.name === metric)?.value ?? null;
  const gauges = Object.fromEntries(
    Object.entries(shownGauges).map(([key, metric]) => [key, value(metric)]),
  ) as Readonly<Record<keyof typeof shownGauges, number | null>>;
  return {
    name,
    kind,
    url,
    problem,
    is_up: isUp,
    since: formatTime(sinceMs),
    seen_at: seenAtMs === null ? null : formatTime(seenAtMs),
    answer_ms: Math.round(answerMs),
    version: started?.labels['version'] ?? null,
    started_at: started === undefined ? null : formatTime(started.value * 1_000),
    gauges,
  };
}

interface Seen {
  readonly now: number;
  readonly drawingMs: number;
  readonly views: readonly PacingView[];
}

function shownNode(one: NodeBoot, { now, drawingMs, views }: Seen): ShownNode {
  const { node, boot, bootedAtMs, url, markedAtMs, entries, decisions, ended } = one;
  const age = markedAtMs === null ? null : Math.max(0, now - markedAtMs);
  const isSilent = age === null ? now - bootedAtMs > drawingMs : age > drawingMs;
  return {
    node,
    boot,
    url,
    entries,
    decisions,
    booted_at: formatTime(bootedAtMs),
    state: ended?.reason ?? (isSilent ? 'silent' : 'serving'),
    ended_by: ended?.by ?? null,
    mark_age_ms: age,
    leases: ended === null ? leasesOf(one, views) : [],
  };
}

function leasesOf({ node, boot }: NodeBoot, views: readonly PacingView[]): ShownNode['leases'] {
  const sums = new Map<string, { campaigns: number; left: bigint }>();
  for (const { currency, leases } of views) {
    const own = leases.filter((lease) => lease.node === node && lease.boot === boot);
    if (own.length === 0) continue;
    const sum = sums.get(currency) ?? { campaigns: 0, left: 0n };
    sum.campaigns += 1;
    for (const lease of own) {
      sum.left += BigInt(lease.granted_micros) - BigInt(lease.returned_micros) - BigInt(lease.drawn_micros);
    }
    sums.set(currency, sum);
  }
  return [...sums].map(([currency, { campaigns, left }]) => ({ currency, campaigns, left_micros: String(left) }));
}

function shownWork({ processor, truths, shard, owners }: ShardWork, streams: readonly ShownStream[]) {
  const behind = streams.filter((one) => processor === 'spend-lifecycle' && one.shard === shard);
  const evidence = behind.toSorted((a, b) => b.lag_ms - a.lag_ms)[0];
  const [owner] = owners;
  return {
    processor,
    truths,
    shard,
    owners: owners.map(shownOwner),
    lag_ms: evidence?.lag_ms ?? owner?.lagMs ?? null,
    records: evidence?.records ?? owner?.lagRecords ?? null,
    p95_ms: owner?.p95Ms ?? null,
  };
}

function shownOwner({ process, status, code, reason, takenAtMs }: ShardOwner) {
  return { process, status, code, reason, since: takenAtMs === null ? null : formatTime(takenAtMs) };
}
