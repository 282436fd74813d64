/** How many calls a second: as many at once as in a tenth of a second, and at least one. */
export class RequestRate {
  #tokens = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  /** Takes one; false if there is none. A limit of 0 is none. */
  take(perSecond: number, nowMs: number): boolean {
    if (perSecond === 0) return true;
    const most = Math.max(1, perSecond / 10);
    const grown = (Math.max(0, nowMs - this.#atMs) * perSecond) / 1000;
    this.#tokens = Math.min(most, this.#tokens + grown);
    this.#atMs = Math.max(this.#atMs, nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
