export interface BreakerOptions {
  /** Failures one after another that open it. */
  readonly failures: number;
  /** How long it stays open the first time, ms; twice as long each time that the trial fails. */
  readonly openMs: number;
  readonly longestMs: number;
}

export const usualBreaker: BreakerOptions = { failures: 10, openMs: 1000, longestMs: 60_000 };

/**
 * Circuit breaker of one bidder (Nygard, Release It!): closed, it lets everything through; open, nothing; when its time is over it is half open and
 * lets one call through, whose success closes it and whose failure opens it for longer.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  /** Times that it was opened without a success in between. */
  #opened = 0;
  #openUntilMs = 0;
  /** The call that tries whether it is well again is under way. */
  #trying = false;

  constructor(options: BreakerOptions = usualBreaker) {
    this.#options = options;
  }

  stateAt(nowMs: number): 'closed' | 'open' | 'half_open' {
    if (this.#opened === 0) return 'closed';
    return nowMs < this.#openUntilMs ? 'open' : 'half_open';
  }

  /** True if a call may be made now. */
  allows(nowMs: number): boolean {
    const state = this.stateAt(nowMs);
    return state === 'closed' || (state === 'half_open' && !this.#trying);
  }

  /** A call that it allowed is made. */
  began(): void {
    if (this.#opened > 0) this.#trying = true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#opened = 0;
    this.#trying = false;
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    const wasTrial = this.#trying;
    this.#trying = false;
    // What fails while it is open was under way before.
    if (this.stateAt(nowMs) === 'open') return;
    if (!wasTrial && this.#failures < this.#options.failures) return;
    const { openMs, longestMs } = this.#options;
    this.#openUntilMs = nowMs + Math.min(longestMs, openMs * 2 ** Math.min(30, this.#opened));
    this.#opened += 1;
  }
}
