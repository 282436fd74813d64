import { useMemo } from 'preact/hooks';
import { count } from '../../format.ts';
import { Chart } from '../../parts/chart.tsx';
import { Empty } from '../../parts/states.tsx';
import { barsOf, type QueryAnswer, seriesOf } from './chart-of.ts';

export interface DrawingProps {
  readonly answer: QueryAnswer;
  /** `line` or `bars`. */
  readonly form: string;
  readonly along: string;
  readonly of: string;
}

/** A result as a chart; the table below it has the figures. */
export function Drawing(props: DrawingProps) {
  return props.form === 'line' ? <Line {...props} /> : <Bars {...props} />;
}

function Line({ answer, along, of }: DrawingProps) {
  const { times, values } = useMemo(() => seriesOf(answer, along, of), [answer, along, of]);
  if (times.length === 0) return <Empty title={`${along} holds no time`} />;
  return (
    <Chart
      title={`${of} by ${along}`}
      times={times}
      axis={(value) => count(value)}
      series={[{ title: of, colour: 'accent', values, shown: (value) => count(value), isFilled: true }]}
    />
  );
}

function Bars({ answer, along, of }: DrawingProps) {
  const bars = barsOf(answer, along, of);
  const most = Math.max(1, ...bars.map(({ value }) => value));
  return (
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
  );
}
