/** What stands in a cell; null stays empty. */
export type CsvCell = string | number | boolean | null;

const plainNumber = /^-?[0-9]+(\.[0-9]+)?$/;
const formula = /^[=+\-@\t\r']/;

/**
 * One line of RFC 4180, with its line end. A text that a spreadsheet would take for a formula gets an apostrophe before it, and so does one that begins
 * with an apostrophe, so that the first apostrophe of a cell can always be taken away again. Numbers stay as they are, negative ones too.
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

/** Rows of one form as lines, the names of the columns first. */
export function csvTable<C extends string>(
  columns: readonly C[],
  rows: readonly Readonly<Record<C, CsvCell>>[],
): string {
  const lines = rows.map((row) => csvLine(columns.map((column) => row[column])));
  return csvLine(columns) + lines.join('');
}

function cellText(cell: CsvCell): string {
  if (cell === null) return '';
  const text = String(cell);
  const safe = formula.test(text) && !plainNumber.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
