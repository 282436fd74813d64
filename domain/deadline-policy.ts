import type { Fault } from './catalog-rules.ts';
import type { Catalog } from './catalog.ts';
import type { DeadlinePolicyPublished, DeadlineShares, DegradationPlan } from './records.ts';

/** Stages of a decision, in order. */
export const stages = [
  'ingress',
  'enrichment',
  'bidders',
  'targeting',
  'pacing',
  'bidding',
  'auction',
  'response',
] as const;
export type Stage = (typeof stages)[number];

/** Inventory tiers, the most valuable first. */
export const tiers = ['premium', 'standard', 'remnant'] as const;
export type Tier = (typeof tiers)[number];

/** Zones of load, the calmest first. */
export const loadZones = ['calm', 'degrade', 'shed'] as const;
export type LoadZone = (typeof loadZones)[number];

/**
 * What a decision can do without, the cheapest first. `person`: the person's read, the skippable class of enrichment. `losers`: everybody behind the
 * runner-up, who are evidence and change no price. `bidders`: bidders of outside demand. `auction`: everybody but house ads, bidders among them.
 */
export const skippable = ['person', 'bidders', 'losers', 'auction'] as const;
export type Skip = (typeof skippable)[number];

/** The plan that does without nothing. */
export const fullPlan: DegradationPlan = { name: 'full', zone: '', time_left: 100, skips: [] };

/** How a tier divides its time, and what it does without when there is too little of it. */
export interface TierPolicy {
  readonly shares: DeadlineShares;
  readonly plans: readonly DegradationPlan[];
}

function plansFrom(shortFrom: LoadZone): readonly DegradationPlan[] {
  return [
    { name: 'no_person', zone: 'degrade', time_left: 0, skips: ['person'] },
    // Followed when there is no time to ask anybody.
    { name: 'no_bidders', zone: '', time_left: 0, skips: ['person', 'bidders'] },
    { name: 'short_walk', zone: shortFrom, time_left: 20, skips: ['person', 'bidders', 'losers'] },
    { name: 'house_only', zone: '', time_left: 12, skips: ['person', 'bidders', 'losers', 'auction'] },
  ];
}

/** Without a policy in the catalogue. The more an impression is worth, the more time the person and the bidders are given. */
export const builtInPolicies: Readonly<Record<Tier, TierPolicy>> = {
  premium: {
    shares: {
      ingress: 5,
      enrichment: 25,
      bidders: 20,
      targeting: 10,
      pacing: 10,
      bidding: 5,
      auction: 5,
      response: 10,
    },
    plans: plansFrom('shed'),
  },
  standard: {
    shares: {
      ingress: 5,
      enrichment: 20,
      bidders: 15,
      targeting: 10,
      pacing: 10,
      bidding: 5,
      auction: 5,
      response: 10,
    },
    plans: plansFrom('shed'),
  },
  remnant: {
    shares: {
      ingress: 5,
      enrichment: 10,
      bidders: 10,
      targeting: 10,
      pacing: 10,
      bidding: 5,
      auction: 5,
      response: 10,
    },
    plans: plansFrom('degrade'),
  },
};

/** What holds for a tier: the first live policy of the catalogue for it, or the built-in one. */
export function policyOf({ deadlinePolicies }: Pick<Catalog, 'deadlinePolicies'>, tier: Tier): TierPolicy {
  for (const policy of deadlinePolicies.values()) if (policy.tier === tier && isInForce(policy)) return policy;
  return builtInPolicies[tier];
}

function isInForce({ status, change }: DeadlinePolicyPublished): boolean {
  return status === 'ACTIVE' && !change.archived;
}

/** What is wrong with a policy beyond the form of its fields. */
export function deadlinePolicyFaults(
  { deadlinePolicies }: Pick<Catalog, 'deadlinePolicies'>,
  policy: DeadlinePolicyPublished,
): Fault[] {
  const sum = stages.reduce((total, stage) => total + policy.shares[stage], 0);
  const others = [...deadlinePolicies.values()].filter(({ policy_id }) => policy_id !== policy.policy_id);
  const other = others.find((one) => one.tier === policy.tier && isInForce(one));
  return [
    ...(sum > 100 ? [{ path: 'shares', detail: `are ${sum} together: at most 100, what is left is slack` }] : []),
    ...(policy.shares.response === 0
      ? [{ path: 'shares.response', detail: 'must be at least 1: an answer takes time' }]
      : []),
    ...(other !== undefined && isInForce(policy)
      ? [{ path: 'tier', detail: `has a policy already: change, pause or archive ${other.policy_id}` }]
      : []),
    ...planFaults(policy.plans),
  ];
}

function planFaults(plans: readonly DegradationPlan[]): Fault[] {
  const faults: Fault[] = [];
  plans.forEach(({ name, skips }, index) => {
    const before = plans[index - 1];
    const fault = (field: string, detail: string) => faults.push({ path: `plans[${index}].${field}`, detail });
    if (name === fullPlan.name) fault('name', 'must not be `full`: that is what is done without a plan');
    if (plans.findIndex((other) => other.name === name) < index) fault('name', 'is there twice');
    if (before !== undefined && !before.skips.every((skip) => skips.includes(skip))) {
      fault('skips', 'must hold everything that the plan before it does without');
    }
  });
  // When time is over something is done without in any case; it must have a name.
  const last = plans.at(-1)?.skips ?? [];
  // Who has no auction asks no bidders.
  const unnamed = skippable.filter((skip) => skip !== 'bidders' && !last.includes(skip));
  if (unnamed.length > 0) {
    faults.push({ path: 'plans', detail: `must end in one that does without all; ${unnamed.join(', ')} is missing` });
  }
  return faults;
}
