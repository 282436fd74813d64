/**
 * Outside demand under load: simulated bidders, a third of them volatile, some dead, lying or endless. Each request is sent open loop, timed from when it was due;
 * an auction that settles early and time-outs by what each bidder needs, against a hard cut with the same time for all, in turn, with the same seed.
 * `--seconds 60 --rate 50 --bidders 50 --tmax 30 --rounds 3 --seed 1`; seconds of each of the two.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdSelected } from '../domain/records.ts';
import {
  type BidderMetrics,
  bidderMetrics,
  bidderRequests,
  type BidderWorld,
  contradictions,
  gauge,
  selectedOf,
  startBidderWorld,
  sumOf,
  untilNobodyIsAsked,
} from './bidder-world.ts';
import { untilDrained } from './decision-server.ts';
import { runOpenLoop, type TagResult } from './open-loop.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '50' },
    bidders: { type: 'string', default: '50' },
    tmax: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
});
const [seconds, perSecond, tmaxMs, rounds] = [values.seconds, values.rate, values.tmax, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
];
const connections = 64;
const warmMs = 3_000;

/** What is compared: by what each bidder needs, or the same time for all. */
const variants = {
  adaptive: { wait: 'progressive', terms: { timeout_min_ms: 5, timeout_max_ms: tmaxMs, network_ms: 1 } },
  cut: { wait: 'cut', terms: { timeout_min_ms: tmaxMs, timeout_max_ms: tmaxMs, network_ms: 1 } },
} as const;
type Variant = keyof typeof variants;

interface Run {
  readonly variant: Variant;
  readonly world: BidderWorld;
  readonly results: TagResult[];
  cpuUs: number;
}

const names = Object.keys(variants) as Variant[];
const requests = bidderRequests(5_000, tmaxMs);

function show(variant: Variant, name: string, value: number | string): void {
  console.log(
    `${variant}_${name}: ${typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(3) : value}`,
  );
}

async function load({ world, results }: Run, forMs: number, rate: number): Promise<void> {
  const { port } = world.served.server;
  const { byTag } = await runOpenLoop({ port, connections, requests, perSecond: rate, forMs });
  const result = byTag.get('request');
  if (result !== undefined) results.push(result);
}

function showLatency({ variant, results, cpuUs }: Run): void {
  const sorted = results.flatMap(({ latenciesMs }) => latenciesMs).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const offered = results.reduce((sum, one) => sum + one.offered, 0);
  show(variant, 'requests', offered);
  show(variant, 'answered_200', sorted.length);
  show(variant, 'p50_ms', at(0.5));
  show(variant, 'p95_ms', at(0.95));
  show(variant, 'p99_ms', at(0.99));
  show(variant, 'most_ms', at(1));
  show(
    variant,
    'unsent_p99_ms',
    results.flatMap(({ unsentMs }) => unsentMs).toSorted((a, b) => a - b)[Math.floor(sorted.length * 0.99)] ?? 0,
  );
  show(variant, 'server_cpu_ms_per_request', cpuUs / 1000 / offered);
}

function showCalls(variant: Variant, text: string, metrics: BidderMetrics): number {
  const [solicited, concluded] = [sumOf(metrics, 'solicited'), sumOf(metrics, 'outcomes')];
  show(variant, 'eligible', sumOf(metrics, 'eligible'));
  show(variant, 'solicited', solicited);
  show(variant, 'without_outcome', solicited - concluded);
  for (const outcome of [
    'bid',
    'no_bid',
    'invalid',
    'late',
    'not_awaited',
    'timed_out',
    'connect_failed',
    'bad_status',
    'too_large',
    'bad_encoding',
  ]) {
    show(variant, `outcome_${outcome}`, sumOf(metrics, 'outcomes', { label: (label) => label === outcome }));
  }
  const reasons = new Set([...(metrics.get('not_asked')?.values() ?? [])].flatMap((byReason) => [...byReason.keys()]));
  for (const reason of reasons) {
    show(variant, `not_asked_${reason}`, sumOf(metrics, 'not_asked', { label: (label) => label === reason }));
  }
  show(variant, 'auctions', gauge(text, 'adtally_bidder_auctions_total'));
  show(variant, 'settled_early', gauge(text, 'adtally_bidder_auctions_settled_early_total'));
  show(variant, 'cut_when_time_was_over', gauge(text, 'adtally_bidder_auctions_cut_total'));
  return Math.abs(solicited - concluded) + Math.abs(gauge(text, 'adtally_bidder_mishandled'));
}

function showClasses({ variant, world }: Run, metrics: BidderMetrics, selected: readonly AdSelected[]): void {
  for (const of of new Set(world.classOf.values())) {
    const id = (one: string) => world.classOf.get(one) === of;
    const revenue = selected
      .filter(({ external }) => external !== null && id(external.bidder_id))
      .reduce((sum, { billing }) => sum + billing.price_micros, 0);
    for (const name of ['eligible', 'solicited', 'responded', 'participating', 'won']) {
      show(variant, `class_${of}_${name}`, sumOf(metrics, name, { id }));
    }
    show(variant, `class_${of}_revenue_micros`, revenue);
  }
  const house = selected.filter(({ external }) => external === null);
  show(variant, 'own_demand_won', house.length);
  // What is billed by the click or the view is not earned with the selection.
  const byImpression = selected.filter(({ billing }) => billing.pricing_model === 'CPM');
  show(
    variant,
    'revenue_by_impression_micros',
    byImpression.reduce((sum, { billing }) => sum + billing.price_micros, 0),
  );
}

/** Bids that count although they came after the time that their bidder was given. */
function countedAfterCut(selected: readonly AdSelected[]): number {
  const late = (one: AdSelected['bidders'][number]) => one.outcome === 'bid' && one.latency_us > one.timeout_us;
  return selected.reduce((sum, { bidders }) => sum + bidders.filter(late).length, 0);
}

async function judge(run: Run): Promise<void> {
  const { variant, world } = run;
  const { server } = world.served;
  await untilDrained(server.port);
  const text = await untilNobodyIsAsked(server.port);
  const metrics = bidderMetrics(text);
  const said = await world.outside.counts();
  await server.stop();
  const selected = await selectedOf(world.served);
  showLatency(run);
  const withoutOutcome = showCalls(variant, text, metrics);
  const against = [...world.nameOf].flatMap(([id, name]) => contradictions(metrics, id, said[name] as never));
  for (const one of against) show(variant, 'contradiction', one);
  const afterCut = countedAfterCut(selected);
  show(variant, 'counted_after_the_cut', afterCut);
  show(variant, 'contradicted_by_bidders', against.length);
  show(variant, 'mishandled', withoutOutcome + afterCut);
  showClasses(run, metrics, selected);
}

async function measure(runs: readonly Run[]): Promise<void> {
  for (const run of runs) await load({ ...run, results: [] }, warmMs, perSecond);
  for (let round = 0; round < rounds; round += 1) {
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) {
      const before = await run.world.served.server.cpuUs();
      await load(run, (1000 * seconds) / rounds, perSecond);
      run.cpuUs += (await run.world.served.server.cpuUs()) - before;
    }
  }
  for (const run of runs) await judge(run);
}

const runs: Run[] = [];
try {
  for (const variant of names) {
    // So much that they win as often as not against the house's own demand.
    const bidders = ['--count', values.bidders, '--seed', values.seed, '--price', '6'];
    const world = await startBidderWorld({ bidders, lineItems: 500, ...variants[variant] });
    runs.push({ variant, world, results: [], cpuUs: 0 });
  }
  await measure(runs);
} finally {
  for (const { world } of runs) {
    await world.served.server.stop();
    await world.outside.stop();
    rmSync(world.served.folder, { recursive: true, force: true });
  }
}
