import type { ReportRow } from './parts/report.tsx';

/** Length of a bucket for a window of the console, seconds: some hundred of them. */
const bucketSeconds: Readonly<Record<string, number>> = {
  '15m': 10,
  '1h': 30,
  '24h': 900,
  '7d': 7_200,
  '30d': 21_600,
};

export function bucketOf(window: string): number {
  return bucketSeconds[window] ?? 3_600;
}

export interface Bucketed {
  /** Seconds since 1970: every bucket from the first row's to the last one's, empty ones as well. */
  readonly times: readonly number[];
  /** One value a bucket for each group; `empty` where the group has no row. */
  readonly byGroup: ReadonlyMap<string, readonly (number | null)[]>;
}

export interface Bucketing {
  readonly seconds: number;
  readonly groupOf: (row: ReportRow) => string;
  readonly valueOf: (row: ReportRow) => number | null;
  /** 0 where nothing counts as nothing, null where there is nothing to tell. */
  readonly empty: 0 | null;
}

/** Rows of a report with a column `at`, as series by group. Rows of one bucket and group are added up. */
export function bucketed(rows: readonly ReportRow[], { seconds, groupOf, valueOf, empty }: Bucketing): Bucketed {
  const at = (row: ReportRow) => Date.parse(String(row['at'])) / 1_000;
  const known = rows.map(at);
  const times: number[] = [];
  if (known.length > 0) {
    const last = known.reduce((most, one) => Math.max(most, one), 0);
    for (let time = Math.min(...known); time <= last; time += seconds) times.push(time);
  }
  const places = new Map(times.map((time, place) => [time, place]));
  const byGroup = new Map<string, (number | null)[]>();
  for (const row of rows) {
    const place = places.get(at(row));
    if (place === undefined) continue;
    const group = groupOf(row);
    const values = byGroup.get(group) ?? times.map((): number | null => empty);
    const value = valueOf(row);
    if (value !== null) values[place] = (values[place] ?? 0) + value;
    byGroup.set(group, values);
  }
  return { times, byGroup };
}
