import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { theme } from '../theme.ts';
import { FreshnessLine } from './fresh.tsx';

export interface Series {
  readonly title: string;
  /** Name of a colour in the style sheet, without the dashes. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly shown: (value: number) => string;
  readonly isFilled?: boolean;
  readonly isStepped?: boolean;
}

export interface ChartProps {
  readonly title: string;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly heightPx?: number;
  readonly axis: (value: number) => string;
}

const halfHourS = 1_800;

function colourOf(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** A series over time. The figures under the pointer stand in the legend; the table beside it is for whoever can't see it. */
export function Chart({ title, times, series, heightPx = 220, axis }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const colours = theme.value;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const plot = new uPlot(optionsOf({ element, series, heightPx, axis }), dataOf(times, series), element);
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: heightPx }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [times, series, heightPx, colours]);
  return (
    <>
      <div class="chart" ref={place} role="img" aria-label={title} />
      <FreshnessLine />
    </>
  );
}

function dataOf(times: readonly number[], series: readonly Series[]): uPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])] as uPlot.AlignedData;
}

/** Hours and minutes in UTC, seconds where ticks are closer; the day where a new one begins, or where all are whole days. */
function clockValues(_plot: uPlot, ticks: readonly number[]): string[] {
  let day = '';
  const until = (ticks[1] ?? 0) - (ticks[0] ?? 0) < 60 && ticks.length > 1 ? 19 : 16;
  return ticks.map((seconds) => {
    const text = new Date(seconds * 1_000).toISOString();
    const isNewDay = day !== '' && text.slice(5, 10) !== day;
    day = text.slice(5, 10);
    return isNewDay || text.slice(11, 19) === '00:00:00' ? day : text.slice(11, until);
  });
}

type Drawn = Pick<ChartProps, 'series' | 'axis'> & { readonly element: HTMLElement; readonly heightPx: number };

function optionsOf({ element, series, heightPx, axis }: Drawn): uPlot.Options {
  const dim = colourOf('dim');
  const rule = colourOf('rule');
  const font = '12px system-ui, sans-serif';
  const grid = { stroke: rule, width: 1 };
  const isOne = series[0]?.values.length === 1;
  return {
    width: element.clientWidth,
    height: heightPx,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    cursor: { y: false, points: { size: 6 } },
    legend: { live: true },
    // The last label of the axis stands half beyond it.
    padding: [null, 26, null, null],
    axes: [
      { stroke: dim, font, grid: { show: false }, ticks: { stroke: rule, size: 4 }, space: 70, values: clockValues },
      { stroke: dim, font, grid, ticks: { show: false }, size: 64, values: (_plot, ticks) => ticks.map(axis) },
    ],
    scales: {
      // Around a single moment the axis spans an hour, not months.
      x: { range: (_plot, first, last) => (isOne ? [first - halfHourS, last + halfHourS] : [first, last]) },
      y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] },
    },
    series: [
      { label: 'UTC', value: '{YYYY}-{MM}-{DD} {HH}:{mm}' },
      ...series.map(({ title, colour, shown, isFilled, isStepped }) => {
        const stroke = colourOf(colour);
        return {
          label: title,
          stroke,
          width: 1.75,
          points: { show: series[0] !== undefined && series[0].values.length < 3 },
          value: (_plot: uPlot, value: number | null) => (value === null ? '–' : shown(value)),
          ...(isFilled === true && { fill: stroke.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.14)') }),
          ...(isStepped === true && uPlot.paths.stepped !== undefined && { paths: uPlot.paths.stepped({ align: 1 }) }),
        };
      }),
    ],
  };
}
