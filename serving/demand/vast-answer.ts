import type { MediaFile, MediaTemplate, Verification } from '../../domain/creative-template.ts';
import type { BeaconKind, Tracker } from '../../domain/records.ts';
import { readXml, type XmlElement } from '../formats/xml-reader.ts';
import { type Fields, listOf, numberOf } from '../openrtb/fields.ts';
import { outsideUrl } from './outside-url.ts';
import { readOrFault, refuse } from './unfit.ts';
import type { BidFault } from './external-bid.ts';

/** What is taken over of a bidder's VAST; all else of it is left behind. URLs are https, their macros not filled. */
export interface OutsideMedia {
  readonly kind: 'media';
  readonly template: MediaTemplate;
  /** 0: the document of a wrapper, which says it, is elsewhere. */
  readonly durationMs: number;
  readonly title: string;
  /** Where a click leads; null: nowhere, or the wrapped document says it. */
  readonly clickThrough: string | null;
  readonly trackers: readonly Tracker[];
}

export const vastLimits = {
  depth: 16,
  elements: 1000,
  files: 20,
  trackers: 100,
  verifications: 10,
  title: 200,
} as const;

/** By the numbers of AdCOM's list of protocols: in line, wrapper. */
const protocols: Readonly<Record<string, readonly [number, number]>> = {
  '2.0': [2, 5],
  '3.0': [3, 6],
  '4.0': [7, 8],
  '4.1': [11, 12],
  '4.2': [13, 14],
  '4.3': [13, 14],
};

const events: Readonly<Record<string, BeaconKind>> = {
  start: 'start',
  firstQuartile: 'first_quartile',
  midpoint: 'midpoint',
  thirdQuartile: 'third_quartile',
  complete: 'complete',
  mute: 'mute',
  unmute: 'unmute',
  pause: 'pause',
  resume: 'resume',
  skip: 'skip',
};

/** Reads the VAST of a bid for the player that was asked for. A text: what is wrong with it. */
export function readVastAnswer(markup: string, player: Fields): OutsideMedia | BidFault {
  const root = readXml(markup, vastLimits);
  if (root === null || root.name !== 'VAST') return 'bad_vast';
  return readOrFault(() => mediaOf(root, player));
}

function all(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

function first(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** One ad and one film: who answers one imp with a pod sells more than was asked for. */
function mediaOf(root: XmlElement, player: Fields): OutsideMedia {
  const [ad, another] = all(root, 'Ad');
  if (ad === undefined || another !== undefined) refuse('bad_vast');
  const wrapper = first(ad, 'Wrapper');
  const inline = first(ad, 'InLine');
  const body = inline ?? wrapper;
  if (body === undefined || (inline !== undefined && wrapper !== undefined)) return refuse('bad_vast');
  const said = protocols[root.attributes.get('version') ?? '']?.[wrapper === undefined ? 0 : 1];
  if (said === undefined || !listOf(player['protocols']).includes(said)) refuse('bad_protocol');
  const linears = all(first(body, 'Creatives'), 'Creative').flatMap((creative) => all(creative, 'Linear'));
  const [linear] = linears;
  if (linears.length > 1 || (wrapper === undefined && linear === undefined)) refuse('bad_vast');
  if (wrapper === undefined && all(body, 'Impression').length === 0) refuse('bad_vast');
  return { kind: 'media', ...partsOf(body, linear), ...contentOf(body, linear, player) };
}

function urlOf(element: XmlElement | undefined): string {
  return outsideUrl(element?.text) ?? refuse('bad_url');
}

/** Empty elements track nothing. */
function trackersOf(elements: readonly XmlElement[], event: BeaconKind): Tracker[] {
  return elements.filter(({ text }) => text.trim() !== '').map((element) => ({ event, url: urlOf(element) }));
}

function partsOf(
  body: XmlElement,
  linear: XmlElement | undefined,
): Pick<OutsideMedia, 'title' | 'clickThrough' | 'trackers'> {
  const clicks = first(linear, 'VideoClicks');
  const through = first(clicks, 'ClickThrough');
  const trackers = [
    ...trackersOf(all(body, 'Error'), 'error'),
    ...trackersOf(all(body, 'Impression'), 'impression'),
    ...trackersOf(all(first(body, 'ViewableImpression'), 'Viewable'), 'viewable'),
    ...trackersOf(all(clicks, 'ClickTracking'), 'click'),
    ...all(first(linear, 'TrackingEvents'), 'Tracking').flatMap((element) => {
      const event = events[element.attributes.get('event') ?? ''];
      return event === undefined ? [] : trackersOf([element], event);
    }),
  ];
  if (trackers.length > vastLimits.trackers) refuse('bad_vast');
  return {
    title: (first(body, 'AdTitle')?.text.trim() ?? '').slice(0, vastLimits.title).toWellFormed(),
    clickThrough: through === undefined || through.text.trim() === '' ? null : urlOf(through),
    trackers,
  };
}

function contentOf(
  body: XmlElement,
  linear: XmlElement | undefined,
  player: Fields,
): Pick<OutsideMedia, 'template' | 'durationMs'> {
  const shared = { companions: [], verifications: verificationsOf(body) };
  if (body.name === 'Wrapper') {
    const follow = body.attributes.get('followAdditionalWrappers');
    const wrapper = { url: urlOf(first(body, 'VASTAdTagURI')), followWrappers: follow !== 'false' && follow !== '0' };
    return { template: { ...shared, media: [], wrapper, skipAfterMs: null }, durationMs: 0 };
  }
  const durationMs = timeOf(first(linear, 'Duration')?.text.trim() ?? '') ?? refuse('bad_duration');
  if (!fitsLength(durationMs, player)) refuse('bad_duration');
  const media = all(first(linear, 'MediaFiles'), 'MediaFile').flatMap((file) => fileOf(file, player));
  if (media.length === 0 || media.length > vastLimits.files) refuse('bad_media');
  const skipAfterMs = skipOf(linear?.attributes.get('skipoffset'), durationMs);
  return { template: { ...shared, media, wrapper: null, skipAfterMs }, durationMs };
}

/** Only what was asked for; a file that is a script (VPAID) is left behind with all else that no player may show. */
function fileOf(file: XmlElement, player: Fields): MediaFile[] {
  const { attributes } = file;
  const type = attributes.get('type') ?? '';
  const api = attributes.get('apiFramework') ?? '';
  if (api !== '' || !listOf(player['mimes']).includes(type)) return [];
  const bitrate = sideOf(attributes.get('bitrate'), 1_000_000);
  const codec = attributes.get('codec') ?? '';
  return [
    {
      url: urlOf(file),
      type,
      width: sideOf(attributes.get('width'), 20_000),
      height: sideOf(attributes.get('height'), 20_000),
      bitrateKbps: bitrate === 0 ? null : bitrate,
      codec: /^[\w.,-]{1,40}$/.test(codec) ? codec : null,
      delivery: attributes.get('delivery') === 'streaming' ? 'streaming' : 'progressive',
    },
  ];
}

function sideOf(text: string | undefined, most: number): number {
  const value = /^\d{1,7}$/.test(text ?? '') ? Number(text) : 0;
  return value <= most ? value : 0;
}

/** Measurers' scripts run where players have a sandbox for them (OMID), as those of our own creatives do. */
function verificationsOf(body: XmlElement): Verification[] {
  const found = all(first(body, 'AdVerifications'), 'Verification').flatMap((one): Verification[] => {
    const script = all(one, 'JavaScriptResource').find(({ attributes }) => attributes.get('apiFramework') === 'omid');
    const vendor = one.attributes.get('vendor') ?? '';
    const parameters = first(one, 'VerificationParameters')?.text.trim() ?? null;
    // Macros of our own creatives are none of a stranger's.
    if (/\{[a-z_]+\}/.test(parameters ?? '')) refuse('bad_vast');
    return script === undefined || vendor === '' || vendor.length > 200
      ? []
      : [{ vendor, url: urlOf(script), parameters }];
  });
  return found.length > vastLimits.verifications ? refuse('bad_vast') : found;
}

/** HH:MM:SS[.mmm] in ms; null for anything else, and for nothing. */
function timeOf(text: string): number | null {
  const found = /^(\d{2}):([0-5]\d):([0-5]\d)(?:\.(\d{3}))?$/.exec(text);
  if (found === null) return null;
  const [, hours, minutes, seconds, ms] = found;
  const total = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(ms ?? 0);
  return total > 0 && total < 86_400_000 ? total : null;
}

function skipOf(text: string | undefined, durationMs: number): number | null {
  if (text === undefined) return null;
  const share = /^(\d{1,3})%$/.exec(text);
  const after = share === null ? (timeOf(text) ?? 0) : Math.floor((durationMs * Number(share[1])) / 100);
  return Math.min(after, durationMs);
}

/** Whole seconds, as OpenRTB has them: a film may be the rest of a second longer than it says. */
function fitsLength(durationMs: number, player: Fields): boolean {
  const seconds = Math.floor(durationMs / 1000);
  const exact = listOf(player['rqddurs']);
  if (exact.length > 0) return exact.includes(seconds);
  return seconds >= (numberOf(player['minduration']) ?? 0) && seconds <= (numberOf(player['maxduration']) ?? Infinity);
}
