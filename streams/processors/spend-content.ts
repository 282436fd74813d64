import type { Billing, Lease } from '../../domain/records.ts';

/**
 * Content of many selections in little memory: every record arrives with texts of its own, but almost all of them say what the last selection of
 * the same line item said. Whoever keeps content lets it share those texts, which also keeps the garbage collector from copying them.
 */
export class SharedContent {
  readonly #last = new Map<string, Billing>();
  /** By boot: one for each budget day. */
  readonly #leases = new Map<string, Lease[]>();

  /** The same content, with the texts of the last one of its line item wherever they are equal. */
  share(billing: Billing): Billing {
    const like = this.#last.get(billing.line_item_id);
    if (like === undefined) {
      this.#last.set(billing.line_item_id, billing);
      return billing;
    }
    const shared: Billing = {
      selection_id: billing.selection_id,
      shard: billing.shard,
      node: same(like.node, billing.node),
      boot: same(like.boot, billing.boot),
      sequence: billing.sequence,
      advertiser_id: same(like.advertiser_id, billing.advertiser_id),
      campaign_id: same(like.campaign_id, billing.campaign_id),
      line_item_id: like.line_item_id,
      creative_id: same(like.creative_id, billing.creative_id),
      publisher_id: same(like.publisher_id, billing.publisher_id),
      placement_id: same(like.placement_id, billing.placement_id),
      pricing_model: billing.pricing_model,
      price_micros: billing.price_micros,
      currency: same(like.currency, billing.currency),
      revenue_share_ppm: billing.revenue_share_ppm,
      share_rounding: billing.share_rounding,
      calendar: billing.calendar,
      draw_lease: billing.draw_lease === null ? null : this.lease(billing.draw_lease),
      test: billing.test,
      selected_at: billing.selected_at,
      expires_at: billing.expires_at,
    };
    this.#last.set(like.line_item_id, shared);
    return shared;
  }

  /** The one object that stands for a lease: whoever sums by lease can go by it. */
  lease(lease: Lease): Lease {
    let ofBoot = this.#leases.get(lease.boot);
    if (ofBoot === undefined) {
      ofBoot = [];
      this.#leases.set(lease.boot, ofBoot);
    }
    for (const known of ofBoot) if (known.day === lease.day && known.node === lease.node) return known;
    ofBoot.push(lease);
    return lease;
  }

  /** A boot is behind its fence: nothing draws on its leases any more. */
  forgetBoot(boot: string): void {
    this.#leases.delete(boot);
  }
}

function same(known: string, fresh: string): string {
  return known === fresh ? known : fresh;
}
