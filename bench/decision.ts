/**
 * CPU time that a decision costs: bare fastify's ÷ ours, all threads, as many bytes in and out, 128 connections, alternating rounds, medians. Ours
 * is the whole `serve` process with a catalogue of live line items and budgets: every answer is chosen, drawn, signed, recorded, synced and drained
 * into the log within the time that is measured. One request in five is of a person.
 */
import { rmSync } from 'node:fs';
import { type DecisionLoadResult, runDecisionLoad } from './decision-load.ts';
import { freePort, requestOf, startDecisionServer, untilDrained } from './decision-server.ts';
import { trafficBodies } from './decision-traffic.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';

const connections = 128;
const seed = 7;
const requests = trafficBodies({ lineItems: 0, requests: 5000, nowMs: 0, seed }).map(requestOf);
/** A closed loop holds the server at its limit on purpose: everything is to be measured, nothing done without. */
const neverOverloaded = { OVERLOAD_TURN_MS: '60000' };

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
  const { server: ours, folder } = await startDecisionServer({ lineItems: 10_000, env: neverOverloaded });
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
    const latencyMs = (which: 'ours' | 'bare', share: number) =>
      median(halves.map(({ [which]: { latenciesMs: all } }) => all[Math.floor(all.length * share)] as number));
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
      decision_p50_ms_half_load: latencyMs('ours', 0.5),
      decision_p99_ms_half_load: latencyMs('ours', 0.99),
      // What the machine and the generator do to a server that has nothing to do.
      decision_bare_p99_ms_half_load: latencyMs('bare', 0.99),
    };
  } finally {
    await Promise.all([ours.stop(), bare.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureCost(lineItems: number, { rounds, roundMs, warmMs }: DecisionBenchOptions): Promise<number> {
  const { server, folder } = await startDecisionServer({ lineItems, env: neverOverloaded });
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
