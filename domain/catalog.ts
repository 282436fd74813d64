import type {
  AdvertiserPublished,
  AnyRecord,
  BidderPublished,
  CampaignPublished,
  Change,
  CreativePublished,
  DeadlinePolicyPublished,
  LineItemPublished,
  PlacementPublished,
  PublisherPublished,
  RecordOf,
  Status,
} from './records.ts';

/**
 * The catalogue as a fold of the `catalog` topic: the newest valid record of every entity by its id, archived ones included. What it answers
 * belongs to the records before `nextOffset`.
 */
export interface Catalog {
  readonly advertisers: Map<string, AdvertiserPublished>;
  readonly campaigns: Map<string, CampaignPublished>;
  readonly lineItems: Map<string, LineItemPublished>;
  readonly creatives: Map<string, CreativePublished>;
  readonly publishers: Map<string, PublisherPublished>;
  readonly placements: Map<string, PlacementPublished>;
  /** In the order in which they were created. */
  readonly deadlinePolicies: Map<string, DeadlinePolicyPublished>;
  readonly bidders: Map<string, BidderPublished>;
  /** Offset of the first record that is not in it. */
  nextOffset: number;
  /** Children's ids by the id of their parent, in the order in which they were created: campaigns of an advertiser, line items of a campaign, … */
  readonly children: Map<string, Set<string>>;
}

/** A catalogue record, which carries the whole entity as it now stands. */
export type CatalogRecord = RecordOf<'catalog'>;

/** What every catalogue record says of its entity. `parentId` is null for advertisers, publishers and deadline policies. */
export interface EntityFacts {
  readonly id: string;
  readonly parentId: string | null;
  readonly status: Status;
  readonly change: Change;
}

export function emptyCatalog(): Catalog {
  return {
    advertisers: new Map(),
    campaigns: new Map(),
    lineItems: new Map(),
    creatives: new Map(),
    publishers: new Map(),
    placements: new Map(),
    deadlinePolicies: new Map(),
    bidders: new Map(),
    nextOffset: 0,
    children: new Map(),
  };
}

const none: ReadonlySet<string> = new Set();

/**
 * Takes the next record of the topic into the catalogue. False if it is void: its revision is not the entity's last plus one (of two changes to
 * the same revision the first wins), it is no catalogue record, or it was taken before.
 */
export function applyCatalog(catalog: Catalog, record: AnyRecord, offset: number): boolean {
  if (offset < catalog.nextOffset) return false;
  catalog.nextOffset = offset + 1;
  switch (record.name) {
    case 'AdvertiserPublished':
      return put(catalog, catalog.advertisers, record.value, { id: record.value.advertiser_id, parentId: null });
    case 'CampaignPublished':
      return put(catalog, catalog.campaigns, record.value, {
        id: record.value.campaign_id,
        parentId: record.value.advertiser_id,
      });
    case 'LineItemPublished':
      return put(catalog, catalog.lineItems, record.value, {
        id: record.value.line_item_id,
        parentId: record.value.campaign_id,
      });
    case 'CreativePublished':
      return put(catalog, catalog.creatives, record.value, {
        id: record.value.creative_id,
        parentId: record.value.line_item_id,
      });
    case 'PublisherPublished':
      return put(catalog, catalog.publishers, record.value, { id: record.value.publisher_id, parentId: null });
    case 'PlacementPublished':
      return put(catalog, catalog.placements, record.value, {
        id: record.value.placement_id,
        parentId: record.value.publisher_id,
      });
    case 'DeadlinePolicyPublished':
      return put(catalog, catalog.deadlinePolicies, record.value, { id: record.value.policy_id, parentId: null });
    case 'BidderPublished':
      return put(catalog, catalog.bidders, record.value, {
        id: record.value.bidder_id,
        parentId: record.value.line_item_id,
      });
    default:
      return false;
  }
}

function put<T extends { readonly change: Change }>(
  catalog: Catalog,
  entities: Map<string, T>,
  value: T,
  { id, parentId }: { readonly id: string; readonly parentId: string | null },
): boolean {
  const last = entities.get(id)?.change.revision ?? 0;
  if (value.change.revision !== last + 1) return false;
  entities.set(id, value);
  if (parentId !== null && last === 0) {
    const siblings = catalog.children.get(parentId);
    if (siblings === undefined) catalog.children.set(parentId, new Set([id]));
    else siblings.add(id);
  }
  return true;
}

/** Id, parent, status and change of a catalogue record. */
export function entityFacts(record: CatalogRecord): EntityFacts {
  const { status, change } = record.value;
  switch (record.name) {
    case 'AdvertiserPublished':
      return { id: record.value.advertiser_id, parentId: null, status, change };
    case 'CampaignPublished':
      return { id: record.value.campaign_id, parentId: record.value.advertiser_id, status, change };
    case 'LineItemPublished':
      return { id: record.value.line_item_id, parentId: record.value.campaign_id, status, change };
    case 'CreativePublished':
      return { id: record.value.creative_id, parentId: record.value.line_item_id, status, change };
    case 'PublisherPublished':
      return { id: record.value.publisher_id, parentId: null, status, change };
    case 'PlacementPublished':
      return { id: record.value.placement_id, parentId: record.value.publisher_id, status, change };
    case 'DeadlinePolicyPublished':
      return { id: record.value.policy_id, parentId: null, status, change };
    case 'BidderPublished':
      return { id: record.value.bidder_id, parentId: record.value.line_item_id, status, change };
    default:
      return record satisfies never;
  }
}

/** True if the entity itself is neither paused nor archived; whether its parents are is another question. */
export function isLive(entity: { readonly status: Status; readonly change: Change }): boolean {
  return entity.status === 'ACTIVE' && !entity.change.archived;
}

/** Campaigns of an advertiser, archived ones included, oldest first. */
export function campaignsOf(catalog: Catalog, advertiserId: string): CampaignPublished[] {
  return pick(catalog.campaigns, catalog.children.get(advertiserId) ?? none);
}

/** Line items of a campaign, archived ones included, oldest first. */
export function lineItemsOf(catalog: Catalog, campaignId: string): LineItemPublished[] {
  return pick(catalog.lineItems, catalog.children.get(campaignId) ?? none);
}

/** Creatives of a line item, archived ones included, oldest first. */
export function creativesOf(catalog: Catalog, lineItemId: string): CreativePublished[] {
  return pick(catalog.creatives, catalog.children.get(lineItemId) ?? none);
}

/** The bidder that buys through a line item, paused ones and archived ones included; the last one made. */
export function bidderOf(catalog: Catalog, lineItemId: string): BidderPublished | null {
  if (catalog.bidders.size === 0) return null;
  return pick(catalog.bidders, catalog.children.get(lineItemId) ?? none).at(-1) ?? null;
}

function pick<T>(entities: ReadonlyMap<string, T>, ids: ReadonlySet<string>): T[] {
  return [...ids].flatMap((id) => {
    const entity = entities.get(id);
    return entity === undefined ? [] : [entity];
  });
}
