import type { PlacementPublished, PublisherPublished, RequestContext } from '../domain/records.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { KeyValues } from './bitmap-key-values.ts';
import type { ListDimension } from './catalog-index.ts';
import { isCategory } from './brand-safety.ts';
import { slotKeys } from './creative-fit.ts';

/**
 * Everything of one slot that decides whether a line item may be shown in it. Made of what is recorded of the request, so that a recorded selection
 * can be targeted again.
 */
export interface SlotAttributes {
  /** Distinct values by list rule. */
  readonly values: Readonly<Record<ListDimension, readonly string[]>>;
  readonly keyValues: KeyValues;
  readonly city: string | null;
  readonly currency: string;
  /** Creatives that fit, as in `slotKeys`. */
  readonly creativeKeys: readonly string[];
  /** What the publisher and the request block: advertiser ids, domains. */
  readonly blockedBrands: readonly string[];
  /** IAB categories that they block. */
  readonly blockedCategories: readonly string[];
  /** Deals that the request offers. */
  readonly deals: readonly string[];
}

export interface SlotSource {
  readonly context: RequestContext;
  readonly placement: PlacementPublished;
  readonly publisher: PublisherPublished;
  /** Segments of the person's profile, besides those of the request. */
  readonly profileSegments: readonly string[];
}

export function attributesOf({ context, placement, publisher, profileSegments }: SlotSource): SlotAttributes {
  const formats = formatsOf(context);
  const { country, region } = context;
  return {
    values: {
      placements: [placement.placement_id],
      publishers: [publisher.publisher_id],
      formats,
      sizes: context.sizes,
      countries: given(country),
      regions: country === null || region === null ? none : [`${country}-${region}`],
      device_types: [context.device_type],
      os: given(context.os),
      languages: given(context.language),
      domains: siteNames(context),
      categories: withParents(context.categories),
      keywords: context.keywords,
      segments: merged(context.segments, profileSegments),
    },
    keyValues: keyValuesOf(context),
    city: context.city,
    currency: placement.floor_currency,
    creativeKeys: slotKeys({ formats, sizes: context.sizes }),
    blockedBrands: [...publisher.blocked_advertisers, ...context.blocked],
    blockedCategories: [...publisher.blocked_categories, ...context.blocked.filter(isCategory)],
    deals: context.deals,
  };
}

const none: readonly string[] = [];

/** Formats of a slot: `RequestContext.format` joins them by comma where there are several. */
export function formatsOf(context: RequestContext): readonly string[] {
  return context.format.includes(',') ? context.format.split(',') : [context.format];
}

function given(value: string | null): readonly string[] {
  return value === null ? none : [value];
}

function merged(a: readonly string[], b: readonly string[]): readonly string[] {
  if (b.length === 0) return a;
  return a.length === 0 ? b : [...new Set([...a, ...b])];
}

/** The domain of the page with all domains above it (`news.example.com`, `example.com`), and the app. */
function siteNames({ site_domain, app_bundle }: RequestContext): readonly string[] {
  if (site_domain === null) return given(app_bundle);
  const domains = withDomainsAbove(site_domain);
  return app_bundle === null ? domains : [...new Set([...domains, app_bundle])];
}

const keptDomains = 10_000;
const domainsAbove = new BoundedCache<string, readonly string[]>(keptDomains);

function withDomainsAbove(domain: string): readonly string[] {
  const known = domainsAbove.get(domain);
  if (known !== undefined) return known;
  const labels = domain.split('.');
  const made = labels.slice(0, Math.max(1, labels.length - 1)).map((_, index) => labels.slice(index).join('.'));
  domainsAbove.set(domain, made);
  return made;
}

/** IAB categories with the tier above: `IAB3-1` is also `IAB3`. */
function withParents(categories: readonly string[]): readonly string[] {
  if (!categories.some((category) => category.includes('-'))) return categories;
  return [...new Set(categories.flatMap((category) => [category, category.split('-', 1)[0] as string]))];
}

/** As they are recorded: the values of a key joined by comma, which therefore parts values wherever it stands. */
function keyValuesOf({ key_values }: RequestContext): KeyValues {
  const pairs = Object.entries(key_values);
  return pairs.length === 0 ? noKeyValues : new Map(pairs.map(([key, joined]) => [key, joined.split(',')]));
}

const noKeyValues: KeyValues = new Map();
