import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestTier, Deadline, defaultDeadlinePolicy, stages, tiers } from './deadline.ts';

function deadline(changes: Partial<ConstructorParameters<typeof Deadline>[0]> = {}): Deadline {
  return new Deadline({ totalUs: 100_000, shares: defaultDeadlinePolicy.standard, startedUs: 0, ads: 1, ...changes });
}

test.each(tiers)('the shares of %s leave slack', (tier) => {
  const sum = stages.reduce((total, stage) => total + defaultDeadlinePolicy[tier][stage], 0);
  expect(sum).toBeGreaterThan(50);
  expect(sum).toBeLessThanOrEqual(95);
});

describe('a deadline', () => {
  test('gives every stage its share, and divides that of an ad among the ads', () => {
    expect(deadline().shareUs('enrichment')).toBe(20_000);
    expect(deadline({ ads: 4 }).shareUs('enrichment')).toBe(20_000);
    expect(deadline({ ads: 4 }).shareUs('bidding')).toBe(5000);
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

  test('names the stages that overran beside those that were skipped', () => {
    const one = deadline();
    one.degrade('enrichment', 'no_time');
    one.enter('targeting', 7000);
    one.enter('pacing', 8000);
    expect(one.degradations(one.takeAdTimes())).toEqual([
      { stage: 'enrichment', reason: 'no_time', cost_micros: 0 },
      { stage: 'ingress', reason: 'overran', cost_micros: 0 },
    ]);
  });

  test('is over when there is only time left to answer', () => {
    expect(deadline().isOver(90_000)).toBe(false);
    expect(deadline().isOver(90_001)).toBe(true);
  });

  test('whatever a request takes, an allowance never reaches into later shares', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tiers), fc.nat(200_000), fc.constantFrom(...stages), (tier, nowUs, stage) => {
        const shares = defaultDeadlinePolicy[tier];
        const one = deadline({ shares });
        const later = stages.slice(stages.indexOf(stage) + 1).reduce((sum, other) => sum + shares[other] * 1000, 0);
        const allowance = one.allowanceUs(stage, nowUs);
        if (allowance > 0) expect(nowUs + allowance + later).toBeLessThanOrEqual(100_000);
        expect(allowance).toBeLessThanOrEqual(one.shareUs(stage));
      }),
    );
  });
});

test('the most valuable placement decides the plan of a request', () => {
  expect(bestTier(['remnant', 'premium'])).toBe('premium');
  expect(bestTier(['remnant', 'standard'])).toBe('standard');
  expect(bestTier([])).toBe('remnant');
});
