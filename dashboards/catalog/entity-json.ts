import type { Catalog, CatalogRecord } from '../../domain/catalog.ts';
import type { Change } from '../../domain/records.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { Entity } from './entities.ts';
import { entityId, type JsonSchema } from './fields.ts';

/** What every entity shows besides its fields. */
const shownFacts = {
  revision: { type: 'integer', description: 'From 1; its ETag.' },
  archived: { type: 'boolean', description: 'No longer selected, still in the history; final.' },
  changed_by: { type: 'string', description: 'Key that made this revision.' },
  changed_at: { type: 'string', format: 'date-time' },
};

/** Names in a shown entity that are facts about it, not fields of it. */
export const shownFactNames: readonly string[] = [...Object.keys(shownFacts), 'currency', 'calendar'];

function idSchemas({ idField, parent, inherited }: Entity): Record<string, JsonSchema> {
  const names = [idField, ...(parent === null ? [] : [parent.field]), ...inherited];
  return Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
}

function requestProperties({ fields }: Entity): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema]));
}

/** JSON Schema of the body that creates one. */
export function creationSchema(entity: Entity): JsonSchema {
  const { parent, fields, kind } = entity;
  const parentSchema =
    parent === null ? {} : { [parent.field]: entityId(parent.kind, 'What it belongs to. Never changes.').schema };
  const needed = Object.entries(fields).filter(([, { absent }]) => absent === undefined);
  return {
    title: `New ${kind.replace('_', ' ')}`,
    type: 'object',
    properties: { ...parentSchema, ...requestProperties(entity) },
    required: [...Object.keys(parentSchema), ...needed.map(([name]) => name)],
    additionalProperties: false,
  };
}

/** JSON Schema of the body that changes one: any of its changeable fields. */
export function changeSchema(entity: Entity): JsonSchema {
  const changeable = Object.entries(entity.fields).filter(([, { fixed: isFixed }]) => isFixed !== true);
  const properties = Object.fromEntries(changeable.map(([name, { schema }]) => [name, withoutDefault(schema)]));
  return {
    title: `Change of ${entity.kind.replace('_', ' ')}`,
    type: 'object',
    properties: { ...properties, archived: { type: 'boolean', const: true, description: 'Archives it, for ever.' } },
    minProperties: 1,
    additionalProperties: false,
  };
}

/** Defaults are for creation: in a change, what is left out stays. */
function withoutDefault(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== 'default'));
}

/** JSON Schema of an entity as it is shown. */
export function shownSchema(entity: Entity): JsonSchema {
  const currency =
    entity.currencyOf === null ? {} : { currency: { type: 'string', description: 'ISO 4217, of all amounts here.' } };
  const own = Object.fromEntries(
    Object.entries(entity.fields).map(([name, { schema }]) => [name, withoutDefault(schema)]),
  );
  const calendar =
    entity.kind === 'advertiser'
      ? { calendar: { type: 'integer', description: 'Number of its calendar in the policy.' } }
      : {};
  return {
    title: entity.kind.replace('_', ' '),
    type: 'object',
    properties: { ...idSchemas(entity), ...own, ...currency, ...calendar, ...shownFacts },
  };
}

type Value = Readonly<Record<string, unknown>> & { readonly change: Change };

/** An entity as JSON. */
export function showEntity(entity: Entity, catalog: Catalog, record: CatalogRecord['value']): Record<string, unknown> {
  const value = record as unknown as Value;
  const { change } = value;
  const shown: Record<string, unknown> = {};
  for (const name of Object.keys(idSchemas(entity))) shown[name] = value[name];
  for (const [name, { show }] of Object.entries(entity.fields)) shown[name] = show(value[name] as never);
  if (entity.currencyOf !== null) shown['currency'] = entity.currencyOf(catalog, value);
  if (entity.kind === 'advertiser') shown['calendar'] = value['calendar'];
  const { revision, archived, changed_by } = change;
  return { ...shown, revision, archived, changed_by, changed_at: formatTime(change.changed_at) };
}

/** Fields of a body that creates: what was given and what stands for the rest. */
export function readCreation(entity: Entity, body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const read = Object.entries(entity.fields).map(([name, given]) => [
    name,
    given.read(body[name] === undefined ? given.absent : body[name], name),
  ]);
  return Object.fromEntries(read) as Record<string, unknown>;
}

/** Fields of a body that changes: only what was given. */
export function readChange(entity: Entity, body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(entity.fields).filter(([name]) => body[name] !== undefined);
  return Object.fromEntries(given.map(([name, { read }]) => [name, read(body[name], name)]));
}
