import { type Fields, fieldsOf, textOf } from './fields.ts';

/** What differs from one asking to the next although the same is asked: ids of transactions, and times. */
const volatile = new Set(['tid', 'auctiontimestamp', 'createtids']);

/**
 * Names what a page view asks, apart from the id of the request: the same text for the same imps, person and page. Null if the request does not say
 * which page view it belongs to (`ext.prebid.page_view_ids`), since then a second one may be a second view.
 */
export function pageViewAsked(body: Fields): string | null {
  const ids = fieldsOf(fieldsOf(fieldsOf(body['ext'])['prebid'])['page_view_ids']);
  if (textOf(body['id'], Infinity) === null || !Object.values(ids).some((id) => textOf(id) !== null)) return null;
  return JSON.stringify({ ...body, id: null }, (name, value: unknown) => (volatile.has(name) ? undefined : value));
}
