import type { PlacementPublished } from '../domain/records.ts';
import { BoundedCache } from './bounded-cache.ts';

/** What kind of decision an outcome belongs to: only like is compared with like. */
export interface YieldKind {
  /** With a person who was, or could have been, read. */
  readonly person: boolean;
  /** Nothing was done without. */
  readonly full: boolean;
}

interface Mean {
  count: number;
  value: number;
}

interface PlacementYield {
  readonly byKind: readonly [Mean, Mean, Mean, Mean];
  readonly all: Mean;
  currency: string;
}

const keptPlacements = 20_000;
/** The last so many outcomes weigh most. */
const memory = 64;
/** Before so many outcomes a mean says too little to be compared. */
const leastCompared = 20;
/** Of two tiers that earn the same, the better one is served first. */
const tierWeight: Readonly<Record<string, number>> = { premium: 1.5, standard: 1, remnant: 0.75 };

function mean(): Mean {
  return { count: 0, value: 0 };
}

function take(one: Mean, value: number): void {
  one.count += 1;
  one.value += (value - one.value) / Math.min(one.count, memory);
}

/**
 * What placements have earned of late: the eCPM of the ad in them, 0 where there was none; in memory, by moving averages. An estimate: no money rests
 * on it. It says what a request is worth before any work on it, and what a plan of degradation costs.
 */
export class PlacementYields {
  readonly #placements = new BoundedCache<string, PlacementYield>(keptPlacements);
  readonly #currencies = new Map<string, Mean>();

  /** @param ecpmMicros for a thousand, in the currency of the placement's auction */
  note({ placement_id, floor_currency }: PlacementPublished, kind: YieldKind, ecpmMicros: number): void {
    let known = this.#placements.get(placement_id);
    if (known === undefined) {
      known = { byKind: [mean(), mean(), mean(), mean()], all: mean(), currency: floor_currency };
      this.#placements.set(placement_id, known);
    }
    known.currency = floor_currency;
    take(known.byKind[kindNumber(kind)] as Mean, ecpmMicros);
    take(known.all, ecpmMicros);
    const ofCurrency = this.#currencies.get(floor_currency) ?? mean();
    this.#currencies.set(floor_currency, ofCurrency);
    // A currency has many more outcomes than a placement.
    ofCurrency.count += 1;
    ofCurrency.value += (ecpmMicros - ofCurrency.value) / Math.min(ofCurrency.count, 64 * memory);
  }

  /**
   * What an ad of a degraded decision is estimated to have lost, micros of one impression: by how much full decisions of its kind at this placement
   * earned more of late. 0 while too little is known.
   */
  lossMicros(placementId: string, person: boolean): number {
    const known = this.#placements.get(placementId);
    if (known === undefined) return 0;
    const full = known.byKind[kindNumber({ person, full: true })] as Mean;
    const degraded = known.byKind[kindNumber({ person, full: false })] as Mean;
    if (full.count < leastCompared || degraded.count < leastCompared) return 0;
    return Math.max(0, Math.round((full.value - degraded.value) / 1000));
  }

  /** What one ad at a placement is expected to earn, micros of one impression, with its currency; null if nothing is known. */
  expected(placementId: string): { readonly micros: number; readonly currency: string } | null {
    const known = this.#placements.get(placementId);
    return known === undefined ? null : { micros: Math.round(known.all.value / 1000), currency: known.currency };
  }

  /**
   * What a request for an ad at a placement is worth beside others: 1 is the average of its currency at a standard placement, so that amounts of different
   * currencies can be compared without rates of exchange. A placement of which nothing is known is worth the average.
   */
  worth(placementId: string, tier: string): number {
    const known = this.#placements.get(placementId);
    const average = known === undefined ? 0 : (this.#currencies.get(known.currency)?.value ?? 0);
    const relative = known === undefined || average === 0 ? 1 : known.all.value / average;
    return relative * (tierWeight[tier] ?? 1);
  }
}

function kindNumber({ person, full }: YieldKind): number {
  return (person ? 2 : 0) + (full ? 1 : 0);
}
