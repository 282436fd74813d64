import type { Companion, MediaFile, MediaTemplate, Verification } from '../../domain/creative-template.ts';
import type { BeaconKind } from '../../domain/records.ts';
import type { AdSource } from './ad-source.ts';
import { asWritten, cutTemplate, escapeMarkup, fillTemplate, fillUrl } from './macro-template.ts';
import { xmlData, xmlText, xmlUrl } from './xml.ts';

/** Our kinds by the names of VAST 4.2 (§3.14.1). What is not here has an element of its own. */
const linearEvents = [
  ['start', 'start'],
  ['first_quartile', 'firstQuartile'],
  ['midpoint', 'midpoint'],
  ['third_quartile', 'thirdQuartile'],
  ['complete', 'complete'],
  ['mute', 'mute'],
  ['unmute', 'unmute'],
  ['pause', 'pause'],
  ['resume', 'resume'],
  ['skip', 'skip'],
] as const;

export interface VastOptions {
  readonly template: MediaTemplate;
  /** Where `{asset_url}` is. */
  readonly assetUrl: string;
  /** Of an ad that somebody else brought along: where it leads by itself, null: nowhere. Clicks are then counted beside it. Default: ours. */
  readonly clickThrough?: string | null;
}

/** One ad of a VAST document. */
interface Filled extends VastOptions {
  readonly source: AdSource;
}

/** VAST 4.2 around the `<Ad>` elements of an ad or of a pod. Without any, the player knows that there is none. */
export function vastDocument(ads: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${vastElement(ads)}`;
}

function vastElement(ads: readonly string[]): string {
  return `<VAST version="4.2" xmlns="http://www.iab.com/VAST">${ads.join('')}</VAST>`;
}

/** Whether a markup is a document of ours, and not HTML for a player of one's own. */
export function isVast(markup: string): boolean {
  return markup.startsWith('<?xml ');
}

/** The `<Ad>` elements of VAST documents of ours, so that several become one pod. */
export function adsOfDocument(document: string): string {
  return document.slice(document.indexOf('<Ad '), document.lastIndexOf('</VAST>'));
}

/** A VAST 4.2 `<Ad>`, in line or a wrapper, as the template of the creative says. The elements stand in the order that the schema demands. */
export function vastAd(source: AdSource, options: VastOptions): string {
  const filled = { ...options, source };
  const { creative, values, podPosition } = source;
  const sequence = podPosition === null ? '' : ` sequence="${podPosition}"`;
  const adType = creative.format === 'audio' ? 'audio' : 'video';
  const body = options.template.wrapper === null ? inline(filled) : wrapper(filled);
  return `<Ad id="${values.selection_id}"${sequence} adType="${adType}">${body}</Ad>`;
}

function inline(filled: Filled): string {
  const { source } = filled;
  const { creative, values } = source;
  return [
    '<InLine>',
    common(source),
    `<AdServingId>${values.selection_id}</AdServingId><AdTitle>${xmlText(creative.name)}</AdTitle>`,
    verifications(filled),
    `<Advertiser>${xmlText(source.advertiserName)}</Advertiser>`,
    `<Creatives><Creative id="${values.creative_id}" adId="${values.creative_id}">`,
    companions(filled),
    linear(filled),
    `<UniversalAdId idRegistry="unknown">${values.creative_id}</UniversalAdId>`,
    '</Creative></Creatives>',
    `<Expires>${Math.floor(source.lifeMs / 1000)}</Expires>`,
    '</InLine>',
  ].join('');
}

/** Trackers of ours around somebody else's document. At most five wrappers in a row (§2.4.3.4): the player counts, the creative may allow none behind it. */
function wrapper(filled: Filled): string {
  const { source, template } = filled;
  const follows = template.wrapper?.followWrappers === true;
  const clicks = [source.clickBeaconUrl, ...trackersOf(source, 'click')];
  return [
    `<Wrapper followAdditionalWrappers="${follows}" allowMultipleAds="false" fallbackOnNoAd="false">`,
    common(source),
    verifications(filled),
    `<Creatives><Creative id="${source.values.creative_id}">`,
    companions(filled),
    `<Linear>${trackingEvents(source)}<VideoClicks>${clicks.map(clickTracking).join('')}</VideoClicks></Linear>`,
    '</Creative></Creatives>',
    `<VASTAdTagURI>${urlOf(template.wrapper?.url ?? '', filled)}</VASTAdTagURI>`,
    '</Wrapper>',
  ].join('');
}

/** What an inline ad and a wrapper begin with. */
function common(source: AdSource): string {
  const { beacons } = source;
  const error = beacons.error === undefined ? '' : `<Error><![CDATA[${beacons.error}?code=[ERRORCODE]]]></Error>`;
  const viewable = tracked(source, 'viewable', 'Viewable');
  return [
    '<AdSystem>Adtally</AdSystem>',
    error,
    of('Error', trackersOf(source, 'error')),
    tracked(source, 'impression', 'Impression'),
    viewable === '' ? '' : `<ViewableImpression>${viewable}</ViewableImpression>`,
  ].join('');
}

function of(element: string, urls: readonly string[]): string {
  return urls.map((url) => `<${element}>${xmlUrl(url)}</${element}>`).join('');
}

function trackersOf({ trackers }: AdSource, kind: BeaconKind): string[] {
  return trackers.filter(({ event }) => event === kind).map(({ url }) => url);
}

/** Ours, which is made of nothing that a URL could not hold, then those of third parties. */
function tracked(source: AdSource, kind: BeaconKind, element: string, attributes = ''): string {
  const own = source.beacons[kind];
  const ours = own === undefined ? '' : `<${element}${attributes}><![CDATA[${own}]]></${element}>`;
  if (source.trackers.length === 0) return ours;
  const theirs = trackersOf(source, kind).map((url) => `<${element}${attributes}>${xmlUrl(url)}</${element}>`);
  return ours + theirs.join('');
}

function trackingEvents(source: AdSource): string {
  const events = linearEvents.map(([kind, name]) => tracked(source, kind, 'Tracking', ` event="${name}"`));
  return `<TrackingEvents>${events.join('')}</TrackingEvents>`;
}

function clickTracking(url: string): string {
  return `<ClickTracking>${xmlUrl(url)}</ClickTracking>`;
}

function linear({ source, template, assetUrl, clickThrough }: Filled): string {
  const { creative, clickUrl } = source;
  const { skipAfterMs } = template;
  const skip = skipAfterMs === null ? '' : ` skipoffset="${timeOf(skipAfterMs)}"`;
  const files = template.media.map((file) => mediaFile(file, { source, template, assetUrl }));
  const own = clickThrough === undefined ? [] : [source.clickBeaconUrl];
  const clicks = [...own, ...trackersOf(source, 'click')].map(clickTracking).join('');
  const through = clickThrough === undefined ? clickUrl : clickThrough;
  return [
    `<Linear${skip}>`,
    trackingEvents(source),
    `<Duration>${timeOf(creative.duration_ms)}</Duration>`,
    `<MediaFiles>${files.join('')}</MediaFiles>`,
    `<VideoClicks>${clicks}${through === null ? '' : `<ClickThrough>${xmlUrl(through)}</ClickThrough>`}</VideoClicks>`,
    '</Linear>',
  ].join('');
}

/** A video file without a size of its own has that of the creative. */
function mediaFile(file: MediaFile, filled: Filled): string {
  const { creative } = filled.source;
  const [width, height] = file.width > 0 ? [file.width, file.height] : [creative.width, creative.height];
  const attributes = [
    ['delivery', file.delivery],
    ['type', file.type],
    ['width', String(width)],
    ['height', String(height)],
    ['codec', file.codec],
    ['bitrate', file.bitrateKbps === null ? null : String(file.bitrateKbps)],
  ] as const;
  const written = attributes.map(([name, value]) => (value === null ? '' : ` ${name}="${xmlText(value)}"`));
  return `<MediaFile${written.join('')}>${urlOf(file.url, filled)}</MediaFile>`;
}

function urlOf(url: string, { source, assetUrl }: Filled): string {
  return xmlUrl(url.includes('{') ? fillUrl(cutTemplate(url, assetUrl), source.values) : url);
}

function companions(filled: Filled): string {
  const { companions: all } = filled.template;
  if (all.length === 0) return '';
  return `<CompanionAds required="none">${all.map((one) => companion(one, filled)).join('')}</CompanionAds>`;
}

function companion({ width, height, image, html, alt }: Companion, filled: Filled): string {
  const { source, assetUrl } = filled;
  const resource =
    image === null
      ? `<HTMLResource>${xmlData(fillTemplate(cutTemplate(html ?? '', assetUrl), source.values, escapeMarkup))}</HTMLResource>`
      : `<StaticResource creativeType="${xmlText(image.type)}">${urlOf(image.url, filled)}</StaticResource>`;
  return [
    `<Companion width="${width}" height="${height}">`,
    resource,
    alt === null ? '' : `<AltText>${xmlText(alt)}</AltText>`,
    `<CompanionClickThrough>${xmlUrl(source.clickUrl)}</CompanionClickThrough>`,
    '</Companion>',
  ].join('');
}

function verifications(filled: Filled): string {
  const { verifications: all } = filled.template;
  return all.length === 0
    ? ''
    : `<AdVerifications>${all.map((one) => verification(one, filled)).join('')}</AdVerifications>`;
}

function verification({ vendor, url, parameters }: Verification, filled: Filled): string {
  const { source, assetUrl } = filled;
  const text = parameters === null ? null : fillTemplate(cutTemplate(parameters, assetUrl), source.values, asWritten);
  return [
    `<Verification vendor="${xmlText(vendor)}">`,
    `<JavaScriptResource apiFramework="omid" browserOptional="true">${urlOf(url, filled)}</JavaScriptResource>`,
    text === null ? '' : `<VerificationParameters>${xmlData(text)}</VerificationParameters>`,
    '</Verification>',
  ].join('');
}

const lastTimeMs = 86_399_999;

/** HH:MM:SS.mmm, which `xs:time` and `skipoffset` take; at most a day less a millisecond. */
function timeOf(ms: number): string {
  return new Date(Math.min(ms, lastTimeMs)).toISOString().slice(11, 23);
}

/** A break in a programme, with the ads of its pod. */
export interface AdBreak {
  readonly id: string;
  /** `start`, `end`, HH:MM:SS[.mmm] or n%. */
  readonly timeOffset: string;
  /** VAST documents of ours, one for each ad. */
  readonly documents: readonly string[];
}

/** VMAP 1.0.1 (§2.3): where in a programme which ads are shown, with the VAST documents in it. */
export function vmapDocument(breaks: readonly AdBreak[]): string {
  const elements = breaks.map(({ id, timeOffset, documents }) => {
    const vast = vastElement(documents.map(adsOfDocument));
    return `<vmap:AdBreak timeOffset="${xmlText(timeOffset)}" breakType="linear" breakId="${xmlText(id)}"><vmap:AdSource id="${xmlText(id)}" allowMultipleAds="true" followRedirects="true"><vmap:VASTAdData>${vast}</vmap:VASTAdData></vmap:AdSource></vmap:AdBreak>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<vmap:VMAP xmlns:vmap="http://www.iab.net/videosuite/vmap" version="1.0">${elements.join('')}</vmap:VMAP>`;
}
