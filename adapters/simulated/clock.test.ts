import { describe, expect, it } from 'vitest';
import { describeClockContract } from '../../ports/clock.contract.ts';
import { createSystemClock } from '../system/clock.ts';
import { createSimulatedClock } from './clock.ts';
import { createStandstillClock } from './standstill-clock.ts';

describeClockContract('virtual time', async () => {
  const clock = createSimulatedClock();
  return { engine: clock, pass: (ms) => clock.advance(ms), close: async () => {} };
});

describeClockContract('the clock of a process that can stand still', async () => {
  const clock = createSimulatedClock();
  return { engine: createStandstillClock(clock), pass: (ms) => clock.advance(ms), close: async () => {} };
});

describe('The simulated clock', () => {
  it('stands still unless it is advanced', async () => {
    const clock = createSimulatedClock({ startMs: 1000 });
    await createSystemClock().sleep(20);
    expect([clock.now(), clock.monotonicUs()]).toEqual([1000, 0]);
    await clock.advance(5);
    expect([clock.now(), clock.monotonicUs()]).toEqual([1005, 5000]);
  });

  it('shows a timer the time at which it was due', async () => {
    const clock = createSimulatedClock({ startMs: 0 });
    const seen: number[] = [];
    for (const delay of [30, 10, 20]) clock.after(delay, () => seen.push(clock.now()));
    await clock.advance(100);
    expect(seen).toEqual([10, 20, 30]);
  });

  it('finishes all that follows from a timer before time goes on', async () => {
    const clock = createSimulatedClock({ startMs: 0 });
    const seen: number[] = [];
    clock.after(10, () => {
      void (async () => {
        for (let i = 0; i < 50; i++) await Promise.resolve();
        seen.push(clock.now());
        await clock.sleep(5);
        seen.push(clock.now());
      })();
    });
    await clock.advance(100);
    expect(seen).toEqual([10, 15]);
  });

  it('can step its wall clock without moving timers', async () => {
    const clock = createSimulatedClock({ startMs: 0 });
    let calls = 0;
    clock.after(10, () => calls++);
    clock.stepWall(3_600_000);
    expect([clock.now(), clock.monotonicUs(), calls, clock.pending()]).toEqual([3_600_000, 0, 0, 1]);
    await clock.advance(10);
    expect([calls, clock.pending()]).toEqual([1, 0]);
  });
});

describe('The clock of a process that stands still', () => {
  it('holds what falls due until the process goes on', async () => {
    const time = createSimulatedClock();
    const clock = createStandstillClock(time);
    const called: string[] = [];
    clock.after(10, () => called.push('timer'));
    clock.after(10, () => called.push('never')).cancel();
    const cancelledWhileHeld = clock.after(10, () => called.push('never'));
    const slept = clock.sleep(10).then(() => called.push('sleeper'));
    clock.pause();
    await time.advance(50);
    expect(called).toEqual([]);
    cancelledWhileHeld.cancel();
    clock.resume();
    await slept;
    expect(called).toEqual(['timer', 'sleeper']);
  });
});
