import { ExpressionError } from '../../../../domain/expression-tokens.ts';
import { type Expression, parseExpression, type Test } from '../../../../domain/targeting-expression.ts';
import { textOf } from '../../format.ts';

interface ListRule {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

/** A targeting as the API shows it. */
export type Targeting = Readonly<Record<string, unknown>>;

/** How a list is said: `country is DE or AT`. */
const subjects: Readonly<Record<string, string>> = {
  countries: 'country',
  regions: 'region',
  device_types: 'device',
  os: 'operating system',
  placements: 'placement',
  publishers: 'publisher',
  formats: 'format',
  sizes: 'size',
  languages: 'language',
  segments: 'segment of the person',
  keywords: 'keyword of the page',
  categories: 'category of the page',
  domains: 'domain',
};
const attributes: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(subjects).map(([list, subject]) => [list.replace(/ies$/, 'y').replace(/s$/, ''), subject]),
  ),
  device: 'device',
  os: 'operating system',
  hour: 'hour of the day',
  day: 'day of the week',
};
const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function joined(values: readonly string[], word: string): string {
  if (values.length < 3) return values.join(` ${word} `);
  return `${values.slice(0, -1).join(', ')} ${word} ${values.at(-1) ?? ''}`;
}

/** At most so many values are said. */
const saidValues = 8;

function any(values: readonly string[]): string {
  if (values.length <= saidValues) return joined(values, 'or');
  return `${values.slice(0, saidValues).join(', ')} or one of ${values.length - saidValues} more`;
}

function ruleReading(subject: string, { include = [], exclude = [] }: ListRule): string[] {
  return [
    ...(include.length === 0 ? [] : [`${subject} is ${any(include)}`]),
    ...(exclude.length === 0 ? [] : [`${subject} is not ${any(exclude)}`]),
  ];
}

/** Runs of consecutive numbers, each with its first and its last. */
function runs(numbers: readonly number[]): (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

/** Hours of a week, 0 = Monday 00:00, as spans: `Monday 00:00 to 02:00`. */
function hoursReading(hours: readonly number[]): string {
  const spans = runs(hours).map(([first, last]) => {
    const [from, to] = [Math.floor(first / 24), Math.floor(last / 24)];
    const end = clock((last % 24) + 1);
    const start = `${days[from] ?? ''} ${clock(first % 24)}`;
    return from === to ? `${start} to ${end}` : `${start} to ${days[to] ?? ''} ${end}`;
  });
  return `it is ${any(spans)}, by the zone of the advertiser`;
}

/** Conditions of a targeting, all of which must hold, in words; none: everybody. An expression that can't be read is left out. */
export function readingOf(targeting: Targeting): readonly string[] {
  const lists = Object.entries(subjects).flatMap(([name, subject]) =>
    ruleReading(subject, (targeting[name] ?? {}) as ListRule),
  );
  const keyed = ((targeting['key_values'] ?? []) as readonly (ListRule & { readonly key: string })[]).flatMap((rule) =>
    ruleReading(`“${rule.key}”`, rule),
  );
  const hours = (targeting['hours'] ?? []) as readonly number[];
  const read = expressionReading(textOf(targeting['expression']));
  return [
    ...lists,
    ...keyed,
    ...(hours.length === 0 ? [] : [hoursReading(hours)]),
    ...('reading' in read && read.reading !== '' ? [read.reading] : []),
  ];
}

/** An expression in words, or why it can't be read, with the place. */
export function expressionReading(text: string): { readonly reading: string } | { readonly fault: string } {
  if (text.trim() === '') return { reading: '' };
  try {
    return { reading: said(parseExpression(text), false) };
  } catch (error) {
    if (error instanceof ExpressionError) return { fault: error.message };
    throw error;
  }
}

function said(expression: Expression, isNegated: boolean): string {
  if (expression.kind === 'test') return saidTest(expression, isNegated);
  if (expression.kind === 'not') return said(expression.part, !isNegated);
  const parts = expression.parts.map((part) => {
    const text = said(part, isNegated);
    return part.kind === 'test' || (part.kind === 'not' && part.part.kind === 'test') ? text : `(${text})`;
  });
  // Not both is either not; none of them is each not (De Morgan).
  return (expression.kind === 'and') !== isNegated ? parts.join(' and ') : `either ${parts.join(' or ')}`;
}

function saidTest({ attribute, values }: Test, isNegated: boolean): string {
  const subject = attribute.startsWith('kv.') ? `“${attribute.slice(3)}”` : (attributes[attribute] ?? attribute);
  return `${subject} is ${isNegated ? 'not ' : ''}${any(saidValuesOf(attribute, values))}`;
}

function saidValuesOf(attribute: string, values: readonly string[]): readonly string[] {
  if (attribute !== 'hour') return values;
  return runs(values.map(Number)).map(([first, last]) => `${clock(first)} to ${clock(last + 1)}`);
}
