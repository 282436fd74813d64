import { describe, expect, test } from 'vitest';
import { applyCatalog, type Catalog, emptyCatalog } from './catalog.ts';
import { builtInPolicies, deadlinePolicyFaults, policyOf, tiers } from './deadline-policy.ts';
import type { DeadlinePolicyPublished } from './records.ts';

const { shares, plans } = builtInPolicies.standard;

function policy(
  changes: Partial<DeadlinePolicyPublished> = {},
  revision = 1,
  archived = false,
): DeadlinePolicyPublished {
  return {
    policy_id: 'dp_1',
    name: 'Ours',
    tier: 'standard',
    shares: { ...shares, enrichment: 30 },
    plans,
    status: 'ACTIVE',
    change: { revision, changed_by: 't', changed_at: 0, idempotency_key: null, request_hash: null, archived },
    ...changes,
  };
}

function catalogOf(...policies: readonly DeadlinePolicyPublished[]): Catalog {
  const catalog = emptyCatalog();
  policies.forEach((value, offset) => applyCatalog(catalog, { name: 'DeadlinePolicyPublished', value }, offset));
  return catalog;
}

const paths = (changes: Partial<DeadlinePolicyPublished>, catalog = emptyCatalog()) =>
  deadlinePolicyFaults(catalog, policy(changes)).map(({ path }) => path);

describe('What holds for a tier', () => {
  test('is built in until somebody publishes a policy for it', () => {
    for (const tier of tiers) expect(policyOf(emptyCatalog(), tier)).toBe(builtInPolicies[tier]);
    const catalog = catalogOf(policy());
    expect(policyOf(catalog, 'standard').shares.enrichment).toBe(30);
    expect(policyOf(catalog, 'premium')).toBe(builtInPolicies.premium);
  });

  test('changes with each revision, and is built in again once the policy is paused or archived', () => {
    expect(policyOf(catalogOf(policy(), policy({ shares }, 2)), 'standard').shares).toEqual(shares);
    expect(policyOf(catalogOf(policy(), policy({ status: 'PAUSED' }, 2)), 'standard')).toBe(builtInPolicies.standard);
    expect(policyOf(catalogOf(policy(), policy({}, 2, true)), 'standard')).toBe(builtInPolicies.standard);
  });

  test('is the first policy where two were published at the same moment', () => {
    const catalog = catalogOf(policy(), policy({ policy_id: 'dp_2', shares }));
    expect(policyOf(catalog, 'standard').shares.enrichment).toBe(30);
  });
});

describe('A policy', () => {
  test.each(tiers)('as it is built in for %s is one that could be published', (tier) => {
    expect(paths({ ...builtInPolicies[tier] })).toEqual([]);
  });

  test('divides at most the whole deadline, and leaves time to answer', () => {
    expect(paths({ shares: { ...shares, bidding: 26 } })).toEqual(['shares']);
    expect(paths({ shares: { ...shares, bidding: 25 } })).toEqual([]);
    expect(paths({ shares: { ...shares, response: 0 } })).toEqual(['shares.response']);
  });

  test('is the only live one of its tier', () => {
    const others = catalogOf(policy({ policy_id: 'dp_2' }));
    expect(paths({}, others)).toEqual(['tier']);
    expect(paths({ status: 'PAUSED' }, others)).toEqual([]);
    expect(paths({ tier: 'premium' }, others)).toEqual([]);
    expect(paths({}, catalogOf(policy()))).toEqual([]);
  });

  test('has plans that each do without more, end in one that does without all, and have names of their own', () => {
    const plan = (name: string, ...skips: string[]) => ({ name, zone: '', time_left: 10, skips });
    const last = plan('last', 'person', 'losers', 'auction');
    expect(paths({ plans: [plan('a', 'losers'), plan('b', 'person'), last] })).toEqual(['plans[1].skips']);
    expect(paths({ plans: [plan('a', 'person')] })).toEqual(['plans']);
    expect(paths({ plans: [plan('full', 'person'), last, last] })).toEqual(['plans[0].name', 'plans[2].name']);
    expect(paths({ plans: [plan('a', 'person'), last] })).toEqual([]);
  });
});
