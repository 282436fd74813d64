import type { EventLog } from '../../ports/event-log.ts';
import type { TruthName } from '../objectives/objectives.ts';
import type { FleetProcess } from './fleet-watch.ts';

/** One process that works on one shard. */
export interface ShardOwner {
  readonly process: string;
  readonly status: string;
  /** Code and sentence of what it retries or failed of; empty otherwise. */
  readonly code: string;
  readonly reason: string;
  readonly takenAtMs: number | null;
  readonly lagMs: number | null;
  readonly lagRecords: number | null;
  readonly p95Ms: number | null;
}

/** Work on one shard. */
export interface ShardWork {
  readonly processor: string;
  readonly truths: readonly TruthName[];
  readonly shard: number;
  /** None: nobody who answers works on it. Two: the ledger's expected revision lets only one write, the other is told so and gives up. */
  readonly owners: readonly ShardOwner[];
}

/** Which truths stop when a processor does. */
const truthsOf: Readonly<Record<string, readonly TruthName[]>> = {
  'spend-lifecycle': ['tentative', 'final'],
  'pacing-allocator': ['pacing'],
  'traffic-quality': ['fraud'],
};

/** How many shards each processor of a truth has. */
export function shardCounts(log: Pick<EventLog, 'shards'>): (processor: string) => number {
  return (processor) => log.shards(processor === 'pacing-allocator' ? 'pacing' : 'spend');
}

type Json = Readonly<Record<string, unknown>>;

/** Who works on each shard of each processor, as the streams processes that answer say; shards of the truths are there even if nobody has them. */
export function shardWork(
  processes: readonly FleetProcess[],
  shardsOf: (processor: string) => number,
): readonly ShardWork[] {
  const work = new Map<string, { processor: string; shard: number; owners: ShardOwner[] }>();
  const of = (processor: string, shard: number) => {
    const key = `${processor}/${shard}`;
    const known = work.get(key) ?? { processor, shard, owners: [] };
    work.set(key, known);
    return known;
  };
  for (const processor of Object.keys(truthsOf)) {
    for (let shard = 0; shard < shardsOf(processor); shard += 1) of(processor, shard);
  }
  for (const { name, kind, isUp, readiness } of processes) {
    if (kind !== 'streams' || !isUp) continue;
    for (const processor of listOf(readiness, 'processors')) {
      const lags = new Map(listOf(processor, 'lag').map((lag) => [lag['shard'], lag]));
      for (const one of listOf(processor, 'shards')) {
        const shard = Number(one['shard']);
        of(String(processor['name']), shard).owners.push(ownerOf(name, one, lags.get(shard)));
      }
    }
  }
  return [...work.values()]
    .map((one) => ({ ...one, truths: truthsOf[one.processor] ?? [] }))
    .toSorted(
      (a, b) =>
        rank(a) - rank(b) || (a.processor < b.processor ? -1 : a.processor > b.processor ? 1 : a.shard - b.shard),
    );
}

function rank({ truths }: Pick<ShardWork, 'truths'>): number {
  return truths.length === 0 ? 1 : 0;
}

function ownerOf(process: string, one: Json, lag: Json | undefined): ShardOwner {
  return {
    process,
    status: String(one['status']),
    code: String(one['code']),
    reason: String(one['reason']),
    takenAtMs: numberOf(one['takenAt']),
    lagMs: numberOf(lag?.['ms']),
    lagRecords: numberOf(lag?.['offsets']),
    p95Ms: numberOf(lag?.['p95Ms']),
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** A list of objects in what another process said, which may be of another version. */
function listOf(value: unknown, name: string): readonly Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const list = (value as Json)[name];
  return Array.isArray(list)
    ? (list as unknown[]).filter((one): one is Json => typeof one === 'object' && one !== null)
    : [];
}
