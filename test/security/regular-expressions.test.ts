import { describe, expect, it } from 'vitest';
import { sourceExpressions, superlinear } from './regular-expressions.ts';

/** Expressions that may take longer, by what bounds the texts that they meet. */
const bounded: Readonly<Record<string, string>> = {
  '[\\w.]*\\s*$': 'dashboards/sql-gate.ts: the 80 characters before a fault',
  '^\\s*--.*$': 'dashboards/warehouse/migrations.ts: files of the build',
  ';\\s*$': 'dashboards/warehouse/migrations.ts: files of the build',
  '\\/\\/[^@/]*@': 'apps/migrate/installation.ts: a setting',
  '[A-Za-z_]\\w*$': 'dashboards/web/views/explore/completion.ts: the 100 characters before the caret',
  '0+$': 'serving/openrtb/decimal.ts: six digits',
};

describe('Every regular expression of the platform', () => {
  const expressions = sourceExpressions();
  const known = new Map(expressions.map(({ pattern, place }) => [String(pattern), { pattern, place }]));

  it('is found in the source', () => {
    expect(expressions.length).toBeGreaterThan(150);
    const found = expressions.map(({ pattern }) => pattern.source);
    expect(found).toContain('^Bearer +([\\x21-\\x7e]+) *$');
    expect(found).toContain("'(?:[^'\\\\]|\\\\.|'')*'");
    for (const source of Object.keys(bounded)) expect(found).toContain(source);
  });

  it('takes time in proportion to its text, or meets short texts only', { timeout: 480_000 }, () => {
    const slow = [...known.values()].filter(({ pattern }) => bounded[pattern.source] === undefined);
    const faults = slow.flatMap(({ pattern, place }) => {
      const text = superlinear(pattern);
      return text === null ? [] : [`${place} ${pattern} on ${JSON.stringify(text)}…`];
    });
    expect(faults).toEqual([]);
  });

  it('that takes more is noticed', () => {
    expect(superlinear(/[\s;]+$/)).not.toBeNull();
    expect(superlinear(/[\w.]*\s*$/)).not.toBeNull();
    expect(superlinear(/^Bearer +([\x21-\x7e]+) *$/i)).toBeNull();
  });
});
