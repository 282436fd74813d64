import type { Clock, Timer } from '../../ports/clock.ts';

export interface SimulatedClock extends Clock {
  /** Moves time, running what falls due in its order, and all promises that follow from it, before time goes on. */
  advance(byMs: number): Promise<void>;
  /** Moves the wall clock alone, as an administrator does; timers keep to monotonic time. */
  stepWall(byMs: number): void;
  /** Timers that have not run. */
  pending(): number;
}

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/** Virtual time: it stands still unless advanced. */
export function createSimulatedClock(options: { readonly startMs?: number } = {}): SimulatedClock {
  return new VirtualClock(options.startMs ?? Date.UTC(2026, 0, 1));
}

class VirtualClock implements SimulatedClock {
  #elapsedMs = 0;
  #wallAtStartMs: number;
  /** In order of insertion, which decides among those due at the same time. */
  readonly #timers = new Set<Due>();

  constructor(startMs: number) {
    this.#wallAtStartMs = startMs;
  }

  now(): number {
    return Math.floor(this.#wallAtStartMs + this.#elapsedMs);
  }

  monotonicUs(): number {
    return Math.floor(this.#elapsedMs * 1000);
  }

  after(delayMs: number, run: () => void): Timer {
    const due: Due = { atMs: this.#elapsedMs + Math.max(0, delayMs), run };
    this.#timers.add(due);
    return { cancel: () => void this.#timers.delete(due) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        timer.cancel();
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = this.after(delayMs, wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  async advance(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs;
    await settle();
    for (let due = this.#nextUntil(untilMs); due !== undefined; due = this.#nextUntil(untilMs)) {
      this.#timers.delete(due);
      this.#elapsedMs = Math.max(this.#elapsedMs, due.atMs);
      due.run();
      await settle();
    }
    this.#elapsedMs = untilMs;
  }

  stepWall(byMs: number): void {
    this.#wallAtStartMs += byMs;
  }

  pending(): number {
    return this.#timers.size;
  }

  #nextUntil(untilMs: number): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#timers) if (due.atMs <= untilMs && (next === undefined || due.atMs < next.atMs)) next = due;
    return next;
  }
}

/** All promises that can be fulfilled without time passing are, once a macrotask of the real loop has come round. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
