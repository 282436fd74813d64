import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';

export interface ClockHarness {
  readonly engine: Clock;
  /** Lets time pass; what falls due within it has run on resolution. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** The promises of the Clock port, for one engine. */
export function describeClockContract(name: string, open: () => Promise<ClockHarness>): void {
  describe(`Clock on ${name}`, () => {
    let harness: ClockHarness;
    let clock: Clock;
    beforeEach(async () => {
      harness = await open();
      clock = harness.engine;
    });
    afterEach(() => harness.close());

    it('tells the wall time in whole milliseconds and a monotonic one in whole microseconds, which go on together', async () => {
      const [wall, monotonic] = [clock.now(), clock.monotonicUs()];
      expect([Number.isSafeInteger(wall), Number.isSafeInteger(monotonic)]).toEqual([true, true]);
      expect(wall).toBeGreaterThan(Date.UTC(2020));
      await harness.pass(40);
      expect(clock.monotonicUs() - monotonic).toBeGreaterThanOrEqual(39_000);
      expect(clock.now() - wall).toBeGreaterThanOrEqual(39);
    });

    it('calls once, not before the delay is over', async () => {
      const calledUs: number[] = [];
      const startedUs = clock.monotonicUs();
      clock.after(400, () => calledUs.push(clock.monotonicUs()));
      await harness.pass(20);
      expect(calledUs).toEqual([]);
      await harness.pass(600);
      expect(calledUs).toHaveLength(1);
      // Node rounds a timer to its own millisecond.
      expect((calledUs[0] ?? 0) - startedUs).toBeGreaterThanOrEqual(399_000);
    });

    it('calls in the order in which timers fall due', async () => {
      const called: string[] = [];
      clock.after(600, () => called.push('late'));
      clock.after(200, () => called.push('soon'));
      clock.after(200, () => called.push('soon, asked for later'));
      clock.after(0, () => called.push('at once'));
      expect(called).toEqual([]);
      await harness.pass(900);
      expect(called).toEqual(['at once', 'soon', 'soon, asked for later', 'late']);
    });

    it('does not call a timer that was cancelled, before or after it ran', async () => {
      let calls = 0;
      const cancelled = clock.after(10, () => calls++);
      const ran = clock.after(10, () => calls++);
      cancelled.cancel();
      await harness.pass(60);
      ran.cancel();
      cancelled.cancel();
      expect(calls).toBe(1);
    });

    it('lets a timer set the next', async () => {
      let calls = 0;
      const tick = () => {
        calls++;
        if (calls < 3) clock.after(10, tick);
      };
      clock.after(10, tick);
      await harness.pass(200);
      expect(calls).toBe(3);
    });

    it('sleeps for the time asked for', async () => {
      let awake = false;
      const sleeping = clock.sleep(400).then(() => {
        awake = true;
      });
      await harness.pass(10);
      expect(awake).toBe(false);
      await harness.pass(600);
      await sleeping;
      expect(awake).toBe(true);
    });

    it('wakes a sleeper at once whose signal is aborted, and does not put it to sleep after that', async () => {
      const stop = new AbortController();
      const startedUs = clock.monotonicUs();
      const sleeping = clock.sleep(60_000, stop.signal);
      stop.abort();
      await sleeping;
      await clock.sleep(60_000, stop.signal);
      expect(clock.monotonicUs() - startedUs).toBeLessThan(10_000_000);
    });
  });
}
