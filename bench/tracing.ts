/**
 * What tracing costs the hot path: CPU time of a decision (all threads of `serve`, 128 connections, alternating rounds, medians) with tracing off, with 1 % and
 * with all ads traced, and with all ads traced and nobody there to take the spans; each also against bare fastify. Off is measured at the beginning and at the end of every
 * round: what differs between the two is noise. Prints one `name: value` a line; takes under three minutes.
 */
import { rmSync } from 'node:fs';
import { runDecisionLoad } from './decision-load.ts';
import { freePort, requestOf, type Served, startDecisionServer, untilDrained } from './decision-server.ts';
import { trafficBodies } from './decision-traffic.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';

export interface TracingBenchOptions {
  readonly lineItems: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmMs: number;
}

const connections = 128;
const requests = trafficBodies({ lineItems: 0, requests: 5000, nowMs: 0, seed: 7 }).map(requestOf);
/** A closed loop holds the server at its limit on purpose: everything is to be measured, nothing done without. */
const neverOverloaded = { OVERLOAD_TURN_MS: '60000' };
/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:9/v1/traces';

/** Kinds of servers in the order of a round. */
const modes = ['off', 'sampled_1pct', 'sampled_all', 'collector_away'] as const;
type Mode = (typeof modes)[number];

function envOf(mode: Mode, endpoint: string): Readonly<Record<string, string>> {
  if (mode === 'off') return neverOverloaded;
  return {
    ...neverOverloaded,
    TRACE_SAMPLING: mode === 'sampled_1pct' ? '0.01' : '1',
    TRACE_ENDPOINT: mode === 'collector_away' ? nowhere : endpoint,
  };
}

interface Load {
  readonly forMs: number;
  /** What is still on its way to the log belongs to the round. */
  readonly drained: boolean;
}

async function load(server: MeasuredServer, { forMs, drained }: Load) {
  const before = await server.cpuUs();
  const { answered, bytes } = await runDecisionLoad({ port: server.port, connections, requests, forMs });
  if (drained) await untilDrained(server.port);
  return { answered, bytes, cpuUs: ((await server.cpuUs()) - before) / answered };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

async function spansOf({ port }: MeasuredServer): Promise<{ readonly sent: number; readonly dropped: number }> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const count = (outcome: string) =>
    Number(new RegExp(`^adtally_trace_spans_total\\{outcome="${outcome}"[^}]*\\} ([0-9]+)$`, 'm').exec(metrics)?.[1]);
  return { sent: count('sent'), dropped: count('dropped') };
}

/** CPU time of a decision by round, µs. */
interface RoundCosts extends Readonly<Record<Mode, number>> {
  readonly offAgain: number;
  readonly bare: number;
}

async function measureRounds(
  served: ReadonlyMap<Mode, Served>,
  { rounds, roundMs, warmMs }: TracingBenchOptions,
): Promise<readonly RoundCosts[]> {
  const serverOf = (mode: Mode) => (served.get(mode) as Served).server;
  let answerBytes = 0;
  for (const mode of modes) {
    const warm = await load(serverOf(mode), { forMs: warmMs, drained: true });
    answerBytes = Math.round(warm.bytes / warm.answered);
  }
  const bare = await startMeasured('bench/bare-decision.ts', await freePort(), {
    ANSWER_BYTES: String(answerBytes - 230),
  });
  try {
    await load(bare, { forMs: warmMs / 3, drained: false });
    const costs: RoundCosts[] = [];
    for (let index = 0; index < rounds; index += 1) {
      const round: Partial<Record<Mode, number>> = {};
      for (const mode of modes) round[mode] = (await load(serverOf(mode), { forMs: roundMs, drained: true })).cpuUs;
      const { cpuUs: offAgain } = await load(serverOf('off'), { forMs: roundMs, drained: true });
      const { cpuUs: ofBare } = await load(bare, { forMs: roundMs, drained: false });
      costs.push({ ...(round as Record<Mode, number>), offAgain, bare: ofBare });
    }
    return costs;
  } finally {
    await bare.stop();
  }
}

function figuresOf(costs: readonly RoundCosts[]): Record<string, number> {
  const figures: Record<string, number> = {};
  // Each against what stood before and after it in its own round.
  const overOff = (of: (round: RoundCosts) => number) =>
    median(costs.map((round) => (2 * of(round)) / (round.off + round.offAgain)));
  for (const mode of modes) {
    figures[`tracing_${mode}_cpu_us`] = median(costs.map((round) => round[mode]));
    figures[`tracing_${mode}_decision_ratio`] = median(costs.map((round) => round.bare / round[mode]));
    if (mode !== 'off') figures[`tracing_${mode}_over_off`] = overOff((round) => round[mode]);
  }
  figures['tracing_noise_off_again_over_off'] = median(costs.map((round) => round.offAgain / round.off));
  figures['tracing_bare_cpu_us'] = median(costs.map(({ bare }) => bare));
  return figures;
}

/** Runs everything; resolves with the figures by their names. */
export async function measureTracing(options: TracingBenchOptions): Promise<Readonly<Record<string, number>>> {
  const sink = await startMeasured('bench/trace-sink.ts', await freePort());
  const served = new Map<Mode, Served>();
  try {
    const endpoint = `http://127.0.0.1:${sink.port}/v1/traces`;
    for (const mode of modes) {
      served.set(mode, await startDecisionServer({ lineItems: options.lineItems, env: envOf(mode, endpoint) }));
    }
    const figures = figuresOf(await measureRounds(served, options));
    for (const mode of modes.slice(1)) {
      const { sent, dropped } = await spansOf((served.get(mode) as Served).server);
      figures[`tracing_${mode}_spans_sent`] = sent;
      figures[`tracing_${mode}_spans_dropped`] = dropped;
    }
    return figures;
  } finally {
    await Promise.all([sink.stop(), ...[...served.values()].map(({ server }) => server.stop())]);
    for (const { folder } of served.values()) rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const quick = process.argv.includes('--quick');
  const figures = await measureTracing(
    quick
      ? { lineItems: 1_000, rounds: 1, roundMs: 500, warmMs: 1_000 }
      : { lineItems: 10_000, rounds: 7, roundMs: 1_500, warmMs: 4_000 },
  );
  for (const [name, value] of Object.entries(figures)) {
    console.log(`${name}: ${Number.isInteger(value) ? value : value.toFixed(3)}`);
  }
}
