import { useState } from 'preact/hooks';
import { useAnswer } from '../answer.ts';
import { moment, plural, textOf } from '../format.ts';
import { place } from '../location.ts';
import { Choice } from '../parts/choice.tsx';
import { Name } from '../parts/links.tsx';
import { Money } from '../parts/money.tsx';
import { Badge, Empty, Problem, Section, Shown } from '../parts/states.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Title } from '../parts/title.tsx';
import { writePlace } from '../place.ts';
import { saveText } from '../save.ts';
import { ask, session } from '../session.ts';
import { Creation, Import } from './catalogue/creation.tsx';
import { EntitySheet } from './catalogue/entity-sheet.tsx';
import { type Entity, givenFields, type Kind, kindOf, kinds } from './catalogue/kinds.ts';

interface Page {
  readonly items: readonly Entity[];
  readonly next_cursor: string | null;
}

/** What may be chosen, by whom and where. Every change is an event with who and when. */
export default function Catalogue() {
  const { id, params } = place.value;
  const isBound = session.value?.advertiser_id !== null;
  const offered = kinds.filter(({ isMarket }) => !isMarket || !isBound);
  const kind =
    (id === null ? null : kindOf(id)) ?? offered.find(({ path }) => path === params['kind']) ?? offered[1] ?? kinds[0];
  return (
    <>
      <Title title="Catalogue" lead="Every change is an event with who and when; nothing is ever overwritten." />
      <nav class="tabs" aria-label="Kinds">
        {offered.map(({ path, title }) => (
          <a
            key={path}
            href={writePlace({ view: 'catalogue', params: { kind: path } })}
            aria-current={path === kind.path ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      {id === null ? <List kind={kind} key={kind.path} /> : <EntitySheet id={id} kind={kind} key={id} />}
    </>
  );
}

/** Whether the key may make one: an advertiser is made by an admin alone, and nothing of the market by a bound key. */
function mayCreate({ path }: Kind): boolean {
  const { role, advertiser_id } = session.value ?? { role: '', advertiser_id: null };
  if (role === 'admin') return true;
  const isOfMarket = path === 'publishers' || path === 'placements';
  return role === 'trafficker' && path !== 'advertisers' && (!isOfMarket || advertiser_id === null);
}

function List({ kind }: { readonly kind: Kind }) {
  const { status, archived = 'false', of } = place.value.params;
  const query = new URLSearchParams({
    limit: '500',
    archived,
    ...(status !== undefined && { status }),
    ...(of !== undefined && kind.parent !== null && { [kind.parent]: of }),
  });
  const answer = useAnswer<Page>(`/v1/${kind.path}?${query.toString()}`);
  return (
    <Section
      id="entities"
      title={kind.title}
      actions={
        <>
          <Choice
            label="Status"
            param="status"
            usual=""
            options={[
              { value: '', title: 'Any' },
              { value: 'active', title: 'Active' },
              { value: 'paused', title: 'Paused' },
            ]}
          />
          <Choice
            label="Archived"
            param="archived"
            usual="false"
            options={[
              { value: 'false', title: 'Without' },
              { value: 'true', title: 'Only' },
              { value: 'any', title: 'With' },
            ]}
          />
          {mayCreate(kind) ? (
            <>
              <Creation kind={kind} onDone={answer.again} />
              <Import kind={kind} onDone={answer.again} />
            </>
          ) : null}
        </>
      }
    >
      {of === undefined ? null : (
        <p class="note">
          Only of <Name id={of} />.{' '}
          <a href={writePlace({ view: 'catalogue', params: { kind: kind.path } })}>Show all</a>
        </p>
      )}
      <Shown answer={answer} what="the catalogue">
        {(page) => <Entities key={query.toString()} kind={kind} page={page} query={query.toString()} />}
      </Shown>
    </Section>
  );
}

function columnsOf(kind: Kind): Column<Entity>[] {
  const text = (name: string, title: string): Column<Entity> => ({ title, name, value: (row) => textOf(row[name]) });
  const money = (name: string, title: string): Column<Entity> => ({
    title,
    name,
    isNumber: true,
    value: (row) => textOf(row[name]),
    cell: (row) =>
      typeof row[name] === 'string' ? (
        <Money micros={row[name]} currency={textOf(row['currency'] ?? row['floor_currency'])} />
      ) : (
        '–'
      ),
  });
  const own: Readonly<Record<Kind['path'], Column<Entity>[]>> = {
    advertisers: [text('currency', 'Currency'), text('time_zone', 'Time zone')],
    campaigns: [
      money('budget_total_micros', 'Budget'),
      money('budget_daily_micros', 'A day'),
      text('pacing', 'Pacing'),
    ],
    'line-items': [text('pricing_model', 'Model'), money('bid_micros', 'Bid'), text('priority', 'Priority')],
    creatives: [text('format', 'Format'), text('width', 'Width'), text('height', 'Height')],
    publishers: [text('share_rounding', 'Rounding of its share')],
    placements: [text('tier', 'Tier'), text('auction', 'Auction'), money('floor_micros', 'Floor')],
  };
  return [
    {
      title: 'Name',
      name: 'name',
      value: (row) => textOf(row['name']),
      cell: (row) => (
        <a href={writePlace({ view: 'catalogue', id: textOf(row[kind.idField]) })}>{textOf(row['name'])}</a>
      ),
    },
    {
      title: 'Id',
      name: kind.idField,
      value: (row) => textOf(row[kind.idField]),
      cell: (row) => <span class="id">{textOf(row[kind.idField])}</span>,
    },
    ...own[kind.path],
    {
      title: 'Status',
      name: 'status',
      value: (row) => (row['archived'] === true ? 'archived' : textOf(row['status'])),
      cell: (row) => (
        <Badge looks={row['archived'] === true ? 'plain' : row['status'] === 'active' ? 'good' : 'late'}>
          {row['archived'] === true ? 'archived' : textOf(row['status'])}
        </Badge>
      ),
    },
    {
      title: 'Last change',
      name: 'changed_at',
      value: (row) => textOf(row['changed_at']),
      cell: (row) => (
        <span class="nowrap" title={`Revision ${textOf(row['revision'])} by ${textOf(row['changed_by'])}`}>
          {moment(textOf(row['changed_at']))}
        </span>
      ),
    },
  ];
}

function Entities({ kind, page, query }: { readonly kind: Kind; readonly page: Page; readonly query: string }) {
  const [more, setMore] = useState<readonly Entity[]>([]);
  const [cursor, setCursor] = useState(page.next_cursor);
  const [error, setError] = useState<unknown>(null);
  const rows = [...page.items, ...more];
  const next = () => {
    ask<Page>(`/v1/${kind.path}?${query}&cursor=${encodeURIComponent(cursor ?? '')}`).then(({ items, next_cursor }) => {
      setMore([...more, ...items]);
      setCursor(next_cursor);
    }, setError);
  };
  const exportAll = () =>
    saveText(
      `${kind.path}.json`,
      `${JSON.stringify(
        rows.map((row) => givenFields(row, kind)),
        null,
        2,
      )}\n`,
      'application/json',
    );
  if (rows.length === 0) return <Empty title={`No ${kind.one} here`}>Take a filter away, or create one.</Empty>;
  return (
    <>
      <Table<Entity>
        caption={`${cursor === null ? '' : 'The first '}${plural(rows.length, kind.one)}`}
        name={kind.path}
        rows={rows}
        rowKey={(row) => textOf(row[kind.idField])}
        columns={columnsOf(kind)}
      />
      {error === null ? null : <Problem error={error} />}
      <div class="actions foot-actions">
        {cursor === null ? null : (
          <button type="button" class="quiet" onClick={next}>
            Show more
          </button>
        )}
        <button type="button" class="quiet" onClick={exportAll}>
          Export as JSON
        </button>
      </div>
    </>
  );
}
