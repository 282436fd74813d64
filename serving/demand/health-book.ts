import { BidderHealth } from './bidder-health.ts';

/** What is known of each bidder. A bidder whose address changes begins anew. */
export class HealthBook {
  readonly #byId = new Map<string, { readonly endpoint: string; readonly health: BidderHealth }>();

  of({ bidder_id, endpoint }: { readonly bidder_id: string; readonly endpoint: string }): BidderHealth {
    const known = this.#byId.get(bidder_id);
    if (known?.endpoint === endpoint) return known.health;
    const health = new BidderHealth();
    this.#byId.set(bidder_id, { endpoint, health });
    return health;
  }

  /** Everyone of whom something is known, by id. */
  *all(): Iterable<readonly [string, BidderHealth]> {
    for (const [id, { health }] of this.#byId) yield [id, health];
  }

  inFlight(): number {
    let sum = 0;
    for (const { health } of this.#byId.values()) sum += health.inFlight;
    return sum;
  }

  openBreakers(nowMs: number): number {
    return this.#byId
      .values()
      .reduce((sum, { health }) => sum + (health.breaker.stateAt(nowMs) === 'closed' ? 0 : 1), 0);
  }
}
