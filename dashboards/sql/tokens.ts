import { AdtallyError } from '../../domain/errors.ts';
import type { Offset } from './position.ts';

/** A piece of SQL that means something: comments and white space are none. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol';
  /** As written; of a quoted name what stands between the quotes. */
  readonly text: string;
  /** As written, quotes included. */
  readonly source: string;
  /** Where it begins, in UTF-16 units. */
  readonly at: number;
}

/** A statement that the gate does not let through, and where it stopped. */
export class SqlRefusal extends AdtallyError {
  readonly at: Offset;

  constructor(why: string, at: Offset) {
    super('SQL_REFUSED', `the query is refused: ${why}`);
    this.at = at;
  }
}

interface Rule {
  readonly kind: Token['kind'] | 'space' | 'comment';
  readonly pattern: RegExp;
}

/**
 * A part of ClickHouse's own lexical grammar, and nothing more: what is not here (heredocs, `{}` and `?` parameters, `@@` variables, `#` comments,
 * Unicode quotes and spaces) is refused, so that this reading and the engine's can't differ.
 */
const rules: readonly Rule[] = [
  { kind: 'space', pattern: /[ \t\r\n]+/y },
  { kind: 'comment', pattern: /--[^\n]*|\/\*[^]*?\*\//y },
  { kind: 'string', pattern: /'(?:[^'\\]|\\.|'')*'/sy },
  // Two quotes in a row are one within the name to the engine.
  { kind: 'quoted', pattern: /"[\w %()/:.,+-]{1,64}"(?!")|`[\w %()/:.,+-]{1,64}`(?!`)/y },
  { kind: 'number', pattern: /(?:0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?!\w)/iy },
  // x'66' and b'01' are texts to the engine.
  { kind: 'word', pattern: /(?![xb]')[a-z_]\w*/iy },
  { kind: 'symbol', pattern: /->|::|<=|>=|<>|!=|==|\|\||\/(?!\*)|[()[\],.+\-*%=<>;]/y },
];
const longestSql = 20_000;

/** Splits SQL into tokens. Error: `SQL_REFUSED`, naming the character that no rule takes. */
export function tokensOf(sql: string): readonly Token[] {
  if (sql.length > longestSql) throw refused(`it is longer than ${longestSql} characters`);
  // What the engine says of an error ends there, so that nobody could tell what it was.
  if (sql.includes('\0')) throw refused('it holds a zero byte');
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; ) {
    const { kind, source } = next(sql, at);
    if (kind !== 'space' && kind !== 'comment') {
      tokens.push({ kind, source, at, text: kind === 'quoted' ? source.slice(1, -1) : source });
    }
    at += source.length;
  }
  return tokens;
}

/** The statement again with spaces for its comments: everything else stands where it stood. */
export function withoutComments(sql: string): string {
  let text = '';
  for (let at = 0; at < sql.length; ) {
    const { kind, source } = next(sql, at);
    at += source.length;
    text += kind === 'comment' ? source.replaceAll(/[^\n]/g, ' ') : source;
  }
  return text;
}

/** Error for a statement that the gate does not let through. */
export function refused(why: string, at: Offset = null): SqlRefusal {
  return new SqlRefusal(why, at);
}

function next(sql: string, at: number): { kind: Rule['kind']; source: string } {
  for (const { kind, pattern } of rules) {
    pattern.lastIndex = at;
    const source = pattern.exec(sql)?.[0];
    if (source !== undefined) return { kind, source };
  }
  throw refused(`${JSON.stringify(sql.slice(at, at + 12))} is not read here`, at);
}
