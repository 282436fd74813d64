import type { Catalog } from '../domain/catalog.ts';
import { isCalendarWindow } from '../domain/calendar.ts';
import type { CapFact, FrequencyCap, FrequencyFact } from '../domain/records.ts';
import type { IndexedLineItem } from './catalog-index.ts';
import { type ExposureSource, exposuresAfter } from './frequency.ts';
import { windowStart, type ZoneClock } from './zone-clock.ts';

/** Over what a cap counts: one line item, or all of a campaign or an advertiser. */
export const capScopes = ['line_item', 'campaign', 'advertiser'] as const;
export type CapScope = (typeof capScopes)[number];

type Parts = Pick<IndexedLineItem, 'lineItem' | 'campaign' | 'advertiser'>;

/** The cap under which a line item stands in that scope; null: none. */
export function capOf({ lineItem, campaign, advertiser }: Parts, scope: CapScope): FrequencyCap | null {
  if (scope === 'line_item') return lineItem.frequency_cap;
  return scope === 'campaign' ? campaign.frequency_cap : advertiser.frequency_cap;
}

/** Id of what carries that cap. */
export function capOwner({ lineItem, campaign, advertiser }: Parts, scope: CapScope): string {
  if (scope === 'line_item') return lineItem.line_item_id;
  return scope === 'campaign' ? campaign.campaign_id : advertiser.advertiser_id;
}

/** True if some cap holds for the line item: its own, its campaign's or its advertiser's. */
export function isCapped({ lineItem, campaign, advertiser }: Parts): boolean {
  return lineItem.frequency_cap !== null || campaign.frequency_cap !== null || advertiser.frequency_cap !== null;
}

/** The part of an index that counting needs. */
export interface CapCatalog {
  readonly catalog: Catalog;
  get(lineItemId: string): IndexedLineItem | undefined;
  clockOf(zone: string): ZoneClock;
}

/** Counts exposures of one person against caps, each once. An archived line item counts for its campaign and advertiser as before. */
export class PersonExposures {
  readonly #source: ExposureSource;
  readonly #index: CapCatalog;
  readonly #counts = new Map<string, number>();
  /** Campaign or advertiser → its line items of which the person saw something. */
  #lineItems: ReadonlyMap<string, readonly string[]> | null = null;

  constructor(source: ExposureSource, index: CapCatalog) {
    this.#source = source;
    this.#index = index;
  }

  /** Exposures within the window of the cap that the line item has in that scope; 0 if it has none. */
  count(item: IndexedLineItem, scope: CapScope): number {
    const cap = capOf(item, scope);
    return cap === null ? 0 : this.#counted(capOwner(item, scope), cap, item.clock);
  }

  #counted(ownerId: string, cap: FrequencyCap, clock: ZoneClock): number {
    const known = this.#counts.get(ownerId);
    if (known !== undefined) return known;
    const afterMs = this.#windowAfter(cap, clock);
    let count = 0;
    for (const id of this.#lineItemsOf(ownerId)) count += exposuresAfter(this.#source, id, afterMs);
    this.#counts.set(ownerId, count);
    return count;
  }

  /** A sliding window begins after its first instant, a calendar window with it. */
  #windowAfter({ calendar, window_ms }: FrequencyCap, clock: ZoneClock): number {
    const { nowMs } = this.#source;
    return isCalendarWindow(calendar) ? windowStart(clock, calendar, nowMs) - 1 : nowMs - window_ms;
  }

  #lineItemsOf(ownerId: string): readonly string[] {
    if (ownerId.startsWith('li_')) return [ownerId];
    this.#lineItems ??= groupByOwner(this.#seen(), this.#index.catalog);
    return this.#lineItems.get(ownerId) ?? none;
  }

  /** Line items that the person saw or is about to see. */
  #seen(): Set<string> {
    return new Set([...this.#source.exposed.keys(), ...this.#source.selected.keys()]);
  }

  /** Counts of everything with a cap of which something is known, for the record. What is not among them has none. */
  facts(): { readonly frequency: FrequencyFact[]; readonly caps: CapFact[] } {
    const frequency: FrequencyFact[] = [];
    const caps = new Map<string, number>();
    const { advertisers, campaigns, lineItems } = this.#index.catalog;
    for (const line_item_id of this.#seen()) {
      const lineItem = lineItems.get(line_item_id);
      const campaign = lineItem && campaigns.get(lineItem.campaign_id);
      const advertiser = campaign && advertisers.get(campaign.advertiser_id);
      if (lineItem === undefined || campaign === undefined || advertiser === undefined) continue;
      const parts = { lineItem, campaign, advertiser };
      if (!isCapped(parts)) continue;
      const clock = this.#index.clockOf(advertiser.time_zone);
      for (const scope of capScopes) {
        const cap = capOf(parts, scope);
        if (cap === null) continue;
        const owner_id = capOwner(parts, scope);
        const count = this.#counted(owner_id, cap, clock);
        if (scope === 'line_item') frequency.push({ line_item_id, count });
        else caps.set(owner_id, count);
      }
    }
    return { frequency, caps: Array.from(caps, ([owner_id, count]) => ({ owner_id, count })) };
  }
}

const none: readonly string[] = [];

function groupByOwner(lineItemIds: Iterable<string>, { lineItems }: Catalog): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const id of lineItemIds) {
    const lineItem = lineItems.get(id);
    if (lineItem === undefined) continue;
    for (const owner of [lineItem.campaign_id, lineItem.advertiser_id]) {
      const group = groups.get(owner);
      if (group === undefined) groups.set(owner, [id]);
      else group.push(id);
    }
  }
  return groups;
}
