import { useMemo } from 'preact/hooks';
import { count } from '../../format.ts';
import { Chart } from '../../parts/chart.tsx';
import { FreshnessLine } from '../../parts/fresh.tsx';
import { Empty } from '../../parts/states.tsx';
import { barsOf, linesOf, type QueryAnswer } from './chart-of.ts';

export interface DrawingProps {
  readonly answer: QueryAnswer;
  /** `line` or `bars`. */
  readonly form: string;
  readonly along: string;
  readonly of: string;
  /** Column with a line for each of its texts; empty: one line. */
  readonly by: string;
}

/** A result as a chart; the table below it has the figures. */
export function Drawing(props: DrawingProps) {
  return props.form === 'line' ? <Lines {...props} /> : <Bars {...props} />;
}

/** `1.2M`: an axis has little room. */
function shortCount(value: number): string {
  return value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });
}

const colours = ['accent', 'pending', 'voided', 'suspended', 'open', 'absorbed'];

function Lines({ answer, along, of, by }: DrawingProps) {
  const { times, lines } = useMemo(() => linesOf(answer, along, of, by), [answer, along, of, by]);
  const series = useMemo(
    () =>
      lines.map(({ title, values }, index) => ({
        title,
        colour: colours[index] ?? 'dim',
        values,
        shown: (value: number) => count(value),
        isFilled: lines.length === 1,
      })),
    [lines],
  );
  if (times.length === 0) return <Empty title={`${along} holds no time`} />;
  return <Chart title={`${of} by ${along}`} times={times} axis={shortCount} series={series} />;
}

function Bars({ answer, along, of }: DrawingProps) {
  const bars = barsOf(answer, along, of);
  const most = Math.max(1, ...bars.map(({ value }) => value));
  return (
    <>
      <dl class="bars" aria-label={`${of} by ${along}`}>
        {bars.map(({ title, value }) => (
          <div key={title}>
            <dt title={title}>{title === '' ? '–' : title}</dt>
            <dd>
              <span class="bar-line" aria-hidden="true" style={{ width: `${Math.max(0, (value / most) * 100)}%` }} />
              <span>{count(value)}</span>
            </dd>
          </div>
        ))}
      </dl>
      <FreshnessLine />
    </>
  );
}
