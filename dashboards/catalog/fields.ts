import { loadZones, skippable, stages } from '../../domain/deadline-policy.ts';
import { maxExposuresKept } from '../../domain/frequency-view.ts';
import { type EntityKind, entityPrefixes } from '../../domain/identity.ts';
import { parseAmount, requireAmount } from '../../domain/money.ts';
import {
  BeaconKind,
  type DeadlineShares,
  type Deal,
  type DegradationPlan,
  type Flight,
  type FrequencyCap,
  type ListRule,
  type ShareTerm,
  type Targeting,
  type Tracker,
} from '../../domain/records.ts';
import { dealIdForm } from '../../domain/sale-rules.ts';
import { targetingLists } from '../../domain/targeting-rules.ts';
import { adFormats, deviceTypes } from '../../domain/targeting-values.ts';
import { expressionLimits } from '../../domain/targeting-expression.ts';
import { formatTime, parseTime } from '../../domain/time-text.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** One field of an entity: its JSON Schema, and how its JSON becomes the value in the record and back. */
export interface Field<T> {
  readonly schema: JsonSchema;
  /** JSON that the schema accepted → value. Error: `VALIDATION_FAILED` or `AMOUNT_OUT_OF_RANGE` at the path. */
  readonly read: (json: unknown, path: string) => T;
  readonly show: (value: T) => unknown;
  /** JSON that stands for a field left out at creation; undefined: it must be given. */
  readonly absent?: unknown;
  /** Given at creation and never changed. */
  readonly fixed?: true;
}

const asIs = { read: <T>(json: unknown) => json as T, show: <T>(value: T) => value as unknown };

/** No control characters: names end up in logs, CSV and pages. */
const printable = '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$';

/** The same with tabs and line feeds. */
const printableLines = '^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$';

export function optional<T>(field: Field<T>, absent: unknown): Field<T> {
  return { ...field, absent, schema: { ...field.schema, default: absent } };
}

export function fixed<T>(field: Field<T>): Field<T> {
  return { ...field, fixed: true };
}

export function nullable<T>(field: Field<T>): Field<T | null> {
  const { type } = field.schema;
  return {
    schema: { ...field.schema, type: [type, 'null'] },
    read: (json, path) => (json === null ? null : field.read(json, path)),
    show: (value) => (value === null ? null : field.show(value)),
    absent: null,
  };
}

export function label(description: string): Field<string> {
  return { ...asIs, schema: { type: 'string', minLength: 1, maxLength: 200, pattern: printable, description } };
}

export function longText(maxLength: number, description: string): Field<string> {
  return { ...asIs, schema: { type: 'string', minLength: 1, maxLength, description } };
}

export function choice<T extends string>(values: readonly T[], description: string): Field<T> {
  return { ...asIs, schema: { type: 'string', enum: values, description } };
}

export function code(pattern: string, description: string): Field<string> {
  return { ...asIs, schema: { type: 'string', pattern, description } };
}

export function integer([minimum, maximum]: readonly [number, number], description: string): Field<number> {
  return { ...asIs, schema: { type: 'integer', minimum, maximum, description } };
}

export function flag(description: string): Field<boolean> {
  return { ...asIs, schema: { type: 'boolean', description } };
}

export const amountSchema = { type: 'string', pattern: '^(0|[1-9][0-9]{0,15})$' } as const;

/** Micros as a decimal string. */
export function money(description: string): Field<number> {
  return {
    schema: { ...amountSchema, description },
    read: (json, path) => requireAmount(parseAmount(json as string, path), path),
    show: String,
  };
}

const timeSchema = { type: 'string', format: 'date-time', maxLength: 40 } as const;
const strings = (maxItems: number) => ({
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 253, pattern: printable },
  maxItems,
});

export function stringList(maxItems: number, description: string): Field<readonly string[]> {
  return { ...asIs, schema: { ...strings(maxItems), description } };
}

export function formatList(description: string): Field<readonly string[]> {
  return {
    ...asIs,
    schema: { type: 'array', items: { type: 'string', enum: adFormats }, minItems: 1, maxItems: 4, description },
  };
}

export function integerList(
  [minimum, maximum]: readonly [number, number],
  maxItems: number,
  description: string,
): Field<readonly number[]> {
  return { ...asIs, schema: { type: 'array', items: { type: 'integer', minimum, maximum }, maxItems, description } };
}

export function entityId(kind: EntityKind, description: string): Field<string> {
  return code(`^${entityPrefixes[kind]}_[0-9A-Za-z]{1,12}$`, description);
}

function object(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
  description: string,
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false, description };
}

export function flight(description: string): Field<Flight> {
  const schema = object({ starts_at: timeSchema, ends_at: timeSchema }, ['starts_at', 'ends_at'], description);
  return {
    schema,
    read: (json, path) => {
      const { starts_at, ends_at } = json as Record<keyof Flight, string>;
      return { starts_at: parseTime(starts_at, `${path}.starts_at`), ends_at: parseTime(ends_at, `${path}.ends_at`) };
    },
    show: ({ starts_at, ends_at }) => ({ starts_at: formatTime(starts_at), ends_at: formatTime(ends_at) }),
  };
}

const longestCapMs = 30 * 86_400_000;

export function frequencyCap(description: string): Field<FrequencyCap> {
  const properties = {
    impressions: { type: 'integer', minimum: 1, maximum: maxExposuresKept },
    window_ms: { type: 'integer', minimum: 0, maximum: longestCapMs, default: 0 },
    calendar: { type: 'string', enum: ['', 'hour', 'day', 'week', 'month'], default: '' },
  };
  return {
    schema: object(properties, ['impressions'], description),
    read: (json) => ({ window_ms: 0, calendar: '', ...(json as Pick<FrequencyCap, 'impressions'>) }),
    show: (value) => value,
  };
}

export function shares(description: string): Field<readonly ShareTerm[]> {
  const properties = { effective_from: timeSchema, share_ppm: { type: 'integer', minimum: 0, maximum: 1_000_000 } };
  const items = object(properties, ['effective_from', 'share_ppm'], 'Share in parts per million from a moment on.');
  return {
    schema: { type: 'array', items, minItems: 1, maxItems: 200, description },
    read: (json, path) =>
      (json as { effective_from: string; share_ppm: number }[]).map(({ effective_from, share_ppm }, index) => ({
        effective_from: parseTime(effective_from, `${path}[${index}].effective_from`),
        share_ppm,
      })),
    show: (terms) =>
      terms.map(({ effective_from, share_ppm }) => ({ effective_from: formatTime(effective_from), share_ppm })),
  };
}

export function deals(description: string): Field<readonly Deal[]> {
  const properties = {
    deal_id: { type: 'string', pattern: dealIdForm.source },
    floor_micros: amountSchema,
    auction: { type: 'string', enum: ['first_price', 'second_price', 'fixed'] },
    advertisers: { ...strings(1_000), default: [] },
  };
  const items = object(properties, ['deal_id', 'floor_micros', 'auction'], 'A deal.');
  return {
    schema: { type: 'array', items, maxItems: 200, description },
    read: (json, path) =>
      (json as (Omit<Deal, 'floor_micros'> & { readonly floor_micros: string })[]).map((deal, index) => {
        const at = `${path}[${index}].floor_micros`;
        return {
          ...deal,
          advertisers: deal.advertisers ?? [],
          floor_micros: requireAmount(parseAmount(deal.floor_micros, at), at),
        };
      }),
    show: (all) => all.map((deal) => ({ ...deal, floor_micros: String(deal.floor_micros) })),
  };
}

export function deadlineShares(description: string): Field<DeadlineShares> {
  const share = { type: 'integer', minimum: 0, maximum: 100 };
  const properties = Object.fromEntries(stages.map((stage) => [stage, share]));
  // Who names no share of the bidders leaves them the slack.
  const required = stages.filter((stage) => stage !== 'bidders');
  return {
    schema: object(properties, required, description),
    read: (json) => Object.assign({ bidders: 0 }, json as DeadlineShares),
    show: (value) => value,
  };
}

export function degradationPlans(description: string): Field<readonly DegradationPlan[]> {
  const properties = {
    name: { type: 'string', pattern: '^[a-z][a-z0-9_]{0,39}$' },
    zone: {
      type: 'string',
      enum: ['', ...loadZones.filter((zone) => zone !== 'calm')],
      description: 'Holds from this zone of load on.',
    },
    time_left: {
      type: 'integer',
      minimum: 0,
      maximum: 99,
      description: 'Holds with less than so many hundredths of the deadline left.',
    },
    skips: { type: 'array', items: { type: 'string', enum: skippable }, minItems: 1, maxItems: 3, uniqueItems: true },
  };
  const items = object(properties, ['name', 'zone', 'time_left', 'skips'], 'A plan of degradation.');
  return { ...asIs, schema: { type: 'array', items, minItems: 1, maxItems: 10, description } };
}

export function trackers(description: string): Field<readonly Tracker[]> {
  const properties = {
    event: { type: 'string', enum: BeaconKind },
    url: { type: 'string', minLength: 1, maxLength: 2_000 },
  };
  return {
    ...asIs,
    schema: { type: 'array', items: object(properties, ['event', 'url'], 'A tracker.'), maxItems: 50, description },
  };
}

const listRule = object(
  { include: strings(5_000), exclude: strings(5_000) },
  [],
  'Any of `include` (empty: everything), none of `exclude`.',
);
const keyValueRule = object(
  {
    key: { type: 'string', minLength: 1, maxLength: 100, pattern: printable },
    include: strings(1_000),
    exclude: strings(1_000),
  },
  ['key'],
  'Values of one key.',
);

/** Every list may be left out; the record and the answer name all of them. */
export function targeting(description: string): Field<Targeting> {
  const properties = {
    ...Object.fromEntries(targetingLists.map((name) => [name, listRule])),
    key_values: { type: 'array', items: keyValueRule, maxItems: 100 },
    hours: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 167 }, maxItems: 168 },
    expression: { type: 'string', maxLength: expressionLimits.characters, pattern: printableLines },
  };
  return {
    schema: object(properties, [], description),
    read: (json) => {
      const given = json as Partial<Targeting>;
      const lists = targetingLists.map((name) => [name, bothSides(given[name])]);
      const keyValues = (given.key_values ?? []).map((rule) => ({ key: rule.key, ...bothSides(rule) }));
      return {
        ...Object.fromEntries(lists),
        key_values: keyValues,
        hours: given.hours ?? [],
        expression: given.expression ?? '',
      } as Targeting;
    },
    show: (value) => value,
    absent: {},
  };
}

function bothSides(rule: Partial<ListRule> | undefined): ListRule {
  return { include: rule?.include ?? [], exclude: rule?.exclude ?? [] };
}

/** Named here for the documentation of `targeting.device_types`. */
export const targetingNotes = `Lists are any of \`include\` (empty: everything) and none of \`exclude\`. device_types: ${deviceTypes.join(', ')}. hours: 0 = Monday 00:00 to 167 in the zone of the advertiser. expression: \`country in (DE, AT) and not (device = tv or kv.section = sport)\`, which must hold as well; docs/targeting.md.`;
