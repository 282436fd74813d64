/** However bad a host is, so large a share of requests is let through, so that it can show that it is well again. */
export const leastShare = 0.05;
/** So large a share of bad answers is nothing. */
const borne = 0.1;
/** Weight of the newest answer. */
const weight = 0.05;

/** Asks a host that answers badly less often: the more of its last answers were late, broken or missing, the fewer requests it is given. */
export class Throttle {
  #bad = 0;

  note(isBad: boolean): void {
    this.#bad += weight * ((isBad ? 1 : 0) - this.#bad);
  }

  /** Share of requests that are let through, from `leastShare` to 1. */
  get share(): number {
    return Math.max(leastShare, 1 - Math.max(0, this.#bad - borne) / (1 - borne));
  }

  /** @param chance in [0, 1) */
  allows(chance: number): boolean {
    return chance < this.share;
  }
}
