import { textOf } from '../../format.ts';
import type { Freshness } from '../../parts/fresh.tsx';

/** A result of SQL as the console gives it. */
export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly elapsed_ms: number;
  readonly freshness: Freshness;
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

export interface Lines {
  readonly times: number[];
  /** One a value of the column that tells them apart, the largest first; beyond the most that are drawn, all others together. */
  readonly lines: readonly { readonly title: string; readonly values: (number | null)[] }[];
}

const mostLines = 6;
export const others = 'all others';

/** Sums of a column by time, in the order of time, and by the text of another if one is named. Approximate: a chart has pixels, the table has the figures. */
export function linesOf(answer: QueryAnswer, time: string, value: string, by = ''): Lines {
  const sums = new Map<string, Map<number, number>>();
  const add = (title: string, at: number, amount: number) => {
    const line = sums.get(title) ?? new Map<number, number>();
    sums.set(title, line.set(at, (line.get(at) ?? 0) + amount));
  };
  const titleOf = (row: QueryAnswer['rows'][number]) => (by === '' ? value : textOf(row[by]) || '–');
  const totals = new Map<string, number>();
  for (const row of answer.rows) {
    totals.set(titleOf(row), (totals.get(titleOf(row)) ?? 0) + Math.abs(Number(row[value] ?? 0)));
  }
  const drawn = [...totals].toSorted((a, b) => b[1] - a[1]).map(([title]) => title);
  const own = new Set(drawn.length > mostLines ? drawn.slice(0, mostLines - 1) : drawn);
  for (const row of answer.rows) {
    const at = Date.parse(asTime(String(row[time]))) / 1_000;
    if (Number.isFinite(at)) add(own.has(titleOf(row)) ? titleOf(row) : others, at, Number(row[value] ?? 0));
  }
  const times = [...new Set([...sums.values()].flatMap((line) => [...line.keys()]))].toSorted((a, b) => a - b);
  const titles = [...own, ...(drawn.length > own.size ? [others] : [])].filter((title) => sums.has(title));
  return {
    times,
    lines: titles.map((title) => ({ title, values: times.map((at) => sums.get(title)?.get(at) ?? null) })),
  };
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
