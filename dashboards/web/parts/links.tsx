import { nameOf } from '../names.ts';
import { writePlace } from '../place.ts';

export interface EntryFilter {
  readonly truth?: string | null | undefined;
  readonly account?: string | null | undefined;
  readonly advertiser?: string | null | undefined;
  readonly campaign?: string | null | undefined;
  readonly selection?: string | null | undefined;
  readonly service?: string | null | undefined;
  readonly posting?: string | null | undefined;
  readonly kind?: string | null | undefined;
}

/** The entries that make up a figure. */
export function entriesHref(filter: EntryFilter): string {
  return writePlace({ view: 'money', params: { tab: 'entries', ...filter } });
}

export function storyHref(selectionId: string): string {
  return writePlace({ view: 'story', id: selectionId });
}

/** A selection, as a link to its story; the end of its id tells it from its neighbours. */
export function SelectionLink({ id }: { readonly id: string }) {
  return (
    <a class="id" href={storyHref(id)} title={id}>
      {id.slice(0, 8)}…{id.slice(-8)}
    </a>
  );
}

/** Its name, with its id on hover. */
export function Name({ id }: { readonly id: string | null }) {
  if (id === null || id === '') return <span class="dim">–</span>;
  const name = nameOf(id);
  return name === id ? <span class="id">{id}</span> : <span title={id}>{name}</span>;
}
