import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cpuMs } from '../fuzz/cpu-time.ts';

const house = join(import.meta.dirname, '../..');
/** Folders of code that runs in the platform's processes. */
const folders = ['adapters', 'apps', 'config', 'dashboards', 'domain', 'ledger', 'reconcile', 'serving', 'streams'];

export interface SourceExpression {
  /** File and line. */
  readonly place: string;
  readonly pattern: RegExp;
}

/** A literal where an expression may begin: behind an operator, a bracket, a comma, a colon or `return`. */
const literal =
  /(?<=(?:[=(:,[?&|!{;]|=>|\breturn)\s*)\/(?![*/])((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)/g;

/** Every regular expression that stands in the platform's code as a literal. */
export function sourceExpressions(): readonly SourceExpression[] {
  return folders
    .flatMap((folder) => filesOf(join(house, folder)))
    .flatMap((file) => {
      const lines = readFileSync(file, 'utf8').split('\n');
      return lines.flatMap((line, index) => {
        const code = line.replace(/^\s*(\*|\/\/|\/\*).*/, '');
        return [...code.matchAll(literal)].map(([, source = '', flags = '']) => {
          return { place: `${relative(house, file)}:${index + 1}`, pattern: new RegExp(source, flags) };
        });
      });
    });
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('browser'))
    .map((name) => join(folder, name));
}

/** Characters each of which some class or literal of ours takes. */
const pieces = [
  'a',
  'A',
  '0',
  ' ',
  '\n',
  '.',
  ',',
  ':',
  ';',
  '/',
  '\\',
  '-',
  '_',
  '%',
  '@',
  '(',
  '[',
  '{',
  "'",
  '"',
  '`',
  '*',
  '<',
  'é',
];
const pairs = ['a.', 'a,', 'a-', 'a_', '0.', '0,', "''", '{a', '{a_', '(alias ', '/*', '--', '\\u', 'a:', 'x/0', ' ;'];
const starts = [
  '',
  'a',
  '{',
  "'",
  '`',
  '/*',
  'http://',
  'https://a',
  'Bearer ',
  'kafka://',
  'redis://',
  'esdb://',
  '(children ',
];
const ends = ['', '!'];

function timed(pattern: RegExp, text: string): number {
  // A sticky expression is tried at one place alone.
  pattern.lastIndex = 0;
  const startedAt = cpuMs();
  pattern.test(text);
  return cpuMs() - startedAt;
}

/** Of three, since a machine that does something else makes one slow. */
function leastTime(pattern: RegExp, text: string): number {
  return Math.min(timed(pattern, text), timed(pattern, text), timed(pattern, text));
}

const shortText = 1_500;
const longText = 12_000;
/** What is faster than this at the greater length is no concern, ms. */
const concernMs = 30;

/**
 * The beginning of a text on which an expression takes time that grows faster than the text, or null. Many texts are tried that nearly match; those that were slow are
 * made eight times as long.
 */
export function superlinear(expression: RegExp): string | null {
  const pattern = new RegExp(expression.source, expression.flags.replace('g', ''));
  for (const piece of [...pieces, ...pairs]) {
    const times = (length: number) => piece.repeat(Math.ceil(length / piece.length));
    for (const start of starts) {
      for (const end of ends) {
        if (timed(pattern, start + times(shortText) + end) < 0.5) continue;
        const [short, long] = [shortText, longText].map((length) =>
          leastTime(pattern, start + times(length) + end),
        ) as [number, number];
        if (long > concernMs && long > 20 * short) return start + piece.repeat(3);
      }
    }
  }
  return null;
}
