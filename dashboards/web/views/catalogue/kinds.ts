/** Kinds of the catalogue: routes, ids and what narrows their lists. */
export const kinds = [
  {
    path: 'advertisers',
    title: 'Advertisers',
    one: 'advertiser',
    idField: 'advertiser_id',
    prefix: 'adv_',
    parent: null,
    isMarket: false,
  },
  {
    path: 'campaigns',
    title: 'Campaigns',
    one: 'campaign',
    idField: 'campaign_id',
    prefix: 'cmp_',
    parent: 'advertiser_id',
    isMarket: false,
  },
  {
    path: 'line-items',
    title: 'Line items',
    one: 'line item',
    idField: 'line_item_id',
    prefix: 'li_',
    parent: 'campaign_id',
    isMarket: false,
  },
  {
    path: 'creatives',
    title: 'Creatives',
    one: 'creative',
    idField: 'creative_id',
    prefix: 'cr_',
    parent: 'line_item_id',
    isMarket: false,
  },
  {
    path: 'publishers',
    title: 'Publishers',
    one: 'publisher',
    idField: 'publisher_id',
    prefix: 'pub_',
    parent: null,
    isMarket: true,
  },
  {
    path: 'placements',
    title: 'Placements',
    one: 'placement',
    idField: 'placement_id',
    prefix: 'pl_',
    parent: 'publisher_id',
    isMarket: false,
  },
] as const;
export type Kind = (typeof kinds)[number];

export type Entity = Readonly<Record<string, unknown>>;

/** The kind that an id is of, by its prefix. */
export function kindOf(id: string): Kind | null {
  return kinds.find(({ prefix }) => id.startsWith(prefix)) ?? null;
}

/** What the console adds to an entity, and what its change may therefore not name. */
const added = ['revision', 'archived', 'changed_by', 'changed_at', 'currency', 'calendar'];

/** The fields of an entity that were given when it was made: what an import takes again. */
export function givenFields(entity: Entity, kind: Kind): Record<string, unknown> {
  const isAdded = (name: string) =>
    (added.includes(name) && !(kind.path === 'advertisers' && name === 'currency')) ||
    (name.endsWith('_id') && name !== kind.parent);
  return Object.fromEntries(Object.entries(entity).filter(([name]) => !isAdded(name)));
}

/** What differs between an entity and its edited text. Error: `SyntaxError` for what is no JSON, `Error` for what is no object. */
export function changesOf(before: Record<string, unknown>, text: string): Record<string, unknown> {
  const after: unknown = JSON.parse(text);
  if (typeof after !== 'object' || after === null || Array.isArray(after))
    throw new Error('An entity is one JSON object.');
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value)),
  );
}

/** Entities of a file: a JSON array, one object, or a JSON object on each line. Error: with the line that can't be read. */
export function readImport(text: string): Entity[] {
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) return (JSON.parse(trimmed) as unknown[]).map(asEntity);
  try {
    return [asEntity(JSON.parse(trimmed), 0)];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return trimmed
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      try {
        return asEntity(JSON.parse(line), index);
      } catch (error) {
        throw new Error(`Line ${index + 1}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    });
}

function asEntity(value: unknown, index: number): Entity {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`Entity ${index + 1} is no JSON object.`);
  }
  return value as Entity;
}

/** Names a text (FNV-1a, twice 32 bits). Two texts of one name harm nobody: the console refuses another body under a known key. */
export function digestOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (const byte of new TextEncoder().encode(text)) {
    a = Math.imul(a ^ byte, 0x01000193) >>> 0;
    b = Math.imul(b ^ byte, 0x01000193) >>> 0;
  }
  return `${a.toString(16).padStart(8, '0')}${b.toString(16).padStart(8, '0')}`;
}
