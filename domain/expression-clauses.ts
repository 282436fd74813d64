import { type Expression, type Test, unknownCategory } from './targeting-expression.ts';

/** What one attribute must be: one of each list of `include`, none of `exclude`. */
export interface AttributeRule {
  readonly attribute: string;
  readonly include: readonly (readonly string[])[];
  readonly exclude: readonly string[];
}

/** Rules that must all hold. */
export type Clause = readonly AttributeRule[];

/** An expression with more alternatives than this is refused: each costs a pass over the line items. */
export const mostClauses = 64;

interface Literal {
  readonly test: Test;
  readonly isNegated: boolean;
}

/**
 * The disjunctive normal form of an expression (as in Whang et al. 2009, Indexing Boolean Expressions): a request is meant if all rules of some clause
 * hold. Null if there are more than `mostClauses`.
 */
export function clausesOf(expression: Expression): readonly Clause[] | null {
  return alternatives(expression, false)?.map(clauseOf) ?? null;
}

/** Lists of literals, one for each alternative. A negation is pushed down to the tests on the way (De Morgan). */
function alternatives(expression: Expression, isNegated: boolean): readonly (readonly Literal[])[] | null {
  if (expression.kind === 'test') return [[{ test: expression, isNegated }]];
  if (expression.kind === 'not') return alternatives(expression.part, !isNegated);
  const parts: (readonly (readonly Literal[])[])[] = [];
  for (const part of expression.parts) {
    const of = alternatives(part, isNegated);
    if (of === null) return null;
    parts.push(of);
  }
  const all = (expression.kind === 'or') === isNegated ? product(parts) : parts.flat();
  return all === null || all.length > mostClauses ? null : all;
}

function product(parts: readonly (readonly (readonly Literal[])[])[]): readonly (readonly Literal[])[] | null {
  let all: readonly (readonly Literal[])[] = [[]];
  for (const part of parts) {
    if (all.length * part.length > mostClauses) return null;
    all = all.flatMap((before) => part.map((literals) => [...before, ...literals]));
  }
  return all;
}

function clauseOf(literals: readonly Literal[]): Clause {
  const rules = new Map<string, { include: (readonly string[])[]; exclude: Set<string> }>();
  for (const { test, isNegated } of literals) {
    const rule = rules.get(test.attribute) ?? { include: [], exclude: new Set<string>() };
    rules.set(test.attribute, rule);
    if (isNegated) {
      for (const value of test.values) rule.exclude.add(value);
      if (test.attribute === 'category') rule.exclude.add(unknownCategory);
    }
    if (!isNegated) rule.include.push(test.values);
  }
  return Array.from(rules, ([attribute, { include, exclude }]) => ({ attribute, include, exclude: [...exclude] }));
}
