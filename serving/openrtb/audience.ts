import { alpha2 } from '../../domain/country-codes.ts';
import type { DecisionRequest } from '../decision-request.ts';
import { requestLimits } from '../decision-request.ts';
import { type Fields, fieldsOf, flagOf, listOf, textOf, textsOf } from './fields.ts';

/** AdCOM list of device types, by number. */
const deviceTypes: Readonly<Record<number, string>> = {
  1: 'phone',
  2: 'desktop',
  3: 'tv',
  4: 'phone',
  5: 'tablet',
  6: 'connected',
  7: 'set_top_box',
  8: 'dooh',
};

/** What a bid request says of page, person, device and law: all of a decision request but its slots. */
export type Audience = Pick<DecisionRequest, 'userId' | 'segments' | 'device' | 'geo' | 'consent' | 'page'>;

export function audienceOf(body: Fields): Audience {
  const device = fieldsOf(body['device']);
  const user = fieldsOf(body['user']);
  return {
    userId: userIdOf(user),
    segments: segmentsOf(user),
    device: {
      userAgent: textOf(device['ua'], Infinity)?.slice(0, requestLimits.userAgent) ?? null,
      ip: textOf(device['ip'], 64) ?? textOf(device['ipv6'], 64),
      language: languageOf(device['language']) ?? languageOf(device['langb']),
      type: deviceTypes[Number(device['devicetype'])] ?? null,
      os: textOf(device['os'], 40)?.toLowerCase() ?? null,
    },
    geo: placeOf(fieldsOf(device['geo']), fieldsOf(user['geo'])),
    consent: consentOf(body, device, user),
    page: pageOf(body),
  };
}

/** Our own id of the person, which the exchange has mapped for us, before its own. */
function userIdOf(user: Fields): string | null {
  const mapped = fieldsOf(fieldsOf(fieldsOf(user['ext'])['prebid'])['buyeruids'])['adtally'];
  return [mapped, user['buyeruid'], user['id']].map((id) => textOf(id, 256)).find((id) => id !== null) ?? null;
}

function segmentsOf(user: Fields): string[] {
  const ids = listOf(user['data']).flatMap((data) =>
    listOf(fieldsOf(data)['segment']).map((segment) => fieldsOf(segment)['id']),
  );
  return textsOf(ids).slice(0, requestLimits.listed);
}

function languageOf(value: unknown): string | null {
  const tag = textOf(value, 35);
  return tag !== null && /^[A-Za-z]{2,3}([-_][0-9A-Za-z]{1,8})*$/.test(tag)
    ? (tag.split(/[-_]/, 1)[0] as string).toLowerCase()
    : null;
}

/** Where the device is, else where the person lives. */
function placeOf(...places: readonly Fields[]): DecisionRequest['geo'] {
  const geo = places.find((place) => textOf(place['country']) !== null) ?? {};
  const country = alpha2(textOf(geo['country']) ?? '');
  const region = textOf(geo['region'])?.split('-').at(-1) ?? null;
  return {
    country: country !== null && /^[A-Z]{2}$/.test(country) ? country : null,
    region: region !== null && /^[0-9A-Za-z]{1,3}$/.test(region) ? region.toUpperCase() : null,
    city: textOf(geo['city'], 100)?.toLowerCase() ?? null,
  };
}

/** Attributes that 2.6 has moved out of `ext` are still sent there by many. */
function consentOf({ regs: given }: Fields, device: Fields, user: Fields): DecisionRequest['consent'] {
  const regs = fieldsOf(given);
  const ext = fieldsOf(regs['ext']);
  const longest = requestLimits.consentString;
  return {
    tcf: textOf(user['consent'], longest) ?? textOf(fieldsOf(user['ext'])['consent'], longest),
    gpp: textOf(regs['gpp'], longest) ?? textOf(ext['gpp'], longest),
    gppSections: wholeNumbers(regs['gpp_sid'] ?? ext['gpp_sid']),
    gdpr: flagOf(regs['gdpr'] ?? ext['gdpr']),
    coppa: flagOf(regs['coppa']) ?? false,
    usPrivacy: textOf(regs['us_privacy']) ?? textOf(ext['us_privacy']),
    limited: flagOf(device['lmt']) === true || flagOf(device['dnt']) === true,
  };
}

const mostSections = 32;

function wholeNumbers(value: unknown): number[] {
  return listOf(value)
    .filter((entry) => typeof entry === 'number' && Number.isInteger(entry))
    .slice(0, mostSections) as number[];
}

function pageOf(body: Fields): DecisionRequest['page'] {
  const app = fieldsOf(body['app']);
  const channel = channelOf(body);
  const content = fieldsOf(channel['content']);
  const url = urlOf(fieldsOf(body['site'])['page']);
  const words = [channel, content].flatMap(({ keywords, kwarray }) => [...wordsOf(keywords), ...wordsOf(kwarray)]);
  const categories = [channel['cat'], channel['sectioncat'], channel['pagecat'], content['cat']].flatMap(listOf);
  return {
    siteDomain: domainOf(channel['domain']) ?? url?.hostname ?? null,
    appBundle: textOf(app['bundle'], 200),
    path: url === null ? null : url.pathname.slice(0, 256),
    keywords: textsOf(words).slice(0, requestLimits.listed),
    categories: textsOf(categories).slice(0, requestLimits.listed),
  };
}

/** `site`, `app` or `dooh`: whichever is given. */
export function channelOf(body: Fields): Fields {
  return fieldsOf(body['site'] ?? body['app'] ?? body['dooh']);
}

/** Comma-separated text or a list of texts: both are found in the world. */
function wordsOf(value: unknown): string[] {
  const parts = typeof value === 'string' ? value.split(',') : listOf(value);
  return parts.flatMap((part) => (typeof part === 'string' && part.trim() !== '' ? [part.trim().toLowerCase()] : []));
}

function domainOf(value: unknown): string | null {
  const domain = textOf(value, 200);
  return domain !== null && /^[0-9A-Za-z.-]+$/.test(domain) ? domain.toLowerCase() : null;
}

function urlOf(value: unknown): URL | null {
  const page = textOf(value, requestLimits.url)?.trim();
  const url = page === undefined ? null : URL.parse(page);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url : null;
}
