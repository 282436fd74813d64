import { AdtallyError } from '../domain/errors.ts';
import { isEntityId } from '../domain/identity.ts';
import { maxAmountMicros } from '../domain/money.ts';
import { deviceTypes } from '../domain/targeting-values.ts';
import { dealIdForm } from '../domain/sale-rules.ts';
import type { ConsentSignals } from './consent.ts';
import type { ExchangeTerms } from './exchange-terms.ts';

/** A slot of a page, app or player that asks for ads. */
export interface SlotRequest {
  readonly id: string;
  readonly placementId: string;
  /** How many ads at most. */
  readonly count: number;
  /** WxH; empty: those of the placement. */
  readonly sizes: readonly string[];
  /** Empty: those of the placement. */
  readonly formats: readonly string[];
  /** Values of a key joined by comma. */
  readonly keyValues: Readonly<Record<string, string>>;
  /** For a thousand, in the currency of the placement; the placement's own floor holds too. A deal has its own. */
  readonly floorMicros: number;
  /** Deals of the placement that are offered; null: all of them. */
  readonly deals: readonly string[] | null;
  /** Of a bid request. */
  readonly exchange?: ExchangeTerms;
}

/** A decision request, checked and normalised. What was not given is null or empty. */
export interface DecisionRequest {
  readonly slots: readonly SlotRequest[];
  /** Raw id of the person: never leaves the request. */
  readonly userId: string | null;
  readonly segments: readonly string[];
  readonly device: {
    readonly userAgent: string | null;
    readonly ip: string | null;
    readonly language: string | null;
    readonly type: string | null;
    readonly os: string | null;
  };
  readonly geo: { readonly country: string | null; readonly region: string | null; readonly city: string | null };
  readonly consent: ConsentSignals;
  readonly page: {
    readonly siteDomain: string | null;
    readonly appBundle: string | null;
    readonly path: string | null;
    readonly keywords: readonly string[];
    readonly categories: readonly string[];
  };
  /** Deadline, ms; null: the default. */
  readonly tmaxMs: number | null;
  /** How long the client needs the beacons of its ads, ms; null, or longer than the platform's own: as long as that. */
  readonly beaconLifeMs: number | null;
  readonly test: boolean;
  readonly debug: boolean;
  readonly warnings: readonly string[];
}

/** Bounds of a request. The body has at most `bodyBytes`. */
export const requestLimits = {
  bodyBytes: 64 * 1024,
  slots: 10,
  adsPerSlot: 10,
  ads: 20,
  sizes: 32,
  keys: 50,
  valuesPerKey: 20,
  listed: 200,
  tmaxMs: { least: 5, most: 5000 },
  beaconLifeMs: { least: 1000, most: 86_400_000 },
  userAgent: 1024,
  url: 4096,
  consentString: 8192,
  warnings: 20,
} as const;

export const formats = ['banner', 'video', 'audio', 'native'] as const;
type Fields = Readonly<Record<string, unknown>>;

function refuse(path: string, expectation: string): never {
  throw new AdtallyError('VALIDATION_FAILED', `${path} ${expectation}`, { path });
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads one object of the request; what it does not know it names in the warnings. */
class Reader {
  readonly #fields: Fields;
  readonly #path: string;

  constructor(value: unknown, path: string, known: ReadonlySet<string>, warnings: string[]) {
    if (!isFields(value)) refuse(path === '' ? 'the body' : path, 'must be an object');
    this.#fields = value;
    this.#path = path;
    for (const name in value) {
      if (known.has(name) || warnings.length >= requestLimits.warnings) continue;
      warnings.push(`unknown field ${this.at(name).slice(0, 100)}`);
    }
  }

  at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  /** undefined if the field is missing or null. */
  raw(name: string): unknown {
    return this.#fields[name] ?? undefined;
  }

  text(name: string, longest: number): string | null {
    const value = this.raw(name);
    if (value === undefined) return null;
    if (typeof value !== 'string' || value.length > longest) {
      refuse(this.at(name), `must be a text of at most ${longest} characters`);
    }
    return value;
  }

  matching(name: string, pattern: RegExp, meaning: string): string | null {
    const value = this.text(name, 200);
    if (value !== null && !pattern.test(value)) refuse(this.at(name), `must be ${meaning}`);
    return value;
  }

  whole(name: string, least: number, most: number): number | null {
    const value = this.raw(name);
    if (value === undefined) return null;
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
      refuse(this.at(name), `must be a whole number from ${least} to ${most}`);
    }
    return value as number;
  }

  flag(name: string): boolean | null {
    const value = this.raw(name);
    if (value === undefined) return null;
    if (value === true || value === 1) return true;
    if (value === false || value === 0) return false;
    return refuse(this.at(name), 'must be true or false');
  }

  /** Whole numbers of either sign. */
  wholes(name: string, most: number): readonly number[] {
    const value = this.raw(name);
    if (value === undefined) return [];
    const isRight = Array.isArray(value) && value.length <= most && value.every(Number.isSafeInteger);
    if (!isRight) refuse(this.at(name), `must be a list of at most ${most} whole numbers`);
    return value as number[];
  }

  /** Distinct texts, normalised by `clean`. */
  texts(name: string, most: number, clean: (text: string) => string | null): readonly string[] {
    const value = this.raw(name);
    if (value === undefined) return [];
    if (!Array.isArray(value) || value.length > most)
      refuse(this.at(name), `must be a list of at most ${most} entries`);
    const list: string[] = [];
    for (let index = 0; index < value.length; index += 1) {
      const entry: unknown = value[index];
      const cleaned = typeof entry === 'string' ? clean(entry) : null;
      if (cleaned === null) refuse(`${this.at(name)}[${index}]`, 'is not a value that this list takes');
      if (!list.includes(cleaned)) list.push(cleaned);
    }
    return list;
  }
}

const bodyFields = new Set([
  'slots',
  'user',
  'device',
  'geo',
  'consent',
  'context',
  'tmax',
  'beacon_life_ms',
  'test',
  'debug',
]);
const slotFields = new Set([
  'id',
  'placement_id',
  'count',
  'sizes',
  'format',
  'formats',
  'key_values',
  'floor_micros',
  'deals',
]);
const userFields = new Set(['id', 'segments']);
const deviceFields = new Set(['ua', 'ip', 'language', 'type', 'os']);
const geoFields = new Set(['country', 'region', 'city']);
const consentFields = new Set(['tcf', 'gpp', 'gpp_sid', 'gdpr', 'coppa']);
const contextFields = new Set(['url', 'domain', 'app_bundle', 'keywords', 'categories']);

/** Checks and normalises the body of `POST /v1/decisions`. Error: `VALIDATION_FAILED` with the path of the field. */
export function readDecisionRequest(body: unknown): DecisionRequest {
  const warnings: string[] = [];
  const reader = new Reader(body, '', bodyFields, warnings);
  const user = new Reader(reader.raw('user') ?? {}, 'user', userFields, warnings);
  return {
    slots: readSlots(reader.raw('slots'), warnings),
    userId: user.text('id', 256) || null,
    segments: user.texts('segments', requestLimits.listed, shortText),
    device: readDevice(new Reader(reader.raw('device') ?? {}, 'device', deviceFields, warnings)),
    geo: readGeo(new Reader(reader.raw('geo') ?? {}, 'geo', geoFields, warnings)),
    consent: readConsent(new Reader(reader.raw('consent') ?? {}, 'consent', consentFields, warnings)),
    page: readPage(new Reader(reader.raw('context') ?? {}, 'context', contextFields, warnings)),
    tmaxMs: reader.whole('tmax', requestLimits.tmaxMs.least, requestLimits.tmaxMs.most),
    beaconLifeMs: reader.whole('beacon_life_ms', requestLimits.beaconLifeMs.least, requestLimits.beaconLifeMs.most),
    test: reader.flag('test') ?? false,
    debug: reader.flag('debug') ?? false,
    warnings,
  };
}

function readSlots(value: unknown, warnings: string[]): SlotRequest[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > requestLimits.slots) {
    refuse('slots', `must be a list of 1 to ${requestLimits.slots} slots`);
  }
  const slots = value.map((slot, index) => {
    const path = `slots[${index}]`;
    return readSlot(new Reader(slot, path, slotFields, warnings));
  });
  for (const [index, { id }] of slots.entries()) {
    if (slots.findIndex((other) => other.id === id) !== index) refuse(`slots[${index}].id`, 'must be the only one');
  }
  if (slots.reduce((sum, { count }) => sum + count, 0) > requestLimits.ads) {
    refuse('slots', `must ask for at most ${requestLimits.ads} ads together`);
  }
  return slots;
}

function readSlot(slot: Reader): SlotRequest {
  const id = slot.text('id', 64);
  if (id === null || id === '') return refuse(slot.at('id'), 'must be a text');
  const placementId = slot.text('placement_id', 40);
  if (placementId === null || !isEntityId('placement', placementId)) {
    return refuse(slot.at('placement_id'), 'must be the id of a placement (pl_…)');
  }
  return {
    id,
    placementId,
    count: slot.whole('count', 1, requestLimits.adsPerSlot) ?? 1,
    sizes: slot.texts('sizes', requestLimits.sizes, sizeText),
    formats: readFormats(slot),
    keyValues: readKeyValues(slot.raw('key_values'), slot.at('key_values')),
    floorMicros: readFloor(slot),
    deals: slot.raw('deals') === undefined ? null : slot.texts('deals', requestLimits.listed, dealText),
  };
}

/** `format` for one, `formats` for several. */
function readFormats(slot: Reader): readonly string[] {
  const one = slot.text('format', 10);
  if (one === null) return slot.texts('formats', formats.length, formatText);
  if (formatText(one) === null) refuse(slot.at('format'), `must be one of ${formats.join(', ')}`);
  return [one];
}

/** Money is a decimal string; a whole number is taken too. */
function readFloor(slot: Reader): number {
  const value = slot.raw('floor_micros');
  const amount = typeof value === 'string' && /^(0|[1-9][0-9]{0,15})$/.test(value) ? Number(value) : (value ?? 0);
  if (!Number.isSafeInteger(amount) || (amount as number) < 0 || (amount as number) > maxAmountMicros) {
    refuse(slot.at('floor_micros'), 'must be a decimal string of micros');
  }
  return amount as number;
}

const noKeyValues: Readonly<Record<string, string>> = {};

function readKeyValues(value: unknown, path: string): Readonly<Record<string, string>> {
  if (value === undefined) return noKeyValues;
  if (!isFields(value)) return refuse(path, 'must be an object');
  const keys = Object.keys(value);
  if (keys.length > requestLimits.keys) refuse(path, `must have at most ${requestLimits.keys} keys`);
  const read: Record<string, string> = {};
  for (const key of keys) {
    if (key.length === 0 || key.length > 64) refuse(path, 'must have keys of 1 to 64 characters');
    read[key] = readValues(value[key], `${path}.${key}`);
  }
  return read;
}

function readValues(value: unknown, path: string): string {
  const values = Array.isArray(value) ? value : [value];
  const texts = values.map((entry) => (typeof entry === 'number' ? String(entry) : entry));
  if (texts.length > requestLimits.valuesPerKey || !texts.every((text) => typeof text === 'string')) {
    return refuse(path, `must be a text or a list of at most ${requestLimits.valuesPerKey} texts`);
  }
  if (texts.some((text) => text.length > 128)) return refuse(path, 'must have values of at most 128 characters');
  return texts.join(',');
}

function readDevice(device: Reader): DecisionRequest['device'] {
  const type = device.text('type', 20);
  if (type !== null && !(deviceTypes as readonly string[]).includes(type)) {
    refuse(device.at('type'), `must be one of ${deviceTypes.join(', ')}`);
  }
  return {
    userAgent: device.text('ua', requestLimits.userAgent),
    ip: device.text('ip', 64),
    language: languageOf(device),
    type,
    os: device.text('os', 40)?.toLowerCase() ?? null,
  };
}

/** `de-CH` is German: ISO 639-1 alone is kept. */
function languageOf(device: Reader): string | null {
  const tag = device.matching('language', /^[A-Za-z]{2,3}([-_][0-9A-Za-z]{1,8})*$/, 'a language tag');
  return tag === null ? null : (tag.split(/[-_]/, 1)[0] as string).toLowerCase();
}

function readGeo(geo: Reader): DecisionRequest['geo'] {
  return {
    country: geo.matching('country', /^[A-Za-z]{2}$/, 'an ISO 3166-1 alpha-2 code')?.toUpperCase() ?? null,
    region: geo.matching('region', /^[0-9A-Za-z]{1,3}$/, 'an ISO 3166-2 subdivision')?.toUpperCase() ?? null,
    city: geo.text('city', 100)?.toLowerCase() ?? null,
  };
}

function readConsent(consent: Reader): ConsentSignals {
  return {
    tcf: consent.text('tcf', requestLimits.consentString) || null,
    gpp: consent.text('gpp', requestLimits.consentString) || null,
    gppSections: consent.wholes('gpp_sid', requestLimits.listed),
    gdpr: consent.flag('gdpr'),
    coppa: consent.flag('coppa') ?? false,
  };
}

function readPage(context: Reader): DecisionRequest['page'] {
  const url = readUrl(context);
  const domain = context.matching('domain', /^[0-9A-Za-z.-]{1,200}$/, 'a domain')?.toLowerCase() ?? null;
  return {
    siteDomain: domain ?? url?.hostname ?? null,
    appBundle: context.text('app_bundle', 200) || null,
    path: url === null ? null : url.pathname.slice(0, 256),
    keywords: context.texts('keywords', requestLimits.listed, lowerText),
    categories: context.texts('categories', requestLimits.listed, shortText),
  };
}

function readUrl(context: Reader): URL | null {
  const text = context.text('url', requestLimits.url);
  if (text === null || text === '') return null;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return refuse(context.at('url'), 'must be an http or https URL');
  }
  return url;
}

function shortText(text: string): string | null {
  return text.length === 0 || text.length > 128 ? null : text;
}

function lowerText(text: string): string | null {
  return shortText(text.toLowerCase());
}

function sizeText(text: string): string | null {
  return /^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$/.test(text) ? text : null;
}

function dealText(text: string): string | null {
  return dealIdForm.test(text) ? text : null;
}

function formatText(text: string): string | null {
  return (formats as readonly string[]).includes(text) ? text : null;
}
