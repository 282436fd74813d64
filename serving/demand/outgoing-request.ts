import { createHash } from 'node:crypto';
import type { BidderPublished, RequestContext } from '../../domain/records.ts';
import { alpha3 } from '../../domain/country-codes.ts';
import type { DecisionInput } from '../decide.ts';
import type { SaleTerms } from '../deals.ts';
import type { CurrencyRates } from '../openrtb/currency-rates.ts';
import { decimalOf } from '../openrtb/decimal.ts';
import type { ResolvedSlot } from '../slot.ts';
import type { AskedFormats } from './asked-formats.ts';
import { chainWithUs } from './outgoing-chain.ts';
import { maySeePerson } from './vendor-consent.ts';

/** A place that a bidder is asked about. */
export interface AskedPlace {
  /** Our own; ids of a request from outside never leave. */
  readonly impId: string;
  readonly slot: ResolvedSlot;
  readonly formats: AskedFormats;
  readonly context: RequestContext;
  /** On which its line item buys there. */
  readonly terms: SaleTerms;
  /** Most that its line item may bid, micros for a thousand of the floor's currency. */
  readonly limitMicros: number;
  /** Domains and apps that publisher and request do not want. */
  readonly blockedBrands: readonly string[];
  /** IAB categories likewise. */
  readonly blockedCategories: readonly string[];
  /** IAB creative attributes that are not shown there. */
  readonly blockedAttributes: readonly number[];
}

export interface OutgoingOptions {
  readonly bidder: BidderPublished;
  readonly places: readonly AskedPlace[];
  /** Time that the bidder itself has, ms. */
  readonly tmaxMs: number;
  readonly rates: CurrencyRates;
  /** By which the supply chain names us. */
  readonly domain: string;
}

/** Currencies in which a bidder may answer for a place; the first that can be converted is that of its floor. Null: none. */
export function floorCurrency(
  { currencies }: Pick<BidderPublished, 'currencies'>,
  placeCurrency: string,
  rates: CurrencyRates,
): string | null {
  if (currencies.length === 0 || currencies.includes(placeCurrency)) return placeCurrency;
  return currencies.find((currency) => rates.canConvert(placeCurrency, currency)) ?? null;
}

/**
 * The bid request of OpenRTB 2.6 that goes to one bidder, made of what our own decision knows. Nothing of a person is in it without consent: no id, no
 * segments; addresses are truncated always.
 */
export function outgoingRequest(input: DecisionInput, options: OutgoingOptions): Record<string, unknown> {
  const { bidder, places, tmaxMs } = options;
  const [first] = places;
  const currencies = bidder.currencies.length > 0 ? bidder.currencies : [...new Set(places.map(currencyOf))];
  return {
    id: input.requestId,
    imp: places.map((place) => impOf(place, options)),
    ...(first !== undefined && siteOrApp(input, first)),
    device: deviceOf(input, first?.context),
    ...userOf(input, bidder),
    ...regsOf(input),
    at: places.some(({ terms }) => terms.rule === 'second_price') ? 2 : 1,
    tmax: tmaxMs,
    cur: currencies,
    ...(input.request.test && { test: 1 }),
    ...blockedOf(places),
    source: {
      fd: 1,
      tid: input.requestId,
      ...(first !== undefined && { schain: chainWithUs(first, options.domain, input.requestId) }),
    },
  };
}

function currencyOf({ slot }: AskedPlace): string {
  return slot.placement.floor_currency;
}

function impOf(place: AskedPlace, { bidder, rates }: OutgoingOptions): Record<string, unknown> {
  const { impId, slot, terms } = place;
  const { placement, request } = slot;
  const currency = floorCurrency(bidder, placement.floor_currency, rates) ?? placement.floor_currency;
  const floor = (micros: number): number => {
    const pair = { from: placement.floor_currency, to: currency };
    return Number(decimalOf(rates.convert(BigInt(micros), pair, 'up') ?? BigInt(micros)));
  };
  return {
    id: impId,
    ...formatsOf(place),
    tagid: placement.placement_id,
    bidfloor: terms.dealId === null ? floor(terms.floorMicros) : 0,
    bidfloorcur: currency,
    secure: 1,
    ...(terms.dealId !== null && {
      pmp: {
        private_auction: 1,
        deals: [
          { id: terms.dealId, bidfloor: floor(terms.floorMicros), bidfloorcur: currency, at: dealType[terms.rule] },
        ],
      },
    }),
    ...(request.count > 1 && { ext: { adtally: { places: request.count } } }),
  };
}

/** An object for each format that is asked for. */
function formatsOf({ slot, formats, blockedAttributes }: AskedPlace): Record<string, unknown> {
  const { banner, video, audio, native } = formats;
  const battr = blockedAttributes.length > 0 ? { battr: blockedAttributes } : {};
  const format = slot.sizes.map(sizeOf);
  return {
    ...(banner && { banner: { ...format[0], format, ...battr } }),
    ...(video !== null && { video: { ...video, ...battr } }),
    ...(audio !== null && { audio: { ...audio, ...battr } }),
    ...(native !== null && { native: { request: JSON.stringify(native), ver: '1.2', ...battr } }),
  };
}

const dealType = { first_price: 1, second_price: 2, fixed_price: 3 } as const;

export function sizeOf(size: string): { readonly w: number; readonly h: number } {
  const [w = 0, h = 0] = size.split('x').map(Number);
  return { w, h };
}

function siteOrApp({ request }: DecisionInput, { slot, context }: AskedPlace): Record<string, unknown> {
  const { publisher } = slot;
  const { page } = request;
  const [domain] = publisher.domains;
  const shared = {
    publisher: { id: publisher.publisher_id, name: publisher.name, ...(domain !== undefined && { domain }) },
    ...(page.categories.length > 0 && { cat: page.categories }),
    ...(page.keywords.length > 0 && { keywords: page.keywords.join() }),
  };
  if (context.app_bundle !== null && context.site_domain === null)
    return { app: { bundle: context.app_bundle, ...shared } };
  const site = context.site_domain;
  return {
    site: {
      ...(site !== null && { domain: site }),
      ...(site !== null && context.page_path !== null && { page: `https://${site}${context.page_path}` }),
      ...shared,
    },
  };
}

/** List of device types of AdCOM. */
const deviceTypes: Readonly<Record<string, number>> = {
  desktop: 2,
  tv: 3,
  phone: 4,
  tablet: 5,
  connected: 6,
  set_top_box: 7,
  dooh: 8,
};

function deviceOf({ sender, request }: DecisionInput, context: RequestContext | undefined): Record<string, unknown> {
  const { network, userAgent, deviceType, os } = sender;
  const address = network.split('/', 1)[0] as string;
  const type = deviceTypes[deviceType];
  const country = alpha3(context?.country ?? '');
  const limited = request.consent.limited === true;
  return {
    ua: userAgent,
    ...(address !== '' && (address.includes(':') ? { ipv6: address } : { ip: address })),
    ...(type !== undefined && { devicetype: type }),
    ...(os !== null && { os }),
    ...(request.device.language !== null && { language: request.device.language }),
    ...(limited && { lmt: 1, dnt: 1 }),
    ...(country !== null && {
      geo: { country, ...(typeof context?.region === 'string' && { region: context.region }) },
    }),
  };
}

/** A person's id is one for each bidder, so that no two of them can put together what they know. */
function userOf({ consent, request, person }: DecisionInput, bidder: BidderPublished): Record<string, unknown> {
  const { tcf } = request.consent;
  const isKnown = maySeePerson(consent, { tcf, vendorId: bidder.vendor_id });
  const userKey = isKnown ? (person?.userKey ?? null) : null;
  const user = {
    ...(userKey !== null && {
      id: createHash('sha256').update(`${bidder.bidder_id}/${userKey}`).digest('hex').slice(0, 32),
    }),
    ...(tcf !== null && { consent: tcf }),
  };
  return Object.keys(user).length === 0 ? {} : { user };
}

function regsOf({ request }: DecisionInput): Record<string, unknown> {
  const { gdpr, gpp, gppSections = [], coppa, usPrivacy } = request.consent;
  const regs = {
    ...(gdpr !== null && { gdpr: gdpr ? 1 : 0 }),
    ...(gpp !== null && { gpp, ...(gppSections.length > 0 && { gpp_sid: gppSections }) }),
    ...(typeof usPrivacy === 'string' && { us_privacy: usPrivacy }),
    ...(coppa && { coppa: 1 }),
  };
  return Object.keys(regs).length === 0 ? {} : { regs };
}

/** One list for all places, as OpenRTB has it: what one of them does not want nobody sends. */
function blockedOf(places: readonly AskedPlace[]): Record<string, unknown> {
  const bcat = [...new Set(places.flatMap(({ blockedCategories }) => blockedCategories))];
  const badv = [...new Set(places.flatMap(({ blockedBrands }) => blockedBrands))];
  return { ...(bcat.length > 0 && { bcat }), ...(badv.length > 0 && { badv }) };
}
