import type { Tracker } from '../../domain/records.ts';
import { nativeEvents, type ResponseAsset } from '../formats/native.ts';
import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf } from '../openrtb/fields.ts';
import { isDeeperThan } from '../openrtb/json-depth.ts';
import type { BidFault } from './external-bid.ts';
import { outsideUrl } from './outside-url.ts';
import { readOrFault, refuse } from './unfit.ts';

/** What is taken over of a bidder's native response; all else of it is left behind. URLs are https, their macros not filled. */
export interface OutsideNative {
  readonly kind: 'native';
  /** Under the ids by which they were asked for. */
  readonly assets: readonly ResponseAsset[];
  /** Where a click leads. */
  readonly link: string;
  readonly trackers: readonly Tracker[];
  readonly privacy: string | null;
}

const limits = { depth: 12, assets: 20, trackers: 50, side: 20_000, text: 1000 } as const;
/** Controls, and characters that turn the direction of what stands around a text. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Reads the native response of a bid for the request that was sent. A text: what is wrong with it. */
export function readNativeAnswer(markup: string, request: Fields): OutsideNative | BidFault {
  if (isDeeperThan(Buffer.from(markup, 'utf8'), limits.depth)) return 'too_deep';
  let parsed: unknown;
  try {
    parsed = JSON.parse(markup);
  } catch {
    return 'bad_native'; // whatever the parser throws at a stranger's text means that it is no JSON
  }
  const outer = fieldsOf(parsed);
  // Version 1.0 wraps it once more.
  const response = isFields(outer['native']) ? outer['native'] : outer;
  return readOrFault(() => ({
    kind: 'native',
    assets: assetsOf(response, request),
    link: urlOf(fieldsOf(response['link'])['url']),
    trackers: trackersOf(response),
    privacy: response['privacy'] === undefined ? null : urlOf(response['privacy']),
  }));
}

function urlOf(value: unknown): string {
  return outsideUrl(value) ?? refuse('bad_url');
}

/** Each that was asked for at most once, and all that are required; what nobody asked for is no part of the ad. */
function assetsOf(response: Fields, request: Fields): ResponseAsset[] {
  const given = listOf(response['assets']).map(fieldsOf);
  if (given.length > limits.assets || new Set(given.map(({ id }) => id)).size !== given.length) refuse('bad_native');
  const assets = listOf(request['assets'])
    .map(fieldsOf)
    .flatMap((wanted) => {
      const found = given.find(({ id }) => id === wanted['id']);
      if (found === undefined) return wanted['required'] === 1 ? refuse('no_asset') : [];
      return [{ ...assetOf(found, wanted), ...(wanted['required'] === 1 && { required: 1 as const }) }];
    });
  return assets.length === 0 ? refuse('no_asset') : assets;
}

function assetOf(given: Fields, wanted: Fields): ResponseAsset {
  const id = Number(wanted['id']);
  if (isFields(wanted['title'])) {
    const text = wordsOf(fieldsOf(given['title'])['text'], wanted['title']['len']);
    return { id, title: { text, len: text.length } };
  }
  if (isFields(wanted['img'])) return { id, img: imageOf(fieldsOf(given['img']), wanted['img']) };
  const data = fieldsOf(wanted['data']);
  const value = wordsOf(fieldsOf(given['data'])['value'], data['len']);
  return { id, data: { type: numberOf(data['type']) ?? 0, len: value.length, value } };
}

function wordsOf(value: unknown, longest: unknown): string {
  const text = (textOf(value, limits.text) ?? '').replace(unprintable, ' ').trim().toWellFormed();
  if (text === '' || text.length > (numberOf(longest) ?? limits.text)) refuse('bad_asset');
  return text;
}

/** Exact sizes bind exactly, least sizes from below; who does not say a size that was asked for exactly is taken to have it. */
function imageOf(given: Fields, wanted: Fields): NonNullable<ResponseAsset['img']> {
  const sideOf = (side: 'w' | 'h') => {
    const exact = numberOf(wanted[`${side}min`]) === null ? (numberOf(wanted[side]) ?? 0) : 0;
    const value = given[side] === undefined && exact > 0 ? exact : numberOf(given[side]);
    const isFit = value !== null && Number.isSafeInteger(value) && value > 0 && value <= limits.side;
    if (!isFit || (exact > 0 && value !== exact) || value < (numberOf(wanted[`${side}min`]) ?? 0))
      return refuse('bad_size');
    return value;
  };
  const type = numberOf(wanted['type']) ?? numberOf(given['type']) ?? 3;
  if (given['type'] !== undefined && given['type'] !== type) refuse('bad_asset');
  return { type, url: urlOf(given['url']), w: sideOf('w'), h: sideOf('h') };
}

const eventNames: Readonly<Record<number, string>> = {
  [nativeEvents.impression]: 'impression',
  [nativeEvents.viewable]: 'viewable',
};

/** Images that track what was asked for. Scripts are left behind: nothing of a native ad has a sandbox to run in. */
function trackersOf(response: Fields): Tracker[] {
  const events = listOf(response['eventtrackers'])
    .map(fieldsOf)
    .flatMap(({ event, method, url }) => {
      const name = eventNames[Number(event)];
      return method === 1 && name !== undefined ? [{ event: name, url: urlOf(url) }] : [];
    });
  const pictures = listOf(response['imptrackers']).map((url) => ({ event: 'impression', url: urlOf(url) }));
  const clicks = listOf(fieldsOf(response['link'])['clicktrackers']).map((url) => ({
    event: 'click',
    url: urlOf(url),
  }));
  const all = [...events, ...pictures, ...clicks];
  return all.length > limits.trackers ? refuse('bad_native') : all;
}
