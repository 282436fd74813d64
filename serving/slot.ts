import { type Catalog, isLive } from '../domain/catalog.ts';
import type { PlacementPublished, PublisherPublished, RequestContext } from '../domain/records.ts';
import type { ConsentVerdict } from './consent.ts';
import { offeredDeals } from './deals.ts';
import type { DecisionRequest, SlotRequest } from './decision-request.ts';
import { noExchangeTerms } from './exchange-terms.ts';

/** Why a slot stays empty: the closed list of api.md. */
export const noAdReasons = [
  'blocked_traffic',
  'unknown_placement',
  'placement_inactive',
  'format_not_allowed',
  'size_not_allowed',
  'nothing_eligible',
  'same_advertiser',
  'same_category',
  'frequency_capped',
  'no_budget',
  'creative_blocked',
  'below_floor',
  'deadline_exceeded',
] as const;
export type NoAdReason = (typeof noAdReasons)[number];

/** A slot with the placement it is for, and what it takes after both have spoken. */
export interface ResolvedSlot {
  readonly request: SlotRequest;
  readonly placement: PlacementPublished;
  readonly publisher: PublisherPublished;
  readonly formats: readonly string[];
  /** WxH; empty: any. */
  readonly sizes: readonly string[];
  /** The higher of both floors, for a thousand. */
  readonly floorMicros: number;
  /** Deals of the placement that are offered, in its order. */
  readonly deals: readonly string[];
}

/** Finds the placement of a slot, or says why there is no ad in it. */
export function resolveSlot(request: SlotRequest, catalog: Catalog): ResolvedSlot | NoAdReason {
  const placement = catalog.placements.get(request.placementId);
  const publisher = placement && catalog.publishers.get(placement.publisher_id);
  if (placement === undefined || publisher === undefined) return 'unknown_placement';
  if (!isLive(placement) || !isLive(publisher)) return 'placement_inactive';
  const formats = common(request.formats, placement.formats);
  if (formats.length === 0) return 'format_not_allowed';
  const sizes = common(request.sizes, placement.sizes);
  // No size in common: no banner; players and native layouts scale.
  const shown = sizes.length === 0 && request.sizes.length > 0 ? formats.filter((name) => name !== 'banner') : formats;
  if (shown.length === 0) return 'size_not_allowed';
  const floorMicros = Math.max(request.floorMicros, placement.floor_micros);
  const deals = offeredDeals(placement, request.deals);
  return { request, placement, publisher, formats: shown, sizes, floorMicros, deals };
}

/** What is wanted of what is offered; whoever names nothing takes everything. */
function common(wanted: readonly string[], offered: readonly string[]): readonly string[] {
  if (wanted.length === 0) return offered;
  return offered.length === 0 ? wanted : wanted.filter((entry) => offered.includes(entry));
}

/** What is known of the sender besides what the request says. */
export interface RequestSender {
  readonly channel: 'api' | 'openrtb';
  readonly userAgent: string;
  /** Truncated. */
  readonly network: string;
  readonly deviceType: string;
  readonly os: string | null;
}

const longestUserAgent = 256;
const nothing: readonly string[] = [];

/** What targeting sees of the request for one slot: exactly what is recorded. Nothing of a person without consent. */
export function contextOf(
  slot: ResolvedSlot,
  request: DecisionRequest,
  sender: RequestSender,
  { consent, reason }: ConsentVerdict,
): RequestContext {
  const { geo, page } = request;
  const exchange = slot.request.exchange ?? noExchangeTerms;
  return {
    channel: sender.channel,
    site_domain: page.siteDomain,
    app_bundle: page.appBundle,
    page_path: page.path,
    device_type: sender.deviceType,
    os: sender.os,
    user_agent: sender.userAgent.slice(0, longestUserAgent),
    network: sender.network,
    language: request.device.language,
    country: geo.country,
    region: geo.region,
    city: geo.city,
    format: slot.formats.join(),
    sizes: slot.sizes,
    segments: consent === 'personal' ? request.segments : nothing,
    keywords: page.keywords,
    categories: page.categories,
    key_values: slot.request.keyValues,
    floor_micros: slot.floorMicros,
    floor_currency: slot.placement.floor_currency,
    deals: slot.deals,
    seats: exchange.seats,
    blocked: exchange.blocked,
    blocked_attributes: exchange.blockedAttributes,
    durations: exchange.durations,
    bid_request_id: exchange.bidRequestId,
    supply_chain: exchange.supplyChain,
    consent,
    consent_reason: reason,
  };
}
