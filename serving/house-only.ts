import { keepAll } from './bitmap.ts';
import type { CatalogIndex } from './catalog-index.ts';
import type { Eligible } from './eligibility.ts';

let own = new Uint32Array(64);

/** Of the eligible only house ads: what a plan does that has no time for an auction. The set is valid until the next call. */
export function houseOnly(eligible: Eligible, { state }: Pick<CatalogIndex, 'state'>): Eligible {
  const { words, length, exclusions } = eligible;
  if (own.length < length) own = new Uint32Array(2 * length);
  const count = keepAll(own, words, state.house, length);
  const passedOver = { step: 'ranking', reason: 'house_only', count: eligible.count - count };
  return { ...eligible, words: own, count, exclusions: [...exclusions, passedOver] };
}
