import { describe, expect, it } from 'vitest';
import type { BidderPublished } from '../../domain/records.ts';
import { BidderHealth } from './bidder-health.ts';

const bidder = { timeout_min_ms: 5, timeout_max_ms: 150 } as BidderPublished;

/** A bidder that needs so long, asked so many times one after another. @returns how many answers came in time */
function ask(health: BidderHealth, tookMs: number, times: number): number {
  let inTime = 0;
  for (let number = 0; number < times; number += 1) {
    const timeoutUs = health.timeoutUs(bidder);
    const came = tookMs * 1000 <= timeoutUs;
    health.began();
    health.ended({
      outcome: came ? 'bid' : 'timed_out',
      latencyUs: came ? tookMs * 1000 : timeoutUs,
      nowMs: number * 33,
    });
    if (came) inTime += 1;
  }
  return inTime;
}

describe('What is known of a bidder', () => {
  it('lets one that became slower show it, without its breaker opening', () => {
    const health = new BidderHealth();
    ask(health, 3, 300);
    expect(health.timeoutUs(bidder)).toBe(5_000);
    expect(ask(health, 23, 30)).toBeGreaterThan(10);
    expect(health.breaker.stateAt(0)).toBe('closed');
    expect(ask(health, 23, 30)).toBe(30);
  });

  it('opens the breaker of one that answers no more, and never gives it more than the most', () => {
    const health = new BidderHealth();
    ask(health, 3, 300);
    expect(ask(health, 1000, 10)).toBe(0);
    expect(health.timeoutUs(bidder)).toBe(150_000);
    expect(health.breaker.stateAt(300)).toBe('open');
  });
});
