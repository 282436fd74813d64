import { createBidderConnections } from '../adapters/http/bidders/connections.ts';
import type { Registry } from 'prom-client';
import type { NoticeDelivery } from '../adapters/http/notices/notice-delivery.ts';
import type { Settings } from '../config/settings.ts';
import type { BidderConnections } from '../ports/bidder-connection.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { CatalogIndex } from '../serving/catalog-index.ts';
import { DemandDesk } from '../serving/demand/demand-desk.ts';
import { addDemandMetrics } from '../serving/demand/demand-metrics.ts';
import type { CurrencyRates } from '../serving/openrtb/currency-rates.ts';
import { addNoticeMetrics, openBidderNotices } from './bidder-notices.ts';

export interface BidderParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly index: CatalogIndex;
  readonly rates: CurrencyRates;
  /** By which clients reach the public side. */
  readonly url: string;
  readonly node: string;
  /** Notices can't be kept any more. */
  readonly failed: (error: unknown) => void;
  /** An answer of a bidder could not be worked on: ours to answer for. */
  readonly onError: (error: Error) => void;
}

export interface OutsideDemand {
  readonly desk: DemandDesk;
  readonly connections: BidderConnections;
  readonly notices: NoticeDelivery;
  close(): Promise<void>;
}

/** What bidders did, and what became of notices to them, in the metrics of a serving process. */
export function addBidderMetrics(registry: Registry, { desk, notices }: OutsideDemand): void {
  addDemandMetrics(registry, desk);
  addNoticeMetrics(registry, notices);
}

/** Everything by which bidders of outside demand are asked and told. */
export async function openBidders(parts: BidderParts): Promise<OutsideDemand> {
  const { settings, clock, random, index, rates, url, node, failed, onError } = parts;
  const connections = createBidderConnections({ clock, allowedAddresses: settings.bidderAddressesAllowed });
  const notices = await openBidderNotices({ settings, clock, random, process: node, failed });
  const domain = new URL(url).hostname;
  const progressive = settings.bidderWait === 'progressive';
  const desk = new DemandDesk({ clock, random, index, connections, notices, rates, domain, progressive, onError });
  const close = async () => void (await Promise.all([connections.close(), notices.close()]));
  return { desk, connections, notices, close };
}
