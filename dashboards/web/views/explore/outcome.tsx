import { count, textOf } from '../../format.ts';
import { place } from '../../location.ts';
import { Choice } from '../../parts/choice.tsx';
import { freshnessSentence } from '../../parts/fresh.tsx';
import { Empty, Section } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { saveText } from '../../save.ts';
import { respond } from '../../session.ts';
import { axesOf, type QueryAnswer } from './chart-of.ts';
import { Drawing } from './drawing.tsx';

export const queryPath = '/v1/reports/query';
const mostShown = 500;

export interface ResultProps {
  readonly answer: QueryAnswer;
  readonly sql: string;
}

/** What a statement gave: as a table, a chart, a file. The address carries the chart. */
export function Result({ answer, sql }: ResultProps) {
  const { times, values } = axesOf(answer);
  const { params } = place.value;
  const drawn = params['chart'] ?? 'table';
  const along = answer.columns.map(({ name }) => name);
  const usualAlong = drawn === 'line' ? (times[0] ?? '') : (along.find((name) => !values.includes(name)) ?? '');
  const chosen = {
    along: params['along'] ?? usualAlong,
    of: params['of'] ?? values.at(-1) ?? '',
    by: params['by'] ?? '',
  };
  return (
    <Section
      id="result"
      title="Result"
      note={`${count(answer.rows.length)} rows in ${answer.elapsed_ms} ms. ${freshnessSentence(answer.freshness)}.`}
      actions={<Builder answer={answer} drawn={drawn} usualAlong={usualAlong} />}
    >
      {answer.rows.length === 0 ? (
        <Empty title="No row" />
      ) : (
        <>
          {drawn === 'table' ? null : <Drawing answer={answer} form={drawn} {...chosen} />}
          <Rows answer={answer} sql={sql} />
        </>
      )}
    </Section>
  );
}

interface BuilderProps {
  readonly answer: QueryAnswer;
  readonly drawn: string;
  readonly usualAlong: string;
}

/** What is drawn, along what, and one line for each value of what. */
function Builder({ answer, drawn, usualAlong }: BuilderProps) {
  const { times, values } = axesOf(answer);
  const along = answer.columns.map(({ name }) => name);
  const asOptions = (all: readonly string[]) => all.map((value) => ({ value, title: value }));
  const texts = along.filter((name) => !times.includes(name) && !values.includes(name));
  return (
    <>
      <Choice
        label="Show as"
        param="chart"
        usual="table"
        clears={['along', 'of', 'by']}
        options={[
          { value: 'table', title: 'Table' },
          ...(times.length > 0 && values.length > 0 ? [{ value: 'line', title: 'Lines over time' }] : []),
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
          <Choice label="Of" param="of" usual={values.at(-1) ?? ''} options={asOptions(values)} />
        </>
      )}
      {drawn === 'line' && texts.length > 0 ? (
        <Choice
          label="A line for each"
          param="by"
          usual=""
          options={[{ value: '', title: 'Sum of all' }, ...asOptions(texts)]}
        />
      ) : null}
    </>
  );
}

function Rows({ answer, sql }: ResultProps) {
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
        const response = await respond(queryPath, { body: { sql }, headers: { accept: 'text/csv' } });
        saveText('query.csv', await response.text());
      }}
    />
  );
}
