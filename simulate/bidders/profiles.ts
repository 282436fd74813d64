import type { Random } from '../../ports/random.ts';

/** What a bidder does with what it is asked. */
export const behaviours = ['answers', 'lies', 'silent', 'refuses', 'drips', 'streams', 'garbage'] as const;
export type Behaviour = (typeof behaviours)[number];

/** How a bidder behaves and how fast. It can be changed while it runs. */
export interface Profile {
  readonly behaviour: Behaviour;
  /** Least time for an answer, ms. */
  readonly leastMs: number;
  /** Mean of what comes on top, exponential, ms. */
  readonly meanMs: number;
  /** Share of answers that take `slowMs` to 3 × `slowMs` more. */
  readonly slowShare: number;
  readonly slowMs: number;
  /** Share of requests that it bids on; the others get 204. */
  readonly bidShare: number;
  /** Middle of its bids, whole units for a thousand. */
  readonly price: number;
  /** Share of bids for which it wants to be told if they lose. */
  readonly lossShare: number;
}

/** Classes of bidders, by which a run is told apart. */
export const bidderClasses = [
  'fast',
  'mid',
  'volatile',
  'lying',
  'silent',
  'refusing',
  'slow-body',
  'endless',
] as const;
export type BidderClass = (typeof bidderClasses)[number];

const steady = { slowShare: 0, slowMs: 0, bidShare: 0.7, price: 2, lossShare: 0.1 } as const;

export const profiles: Readonly<Record<BidderClass, Profile>> = {
  fast: { ...steady, behaviour: 'answers', leastMs: 1, meanMs: 1 },
  mid: { ...steady, behaviour: 'answers', leastMs: 6, meanMs: 4 },
  /** Pays more than others, and is late with every third answer. */
  volatile: { ...steady, behaviour: 'answers', leastMs: 2, meanMs: 4, slowShare: 0.35, slowMs: 20, price: 2.5 },
  lying: { ...steady, behaviour: 'lies', leastMs: 1, meanMs: 2 },
  /** Takes connections and never answers. */
  silent: { ...steady, behaviour: 'silent', leastMs: 0, meanMs: 0 },
  /** Takes no connections. */
  refusing: { ...steady, behaviour: 'refuses', leastMs: 0, meanMs: 0 },
  /** A byte now and then, for ever. */
  'slow-body': { ...steady, behaviour: 'drips', leastMs: 1, meanMs: 1 },
  /** As much as is taken, for ever. */
  endless: { ...steady, behaviour: 'streams', leastMs: 1, meanMs: 1 },
};

/** How long one answer takes, ms. */
export function latencyMs({ leastMs, meanMs, slowShare, slowMs }: Profile, random: Random): number {
  const spread = -Math.log(1 - random.fraction()) * meanMs;
  const slow = random.fraction() < slowShare ? slowMs * (1 + 2 * random.fraction()) : 0;
  return leastMs + spread + slow;
}

/** `count` bidders: a third volatile, a tenth each of the two dead ones and the liars, at least one of each from ten on; the rest fast and mid in turn. */
export function mixedClasses(count: number): readonly BidderClass[] {
  const some: BidderClass[] = [];
  const add = (of: BidderClass, share: number) => {
    for (let index = Math.round(share * count); index > 0 && some.length < count; index -= 1) some.push(of);
  };
  add('volatile', 1 / 3);
  add('lying', 0.1);
  add('silent', 0.06);
  add('refusing', 0.06);
  add('slow-body', 0.04);
  add('endless', 0.04);
  while (some.length < count) some.push(some.length % 2 === 0 ? 'fast' : 'mid');
  return some;
}
