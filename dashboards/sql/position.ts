import { AdtallyError } from '../../domain/errors.ts';

/** What an error of a query is about: an offset in its text, in UTF-16 units, or null if that is not known. */
export type Offset = number | null;

const shownBefore = 60;
const shownAfter = 40;

/**
 * The same error, pointing: line and column (from 1) in its text, the line with a caret below, and `sql:line:column` as its path.
 */
export function pointed(error: AdtallyError, sql: string, at: Offset): AdtallyError {
  if (at === null || at < 0 || at > sql.length) return error;
  const before = sql.slice(0, at);
  const line = before.split('\n').length;
  const lineStart = before.lastIndexOf('\n') + 1;
  const column = at - lineStart + 1;
  const lineEnd = sql.indexOf('\n', at) === -1 ? sql.length : sql.indexOf('\n', at);
  const from = Math.max(lineStart, at - shownBefore);
  const shown = sql.slice(from, Math.min(lineEnd, at + shownAfter)).replaceAll('\t', ' ');
  const caret = `${' '.repeat(at - from)}^`;
  const detail = `${error.message} (line ${line}, column ${column})\n${shown}\n${caret}`;
  return new AdtallyError(error.code, detail, { cause: error, path: `sql:${line}:${column}` });
}

/** Offset in text of an offset in its bytes. */
export function offsetOfByte(text: string, byte: number): number {
  return Buffer.from(text).subarray(0, Math.max(byte, 0)).toString('utf8').length;
}
