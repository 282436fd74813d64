import { moment, plural, textOf, words } from '../../format.ts';
import { Money } from '../../parts/money.tsx';
import { Empty, Section } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import type { EntryRow } from '../money/ledger.ts';
import type { Story, StoryEvent } from './answer.ts';

const columns: readonly Column<EntryRow>[] = [
  {
    title: 'Entry',
    name: 'kind',
    value: ({ kind }) => kind,
    cell: ({ kind, posted_at, posting_period, truth, shard, number, source_offset }) => (
      <span
        title={`Posted ${moment(posted_at)} UTC in ${posting_period}; entry ${number} of ${truth}-${shard}, from spend/${shard}@${source_offset}`}
      >
        {words(kind)}
      </span>
    ),
  },
  { title: 'Posted', name: 'posted_at', value: ({ posted_at }) => posted_at, isHidden: true },
  { title: 'Debit', name: 'debit_account', value: ({ debit_account }) => debit_account },
  { title: 'Credit', name: 'credit_account', value: ({ credit_account }) => credit_account },
  {
    title: 'Amount',
    name: 'amount_micros',
    isNumber: true,
    value: ({ amount_micros }) => amount_micros,
    cell: ({ amount_micros, currency }) => <Money micros={amount_micros} currency={currency} exact />,
  },
  { title: 'Source', name: 'source_offset', value: ({ source_offset }) => source_offset, isHidden: true },
];

/** What both ledgers booked of it. */
export function Entries({ story: { tentative, final, currency } }: { readonly story: Story }) {
  return (
    <Section id="story-entries" title="In the ledgers" note={`Amounts in ${currency ?? 'no currency'}.`}>
      {[
        { title: 'Tentative ledger', name: 'tentative', rows: tentative },
        { title: 'Final ledger', name: 'final', rows: final },
      ].map(({ title, name, rows }) =>
        rows.length === 0 ? (
          <Empty key={name} title={`${title}: no entry`}>
            {name === 'final'
              ? 'What was incurred is certified once the hold has passed, unless a verdict voids it.'
              : ''}
          </Empty>
        ) : (
          <Table<EntryRow>
            key={name}
            caption={`${title}, ${plural(rows.length, 'entry', 'entries')}`}
            name={`${name}-entries`}
            columns={columns}
            rows={rows}
            rowKey={({ shard, number }) => `${shard} ${number}`}
          />
        ),
      )}
    </Section>
  );
}

export function Verdicts({ story: { events } }: { readonly story: Story }) {
  const found = events.filter(({ name }) => name === 'TrafficInvalidated' || name === 'Adjusted');
  if (found.length === 0) return null;
  const field = (title: string, ...names: readonly string[]): Column<StoryEvent> => ({
    title,
    name: names[0] ?? '',
    value: ({ value }) => textOf(names.map((name) => value?.[name]).find((part) => part !== undefined)),
  });
  return (
    <Section id="verdicts" title="Verdicts">
      <Table<StoryEvent>
        caption="What was said about its traffic"
        isCaptionHidden
        name="verdicts"
        rows={found}
        rowKey={({ topic, shard, offset }) => `${topic}/${shard}/${offset}`}
        columns={[
          field('Rule', 'rule', 'action'),
          field('Category', 'category'),
          field('Reason', 'reason'),
          field('By', 'judged_by', 'adjusted_by'),
        ]}
      />
    </Section>
  );
}
