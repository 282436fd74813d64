import { type EventTracker, type NativeResponse, nativeEvents, type ResponseAsset } from './native.ts';

type Json = Readonly<Record<string, unknown>>;

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Native 1.0 wrapped the request in a field `native`; later ones may still. */
function requestOf(request: string | Json): Json | null {
  let read: unknown = request;
  if (typeof request === 'string') {
    try {
      read = JSON.parse(request) as unknown;
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }
  if (!isJson(read)) return null;
  return isJson(read['native']) ? read['native'] : read;
}

function atMost(limit: unknown, length: number): boolean {
  return typeof limit !== 'number' || length <= limit;
}

/** Exact sizes bind exactly, least sizes from below (§4.4). */
function fitsImage(wanted: Json, { type, w, h }: NonNullable<ResponseAsset['img']>): boolean {
  const { type: kind, w: width, h: height, wmin, hmin } = wanted;
  if (kind !== undefined && kind !== type) return false;
  if (wmin === undefined && width !== undefined && width !== 0 && width !== w) return false;
  if (hmin === undefined && height !== undefined && height !== 0 && height !== h) return false;
  return !(typeof wmin === 'number' && w < wmin) && !(typeof hmin === 'number' && h < hmin);
}

function fits(wanted: Json, { title, img, data }: ResponseAsset): boolean {
  const { title: wantedTitle, img: wantedImage, data: wantedData } = wanted;
  if (isJson(wantedTitle)) return title !== undefined && atMost(wantedTitle['len'], title.text.length);
  if (isJson(wantedImage)) return img !== undefined && fitsImage(wantedImage, img);
  if (!isJson(wantedData) || data === undefined) return false;
  return wantedData['type'] === data.type && atMost(wantedData['len'], data.value.length);
}

/**
 * The native ad (a decision's `markup`) for a request of OpenRTB Native 1.0 to 1.2: the assets that were asked for under their ids, each once, and the
 * trackers that the client understands. Null if a required asset is missing, if nothing is left, or if the request is none.
 */
export function fitNative(markup: string, request: string | Json): string | null {
  const asked = requestOf(request);
  const wanted = asked?.['assets'];
  if (asked === null || !Array.isArray(wanted)) return null;
  const ad = JSON.parse(markup) as NativeResponse;
  const left = new Set(ad.assets);
  const assets: ResponseAsset[] = [];
  for (const one of wanted) {
    if (!isJson(one) || typeof one['id'] !== 'number') return null;
    const found = [...left].find((asset) => fits(one, asset));
    const required = one['required'] === 1;
    if (found === undefined && required) return null;
    if (found === undefined) continue;
    left.delete(found);
    assets.push({ ...found, id: one['id'], ...(required && { required: 1 as const }) });
  }
  if (assets.length === 0) return null;
  const { eventtrackers = [], ...rest } = ad;
  return JSON.stringify({ ...rest, assets, ...trackersFor(asked, eventtrackers) });
}

/** Clients of 1.2 name the events that they can track and how; older ones know `imptrackers` only. */
function trackersFor(
  asked: Json,
  trackers: readonly EventTracker[],
): Pick<NativeResponse, 'eventtrackers' | 'imptrackers'> {
  const known = asked['eventtrackers'];
  if (!Array.isArray(known)) {
    return { imptrackers: trackers.filter(({ event }) => event === nativeEvents.impression).map(({ url }) => url) };
  }
  const understood = known.filter(isJson);
  return {
    eventtrackers: trackers.filter(({ event, method }) =>
      understood.some(
        ({ event: name, methods }) => name === event && Array.isArray(methods) && methods.includes(method),
      ),
    ),
  };
}
