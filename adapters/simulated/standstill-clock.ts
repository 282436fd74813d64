import type { Clock } from '../../ports/clock.ts';

export interface StandstillClock extends Clock {
  /** Timers that fall due run only after `resume`, as those of a process that was stopped. Time itself goes on. */
  pause(): void;
  resume(): void;
}

/** The clock of one process among several that share a time, which can stand still by itself. */
export function createStandstillClock(clock: Clock): StandstillClock {
  let held: (() => void)[] | undefined;
  const whenGoing = (run: () => void) => {
    if (held === undefined) run();
    else held.push(run);
  };
  return {
    now: () => clock.now(),
    monotonicUs: () => clock.monotonicUs(),
    after(delayMs, run) {
      let cancelled = false;
      const timer = clock.after(delayMs, () => whenGoing(() => !cancelled && run()));
      return {
        cancel() {
          cancelled = true;
          timer.cancel();
        },
      };
    },
    async sleep(delayMs, signal) {
      await clock.sleep(delayMs, signal);
      await new Promise<void>((resolve) => whenGoing(resolve));
    },
    pause() {
      held ??= [];
    },
    resume() {
      const due = held ?? [];
      held = undefined;
      for (const run of due) run();
    },
  };
}
