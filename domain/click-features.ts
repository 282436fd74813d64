/**
 * How a request and an ad become features of the model: hashed (Weinberger et al. 2009) into blocks, one block a feature, so that the largest weight of a
 * feature is known. A request and an ad meet in crosses: there a row belongs to the ad and a column to the request, so that a request's part is
 * worked out once for all ads, and the largest weight of an ad's row is an upper bound over all requests.
 */

/** Changes with every change of what is in this file: weights of another version mean nothing. */
export const featuresVersion = 1;

/** What the model sees of a request and its slot: all of it is in `AdSelected`. */
export interface RequestFacts {
  readonly placementId: string;
  readonly publisherId: string;
  /** Domain or app. */
  readonly site: string;
  readonly deviceType: string;
  readonly os: string;
  readonly country: string;
  /** Formats and sizes of the slot. */
  readonly shape: string;
  /** Hour of the day, UTC. */
  readonly hour: number;
}

/** What the model sees of an ad. */
export interface AdFacts {
  readonly advertiserId: string;
  readonly campaignId: string;
  readonly lineItemId: string;
  readonly creativeId: string;
}

/** Sizes are powers of two. */
const requestBlocks = [
  { size: 4096, of: (request: RequestFacts) => request.placementId },
  { size: 1024, of: (request: RequestFacts) => request.publisherId },
  { size: 4096, of: (request: RequestFacts) => request.site },
  { size: 16, of: (request: RequestFacts) => request.deviceType },
  { size: 32, of: (request: RequestFacts) => request.os },
  { size: 256, of: (request: RequestFacts) => request.country },
  { size: 256, of: (request: RequestFacts) => request.shape },
  { size: 64, of: (request: RequestFacts) => String(request.hour) },
  { size: 4096, of: (request: RequestFacts) => `${request.placementId}|${request.deviceType}` },
  { size: 1024, of: (request: RequestFacts) => `${request.country}|${request.deviceType}` },
] as const;

const adBlocks = [
  { size: 2048, of: (ad: AdFacts) => ad.advertiserId },
  { size: 4096, of: (ad: AdFacts) => ad.campaignId },
  { size: 8192, of: (ad: AdFacts) => ad.lineItemId },
  { size: 16_384, of: (ad: AdFacts) => ad.creativeId },
] as const;

const crosses = [
  { rows: 1024, row: (ad: AdFacts) => ad.lineItemId, columns: 64, column: (r: RequestFacts) => r.placementId },
  { rows: 512, row: (ad: AdFacts) => ad.advertiserId, columns: 64, column: (r: RequestFacts) => r.site },
  { rows: 2048, row: (ad: AdFacts) => ad.creativeId, columns: 8, column: (r: RequestFacts) => r.deviceType },
  { rows: 512, row: (ad: AdFacts) => ad.lineItemId, columns: 32, column: (r: RequestFacts) => r.country },
  { rows: 256, row: (ad: AdFacts) => ad.advertiserId, columns: 32, column: (r: RequestFacts) => String(r.hour) },
] as const;

/** A run of places in the weights. */
export interface Block {
  readonly from: number;
  readonly size: number;
}

function laidOut<T extends { readonly size: number }>(blocks: readonly T[], from: number): (T & Block)[] {
  let next = from;
  return blocks.map((block) => {
    const laid = { ...block, from: next };
    next += block.size;
    return laid;
  });
}

function endOf(blocks: readonly Block[]): number {
  return blocks.reduce((end, { from, size }) => Math.max(end, from + size), 0);
}

/** The weight that every example has. */
export const biasPlace = 0;
const ofRequest = laidOut(requestBlocks, 1);
const ofAd = laidOut(adBlocks, endOf(ofRequest));
const ofBoth = laidOut(
  crosses.map((cross) => ({ ...cross, size: cross.rows * cross.columns })),
  endOf(ofAd),
);

/** Blocks of what is the same for all ads of a slot. */
export const requestLayout: readonly Block[] = ofRequest;
/** Blocks of crosses, with the length of a row. */
export const crossLayout: readonly (Block & { readonly columns: number })[] = ofBoth;
/** Weights of one model. */
export const weightCount = endOf(ofBoth);
/** Features of one example. */
export const featureCount = 1 + ofRequest.length + ofAd.length + ofBoth.length;

/** A request as places in the weights. */
export interface RequestFeatures {
  /** One a block of the request. */
  readonly places: readonly number[];
  /** One a cross: to be added to the ad's row. */
  readonly columns: readonly number[];
}

/** An ad as places in the weights. */
export interface AdFeatures {
  readonly places: readonly number[];
  /** One a cross: where its row begins. */
  readonly rows: readonly number[];
}

/** FNV-1a with the finalizer of MurmurHash3, so that the low bits are as good as the high ones. */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function requestFeatures(request: RequestFacts): RequestFeatures {
  return {
    places: ofRequest.map(({ from, size, of }) => from + (hashed(of(request)) & (size - 1))),
    columns: ofBoth.map(({ column, columns }) => hashed(column(request)) & (columns - 1)),
  };
}

export function adFeatures(ad: AdFacts): AdFeatures {
  return {
    places: ofAd.map(({ from, size, of }) => from + (hashed(of(ad)) & (size - 1))),
    rows: ofBoth.map(({ from, rows, columns, row }) => from + (hashed(row(ad)) & (rows - 1)) * columns),
  };
}

/** All features of one ad in one slot, in a fixed order. */
export function exampleFeatures(request: RequestFeatures, ad: AdFeatures): Uint32Array {
  const places = new Uint32Array(featureCount);
  places[0] = biasPlace;
  places.set(request.places, 1);
  places.set(ad.places, 1 + request.places.length);
  const crossed = ad.rows.map((row, index) => row + (request.columns[index] as number));
  places.set(crossed, featureCount - crossed.length);
  return places;
}
