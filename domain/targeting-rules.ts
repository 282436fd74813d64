import type { Catalog } from './catalog.ts';
import type { Fault } from './catalog-rules.ts';
import { clausesOf, mostClauses } from './expression-clauses.ts';
import { ExpressionError } from './expression-tokens.ts';
import type { KeyValueRule, ListRule, Targeting } from './records.ts';
import { parseExpression, testsOf } from './targeting-expression.ts';
import { deviceTypes } from './targeting-values.ts';

type ListName = Exclude<keyof Targeting, 'key_values' | 'hours' | 'expression'>;

/** Form of the values of each list, and what they are called in a refusal. Lower case where requests are compared in lower case. */
const forms: Readonly<Record<ListName, readonly [form: RegExp, name: string]>> = {
  countries: [/^[A-Z]{2}$/, 'ISO 3166-1 alpha-2 code, as DE'],
  regions: [/^[A-Z]{2}-[0-9A-Z]{1,3}$/, 'ISO 3166-2 code, as DE-BY'],
  device_types: [new RegExp(`^(${deviceTypes.join('|')})$`), `device type (${deviceTypes.join(', ')})`],
  os: [/^[a-z0-9][a-z0-9 ._-]{0,39}$/, 'operating system in lower case'],
  placements: [/^pl_[0-9A-Za-z]{1,12}$/, 'placement id'],
  publishers: [/^pub_[0-9A-Za-z]{1,12}$/, 'publisher id'],
  formats: [/^(banner|video|audio|native)$/, 'format (banner, video, audio, native)'],
  sizes: [/^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$/, 'size WxH'],
  languages: [/^[a-z]{2}$/, 'ISO 639-1 code in lower case, as de'],
  segments: [/^\S{1,100}$/, 'segment of 1 to 100 characters without spaces'],
  keywords: [/^(?!\s)[^\p{Lu},]{1,100}(?<!\s)$/u, 'keyword in lower case without commas'],
  categories: [/^[0-9A-Za-z][0-9A-Za-z_-]{0,31}$/, 'IAB category'],
  domains: [/^[0-9A-Za-z][0-9A-Za-z._-]{0,252}$/, 'domain or app bundle'],
};

export const targetingLists = Object.keys(forms) as ListName[];

/** What is wrong with a targeting: forms, values given twice or on both sides, placements and publishers that do not exist. */
export function targetingFaults(catalog: Catalog, targeting: Targeting): Fault[] {
  return [
    ...targetingLists.flatMap((name) => listFaults(name, targeting[name])),
    ...unknownReferences('placements', targeting.placements, catalog.placements),
    ...unknownReferences('publishers', targeting.publishers, catalog.publishers),
    ...keyValueFaults(targeting.key_values),
    ...hourFaults(targeting.hours),
    ...expressionFaults(catalog, targeting.expression),
  ];
}

function listFaults(name: ListName, rule: ListRule): Fault[] {
  const [form, meaning] = forms[name];
  const included = new Set(rule.include);
  return (['include', 'exclude'] as const).flatMap((side) => {
    const seen = new Set<string>();
    return rule[side].flatMap((value, index) => {
      const path = `targeting.${name}.${side}[${index}]`;
      if (!form.test(value)) return [{ path, detail: `is no ${meaning}` }];
      if (seen.has(value)) return [{ path, detail: 'is there twice' }];
      seen.add(value);
      return side === 'exclude' && included.has(value) ? [{ path, detail: 'is included as well' }] : [];
    });
  });
}

function unknownReferences(name: ListName, rule: ListRule, known: ReadonlyMap<string, unknown>): Fault[] {
  return (['include', 'exclude'] as const).flatMap((side) =>
    rule[side].flatMap((id, index) =>
      known.has(id) ? [] : [{ path: `targeting.${name}.${side}[${index}]`, detail: 'does not exist' }],
    ),
  );
}

/** Values of a key arrive joined by comma, so none can hold one. */
function keyValueFaults(rules: readonly KeyValueRule[]): Fault[] {
  const keys = new Set<string>();
  return rules.flatMap(({ key, include, exclude }, index) => {
    const path = `targeting.key_values[${index}]`;
    if (keys.has(key)) return [{ path: `${path}.key`, detail: 'is there twice' }];
    keys.add(key);
    const bad = [...include, ...exclude].find((value) => value === '' || value.includes(','));
    if (bad !== undefined) return [{ path, detail: 'has a value that is empty or holds a comma' }];
    const both = include.find((value) => exclude.includes(value));
    return both === undefined ? [] : [{ path, detail: 'has a value that is both included and excluded' }];
  });
}

function hourFaults(hours: readonly number[]): Fault[] {
  return hours.flatMap((hour, index) => {
    const before = hours[index - 1];
    return before === undefined || before < hour
      ? []
      : [{ path: `targeting.hours[${index}]`, detail: 'must be more than the hour before it' }];
  });
}

/** An expression is read, must not come to too many alternatives, and names only placements and publishers that exist. */
function expressionFaults({ placements, publishers }: Catalog, text: string): Fault[] {
  if (text === '') return [];
  const path = 'targeting.expression';
  try {
    const expression = parseExpression(text);
    if (clausesOf(expression) === null) {
      return [{ path, detail: `comes to more than ${mostClauses} alternatives; \`in (…)\` takes many values as one` }];
    }
    return testsOf(expression).flatMap(({ attribute, values }) => {
      const known = { placement: placements, publisher: publishers }[attribute];
      const unknown = known === undefined ? [] : values.filter((id) => !known.has(id));
      return unknown.map((id) => ({ path, detail: `names the ${attribute} ${id}, which does not exist` }));
    });
  } catch (error) {
    if (error instanceof ExpressionError) return [{ path, detail: `can't be read: ${error.message}` }];
    throw error;
  }
}
