import type { AnyRecord } from '../domain/records.ts';
import type { EntryFilter, LedgerTruth } from './ledger-index.ts';

/**
 * What finance may ask of the ledgers, and the answers as they are shown: money as decimal strings of micros, times in RFC 3339, hashes in
 * hexadecimal. Every answer says at which cut it holds, and its digest: two answers with the same digest rest on the same entries.
 */
export interface LedgerQueries {
  balances(question: BalanceQuestion): Promise<BalancesAnswer>;
  /** One page. Error: `VALIDATION_FAILED` for a cursor of another question. */
  entries(question: EntryQuestion): Promise<EntriesAnswer>;
  selection(selectionId: string, at: AskedCut): Promise<SelectionAnswer>;
  /** Error: `NOT_FOUND` for an advertiser that the catalogue does not have. */
  statement(question: StatementQuestion): Promise<StatementAnswer>;
}

/**
 * The cut that an answer is to hold at. `latest`: the latest that all shards of both ledgers have reached. `time`: in each shard everything before the
 * first tick that reaches it. `position`: in each shard everything below an offset. Errors: `CUT_NOT_REACHED`, `CHAIN_BROKEN`.
 */
export type AskedCut =
  | { readonly kind: 'latest' }
  | { readonly kind: 'time'; readonly timeMs: number }
  | { readonly kind: 'position'; readonly offsets: ReadonlyMap<number, number> };

/** The cut that an answer holds at. */
export interface Seal {
  /** Time of the cut; null if it was asked for by positions. */
  readonly cut: string | null;
  /** Each stream that the answer rests on: spend offset up to which (exclusive) it counts, entries below it, hash of the last of them. */
  readonly positions: readonly {
    readonly stream: string;
    readonly offset: number;
    readonly entries: number;
    readonly chain_head: string;
  }[];
  /** The same positions, in the form that `as_of_position` takes. */
  readonly as_of_position: string;
  readonly digest: string;
}

export interface BalanceQuestion {
  readonly truth: LedgerTruth;
  readonly advertiserId?: string;
  readonly campaignId?: string;
  readonly at: AskedCut;
}

export interface Balance {
  readonly account: string;
  /** The side on which the account grows. */
  readonly normal_side: 'debit' | 'credit';
  readonly advertiser_id: string;
  /** Null for what was booked for the whole advertiser. */
  readonly campaign_id: string | null;
  readonly currency: string;
  readonly debit_micros: string;
  readonly credit_micros: string;
  /** Credits − debits. */
  readonly balance_micros: string;
  readonly balance: string;
}

export interface BalancesAnswer extends Seal {
  readonly truth: LedgerTruth;
  readonly balances: readonly Balance[];
  /** All of the above by currency; the difference is zero. */
  readonly trial_balance: readonly {
    readonly currency: string;
    readonly debit_micros: string;
    readonly credit_micros: string;
    readonly difference_micros: string;
  }[];
}

export interface EntryQuestion {
  readonly truths: readonly LedgerTruth[];
  readonly filter: EntryFilter;
  readonly at: AskedCut;
  /** Goes on where the page that gave it ended, at its cut. */
  readonly cursor?: string;
  readonly limit: number;
}

/** An entry as it is shown. */
export interface EntryRow {
  readonly truth: LedgerTruth;
  readonly shard: number;
  /** Place in its stream, from 0. */
  readonly number: number;
  readonly source_offset: number;
  readonly ordinal: number;
  readonly kind: string;
  readonly selection_id: string | null;
  readonly advertiser_id: string;
  readonly campaign_id: string | null;
  readonly line_item_id: string | null;
  readonly publisher_id: string | null;
  readonly debit_account: string;
  readonly credit_account: string;
  readonly amount_micros: string;
  readonly amount: string;
  readonly currency: string;
  readonly service_period: string;
  readonly posting_period: string;
  readonly posted_at: string;
  readonly selected_at: string | null;
  readonly reference: string;
  readonly chain_hash: string;
}

export interface EntriesAnswer extends Seal {
  /** By stream, then in the order of the stream. */
  readonly items: readonly EntryRow[];
  readonly next_cursor: string | null;
}

/**
 * Where the money of a selection stands. `unknown`: neither ledger nor log knows it. `unpriced` and `test`: never billed. `unbooked`: the log knows
 * it, the ledgers do not.
 */
export type SelectionState =
  | 'unknown'
  | 'unpriced'
  | 'test'
  | 'unbooked'
  | 'reserved'
  | 'released'
  | 'incurred'
  | 'suspended'
  | 'voided'
  | 'final'
  | 'partly_reversed'
  | 'reversed'
  | 'absorbed'
  | 'absorbed_voided';

export interface SelectionEvent {
  readonly topic: string;
  readonly shard: number;
  readonly offset: number;
  readonly appended_at: string;
  /** Null, with what is wrong, if its bytes can't be read. */
  readonly record: AnyRecord | null;
  readonly problem: string | null;
}

export interface SelectionAnswer extends Seal {
  readonly selection_id: string;
  readonly shard: number;
  /** Of the entries, or of the events if there are none; null if there are neither. */
  readonly advertiser_id: string | null;
  readonly campaign_id: string | null;
  readonly state: SelectionState;
  /** One sentence for each step that led there. */
  readonly why: readonly string[];
  readonly currency: string | null;
  /** Amounts of the life cycle, as decimal strings: drawn = open + released + incurred; incurred = pending + suspended + voided + certified. */
  readonly amounts: Readonly<Record<string, string>>;
  readonly tentative: readonly EntryRow[];
  readonly final: readonly EntryRow[];
  /** The first of them, at most 1000, and how many there are. */
  readonly events: readonly SelectionEvent[];
  readonly events_total: number;
}

export interface StatementQuestion {
  readonly advertiserId: string;
  /** Posting period, YYYY-MM in the advertiser's zone. */
  readonly period: string;
  readonly at: AskedCut;
}

/** What moved the advertiser's account; `amount_micros` = credits − debits, so that a charge is negative. */
export interface StatementAmount {
  readonly debit_micros: string;
  readonly credit_micros: string;
  readonly amount_micros: string;
  readonly amount: string;
}

export interface StatementLine extends StatementAmount {
  readonly campaign_id: string;
  /** Month in which it was delivered. */
  readonly service_period: string;
  /** Billed events, reversals or adjustments. */
  readonly events: number;
}

export interface StatementCredit extends StatementLine {
  /** GIVT, SIVT or QUALITY. */
  readonly category: string;
}

/** Closing = opening + lines + credits + adjustments. */
export interface CurrencyStatement {
  readonly currency: string;
  readonly opening: StatementAmount;
  readonly lines: readonly StatementLine[];
  readonly credits: readonly StatementCredit[];
  readonly adjustments: readonly StatementCredit[];
  readonly closing: StatementAmount;
  /** How much of the account was put on an invoice in the period; negative for a credit note. */
  readonly invoiced_micros: string;
  readonly invoiced: string;
}

export interface StatementAnswer extends Seal {
  readonly advertiser_id: string;
  readonly name: string;
  readonly time_zone: string;
  readonly period: string;
  /** Both ledgers have passed the close of the period on all shards: it never changes again. */
  readonly final: boolean;
  /** Streams that have not. */
  readonly open_streams: readonly string[];
  readonly accounts: readonly string[];
  readonly normal_side: 'debit';
  readonly statements: readonly CurrencyStatement[];
}
