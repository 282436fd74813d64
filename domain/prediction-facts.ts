import type { AdFacts, RequestFacts } from './click-features.ts';
import type { Billing, RequestContext } from './records.ts';

const hourMs = 3_600_000;

/** What the model sees of a request, from what is recorded of it. */
export function requestFactsOf(
  context: RequestContext,
  at: Pick<Billing, 'placement_id' | 'publisher_id' | 'selected_at'>,
): RequestFacts {
  return {
    placementId: at.placement_id,
    publisherId: at.publisher_id,
    site: context.site_domain ?? context.app_bundle ?? '',
    deviceType: context.device_type,
    os: context.os ?? '',
    country: context.country ?? '',
    shape: `${context.format}:${context.sizes.join()}`,
    hour: Math.floor(at.selected_at / hourMs) % 24,
  };
}

/** What the model sees of an ad. */
export function adFactsOf(
  ad: Pick<Billing, 'advertiser_id' | 'campaign_id' | 'line_item_id' | 'creative_id'>,
): AdFacts {
  return {
    advertiserId: ad.advertiser_id,
    campaignId: ad.campaign_id,
    lineItemId: ad.line_item_id,
    creativeId: ad.creative_id,
  };
}
