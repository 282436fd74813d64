import type { Catalog } from '../../domain/catalog.ts';
import type { Answered } from '../decision-desk.ts';
import type { IssuedAd } from '../issue.ts';
import type { ReadBidRequest } from './bid-request.ts';
import { admOf } from './adm.ts';
import { ownSeat } from './seat.ts';
import type { CurrencyRates } from './currency-rates.ts';
import type { LossNotices } from './loss-notices.ts';
import { decimalOf } from './decimal.ts';
import type { Fields } from './fields.ts';
import { type NoBid, noBidCodes, type NoBidReason, reasonOfAll } from './no-bid.ts';
import { type PrebidTerms, targetingOf } from './prebid.ts';
import { cpmMicros } from './price.ts';
import { numberAsWritten, type RawJson } from './raw-json.ts';

/** AdCOM's types of markup. */
const markupTypes: Readonly<Record<string, number>> = { banner: 1, video: 2, audio: 3, native: 4 };

interface Bid {
  readonly id: string;
  readonly impid: string;
  readonly price: RawJson;
  readonly [field: string]: unknown;
}

/** A bid response, ready to be written. Null stands for a request without any bid. */
export interface BidResponse {
  readonly id: string;
  readonly cur?: string;
  readonly bidid?: string;
  readonly seatbid?: readonly { readonly seat: string; readonly bid: readonly Bid[] }[];
  readonly nbr?: number;
  readonly ext: Fields;
}

export interface AuctionedRequest {
  readonly read: ReadBidRequest;
  readonly answered: Answered;
  readonly prebid: PrebidTerms | null;
  readonly catalog: Catalog;
  readonly rates: CurrencyRates;
  readonly losses: Pick<LossNotices, 'urlOf'>;
  /** How long the answer took, ms. */
  readonly elapsedMs: number;
}

export interface ComposedResponse {
  readonly response: BidResponse;
  /** Why there is no bid; null if there is one. */
  readonly noBid: NoBidReason | null;
}

/** The bid response of a decision. Bids of Prebid's requests stand under the name that was asked, all others under their advertiser. */
export function composeResponse(auctioned: AuctionedRequest): ComposedResponse {
  const { read, answered, prebid } = auctioned;
  const [offers, unshown] = offersOf(auctioned);
  const noBids = [...read.noBids, ...emptySlots(auctioned), ...unshown];
  const ext = extOf(auctioned, noBids);
  if (offers.length === 0) {
    const noBid = reasonOfAll(noBids);
    return { response: { id: read.id, nbr: noBidCodes[noBid].nbr, ext }, noBid };
  }
  const seats = new Map<string, Bid[]>();
  for (const offer of offers) {
    const seat = prebid?.seat ?? offer.ad.billing.advertiser_id;
    const isBest = offers.every(({ impId, cpm }) => impId !== offer.impId || cpm <= offer.cpm);
    const bids = seats.get(seat);
    if (bids === undefined) seats.set(seat, [bidOf(offer, auctioned, isBest)]);
    else bids.push(bidOf(offer, auctioned, isBest));
  }
  const seatbid = [...seats].map(([seat, bid]) => ({ seat, bid }));
  const response = { id: read.id, bidid: answered.body.request_id, cur: read.currency, seatbid, ext };
  return { response, noBid: null };
}

interface Offer {
  readonly ad: IssuedAd;
  readonly impId: string;
  readonly adm: string;
  /** In the currency of the answer. */
  readonly cpm: bigint;
}

function emptySlots({ answered, read }: AuctionedRequest): NoBid[] {
  return answered.body.no_ad.map(({ slot_id, reason }) => ({ impId: impIdOf(slot_id, read), reason }));
}

function impIdOf(slotId: string, { imps }: ReadBidRequest): string {
  return (imps.get(slotId)?.['id'] as string | undefined) ?? slotId;
}

/** Ads that can be shown as the imp wants them, and the imps of those that can't. */
function offersOf(auctioned: AuctionedRequest): readonly [Offer[], NoBid[]] {
  const offers: Offer[] = [];
  const unshown: NoBid[] = [];
  for (const ad of auctioned.answered.ads) {
    const offer = offerOf(ad, auctioned);
    if (offer !== null) offers.push(offer);
    else unshown.push({ impId: impIdOf(ad.decision.slot_id, auctioned.read), reason: 'creative_blocked' });
  }
  return [offers, unshown];
}

function offerOf(ad: IssuedAd, { read, rates }: AuctionedRequest): Offer | null {
  const adm = admOf(ad, read.natives.get(ad.decision.slot_id));
  if (adm === null) return null;
  const pair = { from: ad.billing.currency, to: read.currency };
  // It can be converted, or the imp would not have been offered.
  const cpm = rates.convert(cpmMicros(ad), pair, 'down') ?? 0n;
  return { ad, impId: impIdOf(ad.decision.slot_id, read), adm, cpm };
}

function bidOf(offer: Offer, auctioned: AuctionedRequest, isBest: boolean): Bid {
  const { ad, impId, adm, cpm } = offer;
  const { decision, billing, chosen } = ad;
  const { creative } = chosen.offer.creative;
  const { deal_id } = chosen.auction;
  const advertiser = auctioned.catalog.advertisers.get(billing.advertiser_id);
  const own = creative.categories.length > 0 ? creative.categories : (advertiser?.categories ?? []);
  const content = ad.external === null ? null : chosen.external?.content;
  const durationMs = content?.kind === 'media' ? content.durationMs : ad.external === null ? creative.duration_ms : 0;
  // Of an ad that a bidder brought along, its bid says what it is.
  const { categories, attributes, domains } = ad.external ?? {
    categories: own,
    attributes: creative.attributes,
    domains: advertiser?.domains ?? [],
  };
  return {
    id: billing.selection_id,
    impid: impId,
    price: numberAsWritten(decimalOf(cpm)),
    adm,
    ...(ad.noticeUrl !== null && { burl: ad.noticeUrl }),
    lurl: auctioned.losses.urlOf(billing),
    adid: billing.creative_id,
    crid: billing.creative_id,
    cid: billing.campaign_id,
    adomain: domains,
    ...(categories.length > 0 && { cat: categories }),
    ...(attributes.length > 0 && { attr: attributes }),
    ...(deal_id !== null && { dealid: deal_id }),
    ...(decision.width > 0 && decision.height > 0 && { w: decision.width, h: decision.height }),
    ...(durationMs > 0 && { dur: Math.round(durationMs / 1000) }),
    mtype: markupTypes[decision.format] ?? 1,
    exp: Math.max(1, Math.floor((ad.impressionExpiresAt - billing.selected_at) / 1000)),
    ext: bidExt(offer, auctioned, isBest),
  };
}

function bidExt({ ad, cpm }: Offer, { prebid }: AuctionedRequest, isBest: boolean): Fields {
  const { billing, decision, chosen } = ad;
  const { selection_id, advertiser_id, pricing_model, price_micros, currency } = billing;
  const adtally = { selection_id, advertiser_id, pricing_model, price_micros: String(price_micros), currency };
  if (prebid === null) return { adtally };
  const { width, height, format } = decision;
  const { deal_id: dealId } = chosen.auction;
  const bid = { seat: prebid.seat, cpmMicros: cpm, width, height, format, dealId, isBest };
  return {
    adtally,
    prebid: {
      type: format,
      ...(prebid.targeting !== null && { targeting: targetingOf(prebid.targeting, bid) }),
    },
  };
}

function extOf({ elapsedMs, read, prebid }: AuctionedRequest, noBids: readonly NoBid[]): Fields {
  const seat = prebid?.seat ?? ownSeat;
  const errors = noBids.filter(({ reason }) => isOfRequest(reason));
  const messages = errors.map(({ impId, reason }) => ({
    code: noBidCodes[reason].nbr,
    message: `imp ${impId}: ${reason}`,
  }));
  const nonbid = noBids.map(({ impId, reason }) => ({
    impid: impId,
    statuscode: noBidCodes[reason].statusCode,
    ext: { adtally: { reason } },
  }));
  return {
    responsetimemillis: { [seat]: elapsedMs },
    ...(messages.length > 0 && { errors: { [seat]: messages } }),
    ...(read.warnings.length > 0 && {
      warnings: { [seat]: read.warnings.map((message) => ({ code: 10_999, message })) },
    }),
    ...(nonbid.length > 0 && { seatnonbid: [{ seat, nonbid }] }),
  };
}

/** Reasons that whoever sent the request can do something about. */
function isOfRequest(reason: NoBidReason): boolean {
  const own: readonly NoBidReason[] = [
    'unknown_publisher',
    'unknown_placement',
    'placement_inactive',
    'format_not_allowed',
    'size_not_allowed',
    'no_currency',
    'no_native',
    'too_many_imps',
    'too_many_blocks',
    'seat_blocked',
  ];
  return own.includes(reason);
}
