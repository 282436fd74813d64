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
}
