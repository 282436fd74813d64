import { csvTable } from '../../../csv.ts';
import { type Schema, isNullable, typeOf } from './schema.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Rows as a file of JSON lines. */
export function jsonLines(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** Rows as CSV: a column for each field; what is no text, number or flag stands in its cell as JSON. */
export function csvOf(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => Object.fromEntries(columns.map((name) => [name, cellOf(row[name])])));
  return csvTable(columns, cells);
}

function cellOf(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : (value as string | number | boolean);
}

/**
 * Rows of a file: CSV with the names of the fields in its first line, a JSON array, one object, or an object on each line. `schema` says which cells of CSV
 * are numbers, flags and JSON. Error: with the line that can't be read.
 */
export function readRows(text: string, schema: Schema): Row[] {
  const trimmed = text.replace(/^\ufeff/, '').trim();
  if (trimmed === '') throw new Error('The file is empty.');
  if (!/^[[{]/.test(trimmed)) return csvRows(trimmed, schema);
  if (trimmed.startsWith('[')) return (JSON.parse(trimmed) as unknown[]).map(asRow);
  return jsonRows(trimmed);
}

function jsonRows(text: string): Row[] {
  try {
    return [asRow(JSON.parse(text), 0)];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return text
    .split('\n')
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, number }, index) => {
      try {
        return asRow(JSON.parse(line), index);
      } catch (error) {
        throw new Error(`Line ${number}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    });
}

function asRow(value: unknown, index: number): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  throw new Error(`Row ${index + 1} is no JSON object.`);
}

/** Cells of RFC 4180. Line ends of either kind. */
export function cellsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const part = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  for (let found = part.exec(text); found !== null; found = part.exec(text)) {
    const [whole, quoted, plain = '', end] = found;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') {
      rows.push(row);
      row = [];
      if (part.lastIndex >= text.length) return rows;
    }
    if (whole === '') break;
  }
  throw new Error(`Row ${rows.length + 1} of the file is no CSV: a quotation mark stands where none may.`);
}

function csvRows(text: string, schema: Schema): Row[] {
  const [columns = [], ...rows] = cellsOf(text);
  return rows.map((cells, index) => {
    if (cells.length !== columns.length) {
      throw new Error(`Row ${index + 1} has ${cells.length} cells; the first line names ${columns.length}.`);
    }
    const named = columns.map((name, column) => [name, valueOf(name, cells[column] ?? '', schema)] as const);
    return Object.fromEntries(named.filter(([, value]) => value !== undefined));
  });
}

/** Facts that an export adds, and how they are read. */
const facts: Readonly<Record<string, Schema>> = {
  revision: { type: 'integer' },
  archived: { type: 'boolean' },
  calendar: { type: 'integer' },
};

/** What a cell says; undefined: nothing, so that an empty cell changes nothing that can't be null or empty. */
function valueOf(name: string, cell: string, { properties = {} }: Schema): unknown {
  const schema = properties[name] ?? facts[name] ?? { type: 'string' };
  const type = typeOf(schema);
  if (cell === '')
    return isNullable(schema) ? null : type === 'string' && properties[name] !== undefined ? '' : undefined;
  if (type === 'integer') return Number.isNaN(Number(cell)) ? cell : Number(cell);
  if (type === 'boolean') return cell === 'true' ? true : cell === 'false' ? false : cell;
  if (type === 'object' || type === 'array') return jsonOf(cell);
  return cell.replace(/^'(?=[=+\-@\t\r'])/, '');
}

function jsonOf(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch (error) {
    // The console says which field is no list, and in which row.
    if (error instanceof SyntaxError) return cell;
    throw error;
  }
}

/** Names a text (FNV-1a, twice 32 bits). Two texts of one name harm nobody: the console refuses another body under a known key. */
export function digestOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (const byte of new TextEncoder().encode(text)) {
    a = Math.imul(a ^ byte, 0x01000193) >>> 0;
    b = Math.imul(b ^ byte, 0x01000193) >>> 0;
  }
  return `${a.toString(16).padStart(8, '0')}${b.toString(16).padStart(8, '0')}`;
}
