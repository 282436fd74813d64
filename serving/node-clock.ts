import type { Clock } from '../ports/clock.ts';

/** Work whose records will carry a time that was already taken. */
export interface InFlight {
  readonly startedAt: number;
}

/**
 * The clock of a boot: never goes back, and never below what was marked in `nodes`, because a tick may have followed that mark
 * (architecture §3, Time).
 */
export class NodeClock {
  readonly #clock: Clock;
  #latest: number;
  #marked: number;
  /** In the order of their start. */
  readonly #inFlight = new Set<InFlight>();

  /** @param floorMs highest time that this node is known to have marked before, ms */
  constructor(clock: Clock, floorMs: number) {
    this.#clock = clock;
    this.#latest = floorMs;
    this.#marked = floorMs;
  }

  /** Unix ms. */
  now(): number {
    this.#latest = Math.max(this.#latest, this.#clock.now());
    return this.#latest;
  }

  /** Takes a time for records that will be appended later; marks stay at or below it until `end`. */
  begin(): InFlight {
    const work = { startedAt: this.now() };
    this.#inFlight.add(work);
    return work;
  }

  end(work: InFlight): void {
    this.#inFlight.delete(work);
  }

  /** The next mark, ms: no record with an earlier time will follow that is not yet in the log. Never decreases. */
  mark(oldestUndrainedAt: number | null): number {
    let mark = Math.min(this.now(), oldestUndrainedAt ?? Number.POSITIVE_INFINITY);
    for (const { startedAt } of this.#inFlight) {
      mark = Math.min(mark, startedAt);
      break;
    }
    this.#marked = Math.max(this.#marked, mark);
    return this.#marked;
  }
}
