import { useEffect, useState } from 'preact/hooks';
import { useAnswer } from '../answer.ts';
import { count, moment, plural, textOf } from '../format.ts';
import { go, place, setParams } from '../location.ts';
import { loadNames, names } from '../names.ts';
import { Choice } from '../parts/choice.tsx';
import { Name } from '../parts/links.tsx';
import { Money } from '../parts/money.tsx';
import { Badge, Empty, Problem, Section, Shown, Waiting } from '../parts/states.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Title } from '../parts/title.tsx';
import { writePlace } from '../place.ts';
import { saveText } from '../save.ts';
import { ask, session } from '../session.ts';
import type { EntitySheetProps } from './catalogue/entity-sheet.tsx';
import { Import } from './catalogue/import.tsx';
import { type Entity, type Kind, kindOf, kinds, manyOf } from './catalogue/kinds.ts';
import { csvOf, jsonLines } from './catalogue/rows.ts';
import { useLater } from './catalogue/later.ts';
import type { KindSchemas } from './catalogue/schema.ts';

interface Page {
  readonly items: readonly Entity[];
  readonly next_cursor: string | null;
  readonly total: number;
}

const pageSize = 100;
const exportedAtOnce = 500;
const searchDelayMs = 250;

/** What may be chosen, by whom and where. Every change is an event with who and when. */
export default function Catalogue() {
  const answer = useAnswer<{ items: readonly KindSchemas[] }>('/v1/catalogue/kinds');
  return (
    <>
      <Title title="Catalogue" lead="Every change is an event with who and when; nothing is ever overwritten." />
      <Shown answer={answer} what="the kinds of the catalogue">
        {({ items }) => <Kinds offered={items} />}
      </Shown>
    </>
  );
}

function Kinds({ offered }: { readonly offered: readonly KindSchemas[] }) {
  const { id, params } = place.value;
  const shown = kinds.filter(({ path }) => offered.some((one) => one.path === path));
  const wanted = id === null ? null : kindOf(id);
  const kind = wanted ?? shown.find(({ path }) => path === params['kind']) ?? kinds[1];
  const schemas = offered.find(({ path }) => path === kind.path);
  return (
    <>
      <nav class="tabs" aria-label="Kinds">
        {shown.map(({ path, title }) => (
          <a
            key={path}
            href={writePlace({ view: 'catalogue', params: { kind: path } })}
            aria-current={path === kind.path ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      {schemas === undefined || (id !== null && wanted === null) ? (
        <Empty title="There is nothing here for this key">
          {id === null
            ? 'A key that is bound to an advertiser sees what is its own.'
            : `${id} is no id of the catalogue.`}
        </Empty>
      ) : id === null ? (
        <List kind={kind} schemas={schemas} key={kind.path} />
      ) : (
        <Sheet id={id} kind={kind} schemas={schemas} key={id} />
      )}
    </>
  );
}

/** Forms and histories come when one is first opened. */
const loadSheets = () => import('./catalogue/entity-sheet.tsx');

function Sheet(props: EntitySheetProps) {
  const sheets = useLater(loadSheets);
  if (sheets instanceof Error) return <Problem error={sheets} />;
  if (sheets === null) return <Waiting what={`the ${props.kind.one}`} />;
  return <sheets.EntitySheet {...props} />;
}

interface ListProps {
  readonly kind: Kind;
  readonly schemas: KindSchemas;
}

function List({ kind, schemas }: ListProps) {
  const { status, archived = 'false', of, search, advertiser, campaign } = place.value.params;
  const parents = [schemas.parent_field, ...schemas.inherited];
  const query = new URLSearchParams({
    archived,
    ...(status !== undefined && { status }),
    ...(search !== undefined && { search }),
    ...(of !== undefined && kind.parent !== null && { [kind.parent]: of }),
    ...(advertiser !== undefined && parents.includes('advertiser_id') && { advertiser_id: advertiser }),
    ...(campaign !== undefined && parents.includes('campaign_id') && { campaign_id: campaign }),
  }).toString();
  return (
    <Section id="entities" title={kind.title} actions={<ListActions kind={kind} schemas={schemas} />}>
      <Filters parents={parents} />
      {of === undefined ? null : (
        <p class="note">
          Only of <Name id={of} />.{' '}
          <a href={writePlace({ view: 'catalogue', params: { kind: kind.path } })}>Show all</a>
        </p>
      )}
      <Pages kind={kind} query={query} key={query} />
    </Section>
  );
}

function ListActions({ kind, schemas }: ListProps) {
  const [isCreating, setCreating] = useState(false);
  const shown = () => {
    loadNames().catch(() => undefined);
    setParams({ at: String(Date.now()) });
  };
  return (
    <>
      {schemas.may_create ? (
        <button type="button" onClick={() => setCreating(true)}>
          New {kind.one}
        </button>
      ) : null}
      {schemas.may_change ? <Import kind={kind} schemas={schemas} onDone={shown} /> : null}
      {isCreating ? <Creation kind={kind} schemas={schemas} onClose={() => setCreating(false)} /> : null}
    </>
  );
}

function Creation({ kind, schemas, onClose }: ListProps & { readonly onClose: () => void }) {
  const sheets = useLater(loadSheets);
  if (sheets instanceof Error) return <Problem error={sheets} />;
  if (sheets === null) return null;
  const { of, advertiser } = place.value.params;
  const usual = kind.parent === 'advertiser_id' ? (advertiser ?? session.value?.advertiser_id) : null;
  const done = (made: Entity) => {
    loadNames().catch(() => undefined);
    go(writePlace({ view: 'catalogue', id: textOf(made[kind.idField]) }));
  };
  return (
    <sheets.CreationForm kind={kind} schemas={schemas} parentId={of ?? usual ?? null} onDone={done} onClose={onClose} />
  );
}

/** The state of a list is in the address. */
function Filters({ parents }: { readonly parents: readonly (string | null)[] }) {
  const { advertiser } = place.value.params;
  const all = [...names.value.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  const optionsOf = (ones: typeof all) => [
    { value: '', title: 'Any' },
    ...ones.map(({ id, name }) => ({ value: id, title: name })),
  ];
  const isOwned = parents.includes('advertiser_id') && (session.value?.advertiser_id ?? null) === null;
  return (
    <div class="actions filters" role="search">
      <Search />
      {isOwned ? (
        <Choice
          label="Advertiser"
          param="advertiser"
          usual=""
          clears={['campaign']}
          options={optionsOf(all.filter(({ advertiser_id }) => advertiser_id === null))}
        />
      ) : null}
      {parents.includes('campaign_id') ? (
        <Choice
          label="Campaign"
          param="campaign"
          usual=""
          options={optionsOf(
            all.filter(
              ({ advertiser_id }) =>
                advertiser_id !== null && (advertiser === undefined || advertiser_id === advertiser),
            ),
          )}
        />
      ) : null}
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
    </div>
  );
}

function Search() {
  const [text, setText] = useState(place.value.params['search'] ?? '');
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === (place.value.params['search'] ?? '')) return undefined;
    const timer = setTimeout(() => setParams({ search: wanted === '' ? null : wanted }), searchDelayMs);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="choice">
      <span>Name or id</span>
      <input type="search" maxLength={200} value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
    </label>
  );
}

/** One page at a time: a list of ten thousand is as quick as one of a hundred. */
function Pages({ kind, query }: { readonly kind: Kind; readonly query: string }) {
  // Cursors of the pages before this one; the first has none.
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const { at = '' } = place.value.params;
  const cursor = cursors.at(-1);
  const path = `/v1/${kind.path}?${query}&limit=${pageSize}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
  const answer = useAnswer<Page>(path);
  useEffect(() => {
    if (at !== '') answer.again();
  }, [at]);
  return (
    <Shown answer={answer} what="the catalogue">
      {({ items, next_cursor: next, total }) =>
        total === 0 ? (
          <Empty title={`No ${kind.one} here`}>Take a filter away, or create one.</Empty>
        ) : (
          <>
            <Entities kind={kind} query={query} rows={items} first={cursors.length * pageSize + 1} total={total} />
            <nav class="actions foot-actions" aria-label="Pages">
              {items.length === total ? null : (
                <>
                  <button
                    type="button"
                    class="quiet"
                    disabled={cursors.length === 0}
                    onClick={() => setCursors(cursors.slice(0, -1))}
                  >
                    Earlier ones
                  </button>
                  <button
                    type="button"
                    class="quiet"
                    disabled={next === null}
                    onClick={() => setCursors([...cursors, next ?? ''])}
                  >
                    Later ones
                  </button>
                </>
              )}
              <Export kind={kind} query={query} />
            </nav>
          </>
        )
      }
    </Shown>
  );
}

/** Everything that a list holds, page by page. */
async function readAll(kind: Kind, query: string, onPage: (done: number, all: number) => void): Promise<Entity[]> {
  const found: Entity[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const after = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page = await ask<Page>(`/v1/${kind.path}?${query}&limit=${exportedAtOnce}${after}`);
    found.push(...page.items);
    onPage(found.length, page.total);
    cursor = page.next_cursor;
  }
  return found;
}

function Export({ kind, query }: { readonly kind: Kind; readonly query: string }) {
  const [progress, setProgress] = useState<{ readonly done: number; readonly all: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const save = async () => {
    setError(null);
    try {
      const rows = await readAll(kind, query, (done, all) => setProgress({ done, all }));
      saveText(`${kind.path}.jsonl`, jsonLines(rows), 'application/x-ndjson');
    } catch (failure) {
      setError(failure);
    }
    setProgress(null);
  };
  return (
    <>
      <button type="button" class="quiet" disabled={progress !== null} onClick={() => void save()}>
        Export as JSON lines
      </button>
      {progress === null ? null : (
        <span class="note" role="status">
          {count(progress.done)} of {count(progress.all)} read
        </span>
      )}
      {error === null ? null : <Problem error={error} />}
    </>
  );
}

function statusOf(row: Entity): string {
  return row['archived'] === true ? 'archived' : textOf(row['status']);
}

function columnsOf(kind: Kind): Column<Entity>[] {
  const text = (name: string, title: string): Column<Entity> => ({ title, name, value: (row) => textOf(row[name]) });
  const owner = (name: string, title: string): Column<Entity> => ({
    ...text(name, title),
    cell: (row) => <Name id={textOf(row[name])} />,
  });
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
  const number = (name: string, title: string): Column<Entity> => ({ ...text(name, title), isNumber: true });
  const own: Readonly<Record<Kind['path'], Column<Entity>[]>> = {
    advertisers: [text('currency', 'Currency'), text('time_zone', 'Time zone')],
    campaigns: [
      owner('advertiser_id', 'Advertiser'),
      money('budget_total_micros', 'Budget'),
      money('budget_daily_micros', 'A day'),
      text('pacing', 'Pacing'),
    ],
    'line-items': [
      owner('campaign_id', 'Campaign'),
      text('pricing_model', 'Model'),
      money('bid_micros', 'Bid'),
      number('priority', 'Priority'),
    ],
    creatives: [
      owner('campaign_id', 'Campaign'),
      text('format', 'Format'),
      number('width', 'Width'),
      number('height', 'Height'),
    ],
    publishers: [text('share_rounding', 'Rounding of its share')],
    placements: [text('tier', 'Tier'), text('auction', 'Auction'), money('floor_micros', 'Floor')],
    bidders: [owner('campaign_id', 'Campaign'), text('endpoint', 'Endpoint'), number('timeout_max_ms', 'Time-out, ms')],
    'deadline-policies': [text('tier', 'Tier')],
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
      value: statusOf,
      cell: (row) => (
        <Badge looks={row['archived'] === true ? 'plain' : row['status'] === 'active' ? 'good' : 'late'}>
          {statusOf(row)}
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

interface EntitiesProps {
  readonly kind: Kind;
  readonly query: string;
  readonly rows: readonly Entity[];
  readonly first: number;
  readonly total: number;
}

function Entities({ kind, query, rows, first, total }: EntitiesProps) {
  const caption =
    rows.length === total
      ? plural(total, kind.one, manyOf(kind))
      : `${count(first)} to ${count(first + rows.length - 1)} of ${plural(total, kind.one, manyOf(kind))}`;
  return (
    <Table<Entity>
      caption={caption}
      name={kind.path}
      rows={rows}
      rowKey={(row) => textOf(row[kind.idField])}
      columns={columnsOf(kind)}
      onSave={async () => saveText(`${kind.path}.csv`, csvOf(await readAll(kind, query, () => undefined)))}
    />
  );
}
