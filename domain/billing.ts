import type { BeaconKind, Billing, Lease, PricingModel } from './records.ts';

/** The one kind of event that a pricing model bills; null for house ads. */
export function billableKind(model: PricingModel): BeaconKind | null {
  switch (model) {
    case 'CPM':
      return 'impression';
    case 'VCPM':
      return 'viewable';
    case 'CPC':
      return 'click';
    case 'NONE':
      return null;
    default:
      return model satisfies never;
  }
}

/** True if money is committed at selection, false if at the click. */
export function drawsAtSelection(model: PricingModel): boolean {
  return model === 'CPM' || model === 'VCPM';
}

/** One text for a lease, equal for equal leases of one campaign. */
export function leaseKey(lease: Lease): string {
  return `${lease.node}/${lease.boot}/${lease.day}`;
}

/**
 * True if two records of a selection have the same content: all token-derived billing facts (architecture §2). Not compared: who took the
 * beacon, when, and which lease a click drew on.
 */
export function sameContent(a: Billing, b: Billing): boolean {
  return (
    a.selection_id === b.selection_id &&
    a.shard === b.shard &&
    a.price_micros === b.price_micros &&
    a.sequence === b.sequence &&
    a.selected_at === b.selected_at &&
    a.expires_at === b.expires_at &&
    a.revenue_share_ppm === b.revenue_share_ppm &&
    a.calendar === b.calendar &&
    a.test === b.test &&
    a.pricing_model === b.pricing_model &&
    a.share_rounding === b.share_rounding &&
    a.currency === b.currency &&
    a.campaign_id === b.campaign_id &&
    a.line_item_id === b.line_item_id &&
    a.creative_id === b.creative_id &&
    a.advertiser_id === b.advertiser_id &&
    a.publisher_id === b.publisher_id &&
    a.placement_id === b.placement_id &&
    a.node === b.node &&
    a.boot === b.boot &&
    sameLease(a.draw_lease, b.draw_lease)
  );
}

function sameLease(a: Lease | null, b: Lease | null): boolean {
  if (a === null || b === null) return a === b;
  return a.node === b.node && a.boot === b.boot && a.day === b.day;
}
