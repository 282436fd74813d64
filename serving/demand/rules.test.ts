import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BidHistory } from './bid-history.ts';
import { Breaker } from './breaker.ts';
import { LatencyWindow, timeoutUs } from './latency-window.ts';
import { maySettle } from './progressive.ts';
import { RequestRate } from './request-rate.ts';
import { leastShare, Throttle } from './throttle.ts';

const bounds = { timeout_min_ms: 10, timeout_max_ms: 200 };

function windowOf(...took: readonly number[]): LatencyWindow {
  const window = new LatencyWindow();
  for (const one of took) window.note(one);
  return window;
}

const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('The time that a bidder is given', () => {
  test('is the most while little is known, then what 95 of a hundred answers need and a quarter more', () => {
    expect(timeoutUs(windowOf(...many(19, 20_000)), bounds)).toBe(200_000);
    expect(timeoutUs(windowOf(...many(95, 20_000), ...many(5, 90_000)), bounds)).toBe(25_000);
    expect(timeoutUs(windowOf(...many(94, 20_000), ...many(6, 90_000)), bounds)).toBe(112_500);
  });

  test('grows where more than a twentieth does not come in time, so that it never shrinks onto those that do', () => {
    const lost = many(6, Number.POSITIVE_INFINITY);
    expect(timeoutUs(windowOf(...many(94, 20_000), ...lost), bounds)).toBe(200_000);
  });

  test('follows a bidder that changes, within the last few hundred answers', () => {
    const window = windowOf(...many(400, 150_000), ...many(300, 16_000));
    expect(timeoutUs(window, bounds)).toBe(20_000);
  });

  test('stays within its bounds, whatever came', () => {
    const took = fc.oneof(fc.integer({ min: 0, max: 10_000_000 }), fc.constant(Number.POSITIVE_INFINITY));
    fc.assert(
      fc.property(fc.array(took, { maxLength: 600 }), (all) => {
        const given = timeoutUs(windowOf(...all), bounds);
        return given >= 10_000 && given <= 200_000;
      }),
    );
  });
});

test('the likelihood of an answer is a share, grows with the time there is, and is nothing where none ever came', () => {
  const times = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(fc.array(times, { minLength: 20, maxLength: 300 }), times, times, times, (took, a, b, c) => {
      const window = windowOf(...took);
      const [after, until, later] = [a, b, c].toSorted((x, y) => x - y) as [number, number, number];
      const [soon, late] = [window.comesBy(until, after), window.comesBy(later, after)];
      expect(soon).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(1);
      expect(late).toBeGreaterThanOrEqual(soon);
    }),
  );
  expect(windowOf(...many(30, Number.POSITIVE_INFINITY)).comesBy(1e9, 0)).toBe(0);
  expect(windowOf(...many(30, 5000)).comesBy(9000, 6000)).toBe(0);
  expect(new LatencyWindow().comesBy(1, 0)).toBe(1);
});

describe('A breaker', () => {
  const options = { failures: 3, openMs: 1000, longestMs: 4000 };

  function fail(breaker: Breaker, nowMs: number, times = 1): void {
    for (let count = 0; count < times; count += 1) {
      breaker.began();
      breaker.failed(nowMs);
    }
  }

  test('opens after so many failures one after another, and a success in between begins anew', () => {
    const breaker = new Breaker(options);
    fail(breaker, 0, 2);
    breaker.succeeded();
    fail(breaker, 0, 2);
    expect(breaker.stateAt(0)).toBe('closed');
    fail(breaker, 0);
    expect([breaker.stateAt(0), breaker.allows(999), breaker.stateAt(1000)]).toEqual(['open', false, 'half_open']);
  });

  test('lets one call through when its time is over; that one closes it, or opens it for twice as long', () => {
    const breaker = new Breaker(options);
    fail(breaker, 0, 3);
    expect(breaker.allows(1000)).toBe(true);
    breaker.began();
    expect(breaker.allows(1000)).toBe(false);
    breaker.failed(1010);
    expect([breaker.allows(3009), breaker.allows(3010)]).toEqual([false, true]);
    breaker.began();
    breaker.succeeded();
    expect([breaker.stateAt(3011), breaker.allows(3011)]).toEqual(['closed', true]);
  });

  test('is never shut for ever, whatever happens', () => {
    const step = fc.record({ waitMs: fc.nat(3000), fails: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const breaker = new Breaker(options);
        let nowMs = 0;
        for (const { waitMs, fails } of steps) {
          nowMs += waitMs;
          if (!breaker.allows(nowMs)) continue;
          breaker.began();
          if (fails) breaker.failed(nowMs);
          else breaker.succeeded();
        }
        return breaker.allows(nowMs + options.longestMs);
      }),
    );
  });
});

describe('A throttle', () => {
  test('lets all through who answer well, few of who does not, and some of everybody', () => {
    const throttle = new Throttle();
    for (let count = 0; count < 1000; count += 1) throttle.note(count % 12 === 0);
    expect(throttle.share).toBeGreaterThan(0.9);
    for (let count = 0; count < 200; count += 1) throttle.note(true);
    expect(throttle.share).toBe(leastShare);
    expect([throttle.allows(0.049), throttle.allows(0.05)]).toEqual([true, false]);
    for (let count = 0; count < 100; count += 1) throttle.note(false);
    expect(throttle.share).toBe(1);
  });

  test('never lets through less than its floor or more than all', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 500 }), (answers) => {
        const throttle = new Throttle();
        for (const isBad of answers) throttle.note(isBad);
        return throttle.share >= leastShare && throttle.share <= 1;
      }),
    );
  });
});

test('no second has more calls than its limit and a tenth, in whatever rhythm they come', () => {
  const gaps = fc.array(fc.nat(50), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 200 }), (waits, perSecond) => {
      const rate = new RequestRate();
      const taken: number[] = [];
      let nowMs = 0;
      for (const wait of waits) {
        nowMs += wait;
        if (rate.take(perSecond, nowMs)) taken.push(nowMs);
      }
      const most = perSecond + Math.max(1, perSecond / 10);
      for (const from of taken) {
        expect(taken.filter((at) => at >= from && at < from + 1000).length).toBeLessThanOrEqual(most);
      }
    }),
  );
  expect(new RequestRate().take(0, 0)).toBe(true);
});

describe('A progressive auction', () => {
  const known = (bid: number) => {
    const bids = new BidHistory();
    for (let count = 0; count < 20; count += 1) bids.note('EUR', bid);
    return bids;
  };
  const place = { currency: 'EUR', bestMicros: 1_000_000 };
  const out = (bid: number, took = 5000) => ({
    latencies: windowOf(...many(30, took)),
    bids: known(bid),
    places: [place],
    waitedUs: 1000,
    cutUs: 20_000,
  });

  test('waits for who is known to bid more and to come, and for nobody else', () => {
    expect(maySettle([place], [])).toBe(true);
    expect(maySettle([place], [out(900_000)])).toBe(true);
    expect(maySettle([place], [out(900_000), out(1_500_000)])).toBe(false);
    expect(maySettle([place], [out(1_500_000, 30_000)])).toBe(true);
  });

  test('waits where nobody has bid yet, and for who is not known', () => {
    expect(maySettle([{ ...place, bestMicros: 0 }], [out(900_000)])).toBe(false);
    expect(maySettle([place], [{ ...out(0), bids: new BidHistory() }])).toBe(false);
  });

  test('does not wait for a hope worth less than a hundredth of what is there', () => {
    expect(maySettle([place], [out(1_009_000)])).toBe(true);
    expect(maySettle([place], [out(1_005_000), out(1_006_000)])).toBe(false);
  });

  test('never settles because a bidder is better or more likely to come than before', () => {
    const bid = fc.integer({ min: 0, max: 3_000_000 });
    fc.assert(
      fc.property(bid, bid, (low, high) => {
        const [less, more] = [Math.min(low, high), Math.max(low, high)];
        if (!maySettle([place], [out(less)])) expect(maySettle([place], [out(more)])).toBe(false);
      }),
    );
  });
});
