import type { Catalog } from './catalog.ts';
import type { Fault } from './catalog-rules.ts';
import { isCurrency } from './currency.ts';
import { tiers } from './deadline-policy.ts';
import type { BidderPublished } from './records.ts';

/** What is wrong with a bidder beyond the form of its fields. */
export function bidderFaults({ bidders, lineItems }: Catalog, bidder: BidderPublished): Fault[] {
  const { bidder_id, line_item_id, timeout_min_ms, timeout_max_ms, network_ms } = bidder;
  const lineItem = lineItems.get(line_item_id);
  const other = [...bidders.values()].find((one) => one.line_item_id === line_item_id && !one.change.archived);
  const rules: (Fault | false)[] = [
    lineItem !== undefined &&
      lineItem.pricing_model !== 'CPM' && {
        path: 'line_item_id',
        detail: `must be of a line item that is billed by the impression (CPM): ${line_item_id} is not`,
      },
    other !== undefined &&
      other.bidder_id !== bidder_id && {
        path: 'line_item_id',
        detail: `has a bidder already: change, or archive, ${other.bidder_id}`,
      },
    timeout_min_ms > timeout_max_ms && { path: 'timeout_min_ms', detail: 'must not be more than timeout_max_ms' },
    network_ms >= timeout_max_ms && {
      path: 'network_ms',
      detail: 'must be less than timeout_max_ms: the bidder itself needs some of it',
    },
  ];
  return [...rules.filter((rule) => rule !== false), ...endpointFaults(bidder), ...listFaults(bidder)];
}

function endpointFaults({ endpoint }: BidderPublished): Fault[] {
  const url = URL.parse(endpoint);
  const fault = (detail: string): Fault[] => [{ path: 'endpoint', detail }];
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return fault('must be an http or https URL');
  if (url.username !== '' || url.password !== '') return fault('must not hold a name or password: the log keeps it');
  return url.hash === '' ? [] : fault('must not have a fragment');
}

function listFaults({ currencies, tiers: named }: BidderPublished): Fault[] {
  return [
    ...currencies.flatMap((currency, index) =>
      isCurrency(currency) ? [] : [{ path: `currencies[${index}]`, detail: 'is no active currency of ISO 4217' }],
    ),
    ...named.flatMap((tier, index) =>
      (tiers as readonly string[]).includes(tier)
        ? []
        : [{ path: `tiers[${index}]`, detail: `must be one of ${tiers.join(', ')}` }],
    ),
  ];
}
