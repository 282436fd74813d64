import { refuse } from './bid-request-refused.ts';
import { type Fields, fieldsOf, isFields, listOf } from './fields.ts';
import { type NativeOffer, readNativeRequest } from './native-request.ts';
import { type FieldRule, type ObjectName, type ScalarType, specification } from './specification.ts';

/** A bid request that the specification allows. */
export interface ValidBidRequest {
  readonly body: Fields;
  /** By imp: what its native request asks for, null if it can't be read, undefined where there is none. */
  readonly natives: readonly (NativeOffer | null | undefined)[];
}

const media = ['banner', 'video', 'audio', 'native'] as const;
const channels = ['site', 'app', 'dooh'] as const;

/** Holds a bid request against the specification. Error: `BidRequestRefused` with the path and the section that forbids it. */
export function validateBidRequest(body: unknown): ValidBidRequest {
  if (!isFields(body)) return refuse('', 'must be an object', specification.BidRequest.section);
  checkObject(body, 'BidRequest', '');
  checkChannels(body);
  const imps = listOf(body['imp']).map(fieldsOf);
  if (imps.length === 0) refuse('imp', 'must have at least one entry', '3.2.1');
  const ids = new Set<unknown>();
  for (const [index, imp] of imps.entries()) {
    const path = `imp[${index}]`;
    if (ids.has(imp['id'])) refuse(`${path}.id`, 'must be unique within the request', '3.2.4');
    ids.add(imp['id']);
    checkImp(imp, path);
  }
  return { body, natives: imps.map((imp, index) => checkNative(imp, `imp[${index}]`)) };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function checkObject(value: Fields, name: ObjectName, path: string): void {
  const { section, fields, required } = specification[name];
  const at = (field: string) => (path === '' ? field : `${path}.${field}`);
  for (const field of required) if (!isGiven(value[field])) refuse(at(field), 'is required', section);
  // Few of the many attributes are given.
  for (const field of Object.keys(value)) {
    const rule = fields.get(field);
    if (rule !== undefined && isGiven(value[field])) checkValue(value[field], rule, { at: at(field), section });
  }
}

interface Place {
  readonly at: string;
  readonly section: string;
}

function checkValue(value: unknown, { type, isRequired, least }: FieldRule, place: Place): void {
  const { at, section } = place;
  if (typeof type === 'string') {
    if (!isOfType[type](value)) refuse(at, `must be ${meaning[type]}`, section);
    if (least !== null && (value as number) < least) refuse(at, `must not be less than ${least}`, section);
    if (isRequired && Array.isArray(value) && value.length === 0) refuse(at, 'must not be empty', section);
    return;
  }
  if (!type.isList) return checkPart(value, type.object, place);
  if (!Array.isArray(value)) return refuse(at, 'must be a list', section);
  for (let index = 0; index < value.length; index += 1) {
    checkPart(value[index], type.object, { at: `${at}[${index}]`, section });
  }
}

function checkPart(value: unknown, name: ObjectName, { at, section }: Place): void {
  if (!isFields(value)) return refuse(at, 'must be an object', section);
  checkObject(value, name, at);
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isInt = (value: unknown): boolean => Number.isSafeInteger(value);
const isOfType: Readonly<Record<ScalarType, (value: unknown) => boolean>> = {
  text: isText,
  int: isInt,
  // Written as a boolean by many; it says the same.
  flag: (value) => isInt(value) || typeof value === 'boolean',
  number: (value) => Number.isFinite(value),
  texts: (value) => Array.isArray(value) && value.every(isText),
  words: (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
  ints: (value) => Array.isArray(value) && value.every(isInt),
  ext: isFields,
};

const meaning: Readonly<Record<ScalarType, string>> = {
  text: 'a text',
  int: 'an integer',
  flag: '0 or 1',
  number: 'a number',
  texts: 'a list of texts',
  words: 'a text',
  ints: 'a list of integers',
  ext: 'an object',
};

/** One of them, so that it is known what the ad is shown on. */
function checkChannels(body: Fields): void {
  const given = channels.filter((name) => isGiven(body[name]));
  if (given.length === 0) refuse('site', 'or app or dooh must be given', '3.2.1');
  if (given.length > 1) refuse(given.at(-1) as string, `must not stand beside ${given[0] as string}`, '3.2.1');
}

function checkImp(imp: Fields, path: string): void {
  if (!media.some((name) => isGiven(imp[name]))) {
    refuse(path, 'must offer a banner, video, audio or native', '3.2.4');
  }
  if (isFields(imp['banner'])) checkBanner(imp['banner'], `${path}.banner`);
  for (const [name, section] of [
    ['video', '3.2.7'],
    ['audio', '3.2.8'],
  ] as const) {
    const player = imp[name];
    if (isFields(player)) checkDurations(player, `${path}.${name}`, section);
  }
}

function positive(value: unknown): boolean {
  return typeof value === 'number' && value > 0;
}

/** A size is two numbers; where formats are given they say it. */
function checkBanner(banner: Fields, path: string): void {
  const formats = listOf(banner['format']);
  if (formats.length === 0 && positive(banner['w']) !== positive(banner['h'])) {
    refuse(path, 'must have w and h together, or formats', '3.2.6');
  }
  for (const [index, format] of formats.entries()) checkFormat(fieldsOf(format), `${path}.format[${index}]`);
}

/** Either a size in pixels or a ratio. */
function checkFormat({ w, h, wmin, wratio, hratio }: Fields, path: string): void {
  const isFixed = positive(w) || positive(h);
  const isFlexible = positive(wmin) || positive(wratio) || positive(hratio);
  if (isFixed && isFlexible) refuse(path, 'must have either w and h or wmin, wratio and hratio', '3.2.10');
  const isWhole = isFixed ? positive(w) && positive(h) : positive(wratio) && positive(hratio);
  if (!isWhole) refuse(path, 'must have w and h, or wratio and hratio', '3.2.10');
}

function checkDurations({ rqddurs, minduration, maxduration }: Fields, path: string, section: string): void {
  if (listOf(rqddurs).length === 0) return;
  if (positive(minduration) || isGiven(maxduration)) {
    refuse(`${path}.rqddurs`, 'must not stand beside minduration or maxduration', section);
  }
}

function checkNative({ native }: Fields, path: string): NativeOffer | null | undefined {
  if (!isFields(native)) return undefined;
  return readNativeRequest(native['request'] as string, `${path}.native.request`);
}
