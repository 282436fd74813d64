import { bidderFaults } from './bidder-rules.ts';
import { calendarWindows, isCalendarWindow, isTimeZone } from './calendar.ts';
import { bidderOf, type Catalog, type CatalogRecord } from './catalog.ts';
import { isCurrency } from './currency.ts';
import { deadlinePolicyFaults } from './deadline-policy.ts';
import { maxExposuresKept } from './frequency-view.ts';
import { landingMacros, mistakenMacros, trackerMacros, urlFault } from './macros.ts';
import { pricePerEventMicros } from './money.ts';
import type {
  AdvertiserPublished,
  CampaignPublished,
  CreativePublished,
  Flight,
  FrequencyCap,
  LineItemPublished,
  PlacementPublished,
  PublisherPublished,
} from './records.ts';
import { dealListFaults, saleFaults } from './sale-rules.ts';
import { isTemplateFault, readMediaTemplate, readNativeTemplate } from './creative-template.ts';
import { targetingFaults } from './targeting-rules.ts';

/** Something in an entity that breaks a rule: where, and a sentence without its subject. */
export interface Fault {
  readonly path: string;
  readonly detail: string;
}

const domainForm = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
/** An app's bundle: `com.example.App`, or the number that a store gives. */
const bundleForm = /^[0-9A-Za-z][0-9A-Za-z._-]{0,199}$/;
const sizeForm = /^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$/;
const categoryForm = /^[0-9A-Za-z][0-9A-Za-z_-]{0,31}$/;

/** The faults that remain, without the rules that hold. */
function faults(...checks: readonly (Fault | false | readonly Fault[])[]): Fault[] {
  return checks.flatMap((check) => (check === false ? [] : check));
}

function each(path: string, values: readonly string[], form: RegExp, detail: string): Fault[] {
  return values.flatMap((value, index) => (form.test(value) ? [] : [{ path: `${path}[${index}]`, detail }]));
}

function repeated(path: string, values: readonly (string | number)[]): Fault[] {
  const seen = new Set<string | number>();
  return values.flatMap((value, index) => {
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [{ path: `${path}[${index}]`, detail: 'is there twice' }];
  });
}

/**
 * What is wrong with an entity as it would stand, apart from the form of its fields: rules between fields, and references, which must exist and
 * not be archived. Pure; the catalogue is the one that it would join.
 */
export function catalogFaults(catalog: Catalog, record: CatalogRecord): Fault[] {
  switch (record.name) {
    case 'AdvertiserPublished':
      return advertiserFaults(record.value);
    case 'CampaignPublished':
      return campaignFaults(record.value);
    case 'LineItemPublished':
      return lineItemFaults(catalog, record.value);
    case 'CreativePublished':
      return creativeFaults(record.value);
    case 'PublisherPublished':
      return publisherFaults(record.value);
    case 'PlacementPublished':
      return [...placementFaults(record.value), ...saleFaults(catalog, record.value)];
    case 'DeadlinePolicyPublished':
      return deadlinePolicyFaults(catalog, record.value);
    case 'BidderPublished':
      return bidderFaults(catalog, record.value);
    default:
      return record satisfies never;
  }
}

function advertiserFaults(advertiser: AdvertiserPublished): Fault[] {
  const { currency, time_zone, domains, categories, frequency_cap } = advertiser;
  return faults(
    capFaults(frequency_cap),
    !isCurrency(currency) && { path: 'currency', detail: 'is no active currency of ISO 4217' },
    !isTimeZone(time_zone) && { path: 'time_zone', detail: 'is no IANA time zone that is known here' },
    each('domains', domains, domainForm, 'is no domain in lower case'),
    repeated('domains', domains),
    each('categories', categories, categoryForm, 'is no IAB category'),
    repeated('categories', categories),
  );
}

/** A cap counts in the last so many ms, or in what runs by the calendar. */
function capFaults(cap: FrequencyCap | null): Fault[] {
  if (cap === null) return [];
  const { impressions, window_ms, calendar } = cap;
  const isSliding = calendar === '';
  return faults(
    impressions > maxExposuresKept && {
      path: 'frequency_cap.impressions',
      detail: `must not be more than ${maxExposuresKept}: no more exposures to a line item are kept for a person`,
    },
    !isSliding &&
      !isCalendarWindow(calendar) && {
        path: 'frequency_cap.calendar',
        detail: `must be one of ${calendarWindows.join(', ')}, or empty`,
      },
    isSliding &&
      window_ms < 1000 && { path: 'frequency_cap.window_ms', detail: 'must be at least 1000 without a calendar' },
    !isSliding && window_ms !== 0 && { path: 'frequency_cap.window_ms', detail: 'must be 0 with a calendar' },
  );
}

function flightFaults({ starts_at, ends_at }: Flight): Fault[] {
  return starts_at < ends_at ? [] : [{ path: 'flight.ends_at', detail: 'must be after flight.starts_at' }];
}

function campaignFaults(campaign: CampaignPublished): Fault[] {
  const { budget_total_micros, budget_daily_micros, flight, frequency_cap } = campaign;
  return faults(
    capFaults(frequency_cap),
    budget_total_micros === 0 && {
      path: 'budget_total_micros',
      detail: 'must be more than 0; pause or archive a campaign to stop it',
    },
    budget_daily_micros === 0 && { path: 'budget_daily_micros', detail: 'must be more than 0, or null for none' },
    budget_daily_micros !== null &&
      budget_daily_micros > budget_total_micros && {
        path: 'budget_daily_micros',
        detail: 'must not be more than budget_total_micros',
      },
    flightFaults(flight),
  );
}

function lineItemFaults(catalog: Catalog, item: LineItemPublished): Fault[] {
  const campaign = catalog.campaigns.get(item.campaign_id);
  const { flight } = item;
  return faults(
    priceFaults(item),
    item.pricing_model !== 'CPM' &&
      bidderOf(catalog, item.line_item_id) !== null && {
        path: 'pricing_model',
        detail: 'must stay CPM: a bidder buys through it',
      },
    capFaults(item.frequency_cap),
    flight !== null && flightFaults(flight),
    flight !== null &&
      campaign !== undefined &&
      (flight.starts_at < campaign.flight.starts_at || flight.ends_at > campaign.flight.ends_at) && {
        path: 'flight',
        detail: 'must lie within the flight of the campaign',
      },
    targetingFaults(catalog, item.targeting),
    dealListFaults(item),
  );
}

function priceFaults({ pricing_model, bid_micros }: LineItemPublished): Fault[] {
  const isHouse = pricing_model === 'NONE';
  return faults(
    isHouse && bid_micros !== 0 && { path: 'bid_micros', detail: 'must be 0 for pricing_model NONE' },
    !isHouse &&
      pricePerEventMicros(bid_micros, pricing_model) === 0 && {
        path: 'bid_micros',
        detail:
          'is a price of 0 for one event; a bid for a thousand must be at least 1000 micros, for a click at least 1',
      },
  );
}

function creativeFaults(creative: CreativePublished): Fault[] {
  const mistaken = mistakenMacros(creative.markup);
  const landing = urlFault(creative.landing_url, landingMacros);
  return faults(
    shapeFaults(creative),
    mistaken.map((name) => ({
      path: 'markup',
      detail: `has the unknown macro {${name}}; put a space inside braces that are no macro`,
    })),
    landing !== null && { path: 'landing_url', detail: landing },
    templateFaults(creative),
    creative.trackers.flatMap(({ url }, index) => {
      const fault = urlFault(url, trackerMacros);
      return fault === null ? [] : [{ path: `trackers[${index}].url`, detail: fault }];
    }),
    repeated('attributes', creative.attributes),
    each('categories', creative.categories, categoryForm, 'is no IAB category'),
    repeated('categories', creative.categories),
  );
}

/** A markup that is JSON is a template, and must be one that can be shown. */
function templateFaults({ format, markup }: CreativePublished): Fault[] {
  if (format === 'banner') return [];
  const read = format === 'native' ? readNativeTemplate(markup) : readMediaTemplate(markup);
  if (read === null || !isTemplateFault(read)) return [];
  return [{ path: 'markup', detail: [read.path, read.detail].filter((part) => part !== '').join(' ') }];
}

function shapeFaults({ format, width, height, duration_ms }: CreativePublished): Fault[] {
  const isTimed = format === 'video' || format === 'audio';
  return faults(
    (width === 0) !== (height === 0) && { path: 'height', detail: 'width and height are both 0 or both more than 0' },
    format === 'audio' && width !== 0 && { path: 'width', detail: 'must be 0 for audio' },
    format === 'video' && width === 0 && { path: 'width', detail: 'must be more than 0 for video' },
    isTimed && duration_ms === 0 && { path: 'duration_ms', detail: `must be more than 0 for ${format}` },
    !isTimed && duration_ms !== 0 && { path: 'duration_ms', detail: `must be 0 for ${format}` },
  );
}

function publisherFaults(publisher: PublisherPublished): Fault[] {
  const { shares, domains, click_prefix, blocked_advertisers, blocked_categories } = publisher;
  return faults(
    shares.length === 0 && { path: 'shares', detail: 'must hold at least one term' },
    shares.flatMap(({ effective_from }, index) => {
      const before = shares[index - 1];
      const sorted = before === undefined || before.effective_from < effective_from;
      return sorted ? [] : [{ path: `shares[${index}].effective_from`, detail: 'must be after the term before it' }];
    }),
    each('domains', domains, bundleForm, 'is no domain or app bundle'),
    repeated('domains', domains),
    clickPrefixFaults(click_prefix),
    repeated('blocked_advertisers', blocked_advertisers),
    each(
      'blocked_advertisers',
      blocked_advertisers,
      /^adv_[0-9A-Za-z]{1,12}$|^[a-z0-9.-]{1,253}$/,
      'is no adv_… and no domain',
    ),
    each('blocked_categories', blocked_categories, categoryForm, 'is no IAB category'),
    repeated('blocked_categories', blocked_categories),
  );
}

function clickPrefixFaults(prefix: string | null): Fault[] {
  const fault = prefix === null ? null : urlFault(prefix, []);
  return fault === null ? [] : [{ path: 'click_prefix', detail: fault }];
}

function placementFaults(placement: PlacementPublished): Fault[] {
  const { formats, sizes, floor_currency, blocked_attributes } = placement;
  return faults(
    formats.length === 0 && { path: 'formats', detail: 'must name at least one format' },
    repeated('formats', formats),
    each('sizes', sizes, sizeForm, 'is no size WxH'),
    repeated('sizes', sizes),
    !isCurrency(floor_currency) && { path: 'floor_currency', detail: 'is no active currency of ISO 4217' },
    repeated('blocked_attributes', blocked_attributes),
  );
}

/** Why an entity can't be changed or be given children, or null: it is archived, or something above it is. */
export function archivedFault(catalog: Catalog, record: CatalogRecord): string | null {
  const above = parentsOf(catalog, record).find(({ change }) => change.archived);
  if (record.value.change.archived) return 'it is archived';
  return above === undefined ? null : 'what it belongs to is archived';
}

function parentsOf(catalog: Catalog, record: CatalogRecord): { readonly change: { readonly archived: boolean } }[] {
  const { value } = record;
  const chain = [
    'advertiser_id' in value && record.name !== 'AdvertiserPublished' && catalog.advertisers.get(value.advertiser_id),
    'campaign_id' in value && record.name !== 'CampaignPublished' && catalog.campaigns.get(value.campaign_id),
    'line_item_id' in value && record.name !== 'LineItemPublished' && catalog.lineItems.get(value.line_item_id),
    record.name === 'PlacementPublished' && catalog.publishers.get(record.value.publisher_id),
  ];
  return chain.flatMap((parent) => (parent === false || parent === undefined ? [] : [parent]));
}
