import { daysOfWeek } from '../domain/expression-attributes.ts';
import {
  type Expression,
  failingPart,
  parseExpression,
  printExpression,
  unknownCategory,
  type ValuesOf,
} from '../domain/targeting-expression.ts';
import type { SlotAttributes } from './targeting.ts';
import type { ZoneClock } from './zone-clock.ts';

const none: readonly string[] = [];
const unknownCategories: readonly string[] = [unknownCategory];

/** Values of a slot by the attributes of expressions; `hour@zone` and `day@zone` as `clockOf` has them. */
export function expressionValues(
  { values, city, keyValues }: SlotAttributes,
  clockOf: (zone: string) => ZoneClock,
): ValuesOf {
  const byAttribute: Readonly<Record<string, readonly string[]>> = {
    country: values.countries,
    region: values.regions,
    city: city === null ? none : [city],
    device: values.device_types,
    os: values.os,
    language: values.languages,
    placement: values.placements,
    publisher: values.publishers,
    format: values.formats,
    size: values.sizes,
    domain: values.domains,
    category: values.categories.length === 0 ? unknownCategories : values.categories,
    keyword: values.keywords,
    segment: values.segments,
  };
  return (attribute) => {
    const known = byAttribute[attribute];
    if (known !== undefined) return known;
    if (attribute.startsWith('kv.')) return keyValues.get(attribute.slice(3)) ?? none;
    const [name = '', zone = ''] = attribute.split('@', 2);
    return zone === '' ? none : wallValue(name, clockOf(zone));
  };
}

function wallValue(name: string, { hourOfWeek }: ZoneClock): readonly string[] {
  return [name === 'hour' ? String(hourOfWeek % 24) : (daysOfWeek[Math.floor(hourOfWeek / 24)] ?? '')];
}

/** The part of an expression that keeps a slot out, with what the slot has instead. `valuesOf` knows `hour` and `day` without a zone. */
export function failingText(text: string, valuesOf: ValuesOf): string {
  const part = failingPart(parseExpression(text), valuesOf);
  const has = attributesOf(part).map((attribute) => `${attribute}: ${valuesOf(attribute).join(', ') || 'none'}`);
  return `${printExpression(part)} (the request has ${has.join('; ')})`;
}

function attributesOf(expression: Expression): string[] {
  if (expression.kind === 'test') return [expression.attribute];
  const parts = expression.kind === 'not' ? [expression.part] : expression.parts;
  return [...new Set(parts.flatMap(attributesOf))];
}
