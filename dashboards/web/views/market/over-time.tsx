import { useMemo } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { bucketed, bucketOf } from '../../buckets.ts';
import type { NameOf } from '../../entity-names.ts';
import { count, micros, shownMoney } from '../../format.ts';
import { place } from '../../location.ts';
import { Chart } from '../../parts/chart.tsx';
import { Choice } from '../../parts/choice.tsx';
import { type ReportAnswer, type ReportRow, reportPath } from '../../parts/report.tsx';
import { Empty, Section, Shown } from '../../parts/states.tsx';
import { saveAnswer } from '../../save.ts';
import { numberOf } from './steps.ts';

const colours = ['accent', 'seen', 'suspended', 'voided', 'open', 'absorbed', 'reversed', 'edge'] as const;
/** Lines that can still be told apart. */
const mostLines = colours.length;

const measures = [
  { value: 'win_rate', title: 'Win rate' },
  { value: 'won', title: 'Ads won' },
  { value: 'revenue', title: 'Revenue' },
  { value: 'latency', title: '95th percentile of answers' },
  { value: 'timeouts', title: 'Too late' },
] as const;

export interface OverTimeProps {
  readonly window: string;
  readonly currency: string;
  readonly nameOf: NameOf;
  /** One bidder; empty: those that won most. */
  readonly bidderId?: string;
}

/** What bidders did over time; which of it, the address says. */
export function OverTime({ window, currency, nameOf, bidderId = '' }: OverTimeProps) {
  const seconds = bucketOf(window);
  const path = reportPath('bidders_over_time', {
    from: `-${window}`,
    bidder_id: bidderId,
    bucket_seconds: String(seconds),
  });
  const answer = useAnswer<ReportAnswer>(path);
  const measure = place.value.params['measure'] ?? 'win_rate';
  return (
    <Section
      id="over-time"
      title="Over time"
      note="By time of selection. The win rate is of the bids that came in time; amounts are in the currency chosen above."
      actions={
        <>
          <Choice label="Show" param="measure" usual="win_rate" options={measures} />
          <button type="button" class="save" onClick={() => void saveAnswer(path, 'bidders_over_time.csv')}>
            CSV
          </button>
        </>
      }
    >
      <Shown answer={answer} what="the course of time">
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No bidder was eligible in this window" />
          ) : (
            <Lines rows={rows} measure={measure} seconds={seconds} currency={currency} nameOf={nameOf} />
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
  readonly nameOf: NameOf;
}

function Lines({ rows, measure, seconds, currency, nameOf }: LinesProps) {
  const { times, values, shown } = useMemo(
    () => linesOf(rows, { measure, seconds, currency }),
    [rows, measure, seconds, currency],
  );
  const series = useMemo(
    () =>
      values.map(({ id, values: ones }, place_) => ({
        title: id === given ? 'Time given' : nameOf(id),
        colour: colours[place_ % colours.length] ?? 'accent',
        values: ones,
        shown,
        isStepped: measure === 'latency' && id === given,
      })),
    [values, nameOf],
  );
  const title = measures.find(({ value }) => value === measure)?.title ?? 'Win rate';
  return <Chart title={`${title} by bidder over time`} times={times} series={series} axis={shown} />;
}

const given = 'time given';

interface Lines {
  readonly times: readonly number[];
  readonly values: readonly { readonly id: string; readonly values: readonly (number | null)[] }[];
  readonly shown: (value: number) => string;
}

function linesOf(
  rows: readonly ReportRow[],
  { measure, seconds, currency }: Pick<LinesProps, 'measure' | 'seconds' | 'currency'>,
): Lines {
  const groupOf = (row: ReportRow) => String(row['bidder_id']);
  const seriesOf = (name: string, empty: 0 | null, chosen = rows) =>
    bucketed(chosen, {
      seconds,
      groupOf,
      empty,
      valueOf: (row) => (row[name] === null ? null : numberOf(row, name)),
    });
  const won = seriesOf('won', 0);
  const total = (id: string) => (won.byGroup.get(id) ?? []).reduce((sum: number, one) => sum + (one ?? 0), 0);
  const ids = [...won.byGroup.keys()].toSorted((a, b) => total(b) - total(a)).slice(0, mostLines);
  const linesBy = (byGroup: ReadonlyMap<string, readonly (number | null)[]>) =>
    ids.flatMap((id) => (byGroup.has(id) ? [{ id, values: byGroup.get(id) ?? [] }] : []));
  switch (measure) {
    case 'won':
    case 'timeouts':
      return { times: won.times, values: linesBy(seriesOf(measure, 0).byGroup), shown: (value) => count(value) };
    case 'revenue': {
      const own = rows.map((row) => (row['currency'] === currency ? row : { ...row, revenue_micros: '0' }));
      const { byGroup } = seriesOf('revenue_micros', 0, own);
      return {
        times: won.times,
        values: linesBy(byGroup),
        shown: (value) => shownMoney(BigInt(Math.round(value)), currency),
      };
    }
    case 'latency':
      return latencyLines(rows, { times: won.times, ids, seconds });
    default: {
      const bids = seriesOf('responded', 0).byGroup;
      const rate = (id: string) =>
        (won.byGroup.get(id) ?? []).map((wins, place_) => {
          const all = bids.get(id)?.[place_] ?? 0;
          return all === 0 ? null : (wins ?? 0) / all;
        });
      return {
        times: won.times,
        values: ids.map((id) => ({ id, values: rate(id) })),
        shown: (value) => `${Math.round(value * 100)} %`,
      };
    }
  }
}

/** The slowest of a bucket's currencies stands for it; of one bidder alone the time that it was given is drawn as well. */
function latencyLines(
  rows: readonly ReportRow[],
  { times, ids, seconds }: { readonly times: readonly number[]; readonly ids: readonly string[]; seconds: number },
): Lines {
  const slowest = new Map<string, ReportRow>();
  for (const row of rows) {
    const key = `${String(row['at'])}/${String(row['bidder_id'])}`;
    const before = slowest.get(key);
    if (before === undefined || numberOf(row, 'latency_p95_us') > numberOf(before, 'latency_p95_us'))
      slowest.set(key, row);
  }
  const line = (name: string) =>
    bucketed([...slowest.values()], {
      seconds,
      groupOf: (row) => String(row['bidder_id']),
      valueOf: (row) => (row[name] === null ? null : numberOf(row, name)),
      empty: null,
    }).byGroup;
  const took = line('latency_p95_us');
  const values = ids.flatMap((id) => (took.has(id) ? [{ id, values: took.get(id) ?? [] }] : []));
  const [only] = ids;
  const more =
    ids.length === 1 && only !== undefined ? [{ id: given, values: line('timeout_p50_us').get(only) ?? [] }] : [];
  return { times, values: [...values, ...more], shown: micros };
}
