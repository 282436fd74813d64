/** Up to here two numbers can be added without losing a micro. */
const safeHalf = 2 ** 52;

/** A sum of micros over any number of records: exact like a bigint, and almost as cheap to add to as a number. */
export class ExactSum {
  #settled: bigint;
  /** Not yet in `#settled`; at most half of what a number holds exactly. */
  #recent = 0;

  constructor(micros = 0n) {
    this.#settled = micros;
  }

  /** Adds a safe integer of micros, which may be negative. */
  add(micros: number): void {
    if (Math.abs(micros) > safeHalf) this.#settled += BigInt(micros);
    else this.#recent += micros;
    if (Math.abs(this.#recent) > safeHalf) this.#settle();
  }

  addAll(other: ExactSum): void {
    this.#settled += other.micros;
  }

  get micros(): bigint {
    if (this.#recent !== 0) this.#settle();
    return this.#settled;
  }

  #settle(): void {
    this.#settled += BigInt(this.#recent);
    this.#recent = 0;
  }
}
