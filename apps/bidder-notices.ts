import { join } from 'node:path';
import { type NoticeDelivery, openNoticeDelivery } from '../adapters/http/notices/notice-delivery.ts';
import { createNoticeTransport } from '../adapters/http/notices/notice-transport.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

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

/** Lines of metrics: what became of notices, and how many wait. */
export function noticeMetrics(notices: Pick<NoticeDelivery, 'counts' | 'waiting'>): readonly string[] {
  const counts = notices
    .counts()
    .map(({ kind, outcome, count }) => `adtally_bidder_notices_total{kind="${kind}",outcome="${outcome}"} ${count}`);
  return [...counts, `adtally_bidder_notices_waiting ${notices.waiting()}`];
}
