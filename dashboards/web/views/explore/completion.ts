/** A table of `GET /v1/reports/schema`. */
export interface SchemaTable {
  readonly name: string;
  readonly kind: 'view' | 'bounded' | 'table';
  readonly bounded_as: string | null;
  readonly description: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly description: string }[];
}

export interface Suggestion {
  readonly name: string;
  /** What it is: the type of a column, or that it is a table. */
  readonly what: string;
  readonly description: string;
}

const mostSuggestions = 8;
const leastLetters = 2;

/** How a table is read in a statement. */
export function readAs({ name, kind }: SchemaTable): string {
  return kind === 'bounded' ? `${name}(from = '2026-01-01 00:00:00.000', to = '2026-02-01 00:00:00.000')` : name;
}

/** The word that ends at the caret. */
export function wordBefore(text: string, caret: number): string {
  return /[A-Za-z_]\w*$/.exec(text.slice(Math.max(0, caret - 100), caret))?.[0] ?? '';
}

/** Columns of the tables that the statement names, then tables: those that begin with the word first, the shorter before the longer. */
export function suggestionsFor(tables: readonly SchemaTable[], text: string, caret: number): readonly Suggestion[] {
  const word = wordBefore(text, caret).toLowerCase();
  if (word.length < leastLetters) return [];
  const named = new Set(text.toLowerCase().match(/[a-z_]\w*/g));
  const used = tables.filter(
    ({ name, bounded_as }) => named.has(name) || (bounded_as !== null && named.has(bounded_as)),
  );
  const all = new Map<string, Suggestion>();
  for (const { columns } of used) {
    for (const { name, type, description } of columns) {
      if (!all.has(name)) all.set(name, { name, what: type, description });
    }
  }
  for (const { name, description } of tables) if (!all.has(name)) all.set(name, { name, what: 'table', description });
  const found = [...all.values()].filter(({ name }) => name.includes(word) && name !== word);
  const begins = ({ name }: Suggestion) => (name.startsWith(word) ? 0 : 1);
  return found.toSorted((a, b) => begins(a) - begins(b) || a.name.length - b.name.length).slice(0, mostSuggestions);
}

/** Puts a text where the caret is, in place of what is selected or of the word that it completes. @returns the text, and where the caret then is */
export function put(
  text: string,
  [from, to]: readonly [number, number],
  piece: string,
): { readonly text: string; readonly caret: number } {
  return { text: text.slice(0, from) + piece + text.slice(to), caret: from + piece.length };
}

/** Offset of a place as the console names it, `sql:line:column`, each from 1; null if it is none. */
export function offsetOf(text: string, path: string): number | null {
  const [, line, column] = /^sql:(\d+):(\d+)$/.exec(path) ?? [];
  if (line === undefined || column === undefined) return null;
  const before = text.split('\n').slice(0, Number(line) - 1);
  return Math.min(text.length, before.reduce((sum, one) => sum + one.length + 1, 0) + Number(column) - 1);
}
