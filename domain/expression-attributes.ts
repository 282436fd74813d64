import { adFormats, deviceTypes } from './targeting-values.ts';

/** How the values of an attribute are written. */
interface AttributeForm {
  /** As requests have it; null: it is none. */
  readonly read: (text: string) => string | null;
  /** What was expected, in a refusal. */
  readonly meaning: string;
  /** In their order, where `a..b` stands for all from one to the other. */
  readonly range?: readonly string[];
}

function matching(form: RegExp, meaning: string, clean: (text: string) => string = (text) => text): AttributeForm {
  return {
    read: (text) => {
      const value = clean(text);
      return form.test(value) ? value : null;
    },
    meaning,
  };
}

const lower = (text: string) => text.toLowerCase();
const upper = (text: string) => text.toUpperCase();

export const hoursOfDay: readonly string[] = Array.from({ length: 24 }, (_, hour) => String(hour));
/** The first is day 0 of a week. */
export const daysOfWeek = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Attributes of a request that an expression can test, besides `kv.…`. */
export const expressionAttributes = {
  country: matching(/^[A-Z]{2}$/, 'a country of ISO 3166-1 alpha-2, as DE', upper),
  region: matching(/^[A-Z]{2}-[0-9A-Z]{1,3}$/, 'a region of ISO 3166-2, as DE-BY', upper),
  city: matching(/^\S.{0,99}$/u, 'a city', lower),
  device: matching(new RegExp(`^(${deviceTypes.join('|')})$`), `a device type (${deviceTypes.join(', ')})`, lower),
  os: matching(/^[a-z0-9][a-z0-9 ._-]{0,39}$/, 'an operating system', lower),
  language: matching(/^[a-z]{2}$/, 'a language of ISO 639-1, as de', lower),
  placement: matching(/^pl_[0-9A-Za-z]{1,12}$/, 'the id of a placement (pl_…)'),
  publisher: matching(/^pub_[0-9A-Za-z]{1,12}$/, 'the id of a publisher (pub_…)'),
  format: matching(new RegExp(`^(${adFormats.join('|')})$`), `a format (${adFormats.join(', ')})`, lower),
  size: matching(/^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$/, 'a size, as 300x250', lower),
  domain: matching(/^[0-9A-Za-z][0-9A-Za-z._-]{0,252}$/, 'a domain or app bundle'),
  category: matching(/^[0-9A-Za-z][0-9A-Za-z_-]{0,31}$/, 'an IAB category, as IAB7'),
  keyword: matching(/^[^\p{Lu},]{1,100}$/u, 'a keyword', lower),
  segment: matching(/^\S{1,100}$/, 'a segment'),
  hour: {
    ...matching(/^([01]?[0-9]|2[0-3])$/, 'an hour from 0 to 23', (text) => text.replace(/^0(?=[0-9])/, '')),
    range: hoursOfDay,
  },
  day: {
    ...matching(new RegExp(`^(${daysOfWeek.join('|')})$`), `a day (${daysOfWeek.join(', ')})`, lower),
    range: daysOfWeek,
  },
} as const satisfies Readonly<Record<string, AttributeForm>>;
export type ExpressionAttribute = keyof typeof expressionAttributes;

export function isExpressionAttribute(name: string): name is ExpressionAttribute {
  return Object.hasOwn(expressionAttributes, name);
}

/** A value of `kv.…`: keys have no form of their own. */
const keyValue: AttributeForm = matching(/^[^,]{1,128}$/u, 'a value without commas');

/** Form of the values of an attribute, or of `kv.…`. */
export function formOf(attribute: string): AttributeForm {
  return isExpressionAttribute(attribute) ? expressionAttributes[attribute] : keyValue;
}
