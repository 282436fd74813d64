/**
 * `node bench/decision-stages.ts [--line-items 10000] [--requests 20000]`: microseconds and bytes of heap that each stage of a decision takes, in one
 * process and without sockets, disk or threads, one `name: value` a line. The same desk, catalogue and traffic as in `bench/decision.ts`; time and bytes
 * come from rounds of their own, because reading the heap takes longer than most stages.
 */
import { fastify } from 'fastify';
import { parseArgs } from 'node:util';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { encodeFrequencyView } from '../domain/frequency-view.ts';
import type { Lease } from '../domain/records.ts';
import { BotGate } from '../serving/bot-gate.ts';
import { ClientReader, networkOf } from '../serving/client.ts';
import { ConsentGate } from '../serving/consent.ts';
import { Deadline } from '../serving/deadline.ts';
import { Decider } from '../serving/decide.ts';
import { DecisionDesk } from '../serving/decision-desk.ts';
import type { DecisionFront, RouteWays } from '../serving/decision-front.ts';
import { readDecisionRequest } from '../serving/decision-request.ts';
import { RecentSelections } from '../serving/frequency.ts';
import type { LocalBuffer } from '../serving/local-buffer.ts';
import { PersonReader } from '../serving/person.ts';
import { registerDecisions } from '../serving/routes/decisions.ts';
import { indexOf, issuerDeps } from '../test/decision-world.ts';
import { trafficBodies, trafficCatalog } from './decision-traffic.ts';
import { askedFigures } from './own-process.ts';

/** In the order of a request; `records` is what goes into Avro, of AdSelected, SpendReserved and MarkupReturned. */
const stages = [
  'parse',
  'gates',
  'enrichment',
  'bidders',
  'targeting',
  'pacing',
  'bidding',
  'auction',
  'response',
  'records',
  'serialize',
  'returned',
] as const;
type Stage = (typeof stages)[number];

/** What is read between two stages: a clock, or the heap. */
class Meter {
  readonly sums = new Map<Stage, number>(stages.map((stage) => [stage, 0]));
  readonly #read: () => number;
  /** What a reading itself adds. */
  readonly #own: number;
  #stage: Stage = 'parse';
  #since = 0;

  constructor(read: () => number) {
    this.#read = read;
    const readings = Array.from({ length: 2_000 }, () => -read() + read()).filter((own) => own >= 0);
    this.#own = readings.toSorted((a, b) => a - b)[readings.length >> 1] ?? 0;
  }

  begin(stage: Stage): void {
    this.#stage = stage;
    this.#since = this.#read();
  }

  /** Ends the stage before. A collection between two readings leaves less than was there: such a stage is not counted. */
  enter(stage: Stage): Stage {
    const before = this.#stage;
    const took = this.#read() - this.#since - this.#own;
    if (took > 0) this.sums.set(before, (this.sums.get(before) ?? 0) + took);
    this.begin(stage);
    return before;
  }
}

const clock = createSystemClock();
const registry = openFileSchemaRegistry();
let meter = new Meter(() => performance.now() * 1000);

const enter = Reflect.get(Deadline.prototype, 'enter') as Deadline['enter'];
Deadline.prototype.enter = function metered(this: Deadline, stage, nowUs) {
  if (stage !== 'ingress') meter.enter(stage);
  enter.call(this, stage, nowUs);
};
const meteredRegistry = Object.assign(Object.create(registry) as typeof registry, {
  encode: (...args: Parameters<typeof registry.encode>) => {
    const before = meter.enter('records');
    const bytes = registry.encode(...args);
    meter.enter(before);
    return bytes;
  },
});

interface StageBenchOptions {
  readonly lineItems: number;
  readonly requests: number;
}

function fromCommandLine(): StageBenchOptions {
  const { values } = parseArgs({
    options: { 'line-items': { type: 'string', default: '10000' }, requests: { type: 'string', default: '20000' } },
  });
  return { lineItems: Number(values['line-items']), requests: Number(values.requests) };
}

const asked = askedFigures<StageBenchOptions>();
const { lineItems, requests } = asked ?? fromCommandLine();
const nowMs = Date.now();
const index = indexOf(trafficCatalog({ lineItems, requests: 0, nowMs, seed: 7 }), { nowMs });
const bodies = trafficBodies({ lineItems: 0, requests: 5_000, nowMs, seed: 7 });
const lease: Lease = { node: 'node-1', boot: '018f0000-0000-7000-8000-00000000b001', day: '2026-01-01' };
const leases = { left: () => 1e15, draw: () => lease, views: () => [{ view: 'pacing:0', revision: 17 }] };
let sequence = 0;
const buffer: LocalBuffer = {
  node: lease.node,
  boot: lease.boot,
  nextSequence: () => (sequence += 1),
  append: async () => undefined,
  hasRoomFor: () => true,
};
const seen = new Map([1, 2, 3].map((step) => [`li_${step * 31}`, [nowMs - 60_000 * step]]));
const view = { value: encodeFrequencyView({ items: seen, segments: ['segment1'] }), version: 1 };
const persons = new PersonReader({
  keys: { getMany: async () => ['018f0000-0000-7000-8000-000000000001'] } as never,
  views: { getMany: async () => [view] } as never,
  clock,
  hashSecret: Buffer.alloc(32, 3),
});
const desk = new DecisionDesk({
  clock,
  nodeClock: clock,
  registry: meteredRegistry,
  buffer,
  decider: new Decider({ clock, index, leases, recent: new RecentSelections(), restMs: 0 }),
  issuer: issuerDeps(),
  persons,
  bots: new BotGate([]),
  consent: new ConsentGate(),
  defaultTmaxMs: 100,
  onError: (error) => {
    throw error;
  },
});

/** Parser and serializer of the route itself. */
async function routeWays(): Promise<RouteWays> {
  const app = fastify();
  let found: RouteWays | undefined;
  const front = { open: (ways: RouteWays) => (found = ways), close: () => undefined } as unknown as DecisionFront;
  const monotonicUs = () => clock.monotonicUs();
  registerDecisions(app, { desk, clients: new ClientReader([]), monotonicUs, debugAllowed: () => false, front });
  await app.ready();
  if (found === undefined) throw new Error('the route has no ways of its own');
  return found;
}

const ways = await routeWays();

/** @returns ads chosen, and the length of the last answer */
async function run(count: number): Promise<{ readonly ads: number; readonly bytes: number }> {
  let [ads, bytes] = [0, 0];
  for (let number = 0; number < count; number += 1) {
    meter.begin('parse');
    const request = readDecisionRequest(ways.parse(bodies[number % bodies.length] as string));
    meter.enter('gates');
    const caller = {
      channel: 'api' as const,
      userAgent: '',
      address: '203.0.113.7',
      truncate: networkOf,
      trusted: false,
      arrivedUs: clock.monotonicUs(),
    };
    const decided = desk.decide(request, caller);
    const answered = decided instanceof Promise ? await decided : decided;
    meter.enter('serialize');
    bytes = ways.serialize(answered.body).length;
    meter.enter('returned');
    desk.markReturned(answered);
    meter.enter('parse');
    ads += answered.ads.length;
    // Entries of the buffer resolve, as they do between two requests.
    if (number % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { ads, bytes };
}

await run(requests);
meter = new Meter(() => performance.now() * 1000);
const { ads, bytes } = await run(requests);
const timed = meter.sums;
const counted = Math.min(requests, 2_000);
meter = new Meter(() => process.memoryUsage().heapUsed);
await run(counted);
const allocated = meter.sums;

const total = (sums: ReadonlyMap<Stage, number>) => [...sums.values()].reduce((sum, value) => sum + value, 0);
const figures: Record<string, number> = {
  stage_line_items: lineItems,
  stage_fill_rate: ads / requests,
  stage_answer_bytes: bytes,
};
for (const stage of stages) figures[`stage_us_${stage}`] = (timed.get(stage) ?? 0) / requests;
figures['stage_us_all'] = total(timed) / requests;
for (const stage of stages) figures[`stage_heap_bytes_${stage}`] = Math.round((allocated.get(stage) ?? 0) / counted);
figures['stage_heap_bytes_all'] = Math.round(total(allocated) / counted);
if (asked !== null) console.log(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${Number(value.toFixed(3))}`);
