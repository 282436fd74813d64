import {
  isTemplateFault,
  type MediaTemplate,
  type NativeTemplate,
  readMediaTemplate,
  readNativeTemplate,
} from '../domain/creative-template.ts';
import type { Billing, CreativePublished, PublisherPublished, Tracker } from '../domain/records.ts';
import type { AdSource, MacroValues } from './formats/ad-source.ts';
import { bannerDocument } from './formats/banner.ts';
import { cutTemplate, escapeMarkup, fillTemplate, fillUrl, type MacroTemplate } from './formats/macro-template.ts';
import { nativeDocument, nativeTemplateOf, textOfHtml } from './formats/native.ts';
import { vastAd, vastDocument } from './formats/vast.ts';

/** What is read of a creative once. */
interface Templates {
  readonly assetUrl: string;
  readonly html: MacroTemplate;
  readonly trackers: readonly { readonly event: string; readonly url: MacroTemplate }[];
  /** Null for other formats, and for HTML. */
  readonly media: MediaTemplate | null;
  readonly native: NativeTemplate | null;
  /** Of a native creative that is HTML. */
  readonly text: string;
}

const templates = new WeakMap<CreativePublished, Templates>();

function templatesOf(creative: CreativePublished): Templates {
  const known = templates.get(creative);
  if (known !== undefined) return known;
  const { format, markup } = creative;
  const assetUrl = assetUrlOf(creative);
  const media = format === 'video' || format === 'audio' ? readMediaTemplate(markup) : null;
  const native = format === 'native' ? readNativeTemplate(markup) : null;
  const made: Templates = {
    assetUrl,
    html: cutTemplate(markup, escapeMarkup(assetUrl)),
    trackers: creative.trackers.map(({ event, url }) => ({ event, url: cutTemplate(url, assetUrl) })),
    // The catalogue lets no fault in; what is older than its rules is HTML.
    media: media === null || isTemplateFault(media) ? null : media,
    native: native === null || isTemplateFault(native) ? null : native,
    text: format === 'native' && native === null ? textOfHtml(markup) : '',
  };
  templates.set(creative, made);
  return made;
}

/**
 * What a client gets to show. banner: the document of a sandboxed frame. native: a response of OpenRTB Native 1.2. video and audio: a document of
 * VAST 4.2, unless the creative is HTML for a player of one's own. `publicUrl`: by which browsers reach us.
 */
export function renderMarkup(source: AdSource, publicUrl: string): string {
  const { creative, values } = source;
  const { html, media, native, text, assetUrl } = templatesOf(creative);
  if (creative.format === 'native') return nativeDocument(source, native ?? nativeTemplateOf(text, source), assetUrl);
  if (media !== null) return vastDocument([vastAd(source, { template: media, assetUrl })]);
  const filled = fillTemplate(html, values, escapeMarkup);
  return creative.format === 'banner' ? bannerDocument(filled, publicUrl) : filled;
}

/** Third-party trackers of a creative, their macros filled by percent-encoded values: for the client to call with its own beacons. */
export function renderTrackers(creative: CreativePublished, values: MacroValues): Tracker[] {
  return templatesOf(creative).trackers.map(({ event, url }) => ({ event, url: fillUrl(url, values) }));
}

interface MacroSource {
  readonly billing: Billing;
  readonly creative: CreativePublished;
  readonly size: { readonly width: number; readonly height: number };
  readonly clickUrl: string;
  readonly impressionUrl: string;
  readonly viewableUrl: string;
}

export function macroValues({
  billing,
  creative,
  size,
  clickUrl,
  impressionUrl,
  viewableUrl,
}: MacroSource): MacroValues {
  const { selection_id, advertiser_id, campaign_id, line_item_id, creative_id, placement_id, publisher_id } = billing;
  return {
    click_url: clickUrl,
    impression_url: impressionUrl,
    viewable_url: viewableUrl,
    selection_id,
    advertiser_id,
    campaign_id,
    line_item_id,
    creative_id,
    placement_id,
    publisher_id,
    width: String(size.width),
    height: String(size.height),
    duration_ms: String(creative.duration_ms),
    landing_url: creative.landing_url,
    // The random end of a UUIDv7.
    cachebuster: selection_id.slice(24),
  };
}

/** `{asset_url}`: creatives name no place for their assets, so it is the origin of the landing page, where advertisers host them. */
function assetUrlOf({ landing_url }: CreativePublished): string {
  return URL.parse(landing_url)?.origin ?? '';
}

/**
 * Our click URL behind the prefix of the publisher, who redirects to what follows it. What no URL may hold is percent-encoded, so that the whole can
 * stand between quotes anywhere.
 */
export function clickUrl(publisher: PublisherPublished, ownUrl: string): string {
  const { click_prefix: prefix } = publisher;
  return prefix === null ? ownUrl : prefix.replace(notOfUrls, encodeURIComponent) + encodeURIComponent(ownUrl);
}

/** RFC 3986 knows none of these: controls, space, double quotes, angle brackets, backslash, and whatever is not ASCII. */
const notOfUrls = /[\ud800-\udbff][\udc00-\udfff]|[^\x21-\x7e\ud800-\udfff]|["<>\\]/g;
