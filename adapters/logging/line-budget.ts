/** How many lines were left out, of one code. */
export interface LeftOut {
  readonly code: string;
  readonly count: number;
}

export interface LineBudgetOptions {
  /** Lines of one code in a second. */
  readonly perSecond: number;
  /** The same sentence is said again after so long, ms. */
  readonly sayAgainMs: number;
}

/** Sentences that are remembered; beyond them only the bound by code holds. */
const mostRemembered = 1_000;

/** Bounds what is written by code and second, and says the same sentence again only after a while; counts what it leaves out. */
export class LineBudget {
  readonly #options: LineBudgetOptions;
  readonly #written = new Map<string, number>();
  readonly #saidAt = new Map<string, number>();
  readonly #leftOut = new Map<string, number>();
  #second = -1;

  constructor(options: LineBudgetOptions) {
    this.#options = options;
  }

  /** Whether a line may be written now; if not, it is counted. @param sentence null: said again each time */
  takes(code: string, sentence: string | null, nowMs: number): boolean {
    if ((sentence !== null && this.#isRepeated(`${code} ${sentence}`, nowMs)) || !this.#fits(code, nowMs)) {
      this.#leftOut.set(code, (this.#leftOut.get(code) ?? 0) + 1);
      return false;
    }
    return true;
  }

  /** What was left out since this was asked last. */
  takeLeftOut(): readonly LeftOut[] {
    const all = Array.from(this.#leftOut, ([code, count]) => ({ code, count }));
    this.#leftOut.clear();
    return all;
  }

  get hasLeftOut(): boolean {
    return this.#leftOut.size > 0;
  }

  #isRepeated(line: string, nowMs: number): boolean {
    const { sayAgainMs } = this.#options;
    const at = this.#saidAt.get(line);
    if (at !== undefined && nowMs - at < sayAgainMs && nowMs >= at) return true;
    for (const [said, saidAt] of this.#saidAt) {
      if (nowMs - saidAt < sayAgainMs && nowMs >= saidAt) break;
      this.#saidAt.delete(said);
    }
    this.#saidAt.delete(line);
    if (this.#saidAt.size < mostRemembered) this.#saidAt.set(line, nowMs);
    return false;
  }

  #fits(code: string, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.#second) this.#written.clear();
    this.#second = second;
    const written = this.#written.get(code) ?? 0;
    if (written >= this.#options.perSecond) return false;
    this.#written.set(code, written + 1);
    return true;
  }
}
