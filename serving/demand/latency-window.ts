/** Answers that are remembered. */
const kept = 256;
/** With fewer nothing is said. */
const least = 20;
/** What is known is worked out again after so many new ones. */
const stale = 16;

/** How long a bidder took lately. What did not come in time counts as longer than anything: a time-out that cuts off many must grow, not shrink. */
export class LatencyWindow {
  readonly #took = new Float64Array(kept);
  #count = 0;
  #sorted: Float64Array | null = null;
  #new = 0;

  /** Microseconds; Infinity: it did not come in time. */
  note(tookUs: number): void {
    this.#took[this.#count % kept] = tookUs;
    this.#count += 1;
    this.#new += 1;
    if (this.#new >= stale) this.#sorted = null;
  }

  get size(): number {
    return Math.min(this.#count, kept);
  }

  #inOrder(): Float64Array | null {
    if (this.size < least) return null;
    if (this.#sorted === null) {
      this.#sorted = this.#took.slice(0, this.size).sort();
      this.#new = 0;
    }
    return this.#sorted;
  }

  /** The time within which that share of answers came, microseconds; Infinity if they did not; null while too little is known. */
  quantileUs(share: number): number | null {
    const sorted = this.#inOrder();
    return sorted === null
      ? null
      : (sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number);
  }

  /** How likely an answer that is not there after `afterUs` comes by `untilUs`; 1 while too little is known. */
  comesBy(untilUs: number, afterUs: number): number {
    const sorted = this.#inOrder();
    if (sorted === null) return 1;
    const stillOut = sorted.length - below(sorted, afterUs);
    return stillOut === 0 ? 0 : (below(sorted, untilUs) - below(sorted, afterUs)) / stillOut;
  }
}

/** How many are not above a value. */
function below(sorted: Float64Array, value: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] as number) <= value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Part of the deadline of a bidder beside what it is seen to need. */
const margin = 1.25;

/** Time that a bidder is given, microseconds: what 95 of a hundred of its answers need and a quarter more, within its bounds; the most while little is known. */
export function timeoutUs(
  latencies: LatencyWindow,
  { timeout_min_ms, timeout_max_ms }: { readonly timeout_min_ms: number; readonly timeout_max_ms: number },
): number {
  const needed = latencies.quantileUs(0.95);
  const most = timeout_max_ms * 1000;
  return needed === null ? most : Math.min(most, Math.max(timeout_min_ms * 1000, Math.ceil(needed * margin)));
}
