import type { BeaconKind } from '../domain/records.ts';

/** How often something happened, by name. */
export class Counter {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** A bid of a simulated bidder, as the ad that it won says. */
export interface OutsideBid {
  readonly bidId: string;
  /** For a thousand. */
  readonly bidMicros: number;
}

/** What the simulator counts while it runs. */
export class Tallies {
  /** Visits by what their visitors are. */
  readonly visits = new Counter();
  readonly noAd = new Counter();
  /** Decision requests without an answer, by status. */
  readonly unanswered = new Counter();
  readonly misdeeds = new Counter();
  /** Beacons that had to be sent again, by status. */
  readonly retries = new Counter();
  /** Answers that ought not to be: there must be none. */
  readonly surprises = new Counter();
  /** From the intended beginning of the visit to the answer, ms. */
  readonly decisionMs: number[] = [];
  readonly beaconMs: number[] = [];
  /** Acknowledged beacons with genuine tokens, by selection and kind. */
  readonly acknowledged = new Map<string, number>();
  /** Selections with beacons that came after their time. */
  readonly late = new Set<string>();
  /** Selections of which a beacon was sent again. */
  readonly repeated = new Set<string>();
  /** Selections that bidders of outside demand won; tests left out. */
  readonly outsideBids = new Map<string, OutsideBid>();
  acknowledgements = 0;
  lastSelectedAt = 0;
  /** How long visits were held back because too much was unanswered, ms. */
  heldBackMs = 0;

  acknowledge(selectionId: string, kind: BeaconKind, isLate: boolean): void {
    const key = `${selectionId}/${kind}`;
    this.acknowledged.set(key, (this.acknowledged.get(key) ?? 0) + 1);
    this.acknowledgements += 1;
    if (isLate) this.late.add(selectionId);
  }
}

/** The value below which a share of the values lies; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
