import { type Break, sumKeys } from './breaks.ts';
import { type ExpectedEntry, partiesText } from './expected-entries.ts';
import { checkEntries } from './ledger-check.ts';
import type { LedgerStream } from './ledger-reading.ts';
import type { Recounted } from './recount.ts';
import type { Timeline } from './timeline.ts';

/**
 * Invoices that the closes of a shard should have booked: per advertiser of the calendar, what its unbilled account moved by in that posting
 * period before the close. Nothing moved, or a negative balance: no entry, or one the other way round.
 */
export function expectedInvoices(
  shard: number,
  recounted: readonly Recounted[],
  timeline: Timeline,
  next: number,
): Map<string, ExpectedEntry[]> {
  const invoices = new Map<string, ExpectedEntry[]>();
  for (const close of timeline.closesUpTo(next)) {
    for (const [key, unbilled] of unbilledBy(recounted, shard, close)) {
      if (unbilled === 0n) continue;
      const postedAt = timeline.timeAt(close.offset + 1);
      const [debit, credit] =
        unbilled > 0n ? ['advertiser:invoiced', 'advertiser:unbilled'] : ['advertiser:unbilled', 'advertiser:invoiced'];
      const amountMicros = Number(unbilled < 0n ? -unbilled : unbilled);
      const entry: ExpectedEntry = {
        truth: 'final',
        sourceOffset: close.offset,
        kind: 'invoice',
        debit: debit as string,
        credit: credit as string,
        amountMicros,
        servicePeriod: close.period,
        postingPeriod: close.period,
        postedAt,
        parties: partiesText(invoiced(key), ''),
      };
      invoices.set(key, [...(invoices.get(key) ?? []), entry]);
    }
  }
  return invoices;
}

/** Parties of an invoice: an advertiser and a currency, nobody else. */
function invoiced(key: string) {
  const [advertiser_id = '', currency = ''] = key.split('|');
  return { advertiser_id, campaign_id: '', line_item_id: '', publisher_id: '', currency, selected_at: 0 };
}

function unbilledBy(
  recounted: readonly Recounted[],
  shard: number,
  close: { readonly offset: number; readonly calendar: number; readonly period: string },
): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const one of recounted) {
    const billing = one.delivery?.billing;
    if (one.shard !== shard || billing === undefined || billing.calendar !== close.calendar) continue;
    const key = `${billing.advertiser_id}|${billing.currency}`;
    for (const entry of one.entries) {
      if (entry.truth !== 'final' || entry.postingPeriod !== close.period || entry.sourceOffset >= close.offset)
        continue;
      const sign = entry.debit === 'advertiser:unbilled' ? 1n : entry.credit === 'advertiser:unbilled' ? -1n : 0n;
      sums.set(key, (sums.get(key) ?? 0n) + sign * BigInt(entry.amountMicros));
    }
  }
  return sums;
}

/** Compares the invoices of one stream of the final ledger, advertiser by advertiser. */
export function checkInvoices(stream: LedgerStream, expected: ReadonlyMap<string, readonly ExpectedEntry[]>): Break[] {
  const actual = stream.entries.filter((entry) => entry.selection_id === '' && entry.source_offset < stream.nextOffset);
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
