import { signal } from '@preact/signals';
import { type Place, readPlace, writePlace } from './place.ts';
import { viewPaths } from './views.ts';

/** The address of the page, as a place. */
export const place = signal<Place>(readPlace(location.pathname, location.search));

function follow(): void {
  place.value = readPlace(location.pathname, location.search);
}

/** Goes to an address of ours. `replace`: the back button does not come here again. */
export function go(href: string, replace = false): void {
  if (replace) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  follow();
}

/** Changes parameters of the present view; null takes one away. */
export function setParams(changes: Readonly<Record<string, string | null>>): void {
  const { view, id, params } = place.value;
  go(writePlace({ view, id, params: { ...params, ...changes } }), true);
}

function isOurs(path: string): boolean {
  const first = `/${path.split('/')[1] ?? ''}`;
  return viewPaths.includes(first);
}

/** Links to views change the page without loading it anew; every other click stays the browser's. */
export function listenForLinks(): void {
  addEventListener('popstate', follow);
  document.addEventListener('click', (event) => {
    const anchor = (event.target as Element | null)?.closest('a');
    if (anchor === null || anchor === undefined || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || anchor.target !== '') return;
    if (anchor.origin !== location.origin || anchor.hasAttribute('download') || !isOurs(anchor.pathname)) return;
    if (anchor.hash !== '' && anchor.pathname === location.pathname) return;
    event.preventDefault();
    go(`${anchor.pathname}${anchor.search}`);
    scrollTo(0, 0);
  });
}
