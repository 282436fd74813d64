import type { ComponentChildren } from 'preact';
import { useAnswer } from '../answer.ts';
import { count, micros, moment, words } from '../format.ts';
import { saveAnswer } from '../save.ts';
import { type Freshness, freshnessSentence } from './fresh.tsx';
import { Name } from './links.tsx';
import { Money } from './money.tsx';
import { Empty, Shown } from './states.tsx';
import { type Column, Table } from './table.tsx';

export type Cell = string | number | boolean | null;
export type ReportRow = Readonly<Record<string, Cell>>;

export interface ReportAnswer {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly kind: string; readonly description: string }[];
  readonly rows: readonly ReportRow[];
  readonly elapsed_ms: number;
  readonly freshness: Freshness;
}

export function reportPath(name: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((one): one is [string, string] => Boolean(one[1]));
  return `/v1/reports/${name}?${new URLSearchParams(given).toString()}`;
}

/** A named report as a table: its columns say what they hold, so money, times and names look as they do everywhere. */
export function ReportTable({
  name,
  parameters,
  hidden = [],
  children,
}: {
  readonly name: string;
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly hidden?: readonly string[];
  readonly children?: (rows: readonly ReportRow[]) => ComponentChildren;
}) {
  const path = reportPath(name, parameters);
  const answer = useAnswer<ReportAnswer>(path);
  return (
    <Shown answer={answer} what="the report">
      {(data) =>
        data.rows.length === 0 ? (
          <Empty title="No row in this window">Choose a longer window.</Empty>
        ) : (
          <>
            {children?.(data.rows)}
            <Table<ReportRow>
              caption={`${data.title} Read in ${data.elapsed_ms} ms. ${freshnessSentence(data.freshness)}.`}
              name={name}
              rows={data.rows}
              rowKey={(_row, index) => String(index)}
              columns={data.columns.map((column) => ({ ...columnOf(column), isHidden: hidden.includes(column.name) }))}
              onSave={() => saveAnswer(path, `${name}.csv`)}
            />
          </>
        )
      }
    </Shown>
  );
}

const numbers = ['integer', 'micros', 'ratio', 'number'];

function columnOf({ name, kind, description }: ReportAnswer['columns'][number]): Column<ReportRow> {
  return {
    title: words(name.replace(/_(micros|us|ppm)$/, '')),
    name,
    isNumber: numbers.includes(kind),
    value: (row) => row[name] ?? null,
    cell: (row) => <span title={description}>{shownCell(name, kind, row)}</span>,
  };
}

function shownCell(name: string, kind: string, row: ReportRow) {
  const value = row[name];
  if (value === null || value === undefined) return '–';
  if (kind === 'micros') return <Money micros={String(value)} currency={String(row['currency'] ?? '')} />;
  if (kind === 'time') return <span class="nowrap">{moment(String(value))}</span>;
  if (kind === 'ratio') return `${(Number(value) * 100).toFixed(1)} %`;
  if (name.endsWith('_us')) return Number(value) < 0 ? '–' : micros(Number(value));
  if (kind === 'integer') return count(Number(value));
  if (name === 'campaign_id' || name === 'advertiser_id') return <Name id={String(value)} />;
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : words(value as string);
}
