import { useMemo } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { bucketed, bucketOf } from '../../buckets.ts';
import { count, shownMoney, words } from '../../format.ts';
import { place } from '../../location.ts';
import { Chart } from '../../parts/chart.tsx';
import { Choice } from '../../parts/choice.tsx';
import { type ReportAnswer, type ReportRow, reportPath } from '../../parts/report.tsx';
import { Empty, Section, Shown } from '../../parts/states.tsx';
import { saveAnswer } from '../../save.ts';

const colours = ['accent', 'seen', 'suspended', 'voided', 'open', 'absorbed', 'reversed', 'edge'] as const;

const measures = [
  { value: 'rule', title: 'Verdicts by rule' },
  { value: 'category', title: 'Verdicts by category' },
  { value: 'money', title: 'Money taken back' },
] as const;

/** Verdicts by the time of the selections that they are about. */
export function OverTime({ window, currency }: { readonly window: string; readonly currency: string }) {
  const seconds = bucketOf(window);
  const path = reportPath('verdicts_over_time', { from: `-${window}`, bucket_seconds: String(seconds) });
  const answer = useAnswer<ReportAnswer>(path);
  const measure = place.value.params['show'] ?? 'rule';
  return (
    <Section
      id="over-time"
      title="Over time"
      note="By time of selection, whenever the verdict came. Before certification money is voided, after it reversed."
      actions={
        <>
          <Choice label="Show" param="show" usual="rule" options={measures} />
          <button type="button" class="save" onClick={() => void saveAnswer(path, 'verdicts_over_time.csv')}>
            CSV
          </button>
        </>
      }
    >
      <Shown answer={answer} what="the verdicts">
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No verdict in this window">Everything that was judged stood up to it.</Empty>
          ) : (
            <Lines rows={rows} measure={measure} seconds={seconds} currency={currency} />
          )
        }
      </Shown>
    </Section>
  );
}

interface LinesProps {
  readonly rows: readonly ReportRow[];
  readonly measure: string;
  readonly seconds: number;
  readonly currency: string;
}

function Lines({ rows, measure, seconds, currency }: LinesProps) {
  const { times, series } = useMemo(
    () => (measure === 'money' ? moneyLines(rows, seconds, currency) : verdictLines(rows, measure, seconds)),
    [rows, measure, seconds, currency],
  );
  const axis = measure === 'money' ? (value: number) => money(value, currency) : (value: number) => count(value);
  const title = measures.find(({ value }) => value === measure)?.title ?? 'Verdicts';
  return <Chart title={`${title} over time`} times={times} series={series} axis={axis} />;
}

function verdictLines(rows: readonly ReportRow[], measure: string, seconds: number) {
  const { times, byGroup } = bucketed(rows, {
    seconds,
    groupOf: (row) => String(row[measure === 'category' ? 'category' : 'rule']),
    valueOf: (row) => Number(row['verdicts'] ?? 0),
    empty: 0,
  });
  const total = (values: readonly (number | null)[]) => values.reduce((sum: number, one) => sum + (one ?? 0), 0);
  const groups = [...byGroup].toSorted(([, a], [, b]) => total(b) - total(a)).slice(0, colours.length);
  const series = groups.map(([rule, values], at) => ({
    title: words(rule),
    colour: colours[at] ?? 'edge',
    values,
    shown: (value: number) => count(value),
  }));
  return { times, series };
}

/** Voided and reversed apart, of one currency. */
function moneyLines(rows: readonly ReportRow[], seconds: number, currency: string) {
  const line = (name: string) =>
    bucketed(rows, {
      seconds,
      groupOf: () => name,
      valueOf: (row) => (row['currency'] === currency ? Number(row[name] ?? 0) : 0),
      empty: 0,
    });
  const [voided, reversed] = [line('voided_micros'), line('reversed_micros')];
  const shown = (value: number) => money(value, currency);
  const series = [
    {
      title: 'Voided before',
      colour: 'voided',
      values: voided.byGroup.get('voided_micros') ?? [],
      shown,
      // Their colours are sisters: as areas and lines they are told apart.
      isFilled: true,
    },
    { title: 'Reversed after', colour: 'reversed', values: reversed.byGroup.get('reversed_micros') ?? [], shown },
  ];
  return { times: voided.times, series };
}

function money(micros: number, currency: string): string {
  return shownMoney(BigInt(Math.round(micros)), currency);
}
