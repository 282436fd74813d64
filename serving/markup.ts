import { trackerMacros } from '../domain/macros.ts';
import type { Billing, CreativePublished, PublisherPublished, Tracker } from '../domain/records.ts';

type Macro = (typeof trackerMacros)[number];
/** Values of the macros of one ad. */
type MacroValues = Readonly<Record<Macro, string>>;

/** Other words in braces are the template's own: style sheets and scripts are full of them. */
const macroPattern = new RegExp(`\\{(${trackerMacros.join('|')})\\}`);

/** Literal, macro, literal, macro … literal. */
type Template = readonly string[];

interface Templates {
  readonly markup: Template;
  readonly trackers: readonly { readonly event: string; readonly url: Template }[];
}

const templates = new WeakMap<CreativePublished, Templates>();

function templatesOf(creative: CreativePublished): Templates {
  const known = templates.get(creative);
  if (known !== undefined) return known;
  const made: Templates = {
    markup: creative.markup.replaceAll('{asset_url}', () => escapeMarkup(assetUrl(creative))).split(macroPattern),
    trackers: creative.trackers.map(({ event, url }) => ({ event, url: url.split(macroPattern) })),
  };
  templates.set(creative, made);
  return made;
}

function fill(template: Template, values: MacroValues, encode: (value: string) => string): string {
  let text = template[0] as string;
  for (let index = 1; index < template.length; index += 2) {
    text += encode(values[template[index] as Macro]) + (template[index + 1] as string);
  }
  return text;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup is HTML or XML (VAST): a value can't break out of an attribute or an element. */
function escapeMarkup(value: string): string {
  return /[&<>"']/.test(value) ? value.replace(/[&<>"']/g, (character) => escapes[character] as string) : value;
}

/** The markup of a creative with its macros filled by escaped values. */
export function renderMarkup(creative: CreativePublished, values: MacroValues): string {
  return fill(templatesOf(creative).markup, values, escapeMarkup);
}

/** Third-party trackers of a creative, their macros filled by percent-encoded values: for the client to call with its own beacons. */
export function renderTrackers(creative: CreativePublished, values: MacroValues): Tracker[] {
  return templatesOf(creative).trackers.map(({ event, url }) => ({
    event,
    url: fill(url, values, encodeURIComponent),
  }));
}

export interface MacroSource {
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
function assetUrl({ landing_url }: CreativePublished): string {
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
