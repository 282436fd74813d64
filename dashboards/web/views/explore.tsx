import { useEffect, useState } from 'preact/hooks';
import { count, textOf } from '../format.ts';
import { place, setParams } from '../location.ts';
import { Choice } from '../parts/choice.tsx';
import { Empty, Problem, Section, Waiting } from '../parts/states.tsx';
import { Table } from '../parts/table.tsx';
import { Title } from '../parts/title.tsx';
import { saveText } from '../save.ts';
import { ask, respond } from '../session.ts';
import { axesOf, type QueryAnswer } from './explore/chart-of.ts';
import { Drawing } from './explore/drawing.tsx';
import { examples, tables } from './explore/examples.ts';
import { readHistory, remember } from './explore/history.ts';

const path = '/v1/reports/query';
const mostShown = 500;

interface Outcome {
  readonly sql: string;
  readonly answer: QueryAnswer | null;
  readonly error: unknown;
  readonly isRunning: boolean;
}

const nothing: Outcome = { sql: '', answer: null, error: null, isRunning: false };

/** The analyst's own questions: SQL, read-only, as a table, a chart or a file. The address carries the statement and the chart. */
export default function Explore() {
  const { sql = examples[0].sql } = place.value.params;
  const [text, setText] = useState(sql);
  const [outcome, setOutcome] = useState<Outcome>(nothing);
  const [history, setHistory] = useState(readHistory);
  const run = (statement: string) => {
    setText(statement);
    setParams({ sql: statement });
    setOutcome((before) => ({ ...before, sql: statement, error: null, isRunning: true }));
    ask<QueryAnswer>(path, { body: { sql: statement } }).then(
      (answer) => {
        setOutcome({ sql: statement, answer, error: null, isRunning: false });
        setHistory(remember(statement));
      },
      (error: unknown) => setOutcome({ sql: statement, answer: null, error, isRunning: false }),
    );
  };
  useEffect(() => {
    // A shared link shows its answer.
    if (place.value.params['sql'] !== undefined) run(sql);
  }, []);
  return (
    <>
      <Title
        title="Explore"
        lead="One SELECT over the tables of reporting, read-only, with limits on time, memory and rows."
      />
      <div class="pair uneven">
        <Editor text={text} setText={setText} run={run} isRunning={outcome.isRunning} />
        <Browser history={history} pick={setText} />
      </div>
      <Outcomes outcome={outcome} />
    </>
  );
}

interface EditorProps {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly run: (sql: string) => void;
  readonly isRunning: boolean;
}

function Editor({ text, setText, run, isRunning }: EditorProps) {
  return (
    <Section
      id="statement"
      title="Statement"
      note="Ctrl and Enter run it. Count from the views: copies, retries and replays change no figure."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run(text);
        }}
      >
        <label class="hidden" for="sql">
          SQL
        </label>
        <textarea
          id="sql"
          class="mono sql"
          rows={9}
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run(text);
          }}
        />
        <div class="actions">
          <button type="submit" disabled={isRunning || text.trim() === ''}>
            Run
          </button>
        </div>
      </form>
    </Section>
  );
}

function Browser({ history, pick }: { readonly history: readonly string[]; readonly pick: (sql: string) => void }) {
  return (
    <Section id="schema" title="What there is">
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
        <summary>Views and their columns</summary>
        <ul class="plain-list">
          {tables.map(([name, what]) => (
            <Columns key={name} table={name} what={what} />
          ))}
        </ul>
      </details>
      <details>
        <summary>History of this browser</summary>
        <ul class="plain-list">
          {history.length === 0 ? <li class="dim">Nothing was run yet.</li> : null}
          {history.map((sql) => (
            <li key={sql}>
              <button type="button" class="plain mono line" title={sql} onClick={() => pick(sql)}>
                {sql.replace(/\s+/g, ' ')}
              </button>
            </li>
          ))}
        </ul>
      </details>
    </Section>
  );
}

/** A view, with its columns once somebody looks: an empty answer names them. */
function Columns({ table, what }: { readonly table: string; readonly what: string }) {
  const [columns, setColumns] = useState<QueryAnswer['columns'] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const look = () => {
    if (columns !== null) return;
    ask<QueryAnswer>(path, { body: { sql: `SELECT * FROM ${table} LIMIT 0` } }).then(
      (answer) => setColumns(answer.columns),
      setError,
    );
  };
  return (
    <li>
      <details onToggle={look}>
        <summary>
          <span class="mono">{table}</span> <span class="dim">{what}</span>
        </summary>
        {error === null ? null : <Problem error={error} />}
        {columns === null ? null : (
          <ul class="plain-list columns">
            {columns.map(({ name, type }) => (
              <li key={name}>
                <span class="mono">{name}</span> <span class="dim">{type}</span>
              </li>
            ))}
          </ul>
        )}
      </details>
    </li>
  );
}

function Outcomes({ outcome: { answer, error, isRunning, sql } }: { readonly outcome: Outcome }) {
  if (error !== null) return <Problem error={error} />;
  if (answer === null) return isRunning ? <Waiting what="the answer" /> : null;
  const { times, values } = axesOf(answer);
  const drawn = place.value.params['chart'] ?? 'table';
  const along = answer.columns.map(({ name }) => name);
  const asOptions = (all: readonly string[]) => all.map((value) => ({ value, title: value }));
  const usualAlong = drawn === 'line' ? (times[0] ?? '') : (along.find((name) => !values.includes(name)) ?? '');
  return (
    <Section
      id="result"
      title="Result"
      note={`${count(answer.rows.length)} rows in ${answer.elapsed_ms} ms.`}
      actions={
        <>
          <Choice
            label="Show as"
            param="chart"
            usual="table"
            clears={['along', 'of']}
            options={[
              { value: 'table', title: 'Table' },
              ...(times.length > 0 && values.length > 0 ? [{ value: 'line', title: 'Line over time' }] : []),
              ...(values.length > 0 && along.length > 1 ? [{ value: 'bars', title: 'Bars' }] : []),
            ]}
          />
          {drawn === 'table' ? null : (
            <>
              <Choice
                label="Along"
                param="along"
                usual={usualAlong}
                options={asOptions(drawn === 'line' ? times : along)}
              />
              <Choice label="Of" param="of" usual={values[0] ?? ''} options={asOptions(values)} />
            </>
          )}
        </>
      }
    >
      {answer.rows.length === 0 ? (
        <Empty title="No row" />
      ) : (
        <>
          {drawn === 'table' ? null : (
            <Drawing
              answer={answer}
              form={drawn}
              along={place.value.params['along'] ?? usualAlong}
              of={place.value.params['of'] ?? values[0] ?? ''}
            />
          )}
          <Rows answer={answer} sql={sql} />
        </>
      )}
    </Section>
  );
}

function Rows({ answer, sql }: { readonly answer: QueryAnswer; readonly sql: string }) {
  const shown = answer.rows.slice(0, mostShown);
  const numbers = new Set(axesOf(answer).values);
  return (
    <Table<QueryAnswer['rows'][number]>
      caption={shown.length < answer.rows.length ? `The first ${mostShown}; CSV saves all` : 'All rows'}
      name="query"
      rows={shown}
      rowKey={(_row, index) => String(index)}
      columns={answer.columns.map(({ name, type }) => ({
        title: name,
        name,
        isNumber: numbers.has(name),
        value: (row) => textOf(row[name]),
        cell: (row) => <span title={type}>{textOf(row[name])}</span>,
      }))}
      onSave={async () => {
        const response = await respond(path, { body: { sql }, headers: { accept: 'text/csv' } });
        saveText('query.csv', await response.text());
      }}
    />
  );
}
