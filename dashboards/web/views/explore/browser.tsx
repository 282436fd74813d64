import { useState } from 'preact/hooks';
import type { Answer } from '../../answer.ts';
import { plural } from '../../format.ts';
import { Section, Shown } from '../../parts/states.tsx';
import { readAs, type SchemaTable } from './completion.ts';
import { examples } from './examples.ts';

export interface Schema {
  readonly items: readonly SchemaTable[];
}

export interface BrowserProps {
  readonly schema: Answer<Schema>;
  readonly history: readonly string[];
  /** Takes a whole statement. */
  readonly pick: (sql: string) => void;
  /** Puts a name where the caret is. */
  readonly insert: (name: string) => void;
  readonly forget: () => void;
}

/** Examples, what can be read, and what was asked before: each a button that writes it into the statement. */
export function Browser({ schema, history, pick, insert, forget }: BrowserProps) {
  return (
    <Section id="schema" title="What there is" note="A name that is chosen is written where the caret is.">
      <details open>
        <summary>Examples</summary>
        <ul class="plain-list">
          {examples.map(({ title, sql }) => (
            <li key={title}>
              <button type="button" class="plain" onClick={() => pick(sql)}>
                {title}
              </button>
            </li>
          ))}
        </ul>
      </details>
      <details>
        <summary>Tables and columns</summary>
        <Shown answer={schema} what="the tables">
          {({ items }) => <Tables tables={items} insert={insert} />}
        </Shown>
      </details>
      <details>
        <summary>History of this browser</summary>
        {history.length === 0 ? <p class="dim">Nothing was run yet.</p> : null}
        <ul class="plain-list">
          {history.map((sql) => (
            <li key={sql}>
              <button type="button" class="plain mono line" title={sql} onClick={() => pick(sql)}>
                {sql.replace(/\s+/g, ' ')}
              </button>
            </li>
          ))}
        </ul>
        {history.length === 0 ? null : (
          <button type="button" class="quiet" onClick={forget}>
            Forget all
          </button>
        )}
      </details>
    </Section>
  );
}

const kinds = [
  ['view', 'Views: each identity once'],
  ['bounded', 'Counts, for a range'],
  ['table', 'What arrived, copies included'],
] as const;

interface TablesProps {
  readonly tables: readonly SchemaTable[];
  readonly insert: (name: string) => void;
}

function Tables({ tables, insert }: TablesProps) {
  const [wanted, setWanted] = useState('');
  const word = wanted.trim().toLowerCase();
  const found = tables.filter(
    ({ name, columns }) => name.includes(word) || columns.some((column) => column.name.includes(word)),
  );
  return (
    <>
      <label class="search">
        <span class="hidden">Find a table or column</span>
        <input
          type="search"
          placeholder="Find a table or column"
          value={wanted}
          onInput={({ currentTarget }) => setWanted(currentTarget.value)}
        />
      </label>
      {found.length === 0 ? <p class="dim">No table and no column has this in its name.</p> : null}
      <div class="tables">
        {kinds.map(([kind, title]) => {
          const listed = found.filter((one) => one.kind === kind);
          return listed.length === 0 ? null : (
            <div key={kind}>
              <h3>{title}</h3>
              {listed.map((table) => (
                <Table key={table.name} table={table} word={word} insert={insert} />
              ))}
            </div>
          );
        })}
      </div>
    </>
  );
}

interface TableProps {
  readonly table: SchemaTable;
  readonly word: string;
  readonly insert: (name: string) => void;
}

function Table({ table, word, insert }: TableProps) {
  const { name, description, columns, bounded_as, kind } = table;
  const shown = name.includes(word) ? columns : columns.filter((column) => column.name.includes(word));
  return (
    <details class="table-entry">
      <summary title={description}>
        <span class="mono">{name}</span> <span class="dim">{plural(columns.length, 'column')}</span>
      </summary>
      <p class="note">
        {description}{' '}
        <button type="button" class="plain" onClick={() => insert(readAs(table))}>
          Write its name
        </button>
        {kind === 'view' && bounded_as !== null ? (
          <>
            {' · '}
            <button
              type="button"
              class="plain"
              onClick={() => insert(readAs({ ...table, name: bounded_as, kind: 'bounded' }))}
            >
              with a range of time
            </button>
          </>
        ) : null}
      </p>
      <ul class="plain-list column-list">
        {shown.map((column) => (
          <li key={column.name}>
            <button type="button" class="plain mono" onClick={() => insert(column.name)}>
              {column.name}
            </button>{' '}
            <span class="dim type">{column.type}</span>
            {column.description === '' ? null : <p class="note">{column.description}</p>}
          </li>
        ))}
      </ul>
    </details>
  );
}
