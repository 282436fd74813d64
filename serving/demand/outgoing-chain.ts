import { longestChain } from '../openrtb/supply-chain.ts';
import type { AskedPlace } from './outgoing-request.ts';

const fields = ['asi', 'sid', 'hp', 'rid', 'name', 'domain'] as const;

/** The supply chain as it came, with ourselves behind it. What came is in one line, as the IAB writes it: `1.0,1!exchange.example,1234,1,,,`. */
export function chainWithUs(
  { context, slot }: Pick<AskedPlace, 'context' | 'slot'>,
  domain: string,
  requestId: string,
): Record<string, unknown> {
  const [head = '', ...records] = context.supply_chain === '' ? ['1.0,1'] : context.supply_chain.split('!');
  // Of one that was cut the last record is a piece, and those behind it are not known.
  const isCut = context.supply_chain.length >= longestChain;
  if (isCut) records.pop();
  const complete = !isCut && head.split(',')[1] === '1' ? 1 : 0;
  const own = { asi: domain, sid: slot.publisher.publisher_id, hp: 1, rid: requestId };
  return { ver: '1.0', complete, nodes: [...records.flatMap(nodeOf), own] };
}

/** A record that was cut in the middle of an escape says nothing. */
function nodeOf(record: string): Record<string, unknown>[] {
  const node: Record<string, unknown> = {};
  for (const [index, value] of record.split(',').entries()) {
    const name = fields[index];
    if (name === undefined || value === '') continue;
    try {
      node[name] = name === 'hp' ? Number(value === '1') : decodeURIComponent(value);
    } catch (error) {
      if (error instanceof URIError) return [];
      throw error;
    }
  }
  return node['asi'] === undefined || node['sid'] === undefined ? [] : [node];
}
