/**
 * Remembers what was added within a span of time, in two generations: an entry lives for at least `spanMs` and at most twice that,
 * unless more than `capacity` came, in which case the older half is forgotten early.
 */
export class RecentSet {
  readonly #spanMs: number;
  readonly #capacity: number;
  #young = new Set<string>();
  #old = new Set<string>();
  #turnedAt = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly spanMs: number; readonly capacity: number }) {
    this.#spanMs = options.spanMs;
    this.#capacity = options.capacity;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  add(key: string, nowMs: number): void {
    if (nowMs - this.#turnedAt >= this.#spanMs || this.#young.size >= this.#capacity / 2) this.#turn(nowMs);
    this.#young.add(key);
  }

  #turn(nowMs: number): void {
    this.#old = this.#young;
    this.#young = new Set();
    this.#turnedAt = nowMs;
  }
}
