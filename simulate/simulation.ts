import type { Random } from '../ports/random.ts';
import { Account } from './account.ts';
import { Crowd } from './crowd.ts';
import type { Ask, Asks } from './decision-body.ts';
import type { Kill, PlannedFault } from './faults.ts';
import { makePeople, type Person, robotAgents } from './people.ts';
import type { PublishedCatalog } from './publish-catalog.ts';
import { Tallies } from './tallies.ts';
import { type Label, planVisits, type Rates, type Visit } from './visit-plan.ts';
import { Wire } from './wire.ts';

export interface SimulationOptions {
  readonly seed: string;
  /** Visits begin until so many ads were selected. */
  readonly selections: number;
  readonly perSecond: number;
  /** No visit begins while so many requests are unanswered; the later ones all begin so much later. Infinity: never held back. */
  readonly mostUnderWay: number;
  readonly rates: Rates;
  /** Public sides of all nodes; visits go to each in turn. */
  readonly serveUrls: readonly string[];
  readonly clickTokenMs: number;
  readonly catalog: PublishedCatalog;
  readonly asks: Asks;
  /** A key with which decisions are explained. */
  readonly debugKey: string;
  readonly randomOf: (seed: string) => Random;
  /** What is done to the platform meanwhile, in the order of its moments. */
  readonly faults: readonly PlannedFault[];
  readonly onProgress: (sentence: string) => void;
}

/** What a run leaves behind to be compared. */
export interface SimulationResult {
  readonly account: Account;
  readonly tallies: Tallies;
  /** What the visitor of each selection really was. */
  readonly labels: ReadonlyMap<string, Label>;
  /** The request that each selection came from. */
  readonly asks: ReadonlyMap<string, Ask>;
  readonly kills: readonly Kill[];
  /** Whether people came from networks of their own, so that a farm can be told from them. */
  readonly ownAddresses: boolean;
  readonly visits: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

const peopleCount = 400;
const farmersCount = 12;
const progressMs = 5_000;

/** Runs visits until enough ads were selected and nothing of them is under way any more. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { catalog, selections, onProgress } = options;
  const wire = new Wire();
  const account = new Account(catalog.lineItems);
  const tallies = new Tallies();
  const labels = new Map<string, Label>();
  const asks = new Map<string, Ask>();
  const ownAddresses = await canUseOwnAddresses(wire, options.serveUrls);
  const onSelected = (visit: Visit, selectionId: string, ask: Ask) => {
    labels.set(selectionId, visit.label);
    asks.set(selectionId, ask);
    options.asks.selected(ask);
  };
  const crowd = new Crowd({ ...options, wire, account, tallies, ownAddresses, onSelected });
  const startedAt = Date.now();
  const killing = strikeAll(options, () => account.selections / selections, startedAt);
  // Whoever awaits it below hears of it; until then it must not end the process.
  killing.catch(() => undefined);
  const progress = setInterval(() => {
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
    onProgress(`${seconds} s: ${account.selections} selections, ${tallies.acknowledgements} beacons acknowledged`);
  }, progressMs);
  try {
    const running = new Set<Promise<void>>();
    const isEnough = () => account.selections >= selections && options.asks.isEnough();
    let visits = 0;
    for await (const { visit, intendedAt } of arrivals(options, { wire, tallies, startedAt })) {
      if (isEnough()) break;
      visits += 1;
      const living = crowd.visit(visit, intendedAt);
      running.add(living);
      void living.finally(() => running.delete(living));
    }
    onProgress(
      `no more visits; waiting for ${running.size} that are under way (late ones wait for their tokens to expire)`,
    );
    await Promise.all(running);
    const kills = await killing;
    return { account, tallies, labels, asks, kills, ownAddresses, visits, startedAt, endedAt: Date.now() };
  } finally {
    clearInterval(progress);
    await wire.close();
  }
}

/** Yields each visit at its moment, whatever became of the earlier ones. */
async function* arrivals(
  options: SimulationOptions,
  { wire, tallies, startedAt }: { readonly wire: Wire; readonly tallies: Tallies; readonly startedAt: number },
): AsyncGenerator<{ readonly visit: Visit; readonly intendedAt: number }> {
  const random = options.randomOf(`${options.seed}/people`);
  const people = makePeople(random, peopleCount);
  const farmers = farm(makePeople(random, farmersCount));
  for (const visit of planVisits({ ...options, people, farmers, robotAgents: robotAgents() })) {
    const intendedAt = startedAt + visit.atMs + tallies.heldBackMs;
    const wait = intendedAt - Date.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const heldMs = await holdBack(wire, options.mostUnderWay);
    tallies.heldBackMs += heldMs;
    yield { visit, intendedAt: intendedAt + heldMs };
  }
}

/**
 * Waits while too much is unanswered: a machine too slow for the plan is to be tested for its sums, not for its overload. Resolves with the
 * ms waited.
 */
async function holdBack(wire: Wire, mostUnderWay: number): Promise<number> {
  const since = Date.now();
  while (wire.underWay >= mostUnderWay) await new Promise((resolve) => setTimeout(resolve, 5));
  return Date.now() - since;
}

/** All of one network. */
function farm(people: readonly Person[]): readonly Person[] {
  return people.map((person, index) => ({ ...person, address: `127.250.250.${index + 1}` }));
}

async function strikeAll(
  { faults, onProgress }: SimulationOptions,
  share: () => number,
  startedAt: number,
): Promise<Kill[]> {
  const done: Kill[] = [];
  for (const { at, strike } of faults) {
    while (share() < at) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const kill of await strike(startedAt)) {
      onProgress(`kill -9 ${kill.process}; started again after ${kill.backAfterMs} ms`);
      done.push(kill);
    }
  }
  return done;
}

/** On Linux every address of 127.0.0.0/8 is this machine; elsewhere all people share one. */
async function canUseOwnAddresses(wire: Wire, serveUrls: readonly string[]): Promise<boolean> {
  const [url] = serveUrls;
  if (url === undefined || !serveUrls.every((one) => one.startsWith('http://127.'))) return false;
  const from = '127.250.250.250';
  const { status } = await wire.send({ method: 'GET', url: `${url}/healthz`, headers: {}, from });
  return status !== 0;
}
