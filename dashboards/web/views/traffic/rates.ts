import { count, duration } from '../../format.ts';
import type { ReportRow } from '../../parts/report.tsx';

export interface RateRow {
  readonly name: string;
  readonly title: string;
  /** As they are shown. */
  readonly own: string;
  readonly others: string;
  /** The source's ÷ everybody else's; null where either is not known or of no meaning. */
  readonly times: number | null;
  /** So far from the normal that somebody should look. */
  readonly isOdd: boolean;
}

/** So many times the normal, or the same the other way round where less is what is odd. */
const oddTimes = 3;

const measures = [
  { name: 'click_rate', title: 'Click rate', kind: 'ratio', odd: 'more' },
  { name: 'click_p50_ms', title: 'From impression to click, median', kind: 'ms', odd: 'less' },
  { name: 'viewable_rate', title: 'Viewable', kind: 'ratio', odd: 'less' },
  { name: 'rate', title: 'Invalid', kind: 'ratio', odd: 'more' },
  { name: 'busiest_minute', title: 'Ads in the busiest minute', kind: 'count', odd: 'more' },
  { name: 'selections', title: 'Ads', kind: 'count', odd: null },
  { name: 'impressions', title: 'Seen', kind: 'count', odd: null },
  { name: 'clicks', title: 'Clicked', kind: 'count', odd: null },
  { name: 'verdicts', title: 'Invalid ads', kind: 'count', odd: null },
  { name: 'publishers', title: 'Publishers', kind: 'count', odd: null },
  { name: 'networks', title: 'Networks', kind: 'count', odd: null },
  { name: 'agents', title: 'User agents', kind: 'count', odd: null },
  { name: 'persons', title: 'Known persons', kind: 'count', odd: null },
] as const;

type Kind = (typeof measures)[number]['kind'];

/** Rows of `source_rates` side by side, measure by measure. */
export function rates(source: ReportRow, others: ReportRow | undefined): RateRow[] {
  return measures.map(({ name, title, kind, odd }) => {
    const [own, normal] = [valueOf(source, name), valueOf(others, name)];
    const times = odd === null || own === null || normal === null || normal === 0 ? null : own / normal;
    const isOdd = times !== null && (odd === 'more' ? times >= oddTimes : times <= 1 / oddTimes);
    return { name, title, own: shown(kind, own), others: shown(kind, normal), times, isOdd };
  });
}

function valueOf(row: ReportRow | undefined, name: string): number | null {
  const value = row?.[name];
  return value === null || value === undefined ? null : Number(value);
}

function shown(kind: Kind, value: number | null): string {
  if (value === null) return '–';
  if (kind === 'ratio') return `${(value * 100).toFixed(1)} %`;
  return kind === 'ms' ? duration(value) : count(value);
}
