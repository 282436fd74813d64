import { useMemo } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { bucketed, bucketOf } from '../../buckets.ts';
import { useEntityNames } from '../../entity-names.ts';
import { count, duration, moment, plural, timeOfDay, words } from '../../format.ts';
import { place } from '../../location.ts';
import { Chart } from '../../parts/chart.tsx';
import { WindowChoice } from '../../parts/choice.tsx';
import { Money } from '../../parts/money.tsx';
import { type ReportAnswer, type ReportRow, reportPath } from '../../parts/report.tsx';
import { Badge, Empty, Section, Shown } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Title } from '../../parts/title.tsx';
import { writePlace } from '../../place.ts';
import { saveAnswer } from '../../save.ts';
import { Ad } from './allowed.tsx';
import { rates, type RateRow } from './rates.ts';
import { sourceKinds } from './sources.tsx';

export interface PatternProps {
  readonly window: string;
  readonly by: string;
  readonly source: string;
}

/** What one network, user agent or person did, and how that compares with everybody else. */
export function Pattern({ window, by, source }: PatternProps) {
  const kind = sourceKinds.find(({ value }) => value === by) ?? sourceKinds[0];
  const parameters = { from: `-${window}`, by, source };
  const back = writePlace({ view: 'traffic', params: { ...place.value.params, source: null } });
  return (
    <>
      <Title
        title={`Pattern of one ${kind.one}`}
        lead={
          <>
            <a href={back}>← All sources</a>
            <span class="mono source-name">{source}</span>
          </>
        }
      >
        <WindowChoice />
      </Title>
      <Rates parameters={parameters} one={kind.one} />
      <Line parameters={parameters} seconds={bucketOf(window)} />
      <Ads parameters={parameters} />
    </>
  );
}

type Parameters = Readonly<Record<'from' | 'by' | 'source', string>>;

function Rates({ parameters, one }: { readonly parameters: Parameters; readonly one: string }) {
  const path = reportPath('source_rates', parameters);
  const answer = useAnswer<ReportAnswer>(path);
  return (
    <Section
      id="rates"
      title="Against the normal"
      note={`What everybody else of the same window does. A ${one} with few ads may differ by chance.`}
    >
      <Shown answer={answer} what="the rates">
        {({ rows }) => {
          const of = (who: string) => rows.find((row) => row['who'] === who);
          const source = of('source');
          return source === undefined ? (
            <Empty title="Nothing came from there in this window">Choose a longer window, or look for another.</Empty>
          ) : (
            <RateTable rows={rates(source, of('others'))} onSave={() => saveAnswer(path, 'source_rates.csv')} />
          );
        }}
      </Shown>
    </Section>
  );
}

function RateTable({ rows, onSave }: { readonly rows: readonly RateRow[]; readonly onSave: () => Promise<void> }) {
  return (
    <Table<RateRow>
      caption="This one and everybody else"
      isCaptionHidden
      name="source-rates"
      rows={rows}
      rowKey={({ name }) => name}
      onSave={onSave}
      columns={[
        { title: 'Measure', name: 'measure', value: ({ title }) => title },
        { title: 'This one', name: 'source', isNumber: true, value: ({ own }) => own },
        { title: 'Everybody else', name: 'others', isNumber: true, value: ({ others }) => others },
        {
          title: 'Times the normal',
          name: 'times',
          isNumber: true,
          value: ({ times }) => times,
          cell: ({ times, isOdd }) =>
            times === null ? (
              <span class="dim">–</span>
            ) : (
              <Badge looks={isOdd ? 'bad' : 'plain'}>{timesOf(times)} ×</Badge>
            ),
        },
      ]}
    />
  );
}

function timesOf(times: number): string {
  if (times >= 100) return count(Math.round(times));
  return times > 0 && times < 0.1 ? times.toPrecision(1) : times.toFixed(1);
}

const measures = [
  ['selections', 'Ads', 'accent'],
  ['impressions', 'Seen', 'seen'],
  ['clicks', 'Clicked', 'suspended'],
  ['verdicts', 'Invalid', 'bad'],
] as const;

function Line({ parameters, seconds }: { readonly parameters: Parameters; readonly seconds: number }) {
  const path = reportPath('source_pattern', { ...parameters, bucket_seconds: String(seconds) });
  const answer = useAnswer<ReportAnswer>(path);
  return (
    <Section
      id="line"
      title="Over time"
      note={`Ads with a record from there, in steps of ${duration(seconds * 1_000)}, by time of selection.`}
      actions={
        <button type="button" class="save" onClick={() => void saveAnswer(path, 'source_pattern.csv')}>
          CSV
        </button>
      }
    >
      <Shown answer={answer} what="the time line">
        {({ rows }) =>
          rows.length === 0 ? <Empty title="Nothing in this window" /> : <Drawn rows={rows} seconds={seconds} />
        }
      </Shown>
    </Section>
  );
}

function Drawn({ rows, seconds }: { readonly rows: readonly ReportRow[]; readonly seconds: number }) {
  const { times, series } = useMemo(() => {
    const lines = measures.map(([name, title, colour], at) => {
      const line = bucketed(rows, {
        seconds,
        groupOf: () => name,
        valueOf: (row) => Number(row[name] ?? 0),
        empty: 0,
      });
      const shown = (value: number) => count(value);
      return {
        times: line.times,
        series: { title, colour, values: line.byGroup.get(name) ?? [], shown, isFilled: at === 0 },
      };
    });
    return { times: lines[0]?.times ?? [], series: lines.map((one) => one.series) };
  }, [rows, seconds]);
  return (
    <Chart title="Ads, and those seen, clicked and invalid, over time" times={times} series={series} axis={count} />
  );
}

function Ads({ parameters }: { readonly parameters: Parameters }) {
  const path = reportPath('source_selections', parameters);
  const answer = useAnswer<ReportAnswer>(path);
  const placementOf = useEntityNames('placements');
  return (
    <Section id="ads" title="Ad by ad" note="Times of what came from there; the story of an ad has all of its records.">
      <Shown answer={answer} what="the ads">
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No ad in this window" />
          ) : (
            <Table<ReportRow>
              caption={`The newest ${plural(rows.length, 'ad')}`}
              name="source-selections"
              rows={rows}
              rowKey={(row) => String(row['selection_id'])}
              onSave={() => saveAnswer(path, 'source_selections.csv')}
              looksOf={(row) => (row['rules'] === '' ? '' : 'judged')}
              columns={columnsOf(placementOf)}
            />
          )
        }
      </Shown>
    </Section>
  );
}

function columnsOf(placementOf: (id: string) => string): Column<ReportRow>[] {
  const text = (row: ReportRow, name: string) => String(row[name] ?? '');
  const clock = (name: string, title: string): Column<ReportRow> => ({
    title,
    name,
    value: (row) => row[name] ?? null,
    cell: (row) => (row[name] === null ? <span class="dim">–</span> : timeOfDay(text(row, name)).slice(0, 8)),
  });
  return [
    {
      title: 'Chosen, UTC',
      name: 'selected_at',
      value: (row) => text(row, 'selected_at'),
      cell: (row) => <span class="nowrap">{moment(text(row, 'selected_at'))}</span>,
    },
    {
      title: 'Ad',
      name: 'selection_id',
      value: (row) => text(row, 'selection_id'),
      cell: (row) => <Ad id={text(row, 'selection_id')} />,
    },
    {
      title: 'Placement',
      name: 'placement_id',
      value: (row) => text(row, 'placement_id'),
      cell: (row) => <span title={text(row, 'placement_id')}>{placementOf(text(row, 'placement_id'))}</span>,
    },
    {
      title: 'Campaign',
      name: 'campaign_id',
      value: (row) => text(row, 'campaign_id'),
      isHidden: true,
    },
    clock('shown_at', 'Seen'),
    clock('clicked_at', 'Clicked'),
    {
      title: 'After',
      name: 'click_after_ms',
      isNumber: true,
      value: (row) => row['click_after_ms'] ?? null,
      cell: (row) => (row['click_after_ms'] === null ? '' : duration(Number(row['click_after_ms']))),
    },
    {
      title: 'Found against it',
      name: 'rules',
      value: (row) => text(row, 'rules'),
      cell: (row) => (row['rules'] === '' ? <span class="dim">nothing</span> : words(text(row, 'rules'))),
    },
    {
      title: 'Price',
      name: 'price_micros',
      isNumber: true,
      value: (row) => text(row, 'price_micros'),
      cell: (row) => <Money micros={text(row, 'price_micros')} currency={text(row, 'currency')} />,
    },
    {
      title: 'Taken back',
      name: 'taken_back',
      isNumber: true,
      value: (row) => takenBack(row).toString(),
      cell: (row) =>
        takenBack(row) === 0n ? (
          <span class="dim">–</span>
        ) : (
          <Money micros={takenBack(row)} currency={text(row, 'currency')} />
        ),
    },
  ];
}

function takenBack(row: ReportRow): bigint {
  return BigInt(String(row['voided_micros'] ?? '0')) + BigInt(String(row['reversed_micros'] ?? '0'));
}
