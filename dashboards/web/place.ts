import { type ViewName, views } from './views.ts';

/** Where the reader is: what a link to the present view says. */
export interface Place {
  /** Null: no view of ours, or the front page, which is the first view that the key may use. */
  readonly view: ViewName | null;
  readonly id: string | null;
  readonly params: Readonly<Record<string, string>>;
}

/** Reads path and query of an address. What a view does not know, it ignores. */
export function readPlace(path: string, query: string): Place {
  const [first = '', second = ''] = path.split('/').filter((part) => part !== '');
  const view = views.find(({ name }) => name === first)?.name ?? null;
  return {
    view,
    id: second === '' ? null : decoded(second),
    params: Object.fromEntries([...new URLSearchParams(query)].filter(([, value]) => value !== '')),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}

/** The address of a place. Parameters stand in the order of their names, so that one state has one address; those that say nothing are left out. */
export function writePlace({
  view,
  id = null,
  params = {},
}: {
  readonly view: ViewName | null;
  readonly id?: string | null;
  readonly params?: Readonly<Record<string, string | null | undefined>>;
}): string {
  const path = view === null ? '/' : id === null ? `/${view}` : `/${view}/${encodeURIComponent(id)}`;
  const given = Object.entries(params).filter((one): one is [string, string] => Boolean(one[1]));
  const query = new URLSearchParams(given.toSorted(([a], [b]) => (a < b ? -1 : 1))).toString();
  return query === '' ? path : `${path}?${query}`;
}
