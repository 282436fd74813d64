import { drawsAtSelection } from '../domain/billing.ts';
import { eventId, shardOf, uuidV7 } from '../domain/identity.ts';
import type {
  AdSelected,
  BeaconKind,
  Billing,
  ExternalAd,
  Prediction,
  PublisherPublished,
  SpendReserved,
  Tracker,
  ViewRevision,
} from '../domain/records.ts';
import { type Grant, noticeKinds, signToken, type TokenKey } from '../domain/token.ts';
import type { Random } from '../ports/random.ts';
import { shownSize } from './creative-fit.ts';
import type { ValidBid } from './demand/external-bid.ts';
import type { AuctionMacros } from './demand/notice-macros.ts';
import { outsideMarkup } from './demand/outside-markup.ts';
import { externalRecord, minToWinMicros, wonMacros } from './demand/won-bid.ts';
import { type ChosenAd, type DecisionInput, isFallback } from './decide.ts';
import type { AdSource } from './formats/ad-source.ts';
import type { CurrencyRates } from './openrtb/currency-rates.ts';
import { clickUrl, macroValues, renderMarkup, renderTrackers } from './markup.ts';

/** Who selects, and how long what it signs is worth something. */
export interface IssuerOptions {
  readonly node: string;
  /** UUIDv7. */
  readonly boot: string;
  readonly shards: number;
  /** By which clients reach the public side, without a slash at the end. */
  readonly publicUrl: string;
  readonly impressionTokenMs: number;
  readonly clickTokenMs: number;
  /** Life of a reservation. */
  readonly reservationMs: number;
}

export interface IssuerDeps {
  readonly options: IssuerOptions;
  readonly random: Random;
  /** The key that signs now. */
  readonly signingKey: () => TokenKey;
  /** In which prices are told to bidders. Default: they are told in the currency of the place alone. */
  readonly rates?: Pick<CurrencyRates, 'convert'>;
}

/** One entry of `decisions` in the answer. */
export interface IssuedDecision {
  readonly slot_id: string;
  readonly placement_id: string;
  readonly selection_id: string;
  readonly advertiser_id: string;
  readonly campaign_id: string;
  readonly line_item_id: string;
  readonly creative_id: string;
  readonly format: string;
  readonly markup: string;
  readonly width: number;
  readonly height: number;
  readonly click_url: string;
  readonly beacons: Readonly<Partial<Record<BeaconKind, string>>>;
  readonly trackers?: readonly Tracker[];
  readonly expires_at: string;
}

/** An ad with its id, its tokens and its part of the answer. */
export interface IssuedAd {
  readonly chosen: ChosenAd;
  readonly billing: Billing;
  readonly keyId: string;
  readonly impressionExpiresAt: number;
  readonly clickExpiresAt: number;
  readonly decision: IssuedDecision;
  /** By which an exchange's server reports the impression (`burl`); null for who is no exchange. */
  readonly noticeUrl: string | null;
  /** The bid that won, where outside demand did. */
  readonly external: ExternalAd | null;
}

const videoKinds: readonly BeaconKind[] = [
  'impression',
  'viewable',
  'start',
  'first_quartile',
  'midpoint',
  'third_quartile',
  'complete',
  'mute',
  'unmute',
  'pause',
  'resume',
  'skip',
  'error',
];
const seenKinds: readonly BeaconKind[] = ['impression', 'viewable'];
const heardKinds: readonly BeaconKind[] = videoKinds.filter((kind) => kind !== 'viewable');
const clickKinds: readonly BeaconKind[] = ['click'];

/** Beacons that make sense for a format; its token allows no other. */
export function beaconKinds(format: string): readonly BeaconKind[] {
  if (format === 'video') return videoKinds;
  return format === 'audio' ? heardKinds : seenKinds;
}

/** Gives a chosen ad its identity and signs for it. `sequence` is that of the buffer entry in which its records will be. */
export function issueAd(chosen: ChosenAd, input: DecisionInput, deps: IssuerDeps, sequence: number): IssuedAd {
  const { impressionTokenMs, clickTokenMs } = deps.options;
  // A client may want less than the platform allows, never more; its reservation is shorter by as much.
  const lifeMs = Math.min(input.request.beaconLifeMs ?? impressionTokenMs, impressionTokenMs);
  const billing = billingOf(chosen, input, deps, { sequence, unneededMs: impressionTokenMs - lifeMs });
  const key = deps.signingKey();
  const impressionExpiresAt = billing.selected_at + lifeMs;
  const clickExpiresAt = billing.selected_at + clickTokenMs;
  const impression: Grant = { kinds: beaconKinds(shownFormat(chosen)), expiresAt: impressionExpiresAt };
  const click: Grant = { kinds: clickKinds, expiresAt: clickExpiresAt };
  const outside = chosen.external === null ? null : outsideAd(chosen, chosen.external, { billing, input, deps });
  const decision = answerOf(chosen, billing, {
    publicUrl: deps.options.publicUrl,
    impressionToken: signToken(billing, [impression], key),
    clickToken: signToken(billing, [click], key),
    kinds: impression.kinds,
    impressionExpiresAt,
    outside,
  });
  const notice: Grant = { kinds: noticeKinds, expiresAt: impressionExpiresAt };
  const noticeUrl =
    input.sender.channel === 'openrtb'
      ? `${deps.options.publicUrl}/v1/b/impression/${signToken(billing, [notice], key)}`
      : null;
  const external = outside === null ? null : externalRecord(outside.bid, outside.macros);
  return { chosen, billing, keyId: key.id, impressionExpiresAt, clickExpiresAt, decision, noticeUrl, external };
}

/** The ad of a bidder: its bid, and the values of its macros. */
interface OutsideAd {
  readonly bid: ValidBid;
  readonly macros: AuctionMacros;
}

const ownCurrencyAlone: Pick<CurrencyRates, 'convert'> = {
  convert: (amount, { from, to }) => (from === to ? amount : null),
};

function outsideAd(
  { auction }: ChosenAd,
  bid: ValidBid,
  { billing, input, deps }: { readonly billing: Billing; readonly input: DecisionInput; readonly deps: IssuerDeps },
): OutsideAd {
  const won = { requestId: input.requestId, billing, minToWinMicros: minToWinMicros(auction) };
  return { bid, macros: wonMacros(bid, won, deps.rates ?? ownCurrencyAlone) };
}

/** The creative of a bidder's line item only stands for what its bid brings. */
function shownFormat({ external, offer }: ChosenAd): string {
  return external?.format ?? offer.creative.creative.format;
}

function billingOf(
  chosen: ChosenAd,
  { nowMs, request }: DecisionInput,
  { options, random }: IssuerDeps,
  { sequence, unneededMs }: { readonly sequence: number; readonly unneededMs: number },
): Billing {
  const { item, creative } = chosen.offer;
  const { placement, publisher } = chosen.slot;
  const selection_id = uuidV7(nowMs, random.bytes(10));
  return {
    selection_id,
    shard: shardOf(selection_id, options.shards),
    node: options.node,
    boot: options.boot,
    sequence,
    advertiser_id: item.advertiser.advertiser_id,
    campaign_id: item.campaign.campaign_id,
    line_item_id: item.lineItem.line_item_id,
    creative_id: creative.creative.creative_id,
    publisher_id: publisher.publisher_id,
    placement_id: placement.placement_id,
    pricing_model: item.lineItem.pricing_model,
    price_micros: chosen.priceMicros,
    currency: item.advertiser.currency,
    revenue_share_ppm: sharePpmAt(publisher, nowMs),
    share_rounding: publisher.share_rounding,
    calendar: item.advertiser.calendar,
    draw_lease: chosen.drawLease,
    test: request.test,
    selected_at: nowMs,
    expires_at: nowMs + options.reservationMs - unneededMs,
  };
}

/** The publisher's share as effective at a time, parts per million; before its first term, the first. */
export function sharePpmAt({ shares }: PublisherPublished, timeMs: number): number {
  let ppm = shares[0]?.share_ppm ?? 0;
  for (const term of shares) if (term.effective_from <= timeMs) ppm = term.share_ppm;
  return ppm;
}

interface Signed {
  readonly publicUrl: string;
  readonly impressionToken: string;
  readonly clickToken: string;
  readonly kinds: readonly BeaconKind[];
  readonly impressionExpiresAt: number;
  /** Null: the ad is of the catalogue. */
  readonly outside: OutsideAd | null;
}

function answerOf(chosen: ChosenAd, billing: Billing, signed: Signed): IssuedDecision {
  const { slot, offer } = chosen;
  const { creative } = offer.creative;
  const { publicUrl, impressionToken, clickToken, kinds, impressionExpiresAt, outside } = signed;
  const beaconUrl = (kind: BeaconKind) => `${publicUrl}/v1/b/${kind}/${impressionToken}`;
  const beacons: Partial<Record<BeaconKind, string>> = {};
  for (const kind of kinds) beacons[kind] = beaconUrl(kind);
  const click = clickUrl(slot.publisher, `${publicUrl}/v1/click/${clickToken}`);
  const size = outside?.bid ?? shownSize(creative, { formats: slot.formats, sizes: slot.sizes });
  const values = macroValues({
    billing,
    creative,
    size,
    clickUrl: click,
    impressionUrl: beaconUrl('impression'),
    viewableUrl: beaconUrl('viewable'),
  });
  const trackers = outside === null ? renderTrackers(creative, values) : [];
  const source: AdSource = {
    creative,
    values,
    beacons,
    clickUrl: click,
    clickBeaconUrl: `${publicUrl}/v1/b/click/${clickToken}`,
    trackers,
    advertiserName: offer.item.advertiser.name,
    size,
    lifeMs: impressionExpiresAt - billing.selected_at,
    podPosition: slot.request.count > 1 ? chosen.position + 1 : null,
  };
  return {
    slot_id: slot.request.id,
    placement_id: billing.placement_id,
    selection_id: billing.selection_id,
    advertiser_id: billing.advertiser_id,
    campaign_id: billing.campaign_id,
    line_item_id: billing.line_item_id,
    creative_id: billing.creative_id,
    format: shownFormat(chosen),
    markup:
      outside === null
        ? renderMarkup(source, publicUrl)
        : outsideMarkup(outside.bid, source, { macros: outside.macros, publicUrl }),
    width: size.width,
    height: size.height,
    click_url: click,
    beacons,
    ...(trackers.length > 0 && { trackers }),
    expires_at: new Date(impressionExpiresAt).toISOString(),
  };
}

/** What every record of one decision has in common. */
export interface RecordedDecision {
  readonly input: DecisionInput;
  /** Revisions of the views that were read. */
  readonly views: readonly ViewRevision[];
  /** What an ad is estimated to have lost by what was done without, micros. Default: 0. */
  readonly lostMicros?: (ad: IssuedAd) => number;
}

/** The evidence of a selection. Called after the answer was built, so that its stages are over. */
export function selectedRecord(ad: IssuedAd, { input, views, lostMicros }: RecordedDecision): AdSelected {
  const { chosen, billing } = ad;
  const { node, boot, sequence } = billing;
  return {
    event_id: eventId(billing.selection_id, 'selected', 0),
    request_id: input.requestId,
    slot_id: chosen.slot.request.id,
    position: chosen.position,
    origin: { node, boot, sequence },
    billing,
    key_id: ad.keyId,
    impression_expires_at: ad.impressionExpiresAt,
    click_expires_at: ad.clickExpiresAt,
    user_key: input.person?.userKey ?? null,
    tier: chosen.slot.placement.tier,
    plan: chosen.times.plan,
    deadline_us: input.deadline.totalUs,
    fallback: isFallback(chosen.offer),
    width: ad.decision.width,
    height: ad.decision.height,
    context: chosen.context,
    person: chosen.person,
    auction: chosen.auction,
    losers: chosen.losers,
    prediction: predictionOf(chosen.offer),
    exclusions: chosen.exclusions,
    stages: input.deadline.stageTimes(chosen.times),
    degradations: input.deadline.degradations(chosen.times, lostMicros?.(ad) ?? 0),
    views,
    leases: chosen.leases,
    excluded_creatives: chosen.excludedCreatives,
    bidders: chosen.bidders,
    external: ad.external,
  };
}

function predictionOf({ bid, choice, modelVersion }: ChosenAd['offer']): Prediction {
  return {
    model_version: modelVersion,
    click_ppm: bid.clickRatePpm,
    view_ppm: bid.viewRatePpm,
    quality_ppm: bid.qualityPpm,
    creative_choice: choice,
  };
}

/** Money committed at selection; null where none is: clicks are paid when they come, house ads and prices of 0 never. */
export function reservedRecord({ billing }: IssuedAd): SpendReserved | null {
  if (!drawsAtSelection(billing.pricing_model) || billing.price_micros === 0) return null;
  const { node, boot, sequence, draw_lease, selected_at } = billing;
  return {
    event_id: eventId(billing.selection_id, 'reserved', 0),
    billing,
    draw_lease,
    origin: { node, boot, sequence },
    reserved_at: selected_at,
  };
}
