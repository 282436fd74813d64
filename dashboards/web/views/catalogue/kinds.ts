/** Kinds of the catalogue: routes, ids and what narrows their lists. What their fields are, the console says (`GET /v1/catalogue/kinds`). */
export const kinds = [
  {
    path: 'advertisers',
    title: 'Advertisers',
    one: 'advertiser',
    idField: 'advertiser_id',
    prefix: 'adv_',
    parent: null,
  },
  {
    path: 'campaigns',
    title: 'Campaigns',
    one: 'campaign',
    idField: 'campaign_id',
    prefix: 'cmp_',
    parent: 'advertiser_id',
  },
  {
    path: 'line-items',
    title: 'Line items',
    one: 'line item',
    idField: 'line_item_id',
    prefix: 'li_',
    parent: 'campaign_id',
  },
  {
    path: 'creatives',
    title: 'Creatives',
    one: 'creative',
    idField: 'creative_id',
    prefix: 'cr_',
    parent: 'line_item_id',
  },
  { path: 'publishers', title: 'Publishers', one: 'publisher', idField: 'publisher_id', prefix: 'pub_', parent: null },
  {
    path: 'placements',
    title: 'Placements',
    one: 'placement',
    idField: 'placement_id',
    prefix: 'pl_',
    parent: 'publisher_id',
  },
  { path: 'bidders', title: 'Bidders', one: 'bidder', idField: 'bidder_id', prefix: 'bd_', parent: 'line_item_id' },
  {
    path: 'deadline-policies',
    title: 'Deadline policies',
    one: 'deadline policy',
    many: 'deadline policies',
    idField: 'policy_id',
    prefix: 'dp_',
    parent: null,
  },
] as const;
export type Kind = (typeof kinds)[number];

export type Entity = Readonly<Record<string, unknown>>;

/** The kind that an id is of, by its prefix. */
export function kindOf(id: string): Kind | null {
  return kinds.find(({ prefix }) => id.startsWith(prefix)) ?? null;
}

export function manyOf(kind: Kind): string {
  return 'many' in kind ? kind.many : `${kind.one}s`;
}
