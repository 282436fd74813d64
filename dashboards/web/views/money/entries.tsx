import { useEffect, useState } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { moment, plural, words } from '../../format.ts';
import { place, setParams } from '../../location.ts';
import { Choice } from '../../parts/choice.tsx';
import { Name, SelectionLink } from '../../parts/links.tsx';
import { Money } from '../../parts/money.tsx';
import { OwnerChoice } from '../../parts/owner-choice.tsx';
import { SealLine } from '../../parts/seal.tsx';
import { Empty, Problem, Section, Shown } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { saveAnswer } from '../../save.ts';
import { ask } from '../../session.ts';
import type { EntryRow, Seal } from './ledger.ts';

interface Page extends Seal {
  readonly items: readonly EntryRow[];
  readonly next_cursor: string | null;
}

/** Parameters of the address and of the route. */
const filters = [
  ['truth', 'truth'],
  ['account', 'account'],
  ['advertiser', 'advertiser_id'],
  ['campaign', 'campaign_id'],
  ['selection', 'selection_id'],
  ['service', 'service_period'],
  ['posting', 'posting_period'],
  ['kind', 'kind'],
] as const;

const kinds = [
  'draw',
  'release',
  'incur',
  'void',
  'suspend',
  'certify',
  'reverse',
  'adjust',
  'absorb',
  'absorb_void',
  'invoice',
];
const accounts = [
  'campaign:authority',
  'campaign:reserved',
  'campaign:incurred',
  'advertiser:unbilled',
  'advertiser:invoiced',
  'publisher:payable',
  'platform:revenue',
  'contra:givt',
  'contra:sivt',
  'contra:quality',
  'absorbed',
  'rounding',
  'suspense',
];

function queryOf(params: Readonly<Record<string, string>>): string {
  const given = filters.flatMap(([param, name]) => (params[param] === undefined ? [] : [[name, params[param]]]));
  return new URLSearchParams(Object.fromEntries(given) as Record<string, string>).toString();
}

const anything = { value: '', title: 'Any' };
const choicesOf = (values: readonly string[]) => [anything, ...values.map((value) => ({ value, title: words(value) }))];

/** Entries of both ledgers, by whatever narrows them; all of them as a file. */
export function Entries() {
  const query = queryOf(place.value.params);
  const answer = useAnswer<Page>(`/v1/ledger/entries?${query}`);
  const { service, posting, selection } = place.value.params;
  return (
    <Section
      id="entries"
      title="Entries"
      note="In the order of their streams. An entry leads to the ad that caused it."
      actions={
        <>
          <Choice
            label="Ledger"
            param="truth"
            usual=""
            options={[
              { value: '', title: 'Both' },
              { value: 'tentative', title: 'Tentative' },
              { value: 'final', title: 'Final' },
            ]}
          />
          <Choice label="Account" param="account" usual="" options={choicesOf(accounts)} />
          <Choice label="Kind" param="kind" usual="" options={choicesOf(kinds)} />
          <OwnerChoice />
        </>
      }
    >
      {service === undefined && posting === undefined && selection === undefined ? null : (
        <p class="note">
          Only {service === undefined ? '' : `delivered in ${service} `}
          {posting === undefined ? '' : `posted in ${posting} `}
          {selection === undefined ? '' : `of ${selection} `}
          <button
            type="button"
            class="plain"
            onClick={() => setParams({ service: null, posting: null, selection: null })}
          >
            Show all
          </button>
        </p>
      )}
      <Shown answer={answer} what="the entries">
        {(page) => <Pages key={query} first={page} query={query} />}
      </Shown>
    </Section>
  );
}

const columns: readonly Column<EntryRow>[] = [
  {
    title: 'Posted, UTC',
    name: 'posted_at',
    value: ({ posted_at }) => posted_at,
    cell: ({ posted_at, truth, shard, number }) => (
      <span class="nowrap" title={`${truth}-${shard}, entry ${number}`}>
        {moment(posted_at)}
      </span>
    ),
  },
  { title: 'Ledger', name: 'truth', value: ({ truth }) => truth },
  { title: 'Kind', name: 'kind', value: ({ kind }) => kind, cell: ({ kind }) => words(kind) },
  {
    title: 'Campaign',
    name: 'campaign_id',
    value: ({ campaign_id }) => campaign_id,
    cell: ({ campaign_id, advertiser_id }) => <Name id={campaign_id ?? advertiser_id} />,
  },
  { title: 'Debit', name: 'debit_account', value: ({ debit_account }) => debit_account },
  { title: 'Credit', name: 'credit_account', value: ({ credit_account }) => credit_account },
  {
    title: 'Amount',
    name: 'amount_micros',
    isNumber: true,
    value: ({ amount_micros }) => amount_micros,
    cell: ({ amount_micros, currency }) => <Money micros={amount_micros} currency={currency} exact />,
  },
  { title: 'Currency', name: 'currency', value: ({ currency }) => currency },
  {
    title: 'Ad',
    name: 'selection_id',
    value: ({ selection_id }) => selection_id,
    cell: ({ selection_id, reference }) =>
      selection_id === null ? <span class="dim">{reference}</span> : <SelectionLink id={selection_id} />,
  },
];

function Pages({ first, query }: { readonly first: Page; readonly query: string }) {
  const [rows, setRows] = useState(first.items);
  const [cursor, setCursor] = useState(first.next_cursor);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    setRows(first.items);
    setCursor(first.next_cursor);
  }, [first]);
  const more = async () => {
    try {
      setError(null);
      const page = await ask<Page>(`/v1/ledger/entries?${query}&limit=500&cursor=${encodeURIComponent(cursor ?? '')}`);
      setRows([...rows, ...page.items]);
      setCursor(page.next_cursor);
    } catch (failure) {
      setError(failure);
    }
  };
  if (rows.length === 0)
    return <Empty title="No entry of this kind">Take a filter away, or wait for the hold to pass.</Empty>;
  return (
    <>
      <Table<EntryRow>
        caption={`${cursor === null ? '' : 'The first '}${plural(rows.length, 'entry', 'entries')}`}
        name="entries"
        columns={columns}
        rows={rows}
        rowKey={({ truth, shard, number }) => `${truth} ${shard} ${number}`}
        onSave={() => saveAnswer(`/v1/ledger/entries?${query}`, 'entries.csv')}
      />
      {error === null ? null : <Problem error={error} />}
      {cursor === null ? null : (
        <p>
          <button type="button" class="quiet" onClick={() => void more()}>
            Show more
          </button>{' '}
          <span class="note">CSV saves all of them.</span>
        </p>
      )}
      <SealLine seal={first} />
    </>
  );
}
