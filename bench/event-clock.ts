import type { Clock, Timer } from '../ports/clock.ts';

interface Event {
  readonly atMs: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** A clock that jumps from one event to the next: a binary heap (Williams 1964) by time, then by the order in which they were made. */
export class EventClock implements Clock {
  #nowMs: number;
  #made = 0;
  readonly #heap: { readonly key: number; readonly order: number; readonly event: Event }[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return Math.floor(this.#nowMs);
  }

  monotonicUs(): number {
    return this.#nowMs * 1000;
  }

  after(delayMs: number, run: () => void): Timer {
    const event: Event = { atMs: this.#nowMs + delayMs, run, isCancelled: false };
    this.#push(event);
    return {
      cancel: () => {
        event.isCancelled = true;
      },
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  /** Runs the events in their order, each to the end of what it set off, until there are no more. */
  async run(): Promise<void> {
    for (let event = this.#pop(); event !== undefined; event = this.#pop()) {
      if (event.isCancelled) continue;
      this.#nowMs = event.atMs;
      event.run();
      // Longer than any chain of promises here.
      for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return other === undefined;
    return one.key === other.key ? one.order < other.order : one.key < other.key;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }

  #push(event: Event): void {
    let place = this.#heap.push({ key: event.atMs, order: this.#made, event }) - 1;
    this.#made += 1;
    for (let parent = (place - 1) >> 1; place > 0 && this.#isBefore(place, parent); parent = (place - 1) >> 1) {
      this.#swap(place, parent);
      place = parent;
    }
  }

  #pop(): Event | undefined {
    const last = this.#heap.length - 1;
    this.#swap(0, last);
    const first = this.#heap.pop();
    for (let place = 0; ; ) {
      const left = 2 * place + 1;
      const child = left + 1 < last && this.#isBefore(left + 1, left) ? left + 1 : left;
      if (child >= last || this.#isBefore(place, child)) break;
      this.#swap(place, child);
      place = child;
    }
    return first?.event;
  }
}
