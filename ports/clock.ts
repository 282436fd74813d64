/** Time. Simulated in tests. */
export interface Clock {
  /** Wall clock, Unix ms. */
  now(): number;
  /** Monotonic, microseconds from an arbitrary start. */
  monotonicUs(): number;
  /** Calls once after `delayMs`. The handle cancels it. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
  /** Resolves when the time has passed, or early once the signal is aborted; never rejects. Keeps the process alive: somebody awaits it. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Timer {
  cancel(): void;
}
