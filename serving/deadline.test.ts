import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { builtInPolicies, fullPlan, loadZones, stages, tiers } from '../domain/deadline-policy.ts';
import { bestTier, Deadline } from './deadline.ts';

const { standard } = builtInPolicies;

/** 100 ms, of which 20 are slack. */
function deadline(changes: Partial<ConstructorParameters<typeof Deadline>[0]> = {}): Deadline {
  return new Deadline({ totalUs: 100_000, policy: standard, startedUs: 0, ads: 1, ...changes });
}

test.each(tiers)('the built-in shares of %s leave slack', (tier) => {
  const sum = stages.reduce((total, stage) => total + builtInPolicies[tier].shares[stage], 0);
  expect(sum).toBeGreaterThan(50);
  expect(sum).toBeLessThanOrEqual(95);
});

describe('a deadline', () => {
  test('gives every stage its share, and divides that of an ad among the ads', () => {
    expect(deadline().shareUs('enrichment')).toBe(20_000);
    expect(deadline({ ads: 4 }).shareUs('enrichment')).toBe(20_000);
    expect(deadline({ ads: 4 }).shareUs('bidders')).toBe(15_000);
    expect(deadline({ ads: 4 }).shareUs('targeting')).toBe(2500);
  });

  test('records what each stage took', () => {
    const one = deadline();
    one.enter('enrichment', 300);
    one.enter('targeting', 1300);
    one.enter('auction', 1350);
    const ad = one.takeAdTimes();
    one.enter('response', 1400);
    one.enter('response', 1500);
    const took = Object.fromEntries(one.stageTimes(ad).map(({ stage, took_us }) => [stage, took_us]));
    expect(took).toMatchObject({ ingress: 300, enrichment: 1000, targeting: 50, response: 100 });
  });

  test('lets a late stage use slack first, then what can be skipped, and never the shares of those that come after', () => {
    const slackUs = 20_000;
    expect(deadline().allowanceUs('enrichment', 5000)).toBe(20_000);
    expect(deadline().allowanceUs('enrichment', 5000 + slackUs)).toBe(20_000);
    expect(deadline().allowanceUs('enrichment', 5000 + slackUs + 1000)).toBe(19_000);
    expect(deadline().allowanceUs('enrichment', 5000 + slackUs + 20_000)).toBe(0);
  });

  test('an enrichment that overruns is paid from the slack of its tier, and bidders and bidding have their whole shares', () => {
    for (const tier of tiers) {
      const policy = builtInPolicies[tier];
      const share = (stage: (typeof stages)[number]) => policy.shares[stage] * 1000;
      const slackUs = 100_000 - stages.reduce((sum, stage) => sum + share(stage), 0);
      const one = deadline({ policy });
      one.enter('enrichment', share('ingress'));
      const lateUs = share('ingress') + share('enrichment') + slackUs;
      one.enter('bidders', lateUs);
      expect(one.allowanceUs('bidders', lateUs)).toBe(share('bidders'));
      const askedUs = lateUs + share('bidders');
      one.enter('targeting', askedUs);
      // Targeting has its own share and none of what is set aside.
      expect(one.mayWalkOn(askedUs + share('targeting') + share('pacing') - 1)).toBe(true);
      expect(one.mayWalkOn(askedUs + share('targeting') + share('pacing'))).toBe(false);
      one.enter('bidding', askedUs + share('targeting') + share('pacing'));
      expect(one.allowanceUs('bidding', askedUs + share('targeting') + share('pacing'))).toBe(share('bidding'));
      expect(one.degradations(one.takeAdTimes()).map(({ stage, reason }) => `${stage} ${reason}`)).toContain(
        'enrichment overran',
      );
    }
  });

  test('a walk leaves to the ads that come after it what is theirs', () => {
    const one = deadline({ ads: 2 });
    // 100 − 10 for the answer − (5 + 5) ÷ 2 for bids and auction of this ad − 30 ÷ 2 for the next.
    expect(one.mayWalkOn(69_999)).toBe(true);
    expect(one.mayWalkOn(70_000)).toBe(false);
    one.takeAdTimes();
    expect(one.mayWalkOn(84_999)).toBe(true);
    expect(one.mayWalkOn(85_000)).toBe(false);
  });

  test('names the stages that overran beside those that were done without, and what that cost', () => {
    const one = deadline();
    one.fallBack('person', 'enrichment', 'person_no_time');
    one.enter('targeting', 7000);
    one.enter('pacing', 8000);
    const times = one.takeAdTimes();
    expect(times.plan).toBe('no_person');
    expect(one.degradations(times, 12)).toEqual([
      { stage: 'enrichment', reason: 'person_no_time', cost_micros: 12 },
      { stage: 'ingress', reason: 'overran', cost_micros: 0 },
    ]);
  });

  test('what is done without for one ad is not held against the next', () => {
    const one = deadline({ ads: 2 });
    one.fallBack('losers', 'targeting', 'walk_cut');
    expect(one.degradations(one.takeAdTimes())).toMatchObject([{ stage: 'targeting', reason: 'walk_cut' }]);
    expect(one.degradations(one.takeAdTimes())).toEqual([]);
  });

  test('is over when there is only time left to answer', () => {
    expect(deadline().isOver(90_000)).toBe(false);
    expect(deadline().isOver(90_001)).toBe(true);
  });

  test('whatever a request takes, an allowance never reaches into later shares', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tiers), fc.nat(200_000), fc.constantFrom(...stages), (tier, nowUs, stage) => {
        const policy = builtInPolicies[tier];
        const one = deadline({ policy });
        const later = stages
          .slice(stages.indexOf(stage) + 1)
          .reduce((sum, other) => sum + policy.shares[other] * 1000, 0);
        const allowance = one.allowanceUs(stage, nowUs);
        if (allowance > 0) expect(nowUs + allowance + later).toBeLessThanOrEqual(100_000);
        expect(allowance).toBeLessThanOrEqual(one.shareUs(stage));
      }),
    );
  });
});

describe('the plan', () => {
  const at = (nowUs: number, zone: (typeof loadZones)[number] = 'calm', policy = standard) => {
    const one = deadline({ zone, policy });
    one.choosePlan(nowUs);
    return one.plan.name;
  };

  test('is the full one with time and without load', () => {
    expect(at(0)).toBe(fullPlan.name);
    expect(deadline().without('person')).toBe(false);
  });

  test('follows the load, and the time that is left', () => {
    expect(at(0, 'degrade')).toBe('no_person');
    expect(at(0, 'shed')).toBe('short_walk');
    expect(at(0, 'degrade', builtInPolicies.remnant)).toBe('short_walk');
    expect(at(80_000)).toBe(fullPlan.name);
    expect(at(80_001)).toBe('short_walk');
    expect(at(88_001)).toBe('house_only');
  });

  test('is written down as the reason: load, or no time', () => {
    const reasons = (zone: (typeof loadZones)[number], nowUs: number) => {
      const one = deadline({ zone });
      one.choosePlan(nowUs);
      one.skip('person', 'enrichment');
      return one.skipped.map(({ reason }) => reason);
    };
    expect(reasons('degrade', 0)).toEqual(['person_load']);
    expect(reasons('calm', 85_000)).toEqual(['person_no_time']);
  });

  test('only ever gives way to one that does without more', () => {
    const moment = fc.record({ nowUs: fc.nat(120_000), cut: fc.boolean() });
    fc.assert(
      fc.property(fc.constantFrom(...loadZones), fc.array(moment, { maxLength: 6 }), (zone, moments) => {
        const one = deadline({ zone });
        let before: readonly string[] = [];
        for (const { nowUs, cut } of moments) {
          if (cut) one.fallBack('losers', 'targeting', 'walk_cut');
          else one.choosePlan(nowUs);
          expect(one.plan.skips).toEqual(expect.arrayContaining([...before]));
          before = one.plan.skips;
        }
      }),
    );
  });
});

test('the most valuable placement decides the policy of a request', () => {
  expect(bestTier(['remnant', 'premium'])).toBe('premium');
  expect(bestTier(['remnant', 'standard'])).toBe('standard');
  expect(bestTier([])).toBe('remnant');
});
