import type { Clock } from '../../ports/clock.ts';

/** The machine's clock. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonicUs: () => Math.floor(performance.now() * 1000),
    after(delayMs, run) {
      const timeout = setTimeout(run, delayMs);
      timeout.unref();
      return { cancel: () => clearTimeout(timeout) };
    },
    sleep,
  };
}

function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timeout = setTimeout(wake, delayMs);
    signal?.addEventListener('abort', wake, { once: true });
  });
}
