/** A word, number or quoted text; or a sign. `column` from 1, in UTF-16 units; `line` from 1. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'sign' | 'end';
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** Why an expression can't be read, and where. */
export class ExpressionError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, { line, column }: { readonly line: number; readonly column: number }) {
    super(`line ${line}, column ${column}: ${message}`);
    this.line = line;
    this.column = column;
  }
}

const blank = /[ \t\n]+/y;
const word = /[^\s()=!,"'<>]+/y;
const sign = /!=|[()=,]/y;

/** Splits an expression; the last token is its end. Error: `ExpressionError`. */
export function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  for (let place = after(blank, text, 0); place < text.length; place = after(blank, text, place)) {
    const token = tokenAt(text, place);
    tokens.push(token);
    place += lengthOf(token);
  }
  return [...tokens, { kind: 'end', text: '', ...positionAt(text, text.length) }];
}

function after(pattern: RegExp, text: string, place: number): number {
  pattern.lastIndex = place;
  return pattern.test(text) ? pattern.lastIndex : place;
}

function lengthOf({ kind, text }: Token): number {
  return kind === 'quoted' ? text.length + 2 : text.length;
}

function tokenAt(text: string, place: number): Token {
  const position = positionAt(text, place);
  const quote = text[place];
  if (quote === '"' || quote === "'") {
    const end = text.indexOf(quote, place + 1);
    if (end < 0) throw new ExpressionError(`the quotation that begins with ${quote} does not end`, position);
    return { kind: 'quoted', text: text.slice(place + 1, end), ...position };
  }
  for (const [kind, pattern] of [
    ['sign', sign],
    ['word', word],
  ] as const) {
    const end = after(pattern, text, place);
    if (end > place) return { kind, text: text.slice(place, end), ...position };
  }
  throw new ExpressionError(`\`${quote}\` means nothing here; quote a value that holds it`, position);
}

function positionAt(text: string, place: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, place).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
