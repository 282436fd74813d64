import { AdtallyError } from '../../domain/errors.ts';
import { canonicalJson } from '../request-headers.ts';
import type { Entity } from './entities.ts';
import { shownFactNames } from './entity-json.ts';
import type { JsonSchema } from './fields.ts';

export type Row = Readonly<Record<string, unknown>>;

/** The request that a row of an import stands for: creation, change (`body` may be empty: nothing changes). */
export type RowRequest =
  | { readonly kind: 'create'; readonly body: Row }
  | { readonly kind: 'change'; readonly id: string; readonly revision: number | null; readonly body: Row };

/** What is needed to read rows: the entity with an id as it is shown now, and a judge of bodies by a schema. */
export interface RowReading {
  /** Error: `NOT_FOUND`. */
  readonly shown: (id: string) => Row;
  readonly changeSchema: JsonSchema;
  /** Errors: `VALIDATION_FAILED`, `UNKNOWN_FIELD`, at the path. */
  readonly validate: (schema: JsonSchema, body: Row) => void;
}

/**
 * Reads a row as an export writes it. Without an id it creates; with one it changes what differs from the entity as it stands, on the revision that the
 * row carries, if it carries one. Errors: those of `RowReading`; `VALIDATION_FAILED` for what never changes, `STATE_CONFLICT` for taking back an archival.
 */
export function readRow(entity: Entity, row: Row, reading: RowReading): RowRequest {
  refuseUnknown(entity, row);
  const id = row[entity.idField] ?? '';
  if (id === '') return { kind: 'create', body: creationOf(entity, row) };
  if (typeof id !== 'string') throw invalid(entity.idField, 'must be an id');
  const shown = reading.shown(id);
  refuseFixed(entity, row, shown);
  const given = differing(Object.keys(entity.fields), row, shown);
  if (Object.keys(given).length > 0) reading.validate(reading.changeSchema, given);
  const body = { ...trulyDiffering(entity, given, shown), ...archivalOf(row, shown) };
  return { kind: 'change', id, revision: revisionOf(row), body };
}

function invalid(path: string, detail: string): AdtallyError {
  return new AdtallyError('VALIDATION_FAILED', `${path} ${detail}`, { path });
}

function refuseUnknown(entity: Entity, row: Row): void {
  const { idField, parent, inherited, fields } = entity;
  const known = [idField, parent?.field, ...inherited, ...Object.keys(fields), ...shownFactNames];
  const unknown = Object.keys(row).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const path = unknown.slice(0, 80);
  throw new AdtallyError('UNKNOWN_FIELD', `${path} is not known here`, { path });
}

/** What a creation may name. */
function creationOf({ parent, fields }: Entity, row: Row): Row {
  const names = [...(parent === null ? [] : [parent.field]), ...Object.keys(fields)];
  return Object.fromEntries(names.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]));
}

function refuseFixed({ parent, inherited, fields }: Entity, row: Row, shown: Row): void {
  const fixed = Object.keys(fields).filter((name) => fields[name]?.fixed === true);
  const above = [...(parent === null ? [] : [parent.field]), ...inherited];
  const [changed] = Object.keys(differing([...above, ...fixed], row, shown));
  if (changed !== undefined) throw invalid(changed, `never changes; it is ${JSON.stringify(shown[changed])}`);
}

function differing(names: readonly string[], row: Row, shown: Row): Row {
  const differ = names.filter(
    (name) => row[name] !== undefined && canonicalJson(row[name]) !== canonicalJson(shown[name]),
  );
  return Object.fromEntries(differ.map((name) => [name, row[name]]));
}

/** Without what is only written in another way: a time with another offset, a targeting that leaves empty lists out. */
function trulyDiffering({ fields }: Entity, given: Row, shown: Row): Row {
  const asShown = Object.entries(given).map(([name, value]) => {
    const field = fields[name];
    return [name, field === undefined ? value : field.show(field.read(value, name))] as const;
  });
  const changed = differing(Object.keys(given), Object.fromEntries(asShown), shown);
  return Object.fromEntries(Object.entries(given).filter(([name]) => name in changed));
}

function archivalOf({ archived }: Row, shown: Row): Row {
  if (archived === undefined || archived === null || archived === shown['archived']) return {};
  if (archived === true) return { archived };
  if (archived !== false) throw invalid('archived', 'must be true or false');
  throw new AdtallyError('STATE_CONFLICT', 'what is archived stays archived', { path: 'archived' });
}

function revisionOf({ revision }: Row): number | null {
  if (revision === undefined || revision === null) return null;
  if (typeof revision === 'number' && Number.isSafeInteger(revision) && revision > 0) return revision;
  throw invalid('revision', 'must be a whole number from 1');
}
