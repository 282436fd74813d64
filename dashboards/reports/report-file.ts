import { AdtallyError } from '../../domain/errors.ts';
import type { Disk } from '../../ports/disk.ts';

/** What a caller may give: a time (RFC 3339, `now`, or back from now as `-24h`), text, or an integer within bounds. */
export interface ReportParameter {
  readonly name: string;
  readonly kind: 'time' | 'text' | 'integer';
  readonly byDefault: string;
  /** Bounds of an integer, inclusive. */
  readonly bounds: readonly [lowest: number, highest: number] | null;
  readonly description: string;
}

/** What a report gives; `micros` is a decimal string of integer micros, `time` RFC 3339 in UTC, a `ratio` a number or null. */
export interface ReportColumn {
  readonly name: string;
  readonly kind: 'time' | 'text' | 'integer' | 'micros' | 'ratio' | 'boolean';
  readonly description: string;
}

/** A named report: SQL with `{name:Type}` placeholders, and the header that documents it. */
export interface Report {
  readonly name: string;
  readonly title: string;
  readonly parameters: readonly ReportParameter[];
  readonly columns: readonly ReportColumn[];
  readonly sql: string;
}

export type Reports = ReadonlyMap<string, Report>;

const titleLine = /^-- report: (.+)$/m;
const parameterLine = /^-- param (\w+) (time|text|integer)(?: (\d+)\.\.(\d+))? =(.*?) : (.+)$/gm;
const columnLine = /^-- column (\w+) (time|text|integer|micros|ratio|boolean) : (.+)$/gm;
const headerLine = /^-- (report:|param |column )/gm;

/** Reads every `.sql` of the folder `dashboards/reports`, by name. */
export async function loadReports(disk: Disk, folder: string): Promise<Reports> {
  const files = (await disk.list(folder)).filter((file) => file.endsWith('.sql')).toSorted();
  const reports = new Map<string, Report>();
  for (const file of files) {
    const name = file.slice(0, -'.sql'.length);
    reports.set(name, parseReport(name, new TextDecoder().decode(await disk.read(`${folder}/${file}`))));
  }
  return reports;
}

/** Error: `INVARIANT_BROKEN` if a line of the header can't be understood. */
export function parseReport(name: string, text: string): Report {
  const title = titleLine.exec(text)?.[1];
  const parameters = [...text.matchAll(parameterLine)].map(parameterOf);
  const columns = [...text.matchAll(columnLine)].map(columnOf);
  const understood = (title === undefined ? 0 : 1) + parameters.length + columns.length;
  if (title === undefined || understood !== [...text.matchAll(headerLine)].length) {
    throw new AdtallyError('INVARIANT_BROKEN', `the header of the report ${name} has a line that can't be understood`);
  }
  return { name, title, parameters, columns, sql: text.replaceAll(/^--.*\n/gm, '') };
}

function parameterOf(match: RegExpExecArray): ReportParameter {
  const [, name = '', kind, lowest, highest, byDefault = '', description = ''] = match;
  const bounds = lowest === undefined ? null : ([Number(lowest), Number(highest)] as const);
  return { name, kind: kind as ReportParameter['kind'], byDefault: byDefault.trim(), bounds, description };
}

function columnOf(match: RegExpExecArray): ReportColumn {
  const [, name = '', kind, description = ''] = match;
  return { name, kind: kind as ReportColumn['kind'], description };
}
