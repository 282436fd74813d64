/** Answers that are remembered for a currency. */
const kept = 64;
/** With fewer of them anything may be expected. */
const least = 16;

/** What a bidder bid lately, by currency: micros for a thousand, 0 where it did not bid. */
export class BidHistory {
  readonly #byCurrency = new Map<string, { readonly bids: number[]; next: number }>();

  note(currency: string, bidMicros: number): void {
    let window = this.#byCurrency.get(currency);
    if (window === undefined) {
      window = { bids: [], next: 0 };
      this.#byCurrency.set(currency, window);
    }
    window.bids[window.next] = bidMicros;
    window.next = (window.next + 1) % kept;
  }

  /** By how much its next bid is expected to be above a value, micros: the mean of max(0, bid − value). Infinity while too little is known. */
  expectedAbove(currency: string, valueMicros: number): number {
    const bids = this.#byCurrency.get(currency)?.bids ?? [];
    if (bids.length < least) return Number.POSITIVE_INFINITY;
    return bids.reduce((sum, bid) => sum + Math.max(0, bid - valueMicros), 0) / bids.length;
  }
}
