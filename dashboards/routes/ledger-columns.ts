import type {
  EntryRow,
  StatementAmount,
  StatementAnswer,
  StatementCredit,
  StatementLine,
} from '../../ports/ledger-queries.ts';
import type { CsvCell } from '../csv.ts';

/** Columns of entries in CSV, in their order. */
export const entryColumns = [
  'truth',
  'shard',
  'number',
  'source_offset',
  'ordinal',
  'kind',
  'selection_id',
  'advertiser_id',
  'campaign_id',
  'line_item_id',
  'publisher_id',
  'debit_account',
  'credit_account',
  'amount_micros',
  'amount',
  'currency',
  'service_period',
  'posting_period',
  'posted_at',
  'selected_at',
  'reference',
  'chain_hash',
] as const satisfies readonly (keyof EntryRow)[];

/** Columns of a statement in CSV. */
export const statementColumns = [
  'advertiser_id',
  'period',
  'final',
  'section',
  'currency',
  'campaign_id',
  'category',
  'service_period',
  'events',
  'debit_micros',
  'credit_micros',
  'amount_micros',
  'amount',
] as const;

type StatementRow = Readonly<Record<(typeof statementColumns)[number], CsvCell>>;

/** Every line of a statement; the `amount_micros` of one currency from `opening` to `adjustment` add up to that of `closing`. */
export function statementRows({ advertiser_id, period, final, statements }: StatementAnswer): readonly StatementRow[] {
  return statements.flatMap(({ currency, opening, lines, credits, adjustments, closing }) => {
    const row = (section: string, line: StatementAmount & Partial<StatementLine & StatementCredit>): StatementRow => ({
      advertiser_id,
      period,
      final,
      section,
      currency,
      campaign_id: line.campaign_id ?? null,
      category: line.category ?? null,
      service_period: line.service_period ?? null,
      events: line.events ?? null,
      debit_micros: line.debit_micros,
      credit_micros: line.credit_micros,
      amount_micros: line.amount_micros,
      amount: line.amount,
    });
    return [
      row('opening', opening),
      ...lines.map((line) => row('line', line)),
      ...credits.map((line) => row('credit', line)),
      ...adjustments.map((line) => row('adjustment', line)),
      row('closing', closing),
    ];
  });
}
