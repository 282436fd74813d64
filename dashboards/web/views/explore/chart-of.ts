import { textOf } from '../../format.ts';

/** A result of SQL as the console gives it. */
export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly elapsed_ms: number;
}

export function isTimeType(type: string): boolean {
  return /\bDate(Time)?(32|64)?\b/.test(type);
}

export function isNumberType(type: string): boolean {
  return /^(Nullable\()?(U?Int|Float|Decimal)/.test(type);
}

/** Names of the columns that can lie along a chart, and of those that it can draw. */
export function axesOf({ columns }: QueryAnswer): {
  readonly times: readonly string[];
  readonly values: readonly string[];
} {
  return {
    times: columns.filter(({ type }) => isTimeType(type)).map(({ name }) => name),
    values: columns.filter(({ type }) => isNumberType(type)).map(({ name }) => name),
  };
}

/** Sums of a column by time, in the order of time. Approximate: a chart has pixels, the table has the figures. */
export function seriesOf(
  answer: QueryAnswer,
  time: string,
  value: string,
): { readonly times: number[]; readonly values: number[] } {
  const sums = new Map<number, number>();
  for (const row of answer.rows) {
    const at = Date.parse(asTime(String(row[time]))) / 1_000;
    if (Number.isFinite(at)) sums.set(at, (sums.get(at) ?? 0) + Number(row[value] ?? 0));
  }
  const times = [...sums.keys()].toSorted((a, b) => a - b);
  return { times, values: times.map((at) => sums.get(at) ?? 0) };
}

/** The engine writes `2026-11-22 15:00:00`, in UTC, where it was not asked for RFC 3339. */
function asTime(text: string): string {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(text) ? `${text.replace(' ', 'T')}Z` : text;
}

export interface Bar {
  readonly title: string;
  readonly value: number;
}

const mostBars = 30;

/** Sums of a column by the text of another, the largest first. */
export function barsOf(answer: QueryAnswer, by: string, value: string): Bar[] {
  const sums = new Map<string, number>();
  for (const row of answer.rows) {
    const title = textOf(row[by]);
    sums.set(title, (sums.get(title) ?? 0) + Number(row[value] ?? 0));
  }
  return [...sums]
    .map(([title, sum]) => ({ title, value: sum }))
    .toSorted((a, b) => b.value - a.value)
    .slice(0, mostBars);
}
