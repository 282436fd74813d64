/** What may stand inside an element; null is left out. Text is always text: nothing that an ad or a record says becomes markup. */
export type Child = Node | string | null;

type Attributes = Readonly<Record<string, string | boolean | (() => void)>>;

/** An element. `class` and the like are attributes, `onclick` listens; false leaves an attribute out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The element of that id. A page without it is a mistake of ours. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** Shows other content if it differs in `fingerprint`: what a reader has opened stays open while nothing changes. */
export function show(place: HTMLElement, fingerprint: unknown, content: () => readonly Child[]): void {
  const mark = JSON.stringify(fingerprint);
  if (place.dataset['mark'] === mark) return;
  place.dataset['mark'] = mark;
  const open = new Set(Array.from(place.querySelectorAll('details[open][data-name]'), (one) => nameOf(one)));
  place.replaceChildren(...content().filter((child) => child !== null));
  for (const one of place.querySelectorAll('details[data-name]'))
    if (open.has(nameOf(one))) one.setAttribute('open', '');
}

function nameOf(element: Element): string {
  return element.getAttribute('data-name') ?? '';
}

export interface Column {
  readonly title: string;
  readonly number?: boolean;
}

/** A table; the first cell of a row heads it. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
  tight = false,
): HTMLElement {
  const side = (index: number) => (columns[index]?.number === true ? 'number' : '');
  const head = columns.map(({ title }, index) => h('th', { scope: 'col', class: side(index) }, title));
  const body = rows.map((row) =>
    h(
      'tr',
      {},
      ...row.map((cell, index) =>
        h(index === 0 ? 'th' : 'td', { class: side(index), ...(index === 0 && { scope: 'row' }) }, cell),
      ),
    ),
  );
  const inner = h(
    'table',
    { class: tight ? 'tight' : '' },
    h('caption', {}, caption),
    h('thead', {}, h('tr', {}, ...head)),
    h('tbody', {}, ...body),
  );
  return h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption }, inner);
}

/** A disclosure that stays open when its content is shown anew. */
export function details(name: string, title: string, ...children: readonly Child[]): HTMLElement {
  return h('details', { 'data-name': name }, h('summary', {}, title), ...children);
}

export function wait(delayMs: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, delayMs));
}
