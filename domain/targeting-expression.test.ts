import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clausesOf, mostClauses } from './expression-clauses.ts';
import { ExpressionError } from './expression-tokens.ts';
import { type Expression, failingPart, isMeant, parseExpression, printExpression } from './targeting-expression.ts';

type Request = Readonly<Record<string, readonly string[]>>;

function meant(text: string, request: Request): boolean {
  return isMeant(parseExpression(text), (attribute) => request[attribute] ?? []);
}

/** Expressions over a few attributes with few values, so that many of them hold. */
const someExpression: fc.Arbitrary<Expression> = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc
      .tuple(
        fc.constantFrom('country', 'segment', 'category', 'kv.section', 'day'),
        fc.subarray([0, 1, 2], { minLength: 1 }),
      )
      .map(([attribute, numbers]) => ({
        kind: 'test' as const,
        attribute,
        values: numbers.map((number) => valuesOf[attribute]?.[number] ?? '').sort(),
      })),
    tie('expression').map((part) => (part.kind === 'not' ? part.part : ({ kind: 'not', part } as const))),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('expression'), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, parts]) => ({
        kind,
        parts: parts.flatMap((part) => (part.kind === kind ? part.parts : [part])),
      })),
  ),
})).expression;

const valuesOf: Readonly<Record<string, readonly string[]>> = {
  country: ['AT', 'DE', 'FR'],
  segment: ['a b', "it's", 'x,y'].map((text) => text.replace(' ', '_')),
  category: ['IAB1', 'IAB7', 'IAB7-39'],
  'kv.section': ['news', 'sport', 'two words'],
  day: ['mon', 'thu', 'sun'],
};

const someRequest = fc.record(
  Object.fromEntries(Object.entries(valuesOf).map(([name, values]) => [name, fc.subarray([...values])])),
);

describe('an expression', () => {
  test.each<readonly [string, Request, boolean]>([
    ['country = de', { country: ['DE'] }, true],
    ['country in (DE, AT)', { country: ['FR'] }, false],
    ['country != DE', {}, true],
    ['not country in (DE)', { country: ['DE'] }, false],
    ['country not in (DE, FR)', { country: ['AT'] }, true],
    ['country = DE or country = AT and device = tv', { country: ['DE'], device: ['phone'] }, true],
    ['(country = DE or country = AT) and device = tv', { country: ['DE'], device: ['phone'] }, false],
    ['NOT (device = TV OR device = phone)', { device: ['tablet'] }, true],
    ['not device = tv and country = DE', { country: ['FR'], device: ['phone'] }, false],
    ['kv.section in (news, "my sport")', { 'kv.section': ['my sport'] }, true],
    ['kv."a key" = \'say "x"\'', { 'kv.a key': ['say "x"'] }, true],
    ['hour in (22..5)', { hour: ['3'] }, true],
    ['hour in (08..17, 20)', { hour: ['19'] }, false],
    ['day in (sat..mon)', { day: ['sun'] }, true],
    ['segment in (a, b) and segment in (c)', { segment: ['b', 'c'] }, true],
    ['not category = IAB7', { category: ['IAB1'] }, true],
    ['not category = IAB7', {}, false],
    ['not keyword = war', {}, true],
    ['category = IAB7\n  and size = 300x250', { category: ['IAB7-39', 'IAB7'], size: ['300x250'] }, true],
  ])('`%s` says of %j: %s', (text, request, answer) => {
    expect(meant(text, request)).toBe(answer);
  });

  test.each([
    ['', 'line 1, column 1: expected an attribute, not or `(`, found the end'],
    ['country', 'line 1, column 8: expected `=`, `!=`, in or not in, found the end'],
    ['country = ', 'line 1, column 11: expected a country of ISO 3166-1 alpha-2, as DE, found the end'],
    ['country = Germany', 'line 1, column 11: expected a country of ISO 3166-1 alpha-2, as DE, found `Germany`'],
    ['country = DE\nand shoe = 7', 'line 2, column 5: expected an attribute (country, region, city'],
    ['country = DE country = AT', 'line 1, column 14: expected and, or, or the end, found `country`'],
    ['(country = DE', 'line 1, column 14: expected and, or, or `)`, found the end'],
    ['country in DE', 'line 1, column 12: expected `(`, found `DE`'],
    ['country in (DE AT)', 'line 1, column 16: expected `,` or `)`, found `AT`'],
    ['country in ()', 'line 1, column 13: expected a country'],
    ['device not tv', 'line 1, column 12: expected in, found `tv`'],
    ['keyword = "cars', 'line 1, column 11: the quotation that begins with " does not end'],
    ['country < DE', 'line 1, column 9: `<` means nothing here'],
    ['hour = 24', 'line 1, column 8: expected an hour from 0 to 23, found `24`'],
    ['hour = 1..x', 'expected an hour from 0 to 23, found `1..x`'],
    ['kv. = 1', 'line 1, column 5: expected a key after `kv.`, found `=`'],
    ['and = 1', 'expected an attribute, not or `(`, found `and`'],
    [`${'('.repeat(17)}country = DE${')'.repeat(17)}`, 'is nested deeper than 16'],
    [Array.from({ length: 201 }, () => 'os = ios').join(' or '), 'has more than 200 tests'],
    [`keyword in (${Array.from({ length: 501 }, (_, word) => word).join()})`, 'has more than 500 values'],
    [' '.repeat(4001), 'is longer than 4000 characters'],
  ])('%j is refused with its place', (text, message) => {
    expect(() => parseExpression(text)).toThrow(ExpressionError);
    expect(() => parseExpression(text)).toThrow(message);
  });

  test('is read back from how it is printed, which is then the same', () => {
    fc.assert(
      fc.property(someExpression, (expression) => {
        const text = printExpression(expression);
        expect(parseExpression(text)).toEqual(expression);
        expect(printExpression(parseExpression(text))).toBe(text);
      }),
    );
  });

  test('is read in whatever form: no text breaks the reader in another way than by saying where', () => {
    const words = ['country', '=', 'in', '(', ')', ',', 'not', 'and', 'or', 'DE', '"', 'kv.', '\n', '..', '!='];
    const texts = fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 30 });
    fc.assert(
      fc.property(texts, (parts) => {
        try {
          printExpression(parseExpression(parts.join(' ')));
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('means the same as its clauses', () => {
    fc.assert(
      fc.property(someExpression, someRequest, (expression, request) => {
        const clauses = clausesOf(expression);
        fc.pre(clauses !== null);
        const has = (attribute: string, values: readonly string[]) =>
          (attribute === 'category' && request[attribute]?.length === 0 ? ['?'] : (request[attribute] ?? [])).some(
            (value) => values.includes(value),
          );
        const byClauses = clauses.some((clause) =>
          clause.every(
            ({ attribute, include, exclude }) =>
              include.every((values) => has(attribute, values)) && !has(attribute, exclude),
          ),
        );
        expect(byClauses).toBe(isMeant(expression, (attribute) => request[attribute] ?? []));
      }),
      { numRuns: 500 },
    );
  });

  test('that comes to too many alternatives has no clauses', () => {
    const pair = (n: number) => `(keyword = a${n} or keyword = b${n})`;
    const pairs = (count: number) => parseExpression(Array.from({ length: count }, (_, n) => pair(n)).join(' and '));
    expect(clausesOf(pairs(6))).toHaveLength(mostClauses);
    expect(clausesOf(pairs(7))).toBeNull();
    expect(clausesOf(parseExpression(`not (${printExpression(pairs(7))})`))).toHaveLength(7);
  });

  test('names the part of it that fails', () => {
    const failing = (text: string, request: Request) =>
      printExpression(failingPart(parseExpression(text), (attribute) => request[attribute] ?? []));
    const text = 'country in (DE, AT) and not (device = tv or (os = ios and language = fr))';
    expect(failing(text, { country: ['FR'] })).toBe('country in (AT, DE)');
    expect(failing(text, { country: ['DE'], device: ['tv'] })).toBe('not device = tv');
    expect(failing(text, { country: ['DE'], os: ['ios'], language: ['fr'] })).toBe('not (os = ios and language = fr)');
    expect(failing('country = DE or country = AT', {})).toBe('country = DE or country = AT');
  });
});
