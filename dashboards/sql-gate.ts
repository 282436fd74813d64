import { isAdtallyError } from '../domain/errors.ts';
import type { QueryLimits, QueryResult, Warehouse } from '../ports/warehouse.ts';
import { isAllowedFunction, isBoundedView, mayPrecedeParenthesis } from './sql/functions.ts';
import { type Offset, offsetOfByte, pointed } from './sql/position.ts';
import { refused, SqlRefusal, type Token, tokensOf, withoutComments } from './sql/tokens.ts';

/** A node of the engine's syntax tree as `EXPLAIN AST` prints it. */
interface Node {
  readonly kind: string;
  /** What follows the kind, without `(alias …)` and `(children …)`. */
  readonly name: string;
  readonly children: Node[];
}

/** Nodes that can do no harm by themselves. Missing on purpose: Set (SETTINGS), ColumnsApplyTransformer (hides a function's name), parameters. */
const harmless: ReadonlySet<string> = new Set([
  'ArrayJoin',
  'Asterisk',
  'ColumnsExceptTransformer',
  'ColumnsListMatcher',
  'ColumnsRegexpMatcher',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'ColumnsTransformerList',
  'ExpressionList',
  'InterpolateElement',
  'Literal',
  'OrderByElement',
  'QualifiedAsterisk',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'SelectWithUnionQuery',
  'Subquery',
  'TableJoin',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'WindowDefinition',
  'WindowListElement',
  'WithElement',
]);
/** How a refusal names what the engine calls otherwise. */
const spelled: Readonly<Record<string, string>> = {
  Set: 'SETTINGS',
  ColumnsApplyTransformer: 'APPLY',
  SampleRatio: 'SAMPLE',
};
const databasesOfOthers = /^(system|information_schema|default)$/i;
const membership = /^(global)?(not)?(null)?in$/i;
const ourTable = /^(adtally\.)?[A-Za-z_]\w*$/;

export const analystLimits: QueryLimits = { timeoutMs: 10_000, maxRows: 10_000, maxMemoryBytes: 1_000_000_000 };

/**
 * Runs an analyst's query. Errors: `SQL_REFUSED` (naming the offending piece), `QUERY_LIMIT`, `WAREHOUSE_QUERY`, `TOO_MANY_REQUESTS`,
 * `WAREHOUSE_UNAVAILABLE`.
 */
export async function runAnalystQuery(
  warehouse: Warehouse,
  sql: string,
  limits: QueryLimits = analystLimits,
): Promise<QueryResult> {
  const admitted = await admitQuery(warehouse, sql);
  try {
    return await warehouse.queryAsAnalyst(admitted, limits);
  } catch (error) {
    if (!isAdtallyError(error, 'WAREHOUSE_QUERY')) throw error;
    throw pointed(error, sql, placeOfName(namedBy(error.message), tokensOf(admitted)));
  }
}

/** The name that the engine complains of: the first that it quotes. */
function namedBy(message: string): string {
  return /[`'"]([\w.]{1,128})[`'"]/.exec(message)?.[1] ?? '';
}

/** Where a name first stands in a statement; of `a.b` the last part. */
function placeOfName(name: string, tokens: readonly Token[]): Offset {
  const last = name.split('.').at(-1)?.toLowerCase() ?? '';
  const found = tokens.find(({ kind, text }) => (kind === 'word' || kind === 'quoted') && text.toLowerCase() === last);
  return found?.at ?? null;
}

/**
 * Lets through exactly one SELECT (with WITH, UNION, INTERSECT, EXCEPT) that reads tables of `adtally` and calls listed functions. It is judged twice:
 * by its tokens, and by the tree that the engine itself parses from them. @returns the statement to run, without comments. Error: `SQL_REFUSED`.
 */
export async function admitQuery(warehouse: Warehouse, sql: string): Promise<string> {
  try {
    const body = withoutEnd(withoutComments(sql));
    const tokens = tokensOf(body);
    judgeTokens(tokens);
    for (const node of await parse(warehouse, body)) judgeNode(node, null, tokens);
    return body;
  } catch (error) {
    throw error instanceof SqlRefusal ? pointed(error, sql, error.at) : error;
  }
}

/** Without the spaces and semicolons at its end. A pattern would try again from each space of a long text: seconds of a query's 20,000 characters. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s;]/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function judgeTokens(tokens: readonly Token[]): void {
  const first = tokens.find(({ text }) => text !== '(');
  if (!first) throw refused('it is empty');
  if (first.kind !== 'word' || !/^(select|with)$/i.test(first.text)) {
    throw refused(`only SELECT and WITH … SELECT may stand at its beginning, not ${first.source}`, first.at);
  }
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'symbol') depth = depthAfter(depth, token);
    judgeWord(token, tokens[index + 1], tokens[index + 2]);
  }
  if (depth !== 0) throw refused('a parenthesis is not closed', lastOpening(tokens));
}

/** The innermost parenthesis that nothing closes. */
function lastOpening(tokens: readonly Token[]): Offset {
  const open: number[] = [];
  for (const { kind, text, at } of tokens) {
    if (kind !== 'symbol') continue;
    if (text === '(' || text === '[') open.push(at);
    if (text === ')' || text === ']') open.pop();
  }
  return open.at(-1) ?? null;
}

/** Parentheses must balance at every point: what stands in the parentheses put around the statement must not leave them. */
function depthAfter(depth: number, { text: symbol, at }: Token): number {
  if (symbol === ';') throw refused('a second statement after ; is not allowed', at);
  const after = depth + (symbol === '(' || symbol === '[' ? 1 : symbol === ')' || symbol === ']' ? -1 : 0);
  if (after < 0) throw refused(`the ${symbol} closes nothing`, at);
  return after;
}

/** Clauses that say where a result goes or how it is made, and calls. A name may be a column's: it counts by what follows. */
function judgeWord(token: Token, next: Token | undefined, afterNext: Token | undefined): void {
  if (token.kind !== 'word' && token.kind !== 'quoted') return;
  const isWord = token.kind === 'word';
  const word = token.text.toUpperCase();
  if (isWord && word === 'INTO') throw refused('INTO (OUTFILE) is not allowed', token.at);
  if (isWord && word === 'SETTINGS' && next?.kind !== 'symbol' && afterNext?.text === '=') {
    throw refused('SETTINGS is not allowed', token.at);
  }
  if (next?.text === '(' && next.kind === 'symbol' && !mayPrecedeParenthesis(token.text)) {
    throw refused(`the function ${token.text} is not allowed`, token.at);
  }
}

/**
 * The engine's own tree. The statement stands in parentheses as a subquery, where its grammar has no place for OUTFILE, FORMAT or a second
 * statement; nothing is run.
 */
async function parse(warehouse: Warehouse, body: string): Promise<readonly Node[]> {
  const opening = 'SELECT * FROM (\n';
  try {
    return treeOf(await warehouse.syntaxTree(`${opening}${body}\n)`));
  } catch (error) {
    if (!isAdtallyError(error, 'WAREHOUSE_QUERY')) throw error;
    const prefix = 'EXPLAIN AST '.length + opening.length;
    const byte = Number(/failed at position (\d+)/.exec(error.message)?.[1] ?? Number.NaN) - 1 - prefix;
    const position = offsetOfByte(body, byte);
    throw refused(whereItFails(body, position), Number.isNaN(byte) ? null : Math.min(position, body.length));
  }
}

/** The word before the one that the parser stumbled over is the one that led it there: FORMAT in `FORMAT CSV`. */
function whereItFails(body: string, position: number): string {
  // Only what is near: on all of a long text the pattern would try from every character of it.
  const before = /[\w.]*\s*$/.exec(body.slice(Math.max(position - 80, 0), Math.max(position, 0)))?.[0] ?? '';
  const after = /^\S*/.exec(body.slice(Math.max(position, 0), Math.max(position, 0) + 80))?.[0] ?? '';
  return `it does not parse as one SELECT near ${JSON.stringify((before + after).replaceAll(/\s+/g, ' ').slice(0, 60))}`;
}

function treeOf(lines: readonly string[]): readonly Node[] {
  const roots: Node[] = [];
  const path: Node[] = [];
  for (const line of lines) {
    const depth = line.search(/\S/);
    const [, kind = '', rest = ''] = /^\s*(\S+) ?(.*)$/s.exec(line) ?? [];
    const name = withoutAlias(rest.replace(/ ?\(children \d+\)$/, ''));
    const node: Node = { kind, name, children: [] };
    (depth <= 0 ? roots : (path[depth - 1]?.children ?? roots)).push(node);
    path.length = Math.max(depth, 0);
    path.push(node);
  }
  return roots;
}

/** Without ` (alias …)` at its end; not by a pattern, since a text may hold thousands of its beginnings. */
function withoutAlias(text: string): string {
  const at = text.endsWith(')') ? text.indexOf('(alias ') : -1;
  return at === -1 ? text : text.slice(0, at).replace(/ $/, '');
}

function judgeNode(node: Node, parent: Node | null, tokens: readonly Token[]): void {
  if (node.kind === 'Function') judgeFunction(node, parent, tokens);
  else if (node.kind === 'TableIdentifier') judgeTable(node.name, tokens);
  else if (node.kind === 'Identifier') judgeIdentifier(node.name, tokens);
  else if (node.kind !== 'TableExpression' && !harmless.has(node.kind)) {
    const name = spelled[node.kind] ?? node.kind;
    throw refused(`${name} is not allowed`, placeOfName(name, tokens));
  }
  for (const child of node.children) judgeNode(child, node, tokens);
}

function judgeFunction(node: Node, parent: Node | null, tokens: readonly Token[]): void {
  const at = placeOfName(node.name, tokens);
  if (parent?.kind === 'TableExpression') {
    if (!isBoundedView(node.name)) throw refused(`the table function ${node.name} is not allowed`, at);
  } else if (!isAllowedFunction(node.name)) throw refused(`the function ${node.name} is not allowed`, at);
  // What stands to the right of IN is a table if it is a name.
  const right = membership.test(node.name) ? node.children[0]?.children[1] : undefined;
  if (right?.kind === 'Identifier') judgeTable(right.name, tokens);
}

function judgeTable(name: string, tokens: readonly Token[]): void {
  if (!ourTable.test(name)) {
    throw refused(`the table ${name} is not allowed, only those of adtally`, placeOfName(name, tokens));
  }
}

function judgeIdentifier(name: string, tokens: readonly Token[]): void {
  const [first = '', ...others] = name.split('.');
  if (others.length > 0 && databasesOfOthers.test(first))
    throw refused(`${name} is not allowed, only tables of adtally`, placeOfName(name, tokens));
}
