import type { ComponentChildren } from 'preact';
import { SelectionLink } from '../../parts/links.tsx';
import { session } from '../../session.ts';
import { type ViewName, viewsOf } from '../../views.ts';

/** Whether the key opens a view: a link that leads to a refusal is none. */
export function mayOpen(view: ViewName): boolean {
  const { role, advertiser_id } = session.value ?? { role: '', advertiser_id: null };
  return viewsOf(role, advertiser_id !== null).some(({ name }) => name === view);
}

/** A selection: a link to its story for whoever may read stories, its id for everybody else. */
export function Ad({ id }: { readonly id: string }) {
  if (mayOpen('story')) return <SelectionLink id={id} />;
  return (
    <span class="id" title={id}>
      {id.slice(0, 8)}…{id.slice(-8)}
    </span>
  );
}

/** A figure that leads to its entries, for whoever may read the ledgers. */
export function ToEntries({ href, children }: { readonly href: string; readonly children: ComponentChildren }) {
  return mayOpen('money') ? <a href={href}>{children}</a> : <>{children}</>;
}
