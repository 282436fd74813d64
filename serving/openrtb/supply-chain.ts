import { fieldsOf, isFields, listOf } from './fields.ts';
import type { Fields } from './fields.ts';
import { ownSeat } from './seat.ts';

/** What is longer is cut here, wherever that is. */
export const longestChain = 1024;
const parts = ['asi', 'sid', 'hp', 'rid', 'name', 'domain'] as const;

/** `schain` in one line, as the IAB writes it for URLs: `1.0,1!exchange.example,1234,1,,,`. Empty if there is none. */
export function supplyChainOf({ source, ext }: Fields): string {
  const own = fieldsOf(source);
  const given = [own['schain'], fieldsOf(own['ext'])['schain'], fieldsOf(ext)['schain'], prebidChain(fieldsOf(ext))];
  const chain = given.find(isFields);
  if (chain === undefined) return '';
  const nodes = listOf(chain['nodes']).map((node) => parts.map((part) => written(fieldsOf(node)[part])).join());
  return [`${written(chain['ver'])},${written(chain['complete'])}`, ...nodes].join('!').slice(0, longestChain);
}

/** Prebid has a chain for each bidder, or for all of them (`*`). */
function prebidChain(ext: Fields): unknown {
  const chains = listOf(fieldsOf(ext['prebid'])['schains']).map(fieldsOf);
  return chains.find(({ bidders }) => listOf(bidders).some((name) => name === ownSeat || name === '*'))?.['schain'];
}

function written(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  // What parts records and fields must not stand in a value.
  return encodeURIComponent(String(value).toWellFormed()).replaceAll('!', '%21');
}
