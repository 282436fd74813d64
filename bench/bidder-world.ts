/** Serving processes with simulated bidders for benches of outside demand, and what both sides say of each other afterwards. */
import { type BidderProcess, startBidderProcess } from '../apps/bidder-process.ts';
import { openLog } from '../apps/engines.ts';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { AdSelected, BidderPublished, RecordOf } from '../domain/records.ts';
import type { BidderCounts } from '../simulate/bidders/bidder-tally.ts';
import { bidder, everywhere, supply } from '../test/decision-world.ts';
import { type Served, startDecisionServer } from './decision-server.ts';
import { trafficBodies } from './decision-traffic.ts';
import { requestOf } from './decision-server.ts';
import type { TaggedRequest } from './open-loop.ts';

/** Numbers of the bidders' own line items: beyond those of the traffic. */
const firstNumber = 80_000;

export interface BidderWorldOptions {
  /** Options of `adtally bidders`. */
  readonly bidders: readonly string[];
  readonly wait: 'progressive' | 'cut';
  /** What the catalogue says of each bidder. */
  readonly terms: Partial<BidderPublished>;
  readonly lineItems: number;
  /** Most that bidders may bid, micros for a thousand. */
  readonly bidMicros?: number;
}

export interface BidderWorld {
  readonly served: Served;
  readonly outside: BidderProcess;
  /** Class of a bidder by its id in the catalogue, and its name at the simulator. */
  readonly classOf: ReadonlyMap<string, string>;
  readonly nameOf: ReadonlyMap<string, string>;
}

/** One serving process, and bidders of its own that bid the same whenever the seed is the same. */
export async function startBidderWorld(options: BidderWorldOptions): Promise<BidderWorld> {
  const outside = await startBidderProcess(options.bidders);
  const flight = { starts_at: Date.now() - 86_400_000, ends_at: Date.now() + 86_400_000 };
  // As important as the most important of the traffic: what is less is not asked.
  const lineItem = { targeting: everywhere, priority: 6, bid_micros: options.bidMicros ?? 20_000_000 };
  const creative = { width: 0, height: 0 };
  const more = outside.bidders.flatMap(({ endpoint }, index) => {
    const number = firstNumber + index;
    const value = bidder(number, { endpoint, ...options.terms });
    return [
      ...supply(number, { campaign: { flight }, lineItem, creative }),
      { name: 'BidderPublished', value },
    ] as RecordOf<'catalog'>[];
  });
  const env = { BIDDER_ADDRESSES_ALLOWED: '127.0.0.1/32', BIDDER_WAIT: options.wait };
  const served = await startDecisionServer({ lineItems: options.lineItems, more, env });
  const ids = outside.bidders.map((one, index) => [`bd_${firstNumber + index}`, one] as const);
  return {
    served,
    outside,
    classOf: new Map(ids.map(([id, one]) => [id, one.class])),
    nameOf: new Map(ids.map(([id, one]) => [id, one.name])),
  };
}

/** Requests with so much time, ms. */
export function bidderRequests(count: number, tmaxMs: number): readonly TaggedRequest[] {
  return trafficBodies({ lineItems: 0, requests: count, nowMs: 0, seed: 7 }).map((body) => ({
    bytes: requestOf(JSON.stringify({ ...(JSON.parse(body) as object), tmax: tmaxMs })),
    tag: 'request',
  }));
}

/** Metrics by bidder: name without `adtally_bidder_` and `_total` → bidder → label (outcome or reason; '' if there is none) → value. */
export type BidderMetrics = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, number>>>;

export async function metricsText(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

export function bidderMetrics(text: string): BidderMetrics {
  const metrics = new Map<string, Map<string, Map<string, number>>>();
  for (const line of text.split('\n')) {
    const [, name = '', id = '', label = '', value = ''] =
      /^adtally_bidder_([a-z_]+?)_total\{bidder_id="([^"]+)"(?:,(?:outcome|reason)="([^"]*)")?\} (\S+)$/.exec(line) ??
      [];
    if (name === '') continue;
    const byId = metrics.get(name) ?? new Map<string, Map<string, number>>();
    const byLabel = byId.get(id) ?? new Map<string, number>();
    metrics.set(name, byId.set(id, byLabel.set(label, Number(value))));
  }
  return metrics;
}

export function gauge(text: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** Sum of a metric over the bidders that are wanted, and over its labels that are. */
export function sumOf(
  metrics: BidderMetrics,
  name: string,
  wanted: { readonly id?: (id: string) => boolean; readonly label?: (label: string) => boolean } = {},
): number {
  const { id = () => true, label = () => true } = wanted;
  let sum = 0;
  for (const [bidderId, byLabel] of metrics.get(name) ?? []) {
    if (id(bidderId)) for (const [one, value] of byLabel) if (label(one)) sum += value;
  }
  return sum;
}

/** Waits until no bid request is without an answer; at most five seconds. */
export async function untilNobodyIsAsked(port: number): Promise<string> {
  for (let tries = 0; tries < 50; tries += 1) {
    const text = await metricsText(port);
    if (gauge(text, 'adtally_bidder_in_flight') === 0) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('some bid requests had neither an answer nor an end after five seconds');
}

/** All that was selected, from the log of a serving process that has stopped. */
export async function selectedOf({ settings }: Served): Promise<readonly AdSelected[]> {
  const registry = openFileSchemaRegistry();
  const log = await openLog(settings, createSystemClock());
  const all: AdSelected[] = [];
  for (let shard = 0; shard < settings.shards; shard += 1) {
    const { next } = await log.bounds('selected', shard);
    for (let from = 0; from < next; from += 500) {
      for (const { value } of await log.read('selected', shard, from, 500)) {
        const record = registry.decode(value);
        if (record.name === 'AdSelected') all.push(record.value);
      }
    }
  }
  await log.close();
  return all;
}

/** Where what we say of a bidder does not go together with what it says itself; empty: it does. */
export function contradictions(metrics: BidderMetrics, id: string, said: BidderCounts): readonly string[] {
  const only = (one: string) => one === id;
  const outcomes = (...wanted: readonly string[]) =>
    sumOf(metrics, 'outcomes', { id: only, label: (label) => wanted.includes(label) });
  const solicited = sumOf(metrics, 'solicited', { id: only });
  const arrived = outcomes('bid', 'no_bid', 'invalid', 'bad_status', 'too_large', 'bad_encoding');
  return [
    [said.received <= solicited, `it got ${said.received}, it was sent ${solicited}`],
    [said.received >= arrived, `it got ${said.received}, ${arrived} have an answer of it`],
    [
      (said.answered['bid'] ?? 0) >= outcomes('bid'),
      `it bid ${said.answered['bid'] ?? 0} times, ${outcomes('bid')} bids counted`,
    ],
    [said.unknown_notices === 0, `${said.unknown_notices} notices of bids that it never made`],
  ].flatMap(([holds, what]) => (holds === true ? [] : [`${id}: ${String(what)}`]));
}
