import { join } from 'node:path';
import { Counter, type Registry } from 'prom-client';
import { type NoticeDelivery, openNoticeDelivery } from '../adapters/http/notices/notice-delivery.ts';
import { createNoticeTransport } from '../adapters/http/notices/notice-transport.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import { addGauge } from '../serving/gauge.ts';

export interface BidderNoticesOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  /** Of this process, alone on this machine: its book is kept by this name. */
  readonly process: string;
  /** The disk fails: notices are not kept any more. */
  readonly failed: (error: unknown) => void;
}

/** Notices to bidders, kept in a folder of this process in DATA_DIR. */
export function openBidderNotices({
  settings: { dataDir, bidderAddressesAllowed: allowedAddresses },
  clock,
  random,
  process,
  failed,
}: BidderNoticesOptions): Promise<NoticeDelivery> {
  const transport = createNoticeTransport({ clock, allowedAddresses });
  const folder = join(dataDir, 'notices', process);
  return openNoticeDelivery({ clock, random, disk: createSystemDisk(), transport, folder, failed });
}

export type NoticeSource = Pick<NoticeDelivery, 'counts' | 'waiting'>;

/** Adds what became of notices, and how many wait, to the metrics of a process. */
export function addNoticeMetrics(registry: Registry, notices: NoticeSource): void {
  new Counter({
    name: 'adtally_bidder_notices_total',
    help: 'Notices to bidders, by what became of them',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { kind, outcome, count } of notices.counts()) this.inc({ kind, outcome }, count);
    },
  });
  const help = 'Notices to bidders that wait for a try';
  addGauge(registry, { name: 'adtally_bidder_notices_waiting', help }, () => notices.waiting());
}
