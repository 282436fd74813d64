import { type CsvCell, csvTable } from '../csv.ts';
import { respond } from './session.ts';

/** Hands a file to the browser. */
function save(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // The download has begun by then; at once would be too early in some browsers.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function saveText(name: string, text: string, type = 'text/csv'): void {
  save(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

/** Rows as a file for a spreadsheet. */
export function saveRows(
  name: string,
  columns: readonly string[],
  rows: readonly Readonly<Record<string, CsvCell>>[],
): void {
  saveText(`${name}.csv`, csvTable(columns, rows));
}

/** An answer of the console as a file, as it was sent. Error: `Refusal`. */
export async function saveAnswer(path: string, name: string, accept = 'text/csv'): Promise<void> {
  const response = await respond(path, { headers: { accept } });
  save(name, await response.blob());
}
