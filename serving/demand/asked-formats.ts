import { type Fields, fieldsOf, listOf, numberOf } from '../openrtb/fields.ts';
import type { ResolvedSlot } from '../slot.ts';

export const demandFormats = ['banner', 'video', 'audio', 'native'] as const;
export type DemandFormat = (typeof demandFormats)[number];

/** What a bidder is asked to bring for a place: the objects of its imp. Answers are held against the same. */
export interface AskedFormats {
  readonly banner: boolean;
  readonly video: Fields | null;
  readonly audio: Fields | null;
  /** A request of Native 1.2. */
  readonly native: Fields | null;
}

/** VAST 2 to 4.2, in line and wrappers: what we can read. */
const readable = [2, 3, 5, 6, 7, 8, 11, 12, 13, 14];
/** OMID; what else AdCOM lists are scripts in the player's place. */
const measurable = [7];

const numbers = [
  'startdelay',
  'placement',
  'plcmt',
  'linearity',
  'skip',
  'skipmin',
  'skipafter',
  'minbitrate',
  'maxbitrate',
  'playbackend',
  'pos',
  'feed',
  'nvol',
  'stitched',
  'w',
  'h',
] as const;
const numberLists = ['playbackmethod', 'delivery', 'rqddurs'] as const;
const usualMimes = {
  video: ['video/mp4', 'video/webm'],
  audio: ['audio/mpeg', 'audio/mp4', 'audio/ogg'],
} as const;
const listed = 20;
const mimeForm = /^[a-z]{1,20}\/[0-9A-Za-z.+-]{1,80}$/i;

/**
 * What of a slot a bidder can be asked for, never more than the caller allowed. `own`: formats for which its line item has a creative to stand for what it
 * brings. Null: nothing.
 */
export function askedFormats(slot: ResolvedSlot, own: ReadonlySet<string>): AskedFormats | null {
  const takes = (format: DemandFormat) => slot.formats.includes(format) && own.has(format);
  const asked = {
    banner: takes('banner') && slot.sizes.length > 0,
    video: takes('video') ? playerOf('video', slot) : null,
    audio: takes('audio') ? playerOf('audio', slot) : null,
    native: takes('native') ? nativeOf(slot) : null,
  };
  return asked.banner || asked.video !== null || asked.audio !== null || asked.native !== null ? asked : null;
}

function integers(value: unknown): number[] {
  return listOf(value)
    .filter((one): one is number => Number.isSafeInteger(one))
    .slice(0, listed);
}

function playerOf(kind: 'video' | 'audio', { request, sizes }: ResolvedSlot): Fields | null {
  const given = fieldsOf(request.exchange?.offered?.[kind]);
  const protocols = integers(given['protocols']).filter((one) => readable.includes(one));
  const isReadable = protocols.length > 0 || listOf(given['protocols']).length === 0;
  if (!isReadable || given['linearity'] === 2) return null;
  const mimes = listOf(given['mimes']).filter((one): one is string => typeof one === 'string' && mimeForm.test(one));
  const api = integers(given['api']).filter((one) => measurable.includes(one));
  const [w, h] = (request.exchange === undefined ? (sizes[0] ?? '') : '').split('x').map(Number);
  return {
    ...(kind === 'video' && w !== undefined && h !== undefined && w > 0 && { w, h }),
    ...(kind === 'video' && { linearity: 1 }),
    ...Object.fromEntries(numbers.flatMap((name) => (numberOf(given[name]) === null ? [] : [[name, given[name]]]))),
    ...Object.fromEntries(
      numberLists.flatMap((name) => (integers(given[name]).length === 0 ? [] : [[name, integers(given[name])]])),
    ),
    ...lengthsOf(given, request.exchange?.durations ?? []),
    mimes: mimes.length > 0 ? mimes.slice(0, listed) : usualMimes[kind],
    protocols: protocols.length > 0 ? protocols : readable,
    ...(api.length > 0 && { api }),
  };
}

/** A dynamic pod is asked for ad by ad: none may be longer than its own share of it. */
function lengthsOf(given: Fields, durations: readonly string[]): Fields {
  const least = numberOf(given['minduration']);
  const longest = durations.length === 0 ? null : Math.max(...durations.map((range) => Number(range.split('-')[1])));
  const bounds = [numberOf(given['maxduration']), numberOf(given['poddur']), longest].filter(
    (one) => one !== null && one > 0,
  );
  return {
    ...(least !== null && least > 0 && { minduration: least }),
    ...(bounds.length > 0 && { maxduration: Math.min(...(bounds as number[])) }),
  };
}

/** Where nobody says what is wanted: what most layouts have room for. */
const usualNative: Fields = {
  ver: '1.2',
  assets: [
    { id: 1, required: 1, title: { len: 90 } },
    { id: 2, required: 1, img: { type: 3, wmin: 200, hmin: 100 } },
    { id: 3, img: { type: 1, wmin: 50, hmin: 50 } },
    { id: 4, required: 1, data: { type: 1, len: 60 } },
    { id: 5, data: { type: 2, len: 200 } },
    { id: 6, data: { type: 12, len: 30 } },
  ],
};

/** Our own trackers are images of an impression and of a view. */
const trackers = [
  { event: 1, methods: [1] },
  { event: 2, methods: [1] },
];
const mostAssets = 20;

function nativeOf({ request }: ResolvedSlot): Fields | null {
  const given = request.exchange?.offered?.native;
  if (request.exchange !== undefined && given === undefined) return null;
  const { assets, plcmttype, context, contextsubtype } = given ?? usualNative;
  const wanted = listOf(assets).map(fieldsOf);
  if (wanted.length === 0 || wanted.length > mostAssets) return null;
  const usable = wanted.filter(({ video }) => video === undefined || video === null);
  // Of films within native ads we know nothing.
  if (usable.length === 0 || wanted.some((one) => one['required'] === 1 && !usable.includes(one))) return null;
  return {
    ver: '1.2',
    ...(numberOf(plcmttype) !== null && { plcmttype }),
    ...(numberOf(context) !== null && { context }),
    ...(numberOf(contextsubtype) !== null && { contextsubtype }),
    assets: usable.map(assetOf),
    eventtrackers: trackers,
  };
}

function assetOf({ id, required, title, img, data }: Fields): Fields {
  const of = (part: unknown, names: readonly string[]) =>
    Object.fromEntries(
      names.flatMap((name) => (numberOf(fieldsOf(part)[name]) === null ? [] : [[name, fieldsOf(part)[name]]])),
    );
  return {
    id,
    ...(required === 1 && { required: 1 }),
    ...(title !== undefined && title !== null && { title: of(title, ['len']) }),
    ...(img !== undefined && img !== null && { img: of(img, ['type', 'w', 'h', 'wmin', 'hmin']) }),
    ...(data !== undefined && data !== null && { data: of(data, ['type', 'len']) }),
  };
}
