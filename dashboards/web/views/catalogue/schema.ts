import { kinds } from './kinds.ts';

/** What a form needs of a JSON Schema of the API. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

/** One of `GET /v1/catalogue/kinds`. */
export interface KindSchemas {
  readonly path: string;
  readonly id_field: string;
  readonly parent_field: string | null;
  readonly inherited: readonly string[];
  readonly creation: Schema;
  readonly change: Schema;
  readonly may_create: boolean;
  readonly may_change: boolean;
}

/** How a field is entered. */
export type Control =
  | 'text'
  | 'long'
  | 'choice'
  | 'choices'
  | 'flag'
  | 'number'
  | 'money'
  | 'parent'
  | 'time'
  | 'list'
  | 'object'
  | 'objects'
  | 'targeting';

const longerThanALine = 2_001;

export function typeOf({ type }: Schema): string {
  return typeof type === 'string' ? type : (type?.find((one) => one !== 'null') ?? 'string');
}

export function isNullable({ type }: Schema): boolean {
  return Array.isArray(type) && type.includes('null');
}

export function controlOf(name: string, schema: Schema): Control {
  if (name === 'targeting') return 'targeting';
  if (kinds.some(({ idField }) => idField === name)) return 'parent';
  switch (typeOf(schema)) {
    case 'boolean':
      return 'flag';
    case 'integer':
      return 'number';
    case 'object':
      return 'object';
    case 'array':
      if (schema.items?.type === 'object') return 'objects';
      return schema.items?.enum === undefined ? 'list' : 'choices';
    default:
      if (schema.enum !== undefined) return 'choice';
      if (schema.format === 'date-time') return 'time';
      if (name.endsWith('_micros')) return 'money';
      return (schema.maxLength ?? 0) >= longerThanALine ? 'long' : 'text';
  }
}

/** What a field holds before anybody has entered anything. */
export function emptyOf(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  if (isNullable(schema)) return null;
  switch (typeOf(schema)) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name, { default: usual }]) => schema.required?.includes(name) === true || usual !== undefined)
          .map(([name, property]) => [name, emptyOf(property)]),
      );
    case 'array':
      return [];
    case 'boolean':
      return false;
    case 'integer':
      return schema.minimum ?? 0;
    default:
      return schema.enum?.[0] ?? '';
  }
}

export interface Fault {
  readonly path: string;
  readonly detail: string;
}

/** Faults of a field: at it, or (`within`) anywhere below it. */
export function faultsAt(faults: readonly Fault[], path: string, within: boolean): readonly Fault[] {
  return faults.filter(
    (fault) =>
      fault.path === path || (within && (fault.path.startsWith(`${path}.`) || fault.path.startsWith(`${path}[`))),
  );
}

/** `budget_total_micros` → `Budget total`. */
export function titleOf(name: string): string {
  const text = name
    .replace(/_(micros|ppm)$/, '')
    .replace(/_ms$/, ' (ms)')
    .replace(/_id$/, '')
    .replaceAll('_', ' ');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** What a schema says of a field, in the words of a form: amounts are entered in units, and nothing stands for null. */
export function hintOf(name: string, { description = '' }: Schema): string {
  const text = description
    .replace(/,? micros(?=[.;,])/, '')
    .replace('; null: none', '; empty: none')
    .replaceAll('`', '');
  return text === `${titleOf(name)}.` ? '' : text;
}
