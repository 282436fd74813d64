/**
 * Twice as much as `serve` can do, for some seconds: what it answers, whether the most valuable are among it, whether its memory stays, and how soon it is itself
 * again. Open loop; generator and server each on a core of its own. `npm run bench:overload`.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { CatalogRecord } from '../domain/catalog.ts';
import { advertiser, campaign, creative, everywhere, lineItem } from '../test/decision-world.ts';
import { runDecisionLoad } from './decision-load.ts';
import { requestOf, startDecisionServer, untilDrained } from './decision-server.ts';
import { trafficBodies } from './decision-traffic.ts';
import { type OpenResult, runOpenLoop, type TaggedRequest } from './open-loop.ts';

/** Of 200 placements, as many as are clearly among the most valuable twentieth of the requests. */
const dearPlacements = Array.from({ length: 8 }, (_, number) => `pl_${number}`);
const connections = 1500;
const deadlineMs = 100;
const capacityMs = 8_000;
const overloadMs = 15_000;
const afterMs = 8_000;

/** Two advertisers who bid ten times as much as all others for some placements. */
function dearSupply(nowMs: number): CatalogRecord[] {
  const flight = { starts_at: nowMs - 86_400_000, ends_at: nowMs + 86_400_000 };
  const targeting = { ...everywhere, placements: { include: dearPlacements, exclude: [] } };
  return [90_001, 90_002].flatMap((number): CatalogRecord[] => [
    { name: 'AdvertiserPublished', value: advertiser(number) },
    { name: 'CampaignPublished', value: campaign(number, { flight }) },
    { name: 'LineItemPublished', value: lineItem(number, { targeting, bid_micros: 90_000_000, priority: 6 }) },
    { name: 'CreativePublished', value: creative(number, { width: 0, height: 0 }) },
  ]);
}

function taggedRequests(): TaggedRequest[] {
  return trafficBodies({ lineItems: 0, requests: 5000, nowMs: 0, seed: 7 }).map((body) => ({
    bytes: requestOf(body),
    tag: dearPlacements.some((id) => body.includes(`"${id}"`)) ? 'dear' : 'rest',
  }));
}

/** This process with all its threads, and what it starts from now on. */
function pinTo(core: number): boolean {
  return spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)]).status === 0;
}

async function metrics(port: number): Promise<(name: string) => number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

async function metric(port: number, name: string): Promise<number> {
  return (await metrics(port))(name);
}

const mebi = 1024 * 1024;

/** Polls while something runs; seldom in a flood, since an answer costs as much as many decisions. */
async function watching<T>(
  { port, everyMs }: { readonly port: number; readonly everyMs: number },
  work: Promise<T>,
  seen: (zone: number, rss: number) => void,
): Promise<T> {
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  while (!isOver) {
    const now = await metrics(port);
    seen(now('adtally_load_zone'), now('process_resident_memory_bytes'));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return over;
}

function counted(result: OpenResult, tag: string): { readonly offered: number; readonly answered: number } {
  const one = result.byTag.get(tag);
  return { offered: one?.offered ?? 0, answered: one?.statuses.get(200) ?? 0 };
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}

const isPinned = pinTo(0);
const { server, folder } = await startDecisionServer({ lineItems: 10_000, more: dearSupply(Date.now()) });
if (isPinned) pinTo(1);
try {
  const { port } = server;
  const requests = taggedRequests();
  const bytes = requests.map((one) => one.bytes);
  await runDecisionLoad({ port, connections: 32, requests: bytes, forMs: 6_000, mayShed: true });
  const cpuStartUs = await server.cpuUs();
  const capacity = await runDecisionLoad({ port, connections: 32, requests: bytes, forMs: capacityMs, mayShed: true });
  await untilDrained(port);
  const cpuCapacityUs = ((await server.cpuUs()) - cpuStartUs) / capacity.answered;
  const perSecond = (1000 * capacity.answered) / capacity.elapsedMs;
  const zoneAtCapacity = await metric(port, 'adtally_load_zone');
  const rssBefore = await metric(port, 'process_resident_memory_bytes');

  const cpuBeforeUs = await server.cpuUs();
  const zones = new Set<number>();
  let rssMost = 0;
  const flood = runOpenLoop({
    port,
    connections,
    connectFirst: true,
    requests,
    perSecond: 2 * perSecond,
    forMs: overloadMs,
  });
  const result = await watching({ port, everyMs: 3000 }, flood, (zone, rss) => {
    zones.add(zone);
    rssMost = Math.max(rssMost, rss);
  });
  const endedAt = performance.now();
  const cpuFloodUs = (await server.cpuUs()) - cpuBeforeUs;
  let calmAfterMs = Number.NaN;
  const light = runOpenLoop({ port, connections, requests, perSecond: 0.3 * perSecond, forMs: afterMs });
  const after = await watching({ port, everyMs: 300 }, light, (zone) => {
    if (zone === 0 && Number.isNaN(calmAfterMs)) calmAfterMs = performance.now() - endedAt;
  });
  await untilDrained(port);
  const rssAfter = await metric(port, 'process_resident_memory_bytes');

  const [dear, rest] = [counted(result, 'dear'), counted(result, 'rest')];
  const times = [...result.byTag.values()].flatMap(({ latenciesMs }) => latenciesMs);
  const goodput = (1000 * (dear.answered + rest.answered)) / result.elapsedMs;
  const inTime = (1000 * times.filter((ms) => ms <= deadlineMs).length) / result.elapsedMs;
  const lastBad = after.noted.findLast(({ status, tookMs }) => status !== 200 || tookMs > deadlineMs);
  const figures: Record<string, number> = {
    pinned_to_own_cores: isPinned ? 1 : 0,
    capacity_per_s: perSecond,
    zone_at_capacity: zoneAtCapacity,
    offered_per_s: (1000 * (dear.offered + rest.offered)) / result.elapsedMs,
    goodput_per_s: goodput,
    goodput_of_capacity: goodput / perSecond,
    goodput_of_capacity_by_cpu: (cpuCapacityUs * (dear.answered + rest.answered)) / cpuFloodUs,
    server_core_share: cpuFloodUs / 1000 / (result.elapsedMs + 0.001),
    goodput_in_deadline_of_capacity: inTime / perSecond,
    dear_share_of_requests: dear.offered / (dear.offered + rest.offered),
    dear_answered: dear.answered / dear.offered,
    rest_answered: rest.answered / rest.offered,
    unsent_p50_ms: quantile(
      [...result.byTag.values()].flatMap(({ unsentMs }) => unsentMs),
      0.5,
    ),
    answer_p50_ms: quantile(times, 0.5),
    answer_p99_ms: quantile(times, 0.99),
    highest_zone: Math.max(...zones),
    shed_micros_eur: await metric(port, 'adtally_shed_micros_total\\{currency="EUR"\\}'),
    rss_before_mib: rssBefore / mebi,
    rss_most_mib: rssMost / mebi,
    rss_after_mib: rssAfter / mebi,
    calm_again_s: calmAfterMs / 1000,
    all_in_time_again_s: (lastBad?.atMs ?? 0) / 1000,
  };
  for (const [name, value] of Object.entries(figures)) console.log(`overload_${name}: ${value.toFixed(3)}`);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
