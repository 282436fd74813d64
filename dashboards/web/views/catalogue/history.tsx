import { useState } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { moment, plural, textOf } from '../../format.ts';
import { Problem, Section, Shown } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { ask } from '../../session.ts';
import { type Difference, differencesOf } from './differences.ts';
import type { Entity, Kind } from './kinds.ts';

interface Page {
  readonly items: readonly Entity[];
  readonly next_cursor: string | null;
}

const pageSize = 50;

/** Who made which revision when, and what it changed. */
export function History({ id, kind }: { readonly id: string; readonly kind: Kind }) {
  const path = `/v1/${kind.path}/${encodeURIComponent(id)}/revisions?limit=${pageSize}`;
  const answer = useAnswer<Page>(path);
  return (
    <Section id="history" title="History" note="Every revision, as it was written to the log.">
      <Shown answer={answer} what="the history">
        {(page) => <Revisions key={textOf(page.items[0]?.['revision'])} id={id} path={path} page={page} />}
      </Shown>
    </Section>
  );
}

interface Revision {
  readonly entity: Entity;
  readonly changes: readonly Difference[] | null;
}

function Revisions({ id, path, page }: { readonly id: string; readonly path: string; readonly page: Page }) {
  const [{ items, next_cursor: cursor }, setPage] = useState(page);
  const [error, setError] = useState<unknown>(null);
  const rows = items.map((entity, index): Revision => {
    const before = items[index + 1];
    // What the oldest one shown has changed is known once the one before it is.
    if (before === undefined && cursor !== null) return { entity, changes: null };
    return { entity, changes: before === undefined ? [] : differencesOf(before, entity) };
  });
  const more = () => {
    ask<Page>(`${path}&cursor=${encodeURIComponent(cursor ?? '')}`).then(
      (next) => setPage({ items: [...items, ...next.items], next_cursor: next.next_cursor }),
      setError,
    );
  };
  return (
    <>
      <Table<Revision>
        caption={plural(rows.length, 'revision')}
        name={`history-${id}`}
        rows={rows}
        rowKey={({ entity }) => textOf(entity['revision'])}
        columns={[
          { title: 'Revision', name: 'revision', value: ({ entity }) => textOf(entity['revision']) },
          {
            title: 'When, UTC',
            name: 'changed_at',
            value: ({ entity }) => textOf(entity['changed_at']),
            cell: ({ entity }) => <span class="nowrap">{moment(textOf(entity['changed_at']))}</span>,
          },
          {
            title: 'Who',
            name: 'changed_by',
            value: ({ entity }) => textOf(entity['changed_by']),
            cell: ({ entity }) => <span class="id">{textOf(entity['changed_by'])}</span>,
          },
          {
            title: 'What',
            name: 'changes',
            value: ({ changes }) => JSON.stringify(changes),
            cell: (row) => <Changes {...row} />,
          },
        ]}
      />
      {error === null ? null : <Problem error={error} />}
      {cursor === null ? null : (
        <button type="button" class="quiet" onClick={more}>
          Show older ones
        </button>
      )}
    </>
  );
}

function Changes({ entity, changes }: Revision) {
  if (changes === null) return <span class="dim">see the older ones</span>;
  if (entity['revision'] === 1) return <span>created</span>;
  const text = (value: unknown) => (value === null || value === '' ? 'nothing' : textOf(value));
  return (
    <ul class="plain-list">
      {changes.map(({ field, before, after }) => (
        <li key={field}>
          <code>{field}</code> <del>{text(before)}</del> → <ins>{text(after)}</ins>
        </li>
      ))}
    </ul>
  );
}
