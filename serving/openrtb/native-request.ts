import { BidRequestRefused } from './bid-request-refused.ts';
import { type Fields, fieldsOf, isFields, listOf } from './fields.ts';

/** What a native request of Dynamic Native Ads 1.2 asks for. */
export interface NativeOffer {
  /** As parsed: `assets`, `eventtrackers` and what else it says. */
  readonly request: Fields;
}

function refuse(path: string, expectation: string, section: string): never {
  throw new BidRequestRefused(path, expectation, `Native 1.2 §${section}`);
}

/**
 * Reads the text of `imp.native.request`. Null if it is no JSON object: OpenRTB calls it a text and no more, so the imp has nothing to offer, and the
 * request stands. Error: `BidRequestRefused`, if the native specification forbids what it says.
 */
export function readNativeRequest(text: string, path: string): NativeOffer | null {
  const parsed = parse(text);
  if (!isFields(parsed)) return null;
  // Version 1.0 wraps it once more.
  const request = isFields(parsed['native']) ? parsed['native'] : parsed;
  const assets = request['assets'];
  if (!Array.isArray(assets) || assets.length === 0) refuse(`${path}.assets`, 'must have at least one asset', '4.1');
  for (const [index, asset] of listOf(assets).entries()) checkAsset(asset, `${path}.assets[${index}]`);
  for (const [index, tracker] of listOf(request['eventtrackers']).entries()) {
    checkTracker(fieldsOf(tracker), `${path}.eventtrackers[${index}]`);
  }
  return { request: numbered(request) };
}

/** Assets without ids are told apart by their place. */
function numbered(request: Fields): Fields {
  const assets = listOf(request['assets']).map(fieldsOf);
  if (assets.some(({ id }) => id !== undefined)) return request;
  return { ...request, assets: assets.map((asset, id) => ({ ...asset, id })) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

const kinds = ['title', 'img', 'video', 'data'] as const;

function checkAsset(asset: unknown, path: string): void {
  if (!isFields(asset)) return refuse(path, 'must be an object', '4.2');
  const given = kinds.filter((kind) => asset[kind] !== undefined && asset[kind] !== null);
  if (given.length !== 1) refuse(path, `must have one of ${kinds.join(', ')}`, '4.2');
  const kind = given[0] as (typeof kinds)[number];
  const part = asset[kind];
  if (!isFields(part)) return refuse(`${path}.${kind}`, 'must be an object', '4.2');
  checkPart[kind](part, `${path}.${kind}`);
}

const checkPart: Readonly<Record<(typeof kinds)[number], (part: Fields, path: string) => void>> = {
  title: ({ len }, path) => {
    if (!Number.isSafeInteger(len) || (len as number) <= 0) refuse(`${path}.len`, 'must be a positive integer', '4.3');
  },
  img: (img, path) => {
    for (const side of ['w', 'h', 'wmin', 'hmin']) {
      const size = img[side];
      if (size === undefined || size === null) continue;
      if (!Number.isSafeInteger(size) || (size as number) < 0) {
        refuse(`${path}.${side}`, 'must be a number of pixels', '4.4');
      }
    }
  },
  video: ({ mimes, minduration, maxduration, protocols }, path) => {
    if (listOf(mimes).length === 0) refuse(`${path}.mimes`, 'must not be empty', '4.5');
    for (const [name, seconds] of Object.entries({ minduration, maxduration })) {
      if (!Number.isSafeInteger(seconds) || (seconds as number) < 0) {
        refuse(`${path}.${name}`, 'must be a number of seconds', '4.5');
      }
    }
    if (listOf(protocols).length === 0) refuse(`${path}.protocols`, 'must not be empty', '4.5');
  },
  data: ({ type }, path) => {
    if (!Number.isSafeInteger(type) || (type as number) < 1) refuse(`${path}.type`, 'must be a data asset type', '4.6');
  },
};

function checkTracker({ event, methods }: Fields, path: string): void {
  if (!Number.isSafeInteger(event)) refuse(`${path}.event`, 'must be an event type', '4.7');
  if (listOf(methods).length === 0) refuse(`${path}.methods`, 'must not be empty', '4.7');
}
