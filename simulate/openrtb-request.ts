import type { Json } from './console-client.ts';
import { alpha2 } from '../domain/country-codes.ts';

/**
 * A bid request of OpenRTB as a decision request, by the table of fields in docs/simulator.md: each row says where in the source a value
 * stands and what it is made into. `readSource` is that table; what is sent and what is then expected in the log both come from it alone.
 */
export interface SourceImp {
  readonly slotId: string;
  readonly formats: readonly string[];
  readonly sizes: readonly string[];
  readonly floorMicros: number;
  readonly floorCurrency: string;
  readonly keyValues: Readonly<Record<string, string>>;
}

export interface Source {
  readonly file: string;
  readonly imps: readonly SourceImp[];
  readonly siteDomain: string | null;
  readonly url: string | null;
  readonly appBundle: string | null;
  readonly keywords: readonly string[];
  readonly categories: readonly string[];
  readonly userAgent: string | null;
  readonly address: string | null;
  readonly deviceType: string | null;
  readonly os: string | null;
  readonly language: string | null;
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly userId: string | null;
  readonly segments: readonly string[];
  readonly gdpr: boolean | null;
  readonly coppa: boolean;
  readonly tcf: string | null;
  readonly gpp: string | null;
  readonly tmax: number | null;
  readonly test: boolean;
}

type Value = Readonly<Record<string, unknown>>;

const formats = ['banner', 'video', 'audio', 'native'] as const;

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

function object(value: unknown): Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Value) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown, longest = 128): string | null {
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : null;
}

function distinct(values: readonly (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))];
}

/** Comma-separated text or a list of texts: both are found in the world. */
function words(value: unknown): string[] {
  const parts = typeof value === 'string' ? value.split(',') : list(value);
  return parts.flatMap((part) => (typeof part === 'string' && part.trim() !== '' ? [part.trim().toLowerCase()] : []));
}

/** Reads a bid request by the table. */
export function readSource(file: string, bid: unknown): Source {
  const request = object(bid);
  const [site, app, dooh] = [object(request['site']), object(request['app']), object(request['dooh'])];
  const channel = 'site' in request ? site : 'app' in request ? app : dooh;
  const content = object(channel['content']);
  const device = object(request['device']);
  const user = object(request['user']);
  const regs = object(request['regs']);
  const url = pageUrl(site['page']);
  return {
    file,
    imps: list(request['imp']).map((imp, index) => readImp(object(imp), index)),
    siteDomain: domainOf(channel['domain']) ?? (url === null ? null : new URL(url).hostname),
    url,
    appBundle: text(app['bundle'], 200),
    keywords: distinct([...words(channel['keywords']), ...words(content['keywords'])]),
    categories: distinct(
      [channel['cat'], channel['sectioncat'], channel['pagecat'], content['cat']].flatMap((cats) =>
        list(cats).map((cat) => text(cat)),
      ),
    ),
    userAgent: agentOf(device['ua']),
    address: text(device['ip'], 64) ?? text(device['ipv6'], 64),
    deviceType: deviceTypes[Number(device['devicetype'])] ?? null,
    os: text(device['os'], 40)?.toLowerCase() ?? null,
    language: languageOf(device['language']),
    ...placeOf(object(device['geo']), object(user['geo'])),
    userId: text(user['id'], 256) ?? text(user['buyeruid'], 256),
    segments: distinct(
      list(user['data']).flatMap((data) => list(object(data)['segment']).map((segment) => text(object(segment)['id']))),
    ),
    gdpr: flagOf(regs['gdpr'] ?? object(regs['ext'])['gdpr']),
    coppa: regs['coppa'] === 1,
    tcf: text(user['consent'], 8_192) ?? text(object(user['ext'])['consent'], 8_192),
    gpp: text(regs['gpp'], 8_192),
    tmax: tmaxOf(request['tmax']),
    test: request['test'] === 1,
  };
}

function readImp(imp: Value, index: number): SourceImp {
  const shown = formats.filter((format) => format in imp);
  const floor = Number(imp['bidfloor'] ?? 0);
  const pos = object(imp['banner'])['pos'] ?? object(imp['video'])['pos'];
  return {
    // Ids need not be distinct in the world; slots' must be.
    slotId: `${index}:${text(imp['id'], 60) ?? ''}`,
    formats: shown,
    sizes: sizesOf(imp),
    floorMicros: Number.isFinite(floor) && floor > 0 ? Math.floor(floor * 1e6) : 0,
    floorCurrency: text(imp['bidfloorcur'], 3) ?? 'USD',
    keyValues: {
      ...(text(imp['tagid']) !== null && { tagid: text(imp['tagid']) as string }),
      ...(typeof pos === 'number' && { pos: String(pos) }),
      ...(imp['instl'] === 1 && { instl: '1' }),
      ...(imp['rwdd'] === 1 && { rwdd: '1' }),
    },
  };
}

/** Sizes of the banner alone: players and native layouts scale. */
function sizesOf(imp: Value): string[] {
  const banner = object(imp['banner']);
  const pairs = [banner, ...list(banner['format']).map(object)];
  return distinct(
    pairs.map(({ w, h }) =>
      Number.isInteger(w) && Number.isInteger(h) && Number(w) > 0 && Number(h) > 0 ? `${String(w)}x${String(h)}` : null,
    ),
  );
}

function pageUrl(value: unknown): string | null {
  const page = text(value, 4_096)?.trim();
  const url = page === undefined ? null : URL.parse(page);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : null;
}

function domainOf(value: unknown): string | null {
  const domain = text(value, 200);
  return domain !== null && /^[0-9A-Za-z.-]+$/.test(domain) ? domain.toLowerCase() : null;
}

/** A text without any product and version (`name/1.0`) is no browser's but a placeholder of whoever wrote the request down: left out. */
function agentOf(value: unknown): string | null {
  const agent = text(value, 1_024);
  return agent !== null && /[^\s/]+\/[0-9]/.test(agent) ? agent : null;
}

function languageOf(value: unknown): string | null {
  const tag = text(value, 35);
  return tag !== null && /^[A-Za-z]{2,3}([-_][0-9A-Za-z]{1,8})*$/.test(tag)
    ? (tag.split(/[-_]/, 1)[0] as string).toLowerCase()
    : null;
}

/** Where the device is, else where the person lives. */
function placeOf(...places: readonly Value[]): Pick<Source, 'country' | 'region' | 'city'> {
  const geo = places.find((place) => text(place['country']) !== null) ?? {};
  const country = alpha2(text(geo['country']) ?? '');
  const region = text(geo['region'])?.split('-').at(-1) ?? null;
  return {
    country: country !== null && /^[A-Z]{2}$/.test(country) ? country : null,
    region: region !== null && /^[0-9A-Za-z]{1,3}$/.test(region) ? region.toUpperCase() : null,
    city: text(geo['city'], 100)?.toLowerCase() ?? null,
  };
}

function flagOf(value: unknown): boolean | null {
  return value === 1 ? true : value === 0 ? false : null;
}

function tmaxOf(value: unknown): number | null {
  return Number.isInteger(value) ? Math.min(5_000, Math.max(5, value as number)) : null;
}

/** What a decision request says of a source. `placementOf` finds the placement of a currency. */
export function decisionBody(source: Source, placementOf: (currency: string) => string): Json {
  const given = (fields: Json): Json =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  return given({
    slots: source.imps.map((imp) => ({
      id: imp.slotId,
      placement_id: placementOf(imp.floorCurrency),
      formats: imp.formats,
      sizes: imp.sizes,
      floor_micros: String(imp.floorMicros),
      key_values: imp.keyValues,
    })),
    user: given({ id: source.userId, segments: source.segments }),
    device: given({
      ua: source.userAgent,
      ip: source.address,
      language: source.language,
      type: source.deviceType,
      os: source.os,
    }),
    geo: given({ country: source.country, region: source.region, city: source.city }),
    consent: given({ tcf: source.tcf, gpp: source.gpp, gdpr: source.gdpr, coppa: source.coppa }),
    context: given({
      url: source.url,
      domain: source.siteDomain,
      app_bundle: source.appBundle,
      keywords: source.keywords,
      categories: source.categories,
    }),
    tmax: source.tmax,
    test: source.test,
  });
}
