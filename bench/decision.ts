/**
 * CPU time that a decision costs: bare fastify's ÷ ours, all threads, as many bytes in and out, 128 connections, alternating rounds, medians. Ours
 * is the whole `serve` process with a catalogue of live line items and budgets: every answer is chosen, drawn, signed, recorded, synced and drained
 * into the log within the time that is measured. One request in five is of a person.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHmac } from 'node:crypto';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { openKeys, openLog, openViews } from '../apps/engines.ts';
import { readPersonSecret } from '../apps/person-secret.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import { encodeFrequencyView, frequencyViewKey } from '../domain/frequency-view.ts';
import { shardOf } from '../domain/identity.ts';
import { entityFacts } from '../domain/catalog.ts';
import type { AnyRecord, NodeStarted, RecordOf } from '../domain/records.ts';
import type { EventLog, NewRecord } from '../ports/event-log.ts';
import { type DecisionLoadResult, runDecisionLoad } from './decision-load.ts';
import { trafficBodies, trafficCatalog, trafficPersons } from './decision-traffic.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';

const connections = 128;
const seed = 7;
const registry = openFileSchemaRegistry();
const clock = createSystemClock();

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function encode({ name, value }: AnyRecord): Uint8Array {
  return registry.encode(name, value as never);
}

async function appendAll(log: EventLog, topic: 'catalog' | 'pacing', records: readonly NewRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += 5000) await log.append(topic, records.slice(from, from + 5000));
}

/** A data directory with the catalogue in its log, and persons whose keys and views are there. */
async function prepare(settings: Settings, lineItems: number): Promise<readonly string[]> {
  const records = trafficCatalog({ lineItems, requests: 0, nowMs: Date.now(), seed }) as RecordOf<'catalog'>[];
  const log = await openLog(settings, clock);
  await appendAll(
    log,
    'catalog',
    records.map((one) => ({ shard: 0, key: entityFacts(one).id, value: encode(one) })),
  );
  await log.close();
  await preparePersons(settings);
  return records.filter(({ name }) => name === 'CampaignPublished').map((one) => entityFacts(one).id);
}

/** Four of five persons are known, with a few exposures each. */
async function preparePersons(settings: Settings): Promise<void> {
  const [keys, views] = [await openKeys(settings, clock), await openViews(settings, clock)];
  const secret = readPersonSecret(settings.dataDir);
  const known = trafficPersons.filter((_, number) => number % 5 !== 0);
  const keyOf = (number: number) => `018f0000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  const store = (id: string, number: number) =>
    keys.putIfAbsent(createHmac('sha256', secret).update(id).digest('hex'), keyOf(number));
  await Promise.all(known.map(store));
  await views.putMany(
    known.map((_, number) => {
      const items = new Map(
        [1, 2, 3].map((step) => [`li_${(number * 31 * step) % 1000}`, [Date.now() - 60_000 * step]]),
      );
      const value = encodeFrequencyView({ items, segments: ['segment1', `segment${number % 100}`] });
      return { key: frequencyViewKey(keyOf(number)), version: 1, value };
    }),
  );
  await Promise.all([keys.close(), views.close()]);
}

/** Gives the boot a lease of every campaign, as the allocator would. */
async function grantLeases(settings: Settings, campaigns: readonly string[]): Promise<void> {
  const log = await openLog(settings, clock);
  const nodes = (await log.read('nodes', 0, 0, 1000)).map(({ value }) => registry.decode(value));
  const started = nodes.findLast(({ name }) => name === 'NodeStarted')?.value as NodeStarted;
  const day = new Date().toISOString().slice(0, 10);
  const grants = campaigns.map((campaign_id) => ({
    shard: shardOf(campaign_id, settings.shards),
    key: campaign_id,
    value: registry.encode('LeaseGranted', {
      campaign_id,
      number: 1,
      lease: { node: started.node, boot: started.boot, day },
      amount_micros: 1_000_000_000_000,
      granted_at: Date.now(),
      allocator: 'bench',
    }),
  }));
  await appendAll(log, 'pacing', grants);
  await log.close();
}

/** A running `serve` with so many live line items. */
interface Served {
  readonly server: MeasuredServer;
  readonly folder: string;
}

async function startServe(lineItems: number): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-decision-'));
  const settings = readSettings({ DATA_DIR: folder });
  const campaigns = await prepare(settings, lineItems);
  const server = await startMeasured('apps/serve.ts', await freePort(), { DATA_DIR: folder });
  await grantLeases(settings, campaigns);
  await untilReady(server.port);
  return { server, folder };
}

async function untilReady(port: number): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if ((await fetch(`http://127.0.0.1:${port}/readyz`)).ok) return pause(500);
    await pause(100);
  }
  throw new Error('serve did not become ready within a minute');
}

async function untilDrained(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    if (Number(/^adtally_buffer_entries ([0-9]+)$/m.exec(metrics)?.[1]) === 0) return;
    await pause(50);
  }
  throw new Error('the buffer was not drained within ten seconds');
}

const requests = trafficBodies({ lineItems: 0, requests: 5000, nowMs: 0, seed }).map((body) =>
  Buffer.from(
    `POST /v1/decisions HTTP/1.1\r\nHost: ads.example\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  ),
);

interface Round extends DecisionLoadResult {
  readonly cpuUs: number;
}

async function round(server: MeasuredServer, forMs: number, drained: boolean, perSecond?: number): Promise<Round> {
  const before = await server.cpuUs();
  const load = { port: server.port, connections, requests, forMs, ...(perSecond && { perSecond }) };
  const result = await runDecisionLoad(load);
  // What is still on its way to the log belongs to this round.
  if (drained) await untilDrained(server.port);
  return { ...result, cpuUs: ((await server.cpuUs()) - before) / result.answered };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

const rate = ({ answered, elapsedMs }: Round) => (1000 * answered) / elapsedMs;

export interface DecisionBenchOptions {
  readonly rounds: number;
  readonly roundMs: number;
  /** Until the compiler has seen enough. */
  readonly warmMs: number;
  /** Sizes besides 10,000 line items whose cost is measured. */
  readonly otherSizes: readonly number[];
}

/** Ours against bare fastify at 10,000 line items, and latency at half the throughput. */
async function measureRatio({ rounds, roundMs, warmMs }: DecisionBenchOptions): Promise<Record<string, number>> {
  const { server: ours, folder } = await startServe(10_000);
  const warm = await round(ours, warmMs, true);
  const ANSWER_BYTES = String(Math.round(warm.bytes / warm.answered) - 230);
  const bare = await startMeasured('bench/bare-decision.ts', await freePort(), { ANSWER_BYTES });
  try {
    await round(bare, warmMs / 3, false);
    const results: { ours: Round; bare: Round }[] = [];
    for (let index = 0; index < rounds; index += 1) {
      results.push({ ours: await round(ours, roundMs, true), bare: await round(bare, roundMs, false) });
    }
    const cpu = (which: 'ours' | 'bare') => median(results.map((one) => one[which].cpuUs));
    const perSecond = (which: 'ours' | 'bare') => median(results.map((one) => rate(one[which])));
    // Bare fastify is far from its capacity at this rate: it pays for waking and sleeping at every request, as ours does at any rate.
    const rateOfHalf = Math.floor(perSecond('ours') / 2);
    const halves: { ours: Round; bare: Round }[] = [];
    for (let index = 0; index < rounds; index += 1) {
      halves.push({
        ours: await round(ours, roundMs, true, rateOfHalf),
        bare: await round(bare, roundMs, false, rateOfHalf),
      });
    }
    const halfCpu = (which: 'ours' | 'bare') => median(halves.map((one) => one[which].cpuUs));
    const latencyMs = (share: number) =>
      median(halves.map(({ ours: { latenciesMs, answered } }) => latenciesMs[Math.floor(answered * share)] as number));
    const last = results.at(-1)?.ours as Round;
    return {
      decision_ratio_10k: cpu('bare') / cpu('ours'),
      decision_ratio_10k_same_rate: halfCpu('bare') / halfCpu('ours'),
      decision_throughput_ratio_10k: perSecond('ours') / perSecond('bare'),
      decision_cpu_us_10k: cpu('ours'),
      decision_bare_cpu_us: cpu('bare'),
      decision_per_s_10k: perSecond('ours'),
      decision_fill_rate: last.filled / last.answered,
      decision_answer_bytes: last.bytes / last.answered,
      decision_p50_ms_half_load: latencyMs(0.5),
      decision_p99_ms_half_load: latencyMs(0.99),
    };
  } finally {
    await Promise.all([ours.stop(), bare.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureCost(lineItems: number, { rounds, roundMs, warmMs }: DecisionBenchOptions): Promise<number> {
  const { server, folder } = await startServe(lineItems);
  try {
    await round(server, warmMs, true);
    const costs: number[] = [];
    for (let index = 0; index < rounds; index += 1) costs.push((await round(server, roundMs, true)).cpuUs);
    return median(costs);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs everything; resolves with the figures by their names. */
export async function measureDecision(options: DecisionBenchOptions): Promise<Readonly<Record<string, number>>> {
  const figures = await measureRatio(options);
  for (const size of options.otherSizes) figures[`decision_cpu_us_${nameOf(size)}`] = await measureCost(size, options);
  const [small, large] = [figures['decision_cpu_us_1k'], figures['decision_cpu_us_100k']];
  if (small !== undefined && large !== undefined) figures['decision_cost_ratio_100k_1k'] = large / small;
  return figures;
}

function nameOf(size: number): string {
  return size >= 1000 ? `${size / 1000}k` : String(size);
}

if (import.meta.main) {
  const otherSizes = process.argv.includes('--sizes') ? [100, 1000, 100_000] : [];
  const figures = await measureDecision({ rounds: 3, roundMs: 1500, warmMs: 6000, otherSizes });
  for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value.toFixed(3)}`);
}
