/**
 * One bidder gets into trouble and out of it again, second by second: it slows down by 20 ms, dies, answers garbage, answers without end. Shows its breaker, its
 * share of the requests, its time-out, what it was asked and answered, and what became of the auctions meanwhile.
 * `node bench/bidder-timeline.ts --rate 50 --seconds 8 --tmax 50`; seconds of each state.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Profile } from '../simulate/bidders/profiles.ts';
import {
  bidderMetrics,
  bidderRequests,
  type BidderWorld,
  gauge,
  metricsText,
  startBidderWorld,
  sumOf,
  untilNobodyIsAsked,
} from './bidder-world.ts';
import { type Noted, runOpenLoop } from './open-loop.ts';

type Change = Partial<Profile> & { readonly class?: string; readonly addMs?: number };

/** What happens to it, in turn; it is well in between. */
const troubles = {
  slower: { addMs: 20 },
  dead: { behaviour: 'refuses' },
  garbage: { behaviour: 'garbage' },
  endless: { behaviour: 'streams' },
} as const satisfies Record<string, Change>;

export type Trouble = keyof typeof troubles | 'well';

export interface TimelineOptions {
  readonly perSecond: number;
  /** Of each state. */
  readonly seconds: number;
  readonly tmaxMs: number;
  /** Other bidders, which are well all the time. */
  readonly others: number;
}

/** One second of one bidder and of the auctions that it was in. */
export interface TimelineRow {
  readonly second: number;
  readonly trouble: Trouble;
  /** 0: closed, 1: half open, 2: open. */
  readonly breaker: number;
  readonly share: number;
  readonly timeoutMs: number;
  readonly solicited: number;
  /** In time, with or without a bid. */
  readonly answered: number;
  /** In time, of the others, for each auction. */
  readonly othersAnswered: number;
  readonly requests: number;
  readonly answers200: number;
  readonly p95Ms: number;
}

export interface Timeline {
  readonly rows: readonly TimelineRow[];
  /** Solicited without an outcome. */
  readonly mishandled: number;
}

interface Snapshot {
  readonly atMs: number;
  readonly trouble: Trouble;
  readonly text: string;
}

/** Runs it on a serving process of its own. */
export async function runTimeline(options: TimelineOptions): Promise<Timeline> {
  const terms = { timeout_min_ms: 5, timeout_max_ms: options.tmaxMs, network_ms: 1 };
  const bidders = ['--classes', `fast*${options.others + 1}`, '--seed', '1'];
  const world = await startBidderWorld({ bidders, wait: 'cut', terms, lineItems: 100 });
  try {
    return await observe(world, options);
  } finally {
    await world.served.server.stop();
    await world.outside.stop();
    rmSync(world.served.folder, { recursive: true, force: true });
  }
}

async function observe(world: BidderWorld, { perSecond, seconds, tmaxMs }: TimelineOptions): Promise<Timeline> {
  const { port } = world.served.server;
  const requests = bidderRequests(1_000, tmaxMs);
  await runOpenLoop({ port, connections: 64, requests, perSecond, forMs: 3_000 });
  const plan: Trouble[] = ['well', ...(Object.keys(troubles) as Trouble[]).flatMap((one) => [one, 'well' as const])];
  const forMs = plan.length * seconds * 1000;
  const startedAt = performance.now();
  const under = runOpenLoop({ port, connections: 64, requests, perSecond, forMs });
  const seen: Snapshot[] = [{ atMs: 0, trouble: 'well', text: await metricsText(port) }];
  for (const trouble of plan) {
    await change(world, trouble);
    for (let second = 0; second < seconds; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * seen.length - (performance.now() - startedAt)));
      seen.push({ atMs: performance.now() - startedAt, trouble, text: await metricsText(port) });
    }
  }
  const { noted } = await under;
  const mishandled = gauge(await untilNobodyIsAsked(port), 'adtally_bidder_mishandled');
  return { rows: seen.slice(1).map((one, index) => rowOf(world, [seen[index] as Snapshot, one], noted)), mishandled };
}

async function change({ outside }: BidderWorld, trouble: Trouble): Promise<void> {
  const well: Change = { class: 'fast' };
  await outside.change('fast-1', trouble === 'well' ? well : { ...well, ...troubles[trouble] });
}

function rowOf(
  world: BidderWorld,
  [before, after]: readonly [Snapshot, Snapshot],
  noted: readonly Noted[],
): TimelineRow {
  const [victim = ''] = world.nameOf.keys();
  const [then, now] = [bidderMetrics(before.text), bidderMetrics(after.text)];
  const isVictim = (id: string) => id === victim;
  const isAnswer = (label: string) => label === 'bid' || label === 'no_bid';
  const more = (name: string, wanted: Parameters<typeof sumOf>[2]) =>
    sumOf(now, name, wanted) - sumOf(then, name, wanted);
  const auctions = (text: string) => gauge(text, 'adtally_bidder_auctions_total');
  const own = (name: string) => gaugeOf(after.text, name, victim);
  const within = noted.filter(({ atMs }) => atMs >= before.atMs && atMs < after.atMs);
  const sorted = within.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  return {
    second: Math.round(after.atMs / 1000),
    trouble: after.trouble,
    breaker: own('breaker'),
    share: own('share'),
    timeoutMs: own('timeout_ms'),
    solicited: more('solicited', { id: isVictim }),
    answered: more('outcomes', { id: isVictim, label: isAnswer }),
    othersAnswered:
      more('outcomes', { id: (id) => !isVictim(id), label: isAnswer }) / (auctions(after.text) - auctions(before.text)),
    requests: within.length,
    answers200: within.filter(({ status }) => status === 200).length,
    p95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN,
  };
}

function gaugeOf(text: string, name: string, bidderId: string): number {
  return Number(
    new RegExp(`^adtally_bidder_${name}\\{bidder_id="${bidderId}"\\} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN,
  );
}

function show({ rows, mishandled }: Timeline): void {
  console.log('   s  state     breaker    share  time-out  asked  answered  others  requests   200   p95 ms');
  for (const row of rows) {
    const cells = [
      String(row.second).padStart(4),
      ` ${row.trouble.padEnd(8)}`,
      (['closed', 'half open', 'open'][row.breaker] ?? '?').padEnd(9),
      row.share.toFixed(2).padStart(6),
      row.timeoutMs.toFixed(1).padStart(9),
      String(row.solicited).padStart(6),
      String(row.answered).padStart(9),
      row.othersAnswered.toFixed(2).padStart(7),
      String(row.requests).padStart(9),
      String(row.answers200).padStart(5),
      row.p95Ms.toFixed(1).padStart(8),
    ];
    console.log(cells.join(' '));
  }
  console.log(`timeline_mishandled: ${mishandled}`);
  const well = rows.filter(({ trouble }) => trouble === 'well');
  const ill = rows.filter(({ trouble }) => trouble !== 'well');
  const worst = (of: readonly TimelineRow[]) => Math.max(...of.map(({ p95Ms }) => p95Ms));
  console.log(`timeline_worst_p95_well_ms: ${worst(well).toFixed(1)}`);
  console.log(`timeline_worst_p95_in_trouble_ms: ${worst(ill).toFixed(1)}`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '8' },
      tmax: { type: 'string', default: '50' },
      others: { type: 'string', default: '9' },
    },
  });
  const [perSecond, seconds, tmaxMs, others] = [values.rate, values.seconds, values.tmax, values.others].map(
    Number,
  ) as [number, number, number, number];
  show(await runTimeline({ perSecond, seconds, tmaxMs, others }));
}
