import { majorUnits } from '../../domain/money.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { NumberedEntry } from '../../ports/ledger-index.ts';
import type { EntryRow, StatementAmount } from '../../ports/ledger-queries.ts';
import type { LedgerStreamName } from '../index/stream-name.ts';

const orNull = (text: string) => (text === '' ? null : text);

/** An entry as it is shown. */
export function shownEntry({ truth, shard }: LedgerStreamName, { number, entry }: NumberedEntry): EntryRow {
  return {
    truth,
    shard,
    number,
    source_offset: entry.source_offset,
    ordinal: entry.ordinal,
    kind: entry.kind,
    selection_id: orNull(entry.selection_id),
    advertiser_id: entry.advertiser_id,
    campaign_id: orNull(entry.campaign_id),
    line_item_id: orNull(entry.line_item_id),
    publisher_id: orNull(entry.publisher_id),
    debit_account: entry.debit_account,
    credit_account: entry.credit_account,
    amount_micros: String(entry.amount_micros),
    amount: majorUnits(BigInt(entry.amount_micros)),
    currency: entry.currency,
    service_period: entry.service_period,
    posting_period: entry.posting_period,
    posted_at: formatTime(entry.posted_at),
    selected_at: entry.selected_at === 0 ? null : formatTime(entry.selected_at),
    reference: entry.reference,
    chain_hash: Buffer.from(entry.chain_hash).toString('hex'),
  };
}

/** Debits and credits of an account, and its balance: credits − debits. */
export interface Sides {
  debitMicros: bigint;
  creditMicros: bigint;
}

export function shownAmount({ debitMicros, creditMicros }: Sides): StatementAmount {
  const amountMicros = creditMicros - debitMicros;
  return {
    debit_micros: String(debitMicros),
    credit_micros: String(creditMicros),
    amount_micros: String(amountMicros),
    amount: majorUnits(amountMicros),
  };
}
