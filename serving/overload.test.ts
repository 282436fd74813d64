import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { Overload } from './overload.ts';

function overload(): Overload {
  return new Overload({ random: createSeededRandom(5), fullTurnMs: 60 });
}

const idle = { utilisation: 0.1, turnMs: 1, bufferShare: 0 };
const busy = { utilisation: 1, turnMs: 45, bufferShare: 0 };
const flooded = { utilisation: 1, turnMs: 200, bufferShare: 0 };

/** Feeds a sample ten times a second; gives the time. */
function run(one: Overload, seconds: number, sample: typeof idle, fromMs = 0): number {
  for (let step = 1; step <= seconds * 10; step += 1) one.sample(sample, fromMs + step * 100);
  return fromMs + seconds * 1000;
}

describe('The zone', () => {
  test('follows a load that lasts, through all three', () => {
    const one = overload();
    expect(one.zone).toBe('calm');
    run(one, 2, busy);
    expect(one.zone).toBe('degrade');
    run(one, 2, flooded, 2000);
    expect(one.zone).toBe('shed');
  });

  test('stays calm while a loop without rest has short turns, and while a loop with rest has a long one', () => {
    const one = overload();
    run(one, 5, { utilisation: 1, turnMs: 20, bufferShare: 0 });
    expect(one.zone).toBe('calm');
    run(one, 5, { utilisation: 0.3, turnMs: 500, bufferShare: 0 }, 5000);
    expect(one.zone).toBe('calm');
  });

  test('is not changed by one pause', () => {
    const one = overload();
    run(one, 1, idle);
    one.sample(flooded, 1100);
    expect(one.zone).toBe('calm');
  });

  test('follows the buffer too: with no room for decisions they are shed although the loop is idle', () => {
    const one = overload();
    run(one, 3, { ...idle, bufferShare: 0.95 });
    expect(one.zone).toBe('shed');
  });

  test('is calm again within five seconds of the end of a flood', () => {
    const one = overload();
    let end = 0;
    for (let step = 0; step < 300; step += 1) {
      for (let number = 0; number < 100; number += 1) one.admits(1, number < 5 ? 0 : 100);
      end = run(one, 0.1, flooded, end);
    }
    expect([one.zone, one.admitted < 0.2]).toEqual(['shed', true]);
    let nowMs = end;
    while (one.zone !== 'calm') nowMs = run(one, 0.1, idle, nowMs);
    expect(nowMs - end).toBeLessThan(5000);
    expect(one.admitted).toBe(1);
  });

  test('does not flap while the load swings around a bound', () => {
    const one = overload();
    let changes = 0;
    let nowMs = run(one, 2, busy);
    let before = one.zone;
    for (let step = 0; step < 600; step += 1) {
      const turnMs = step % 2 === 0 ? 46 : 38;
      nowMs += 100;
      one.sample({ utilisation: 1, turnMs, bufferShare: 0 }, nowMs);
      if (one.zone !== before) changes += 1;
      before = one.zone;
    }
    expect(changes).toBeLessThanOrEqual(1);
  });
});

describe('Admission', () => {
  test('takes everything until there is shedding', () => {
    const one = overload();
    run(one, 2, busy);
    for (let number = 0; number < 1000; number += 1) expect(one.admits(number)).toBe(true);
    expect(one.counts).toMatchObject({ top: 0, taken: 0, shed: 0 });
  });

  test('always takes the most valuable twentieth, and of the rest what holds the load', () => {
    const one = overload();
    run(one, 2, flooded);
    const worthOf = (number: number) => (number % 100 < 5 ? 50 : 1) + (number % 100) / 1000;
    for (let number = 0; number < 200; number += 1) one.admits(worthOf(number));
    let nowMs = run(one, 1, flooded, 2000);
    const taken = { top: 0, rest: 0 };
    // A process that does 50 in half a full turn, of the 100 that are asked.
    for (let step = 0; step < 300; step += 1) {
      let work = 0;
      for (let number = 0; number < 100; number += 1) {
        if (!one.admits(worthOf(number), work * 0.6)) continue;
        work += 1;
        if (step < 100) continue;
        if (worthOf(number) >= 50) taken.top += 1;
        else taken.rest += 1;
      }
      nowMs += 100;
      one.sample({ utilisation: 1, turnMs: 60, bufferShare: 0 }, nowMs);
    }
    expect(one.zone).toBe('shed');
    expect(taken.top).toBe(200 * 5);
    expect((taken.top + taken.rest) / 200).toBeGreaterThan(46);
    expect((taken.top + taken.rest) / 200).toBeLessThan(56);
  });

  test('of requests that are all worth the same takes a share, not all', () => {
    const one = overload();
    run(one, 2, flooded);
    const takenOf = (waitedMs: number) => {
      let taken = 0;
      for (let number = 0; number < 100; number += 1) if (one.admits(1, number < 20 ? 0 : waitedMs)) taken += 1;
      return taken;
    };
    let taken = 0;
    for (let step = 0; step < 60; step += 1) {
      taken = takenOf(100);
      one.sample(flooded, 2000 + step * 100);
    }
    expect(taken).toBeLessThan(21);
    expect(one.admitted).toBeLessThan(0.5);
  });

  test('of a burst takes what has not waited too long in its turn, and the most valuable all the same', () => {
    const one = overload();
    for (let number = 0; number < 200; number += 1) one.observe(number % 50 === 0 ? 9 : 1);
    run(one, 4, idle);
    expect([one.isCalm(119), one.isCalm(121)]).toEqual([true, false]);
    expect([one.admits(1, 119), one.admits(1, 121), one.admits(9, 121)]).toEqual([true, false, true]);
    run(one, 1, flooded, 4000);
    expect(one.zone).toBe('shed');
    expect([one.admits(1, 55), one.admits(9, 55)]).toEqual([false, true]);
  });

  test('follows what was begun in time, gently downwards, by the time that has passed upwards', () => {
    const one = overload();
    run(one, 1, flooded);
    for (let number = 0; number < 100; number += 1) one.admits(1, number < 30 ? 0 : 100);
    one.sample(flooded, 3000);
    expect(one.admitted).toBeCloseTo(1 - 0.25 * 0.7, 5);
    one.sample(idle, 6000);
    expect([one.admitted, one.load < 0.2]).toEqual([1, true]);
  });

  test('takes less and less while the buffer is full', () => {
    const one = overload();
    run(one, 4, { ...idle, bufferShare: 0.95 });
    expect([one.zone, one.admitted < 0.1]).toEqual(['shed', true]);
  });

  test('counts what was shed and what it was expected to earn', () => {
    const one = overload();
    one.countLoss(2000, 'EUR');
    one.countLoss(500, 'EUR');
    one.countLoss(7, 'USD');
    expect([...one.counts.shedMicros]).toEqual([
      ['EUR', 2500],
      ['USD', 7],
    ]);
  });
});
