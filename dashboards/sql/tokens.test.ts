import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokensOf, withoutComments } from './tokens.ts';

const piece = fc.oneof(
  fc.constantFrom('SELECT', 'x1', '_a', '`a b`', '"a.b"', "'it''s'", "'\\''", "'--'", "'/*'", '1', '1.5e-3', '0xff'),
  fc.constantFrom('(', ')', '[', ']', ',', '.', '->', '::', '<=', '!=', '||', '*', '/', '-', '+', '%', ';'),
);
const gap = fc.constantFrom(' ', '\n', '\t ', ' -- x\n', ' /* y */ ', "/* ' */ ", " -- '\n");
const sql = fc.array(fc.tuple(piece, gap), { maxLength: 40 });
const texts = (text: string): string[] => tokensOf(text).map(({ source }) => source);

test('Whatever stands between pieces, the tokens are the pieces', () => {
  fc.assert(
    fc.property(sql, (parts) => {
      expect(texts(parts.flat().join(''))).toEqual(parts.map(([text]) => text));
    }),
  );
});

test('A statement without its comments has the same tokens, and nothing of a comment', () => {
  fc.assert(
    fc.property(sql, (parts) => {
      const bare = withoutComments(parts.flat().join(''));
      expect(texts(bare)).toEqual(parts.map(([text]) => text));
      expect(bare).not.toMatch(/\/\* y|-- x/);
    }),
  );
});

test('Any text is either read to its end or refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      try {
        expect(texts(text).join('').length).toBeLessThanOrEqual(text.length);
      } catch (error) {
        expect(error).toMatchObject({ code: 'SQL_REFUSED' });
      }
    }),
  );
});

test.each([
  "'open",
  '`open',
  '"open',
  '/* open',
  '$$x$$',
  '#',
  '{x}',
  '?',
  '@',
  '\\',
  '\u00a0',
  '‘',
  '`a`b`\n`',
  '1abc',
  '\u0000',
])('%j is refused', (text) => {
  expect(() => tokensOf(text)).toThrow(/refused/);
});
