import type { AdSource } from '../formats/ad-source.ts';
import { bannerDocument } from '../formats/banner.ts';
import { outsideNativeDocument } from '../formats/native.ts';
import { vastAd, vastDocument } from '../formats/vast.ts';
import { cleanUrl } from '../formats/xml.ts';
import type { ValidBid } from './external-bid.ts';
import type { OutsideNative } from './native-answer.ts';
import { type AuctionMacros, fillExternalMarkup, fillNotice } from './notice-macros.ts';
import type { OutsideMedia } from './vast-answer.ts';

type Fill = (url: string) => string;

/**
 * What a client gets to show of a bid that won: the same documents as for creatives of the house. Of a film and a native ad nothing is passed on as it came:
 * both are written anew of what was read.
 */
export function outsideMarkup(
  { content, markup }: Pick<ValidBid, 'content' | 'markup'>,
  source: AdSource,
  { macros, publicUrl }: { readonly macros: AuctionMacros; readonly publicUrl: string },
): string {
  if (content === null) return bannerDocument(fillExternalMarkup(markup, macros), publicUrl);
  // No braces are left, so that no macro of our own creatives is filled in a stranger's URL.
  const fill = (url: string) => cleanUrl(fillNotice(url, macros));
  const trackers = content.trackers.map(({ event, url }) => ({ event, url: fill(url) }));
  const outside = { ...source, trackers };
  return content.kind === 'media' ? mediaDocument(content, outside, fill) : nativeDocument(content, outside, fill);
}

function mediaDocument(content: OutsideMedia, source: AdSource, fill: Fill): string {
  const { template, durationMs, title, clickThrough } = content;
  const { width, height } = source.size;
  const name = title === '' ? source.creative.name : title;
  const creative = { ...source.creative, name, width, height, duration_ms: durationMs };
  const filled = {
    ...template,
    media: template.media.map((file) => ({ ...file, url: fill(file.url) })),
    wrapper: template.wrapper && { ...template.wrapper, url: fill(template.wrapper.url) },
    verifications: template.verifications.map((one) => ({ ...one, url: fill(one.url) })),
  };
  const through = clickThrough === null ? null : fill(clickThrough);
  return vastDocument([vastAd({ ...source, creative }, { template: filled, assetUrl: '', clickThrough: through })]);
}

function nativeDocument({ assets, link, privacy }: OutsideNative, source: AdSource, fill: Fill): string {
  return outsideNativeDocument(source, {
    assets: assets.map((asset) =>
      asset.img === undefined ? asset : { ...asset, img: { ...asset.img, url: fill(asset.img.url) } },
    ),
    link: fill(link),
    privacy: privacy === null ? null : fill(privacy),
  });
}
