import { expressionAttributes, formOf, isExpressionAttribute } from './expression-attributes.ts';
import { ExpressionError, readTokens, type Token } from './expression-tokens.ts';

/** True if a request has one of the values. `attribute` is one of `expressionAttributes`, or `kv.` and a key. */
export interface Test {
  readonly kind: 'test';
  readonly attribute: string;
  /** Distinct, sorted. */
  readonly values: readonly string[];
}

/** A targeting expression. `and` and `or` have at least two parts, none of which is of the same kind. */
export type Expression =
  | Test
  | { readonly kind: 'not'; readonly part: Expression }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] };

/** What an expression may be at most. */
export const expressionLimits = { characters: 4_000, depth: 16, tests: 200, values: 500 } as const;

/** Reads an expression. Error: `ExpressionError`, with the place and what was expected there. */
export function parseExpression(text: string): Expression {
  if (text.length > expressionLimits.characters) {
    throw new ExpressionError(`is longer than ${expressionLimits.characters} characters`, { line: 1, column: 1 });
  }
  return new Parser(readTokens(text)).whole();
}

const keywords = new Set(['and', 'or', 'not', 'in']);

/** Recursive descent: or binds least, then and, then not. */
class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #tests = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#or();
    if (this.#token.kind !== 'end') this.#expected('and, or, or the end');
    return expression;
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #expected(what: string): never {
    const { kind, text } = this.#token;
    throw new ExpressionError(`expected ${what}, found ${kind === 'end' ? 'the end' : `\`${text}\``}`, this.#token);
  }

  /** Steps over a keyword or sign, if it comes next. */
  #takes(text: string): boolean {
    const token = this.#token;
    const isIt =
      token.kind === 'sign' ? token.text === text : token.kind === 'word' && token.text.toLowerCase() === text;
    if (isIt) this.#next += 1;
    return isIt;
  }

  #or(): Expression {
    return this.#list('or', () => this.#list('and', () => this.#not()));
  }

  #list(kind: 'and' | 'or', part: () => Expression): Expression {
    const parts = [part()];
    while (this.#takes(kind)) parts.push(part());
    return joined(kind, parts);
  }

  #not(): Expression {
    if (!this.#takes('not')) return this.#primary();
    return this.#nested(() => negated(this.#not()));
  }

  #nested<T>(inner: () => T): T {
    this.#depth += 1;
    if (this.#depth > expressionLimits.depth) {
      throw new ExpressionError(`is nested deeper than ${expressionLimits.depth}`, this.#token);
    }
    const result = inner();
    this.#depth -= 1;
    return result;
  }

  #primary(): Expression {
    if (!this.#takes('(')) return this.#test();
    return this.#nested(() => {
      const inner = this.#or();
      if (!this.#takes(')')) this.#expected('and, or, or `)`');
      return inner;
    });
  }

  #test(): Expression {
    this.#tests += 1;
    if (this.#tests > expressionLimits.tests) {
      throw new ExpressionError(`has more than ${expressionLimits.tests} tests`, this.#token);
    }
    const attribute = this.#attribute();
    if (this.#takes('=')) return test(attribute, this.#value(attribute));
    if (this.#takes('!=')) return negated(test(attribute, this.#value(attribute)));
    if (this.#takes('in')) return test(attribute, this.#values(attribute));
    if (this.#takes('not')) {
      if (!this.#takes('in')) this.#expected('in');
      return negated(test(attribute, this.#values(attribute)));
    }
    return this.#expected('`=`, `!=`, in or not in');
  }

  #attribute(): string {
    const { kind, text } = this.#token;
    if (kind !== 'word' || keywords.has(text.toLowerCase())) return this.#expected('an attribute, not or `(`');
    if (/^kv\./i.test(text)) return this.#key(text.slice(3));
    const name = text.toLowerCase();
    if (!isExpressionAttribute(name)) {
      return this.#expected(`an attribute (${Object.keys(expressionAttributes).join(', ')}, kv.…)`);
    }
    this.#next += 1;
    return name;
  }

  /** `kv.key`, or `kv."any key"`. */
  #key(given: string): string {
    this.#next += 1;
    if (given !== '') return `kv.${given}`;
    const { kind, text } = this.#token;
    if (kind !== 'quoted' || text === '') return this.#expected('a key after `kv.`');
    this.#next += 1;
    return `kv.${text}`;
  }

  #values(attribute: string): string[] {
    if (!this.#takes('(')) this.#expected('`(`');
    const values = this.#value(attribute);
    while (this.#takes(',')) values.push(...this.#value(attribute));
    if (values.length > expressionLimits.values) {
      throw new ExpressionError(`has more than ${expressionLimits.values} values`, this.#token);
    }
    if (!this.#takes(')')) this.#expected('`,` or `)`');
    return values;
  }

  /** One value, or those of a range. */
  #value(attribute: string): string[] {
    const { kind, text } = this.#token;
    const { read, meaning, range } = formOf(attribute);
    if (kind !== 'word' && kind !== 'quoted') return this.#expected(meaning);
    const [first, last] = range === undefined ? [text] : text.split('..', 2);
    const values = [first, last].map((part) => (part === undefined ? undefined : read(part)));
    if (values.includes(null)) return this.#expected(meaning);
    this.#next += 1;
    const [from, to] = values as [string, string | undefined];
    return range === undefined || to === undefined ? [from] : between(range, from, to);
  }
}

/** From one to the other; `22..5` goes over midnight, `sat..mon` over the end of the week. */
function between(range: readonly string[], from: string, to: string): string[] {
  const [first, last] = [range.indexOf(from), range.indexOf(to)];
  return first <= last ? range.slice(first, last + 1) : [...range.slice(first), ...range.slice(0, last + 1)];
}

function test(attribute: string, values: readonly string[]): Test {
  return { kind: 'test', attribute, values: [...new Set(values)].sort() };
}

function negated(part: Expression): Expression {
  return part.kind === 'not' ? part.part : { kind: 'not', part };
}

function joined(kind: 'and' | 'or', parts: readonly Expression[]): Expression {
  const flat = parts.flatMap((part) => (part.kind === kind ? part.parts : [part]));
  return flat.length === 1 ? (flat[0] as Expression) : { kind, parts: flat };
}

/** Values of a request by attribute; none if it has none. */
export type ValuesOf = (attribute: string) => readonly string[];

/** The category of a page of which none is known: no test names it. */
export const unknownCategory = '?';

/**
 * Whether a request is meant. What is not known of a request equals nothing, so that a negated test holds; but of a page whose categories are not known
 * nobody can say that it is not about something: there a test of `category` fails, negated or not.
 */
export function isMeant(expression: Expression, valuesOf: ValuesOf): boolean {
  return holds(expression, false, valuesOf);
}

function holds(expression: Expression, isNegated: boolean, valuesOf: ValuesOf): boolean {
  if (expression.kind === 'test') {
    const values = valuesOf(expression.attribute);
    const isUnknown = values.length === 0 || values[0] === unknownCategory;
    if (expression.attribute === 'category' && isUnknown) return false;
    return values.some((value) => expression.values.includes(value)) !== isNegated;
  }
  if (expression.kind === 'not') return holds(expression.part, !isNegated, valuesOf);
  const { parts } = expression;
  if ((expression.kind === 'and') === isNegated) return parts.some((part) => holds(part, isNegated, valuesOf));
  return parts.every((part) => holds(part, isNegated, valuesOf));
}

/** The smallest part that alone keeps a request out: of `and` the first that fails, of `or` the whole. The request must not be meant. */
export function failingPart(expression: Expression, valuesOf: ValuesOf): Expression {
  if (expression.kind === 'and') return firstFailing(expression.parts, expression, valuesOf);
  if (expression.kind !== 'not' || expression.part.kind !== 'or') return expression;
  return firstFailing(expression.part.parts.map(negated), expression, valuesOf);
}

function firstFailing(parts: readonly Expression[], whole: Expression, valuesOf: ValuesOf): Expression {
  const failing = parts.find((part) => !isMeant(part, valuesOf));
  return failing === undefined ? whole : failingPart(failing, valuesOf);
}

/** The one way to write an expression: reading it again gives an equal one. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'test':
      return printTest(expression);
    case 'not':
      return `not ${inParentheses(expression.part, expression.part.kind !== 'test')}`;
    case 'and':
      return expression.parts.map((part) => inParentheses(part, part.kind === 'or')).join(' and ');
    case 'or':
      return expression.parts.map(printExpression).join(' or ');
    default:
      return expression satisfies never;
  }
}

function inParentheses(expression: Expression, isNeeded: boolean): string {
  const text = printExpression(expression);
  return isNeeded ? `(${text})` : text;
}

function printTest({ attribute, values }: Test): string {
  const name = attribute.startsWith('kv.') ? `kv.${printWord(attribute.slice(3))}` : attribute;
  const [only] = values;
  if (values.length === 1 && only !== undefined) return `${name} = ${printWord(only)}`;
  return `${name} in (${values.map(printWord).join(', ')})`;
}

/** Bare where it can be read back so, else in the quotation marks that it does not hold. */
function printWord(text: string): string {
  if (/^[^\s()=!,"'<>]+$/.test(text)) return text;
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

/** Every test of an expression. */
export function testsOf(expression: Expression): readonly Test[] {
  if (expression.kind === 'test') return [expression];
  return expression.kind === 'not' ? testsOf(expression.part) : expression.parts.flatMap(testsOf);
}
