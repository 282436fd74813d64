import { type SimulatedReply, createSimulatedBidders } from '../adapters/simulated/bidder-connections.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import type { AnyRecord, BidderPublished } from '../domain/records.ts';
import type { BidderCall, BidderConnections, BidderNotice } from '../ports/bidder-connection.ts';
import { DemandDesk } from '../serving/demand/demand-desk.ts';
import { CurrencyRates } from '../serving/openrtb/currency-rates.ts';
import { bidder, inventory, supply } from './decision-world.ts';
import { type DeskWorld, openDeskWorld } from './desk-world.ts';

export interface DemandWorld extends DeskWorld {
  readonly demand: DemandDesk;
  readonly notices: BidderNotice[];
  readonly errors: Error[];
  readonly connections: BidderConnections & { readonly calls: readonly BidderCall[] };
  /** By the id of a bidder; whoever is not here does not bid, at once. */
  readonly bidders: Map<string, (call: BidderCall) => SimulatedReply>;
}

/** One placement, one line item of the house's own (li_1, bid 2.00), and bidders from number 2 on that may bid up to 10.00. */
export function demandRecords(bidders = 1, changes: Partial<BidderPublished> = {}): AnyRecord[] {
  const outside = Array.from({ length: bidders }, (_, index): AnyRecord[] => [
    ...supply(index + 2, { lineItem: { bid_micros: 10_000_000 } }),
    { name: 'BidderPublished', value: bidder(index + 2, changes) },
  ]);
  return [...inventory(1), ...supply(1, { lineItem: { bid_micros: 2_000_000 } }), ...outside.flat()];
}

export function openDemandWorld(
  records: readonly AnyRecord[] = demandRecords(),
  { progressive = true, rates = '' }: { readonly progressive?: boolean; readonly rates?: string } = {},
): DemandWorld {
  const bidders: DemandWorld['bidders'] = new Map();
  const notices: BidderNotice[] = [];
  const errors: Error[] = [];
  const parts: { demand?: DemandDesk; connections?: DemandWorld['connections'] } = {};
  const world = openDeskWorld(records, ({ clock, index }) => {
    const connections = createSimulatedBidders(
      clock,
      (call) => bidders.get(call.bidderId)?.(call) ?? { delayMs: 0, reply: null },
    );
    const currencyRates = new CurrencyRates(86_400_000 * 365, () => clock.now());
    if (rates !== '') currencyRates.load(rates);
    const demand = new DemandDesk({
      clock,
      index,
      connections,
      progressive,
      random: createSeededRandom(7),
      notices: { send: (notice) => void notices.push(notice) },
      rates: currencyRates,
      domain: 'ads.example',
      onError: (error) => void errors.push(error),
    });
    Object.assign(parts, { demand, connections });
    return demand;
  });
  return Object.assign(world, parts as Required<typeof parts>, { notices, errors, bidders });
}

interface Asked {
  readonly id: string;
  readonly imp: readonly { readonly id: string; readonly bidfloor: number }[];
}

/** The bid request of a call. */
export function requestOf(call: BidderCall): Asked & Record<string, unknown> {
  return JSON.parse(Buffer.from(call.body).toString('utf8')) as Asked & Record<string, unknown>;
}

/** An answer with one bid for the first imp, changed as given. */
export function bidBody(call: BidderCall, price: number, changes: Readonly<Record<string, unknown>> = {}): string {
  const { id, imp } = requestOf(call);
  const bid = {
    id: 'b1',
    impid: imp[0]?.id,
    price,
    adm: '<b>${AUCTION_PRICE}</b>',
    w: 300,
    h: 250,
    adomain: ['shoes.example'],
    ...changes,
  };
  return JSON.stringify({ id, cur: 'EUR', seatbid: [{ seat: 's1', bid: [bid] }] });
}
