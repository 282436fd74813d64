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
  /** In order of insertion, which decides among those due at the same time. */
  readonly number: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Virtual time: it stands still unless advanced. */
export function createSimulatedClock(options: { readonly startMs?: number } = {}): SimulatedClock {
  return new VirtualClock(options.startMs ?? Date.UTC(2026, 0, 1));
}

class VirtualClock implements SimulatedClock {
  #elapsedMs = 0;
  #wallAtStartMs: number;
  /** A binary heap: whoever is due first lies at 0. Who was cancelled is passed over when its turn comes. */
  readonly #timers: Due[] = [];
  #inserted = 0;
  #cancelled = 0;

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
    this.#inserted += 1;
    const due = { atMs: this.#elapsedMs + Math.max(0, delayMs), number: this.#inserted, run, cancelled: false };
    this.#rise(due);
    const cancel = () => {
      if (!due.cancelled) this.#cancelled += 1;
      due.cancelled = true;
    };
    return { cancel };
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
      // Who cancels it from now on cancels nothing.
      due.cancelled = true;
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
    return this.#timers.length - this.#cancelled;
  }

  /** Takes out the first that is due by then. */
  #nextUntil(untilMs: number): Due | undefined {
    for (let first = this.#timers[0]; first !== undefined && first.atMs <= untilMs; first = this.#timers[0]) {
      this.#sink(this.#timers.pop() as Due);
      if (!first.cancelled) return first;
      this.#cancelled -= 1;
    }
    return undefined;
  }

  #rise(due: Due): void {
    let at = this.#timers.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(due, this.#timers[above] as Due)) break;
      this.#timers[at] = this.#timers[above] as Due;
      at = above;
    }
    this.#timers[at] = due;
  }

  /** Puts one in the place of the first. */
  #sink(due: Due): void {
    const { length } = this.#timers;
    if (length === 0) return;
    let at = 0;
    for (let below = 1; below < length; below = 2 * at + 1) {
      const other = below + 1;
      if (other < length && isBefore(this.#timers[other] as Due, this.#timers[below] as Due)) below = other;
      if (!isBefore(this.#timers[below] as Due, due)) break;
      this.#timers[at] = this.#timers[below] as Due;
      at = below;
    }
    this.#timers[at] = due;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);
}

/** All promises that can be fulfilled without time passing are, once a macrotask of the real loop has come round. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
