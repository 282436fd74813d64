import type { Random } from '../ports/random.ts';
import { forgeries, type Forgery } from './forge-token.ts';
import { type Person, pick } from './people.ts';

/** What a visitor really is. Hidden from the platform; detection is measured against it. */
export const labels = ['person', 'declared_robot', 'prefetcher', 'impossible_clicker', 'click_farm'] as const;
export type Label = (typeof labels)[number];

/** True if the platform ought to see through it. */
export function isInvalid(label: Label): boolean {
  return label !== 'person';
}

/** Shares of visits, 0 to 1, that misbehave in each way. */
export interface Rates {
  /** A beacon is sent again, once to four times. */
  readonly duplicates: number;
  /** Every beacon comes after its token has expired. */
  readonly late: number;
  /** A falsified token is sent, besides the genuine one or instead of it. */
  readonly forged: number;
  /** The token of an impression is used for a click. */
  readonly wrongKind: number;
  /** Robots: a part says so when it asks for an ad, a part only when it fetches the beacons. */
  readonly bots: number;
  /** A robot with a browser's user agent that clicks in no time, or without having seen anything. */
  readonly impossible: number;
  /** Clicks of one network that clicks on everything. */
  readonly farm: number;
  /** The beacon is sent to another serving node as well, if there are several. */
  readonly replays: number;
  /** The beacon is sent in the very moment of the answer, so that it may overtake the selection on its way into the log. */
  readonly overtaking: number;
}

export const defaultRates: Rates = {
  duplicates: 0.09,
  late: 0.025,
  forged: 0.012,
  wrongKind: 0.005,
  bots: 0.088,
  impossible: 0.01,
  farm: 0.03,
  replays: 0.02,
  overtaking: 0.1,
};

/** What is chosen for a visit before it begins; nothing of it depends on the answers. */
export interface Visit {
  readonly number: number;
  /** When the visit begins, ms after the start. */
  readonly atMs: number;
  readonly person: Person;
  readonly label: Label;
  /** User agent of the request for ads, and of the beacons. */
  readonly askingAgent: string;
  readonly beaconAgent: string;
  /** Draws what the visit itself needs: pages, forgeries, pauses. */
  readonly random: Random;
  /** Whether the ad is shown, comes into view, is clicked on, and how long after the step before it, ms. */
  readonly render: { readonly happens: boolean; readonly afterMs: number };
  readonly view: { readonly happens: boolean; readonly afterMs: number };
  readonly click: { readonly happens: boolean; readonly afterMs: number };
  readonly transport: 'pixel' | 'sdk';
  /** How often each beacon is sent again. */
  readonly repeats: number;
  readonly late: boolean;
  readonly forgery: Forgery | null;
  /** Only the falsified token is sent. */
  readonly onlyForged: boolean;
  readonly wrongKind: boolean;
  readonly replayElsewhere: boolean;
}

export interface PlanOptions {
  readonly people: readonly Person[];
  /** The people of the click farm: all of one network. */
  readonly farmers: readonly Person[];
  readonly robotAgents: readonly string[];
  readonly rates: Rates;
  /** Visits in a second. */
  readonly perSecond: number;
  /** Makes a Random of a seed of its own: visits run at the same time and must not draw from one. */
  readonly randomOf: (seed: string) => Random;
  readonly seed: string;
}

/** Visits by seed, in the order of their beginnings, without end. Arrivals are Poisson: the gaps between them are exponential. */
export function* planVisits(options: PlanOptions): Generator<Visit, never> {
  const random = options.randomOf(`${options.seed}/visits`);
  let atMs = 0;
  for (let number = 0; ; number += 1) {
    atMs += (-Math.log(1 - random.fraction()) * 1000) / options.perSecond;
    yield planVisit(options, number, atMs);
  }
}

function planVisit(options: PlanOptions, number: number, atMs: number): Visit {
  const { rates, people, farmers, robotAgents, randomOf, seed } = options;
  const random = randomOf(`${seed}/visit/${number}`);
  const chance = (share: number) => random.fraction() < share;
  const label = labelOf(random.fraction(), rates, random.fraction());
  const person = pick(random, label === 'click_farm' ? farmers : people);
  const robot = pick(random, robotAgents);
  const clicker = label === 'click_farm' || label === 'impossible_clicker';
  const overtakes = chance(rates.overtaking);
  const late = chance(rates.late);
  return {
    number,
    atMs,
    person,
    label,
    askingAgent: label === 'declared_robot' ? robot : person.userAgent,
    beaconAgent: label === 'declared_robot' || label === 'prefetcher' ? robot : person.userAgent,
    random,
    render: {
      happens: label === 'impossible_clicker' ? chance(0.5) : chance(0.85),
      afterMs: overtakes ? 0 : 30 + random.fraction() * 900,
    },
    view: { happens: chance(0.75), afterMs: 1_000 + random.fraction() * 500 },
    click: {
      happens: chance(clicker ? 0.95 : 0.05),
      afterMs: clicker ? random.fraction() * 20 : 800 + random.fraction() * 2_500,
    },
    transport: chance(0.35) ? 'sdk' : 'pixel',
    repeats: chance(rates.duplicates) ? 1 + Math.floor(random.fraction() * 4) : 0,
    late,
    forgery: !late && chance(rates.forged) ? pick(random, forgeries) : null,
    onlyForged: chance(0.5),
    wrongKind: chance(rates.wrongKind),
    replayElsewhere: chance(rates.replays),
  };
}

/** Robots that say so at once get no ad; those that only do so with their beacons are the ones that are charged and voided. */
function labelOf(fraction: number, { bots, impossible, farm }: Rates, second: number): Label {
  if (fraction < bots) return second < 0.4 ? 'declared_robot' : 'prefetcher';
  if (fraction < bots + impossible) return 'impossible_clicker';
  return fraction < bots + impossible + farm ? 'click_farm' : 'person';
}
