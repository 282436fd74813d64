import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Row, Warehouse } from '../../ports/warehouse.ts';
import type { Report, ReportColumn, ReportParameter, Reports } from './report-file.ts';

export interface ReportParts {
  readonly reports: Reports;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
}

/** The answer of `GET /v1/reports/{name}`. */
export interface ReportResult {
  readonly name: string;
  readonly title: string;
  /** As they were used: defaults filled in, times as RFC 3339. */
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly Readonly<Record<string, ReportCell>>[];
  readonly elapsed_ms: number;
}
export type ReportCell = string | number | boolean | null;

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const lastMs = Date.UTC(2300, 0, 1) - 1;

/**
 * Runs a named report. Errors: `NOT_FOUND`, `UNKNOWN_FIELD` and `VALIDATION_FAILED` (with the parameter as path), those of the
 * warehouse, `INVARIANT_BROKEN` if the columns are not the documented ones.
 */
export async function runReport(
  parts: ReportParts,
  name: string,
  given: Readonly<Record<string, string>> = {},
): Promise<ReportResult> {
  const report = parts.reports.get(name);
  if (!report) throw new AdtallyError('NOT_FOUND', `there is no report ${name}`);
  const parameters = readParameters(report, given, parts.clock.now());
  const bound = report.parameters.map(({ name: key, kind }) => [key, bind(kind, parameters[key] ?? '')] as const);
  const { columns, rows, elapsedMs } = await parts.warehouse.query(report.sql, Object.fromEntries(bound));
  const found = columns.map((column) => column.name).join();
  if (found !== report.columns.map((column) => column.name).join()) {
    throw new AdtallyError('INVARIANT_BROKEN', `the report ${name} gave the columns ${found}`);
  }
  return {
    name,
    title: report.title,
    parameters,
    columns: report.columns,
    rows: rows.map((row) => rowOf(report.columns, row)),
    elapsed_ms: Math.round(elapsedMs),
  };
}

function readParameters(
  report: Report,
  given: Readonly<Record<string, string>>,
  now: number,
): Record<string, string | number> {
  const unknown = Object.keys(given).find((key) => !report.parameters.some(({ name }) => name === key));
  if (unknown !== undefined) {
    throw new AdtallyError('UNKNOWN_FIELD', `the report ${report.name} has no parameter ${unknown}`, { path: unknown });
  }
  const read = Object.fromEntries(
    report.parameters.map((parameter) => [parameter.name, readParameter(parameter, given[parameter.name], now)]),
  );
  const { from, to } = read;
  if (from !== undefined && to !== undefined && String(from) >= String(to)) {
    throw new AdtallyError('VALIDATION_FAILED', `from ${from} is not before to ${to}`, { path: 'from' });
  }
  return read;
}

function readParameter(parameter: ReportParameter, given: string | undefined, now: number): string | number {
  const text = given ?? parameter.byDefault;
  switch (parameter.kind) {
    case 'text':
      return text;
    case 'integer':
      return readInteger(parameter, text);
    case 'time':
      return new Date(readTime(parameter, text, now)).toISOString();
    default:
      return parameter.kind satisfies never;
  }
}

function readInteger({ name, bounds }: ReportParameter, text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  const [lowest, highest] = bounds ?? [0, Number.MAX_SAFE_INTEGER];
  if (!(value >= lowest && value <= highest)) {
    const detail = `${name} must be an integer from ${lowest} to ${highest}, not "${text}"`;
    throw new AdtallyError('VALIDATION_FAILED', detail, { path: name });
  }
  return value;
}

function readTime({ name }: ReportParameter, text: string, now: number): number {
  const back = /^-(\d{1,6})([mhd])$/.exec(text);
  const stamp = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  const value = back ? now - Number(back[1]) * (unitMs[back[2] ?? ''] ?? 0) : text === 'now' ? now : stamp;
  if (!(value >= 0 && value <= lastMs)) {
    const detail = `${name} must be a time as 2026-01-31T12:00:00Z, now or -24h, not "${text}"`;
    throw new AdtallyError('VALIDATION_FAILED', detail, { path: name });
  }
  return value;
}

/** A time travels as the warehouse writes it. */
function bind(kind: ReportParameter['kind'], value: string | number): string | number {
  return kind === 'time' ? String(value).replace('T', ' ').replace('Z', '') : value;
}

function rowOf(columns: readonly ReportColumn[], row: Row): Record<string, ReportCell> {
  return Object.fromEntries(columns.map((column) => [column.name, cellOf(column, row[column.name])]));
}

/** Counts become numbers, what is true or false a boolean; money stays a decimal string. */
function cellOf({ name, kind }: ReportColumn, value: unknown): ReportCell {
  if (value === null || value === undefined) return null;
  if (kind === 'boolean') return Number(value) !== 0;
  if (kind !== 'integer') return value as ReportCell;
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new AdtallyError('INVARIANT_BROKEN', `${name} is ${JSON.stringify(value)}, not an integer`);
  return number;
}
