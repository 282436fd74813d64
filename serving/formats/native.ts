import type { NativeAsset, NativeTemplate } from '../../domain/creative-template.ts';
import type { AdSource } from './ad-source.ts';
import { asWritten, cutTemplate, fillTemplate, fillUrl } from './macro-template.ts';
import { cleanUrl } from './xml.ts';

/** OpenRTB Native 1.2, §7.6: kinds of events. */
export const nativeEvents = { impression: 1, viewable: 2 } as const;
/** §7.7: an image that is fetched. */
const byImage = 1;

interface Link {
  readonly url: string;
  readonly clicktrackers?: readonly string[];
}

export interface ResponseAsset {
  readonly id: number;
  readonly required?: 1;
  readonly title?: { readonly text: string; readonly len: number };
  readonly img?: { readonly type: number; readonly url: string; readonly w: number; readonly h: number };
  readonly data?: { readonly type: number; readonly len: number; readonly value: string };
}

export interface EventTracker {
  readonly event: number;
  readonly method: number;
  readonly url: string;
}

/** A response of OpenRTB Native 1.2 (§5.1). */
export interface NativeResponse {
  readonly ver: string;
  readonly assets: readonly ResponseAsset[];
  readonly link: Link;
  readonly eventtrackers?: readonly EventTracker[];
  /** As `eventtrackers` of impressions, for requests before 1.2. */
  readonly imptrackers?: readonly string[];
  readonly privacy?: string;
}

/** The text of an HTML markup, without its tags, styles and scripts. In one pass: the markup is an advertiser's, and may be 64 KiB of `<`. */
export function textOfHtml(html: string): string {
  const [first = '', ...parts] = html.split('<');
  const texts = [first];
  let hidden = '';
  for (const part of parts) {
    const name = /^\/?[a-z]*/i.exec(part)?.[0].toLowerCase() ?? '';
    if (hidden !== '' && name !== `/${hidden}`) continue;
    hidden = name === 'style' || name === 'script' ? name : '';
    const end = part.indexOf('>');
    if (hidden === '' && end !== -1) texts.push(part.slice(end + 1));
  }
  return texts.join(' ').replace(/\s+/g, ' ').trim();
}

/** §7.4: the brand. */
const sponsored = 1;

/** What a native creative that was written as HTML has to offer: its text, and the brand. */
export function nativeTemplateOf(text: string, { creative, advertiserName }: AdSource): NativeTemplate {
  const title = { kind: 'title', text: text || creative.name } as const;
  return { assets: [title, { kind: 'data', type: sponsored, value: advertiserName }], privacy: null };
}

/** The native ad as JSON, with all assets of the creative, numbered from 1. `fitNative` gives those that somebody asked for. */
export function nativeDocument(source: AdSource, template: NativeTemplate, assetUrl: string): string {
  const clicktrackers = trackersOf(source, 'click');
  const urlOf = (url: string) => cleanUrl(fillUrl(cutTemplate(url, assetUrl), source.values));
  const textOfAsset = (text: string) => fillTemplate(cutTemplate(text, assetUrl), source.values, asWritten);
  const response: NativeResponse = {
    ver: '1.2',
    assets: template.assets.map((asset, index) => assetOf(asset, index + 1, { urlOf, textOf: textOfAsset })),
    link: { url: source.clickUrl, ...(clicktrackers.length > 0 && { clicktrackers }) },
    eventtrackers: [...eventTrackers(source, 'impression'), ...eventTrackers(source, 'viewable')],
    ...(template.privacy !== null && { privacy: urlOf(template.privacy) }),
  };
  return JSON.stringify(response);
}

/** The native ad that somebody else brought along, with our trackers. `link`: where it leads by itself; clicks are counted beside it. */
export function outsideNativeDocument(
  source: AdSource,
  {
    assets,
    link,
    privacy,
  }: { readonly assets: readonly ResponseAsset[]; readonly link: string; readonly privacy: string | null },
): string {
  const response: NativeResponse = {
    ver: '1.2',
    assets,
    link: { url: link, clicktrackers: [source.clickBeaconUrl, ...trackersOf(source, 'click')] },
    eventtrackers: [...eventTrackers(source, 'impression'), ...eventTrackers(source, 'viewable')],
    ...(privacy !== null && { privacy }),
  };
  return JSON.stringify(response);
}

interface Fill {
  readonly urlOf: (url: string) => string;
  readonly textOf: (text: string) => string;
}

function assetOf(asset: NativeAsset, id: number, { urlOf, textOf: fill }: Fill): ResponseAsset {
  switch (asset.kind) {
    case 'title': {
      const text = fill(asset.text);
      return { id, title: { text, len: text.length } };
    }
    case 'img':
      return { id, img: { type: asset.type, url: urlOf(asset.url), w: asset.w, h: asset.h } };
    case 'data': {
      const value = fill(asset.value);
      return { id, data: { type: asset.type, len: value.length, value } };
    }
    default:
      return asset satisfies never;
  }
}

function trackersOf({ trackers }: AdSource, kind: string): string[] {
  return trackers.filter(({ event }) => event === kind).map(({ url }) => cleanUrl(url));
}

function eventTrackers(source: AdSource, kind: keyof typeof nativeEvents): EventTracker[] {
  const own = source.beacons[kind];
  const urls = [...(own === undefined ? [] : [own]), ...trackersOf(source, kind)];
  return urls.map((url) => ({ event: nativeEvents[kind], method: byImage, url }));
}
