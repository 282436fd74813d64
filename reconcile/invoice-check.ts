import { type Break, sumKeys } from './breaks.ts';
import { type ExpectedEntry, partiesText } from './expected-entries.ts';
import { checkEntries } from './ledger-check.ts';
import type { BookedEntry, LedgerStream } from './ledger-reading.ts';
import type { Recounted } from './recount.ts';
import type { Timeline } from './timeline.ts';

type Close = ReturnType<Timeline['closesUpTo']>[number];

/**
 * Invoices that the closes of a shard should have booked: per advertiser of the calendar, what its unbilled account moved by in that posting
 * period before the close. Nothing moved, or a negative balance: no entry, or one the other way round.
 */
export class ExpectedInvoices {
  private readonly timeline: Timeline;
  /** By close, then by advertiser and currency: what is unbilled. */
  private readonly closes: readonly { readonly close: Close; readonly unbilled: Map<string, bigint> }[];

  /** Of the closes that the ledger has reached: those before `next`. */
  constructor(timeline: Timeline, next: number) {
    this.timeline = timeline;
    this.closes = timeline.closesUpTo(next).map((close) => ({ close, unbilled: new Map() }));
  }

  /** Counts one selection of the shard. */
  add({ delivery, entries }: Pick<Recounted, 'delivery' | 'entries'>): void {
    const billing = delivery?.billing;
    if (billing === undefined) return;
    const key = `${billing.advertiser_id}|${billing.currency}`;
    for (const { close, unbilled } of this.closes) {
      if (billing.calendar !== close.calendar) continue;
      for (const entry of entries) {
        const isBefore = entry.postingPeriod === close.period && entry.sourceOffset < close.offset;
        if (entry.truth !== 'final' || !isBefore) continue;
        const sign = entry.debit === 'advertiser:unbilled' ? 1n : entry.credit === 'advertiser:unbilled' ? -1n : 0n;
        unbilled.set(key, (unbilled.get(key) ?? 0n) + sign * BigInt(entry.amountMicros));
      }
    }
  }

  byAdvertiser(): Map<string, ExpectedEntry[]> {
    const invoices = new Map<string, ExpectedEntry[]>();
    for (const { close, unbilled } of this.closes) {
      for (const [key, micros] of unbilled) {
        if (micros !== 0n) invoices.set(key, [...(invoices.get(key) ?? []), this.invoice(close, key, micros)]);
      }
    }
    return invoices;
  }

  private invoice({ offset, period }: Close, key: string, unbilled: bigint): ExpectedEntry {
    const [debit, credit] =
      unbilled > 0n
        ? (['advertiser:invoiced', 'advertiser:unbilled'] as const)
        : (['advertiser:unbilled', 'advertiser:invoiced'] as const);
    return {
      truth: 'final',
      sourceOffset: offset,
      kind: 'invoice',
      debit,
      credit,
      amountMicros: Number(unbilled < 0n ? -unbilled : unbilled),
      servicePeriod: period,
      postingPeriod: period,
      postedAt: this.timeline.timeAt(offset + 1),
      parties: partiesText(invoiced(key), ''),
    };
  }
}

/** Parties of an invoice: an advertiser and a currency, nobody else. */
function invoiced(key: string) {
  const [advertiser_id = '', currency = ''] = key.split('|');
  return { advertiser_id, campaign_id: '', line_item_id: '', publisher_id: '', currency, selected_at: 0 };
}

/** Compares the invoices of one stream of the final ledger, advertiser by advertiser. */
export function checkInvoices(
  stream: Pick<LedgerStream, 'truth' | 'shard'>,
  expected: ReadonlyMap<string, readonly ExpectedEntry[]>,
  actual: readonly BookedEntry[],
): Break[] {
  const keys = new Set([...expected.keys(), ...actual.map((entry) => `${entry.advertiser_id}|${entry.currency}`)]);
  return [...keys].flatMap((key) => {
    const side = { truth: stream.truth, shard: stream.shard, selectionId: '', campaignId: '' };
    const own = actual.filter((entry) => `${entry.advertiser_id}|${entry.currency}` === key);
    const found = checkEntries(side, expected.get(key) ?? [], own);
    if (found === null) return [];
    const sumOver = sumKeys({ shard: stream.shard, campaignId: '', advertiserId: key.split('|')[0] ?? '' }).invoice;
    return [{ ...found, code: 'invoice', sumOver, detail: `${key}: ${found.detail}` }];
  });
}
