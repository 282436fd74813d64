import { createHash } from 'node:crypto';
import { isAdtallyError } from '../../domain/errors.ts';
import { type AnyRecord, type RecordName, type Topic, topicRecords } from '../../domain/records.ts';
import type { LogRecord } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { Cell } from '../../ports/warehouse.ts';
import { warehouseTables } from './warehouse-columns.ts';

/** A table of the warehouse and its columns in the order in which rows give their cells. */
export interface SinkTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/** One row for one record of the log. */
export interface SinkRow {
  readonly table: SinkTable;
  readonly cells: readonly Cell[];
}

interface Plan extends SinkTable {
  readonly read: readonly ((record: AnyRecord['value']) => Cell)[];
}
type SunkName = keyof typeof warehouseTables;

const positionColumns = ['topic', 'shard', 'offset', 'appended_at'] as const;
/** Where records go that can't be decoded, so that counts by topic and shard still agree with the log. */
export const unreadable: SinkTable = {
  name: 'unreadable',
  columns: [...positionColumns, 'code', 'reason', 'byte_length', 'sha256'],
};
const plans = new Map<RecordName, Plan>((Object.keys(warehouseTables) as SunkName[]).map((name) => [name, plan(name)]));
/** Last moment that a column of time can hold: the end of 2299. */
const lastMs = 10_413_791_999_999;

/** Every topic that is sunk, which is all of them. */
export const sunkTopics = Object.keys(topicRecords).filter((topic) => topic !== 'ledger') as readonly Topic[];

/** The tables that hold the rows of a topic, besides `unreadable`. */
export function tablesOf(topic: Topic): readonly string[] {
  return topicRecords[topic].map((name) => warehouseTables[name].table);
}

/** The row of a record: in the table of its name, or in `unreadable` if it can't be decoded or stands in a topic that it does not belong to. */
export function rowOf(source: LogRecord, registry: SchemaRegistry): SinkRow {
  let decoded: AnyRecord;
  try {
    decoded = registry.decode(source.value);
  } catch (error) {
    const known = isAdtallyError(error, 'UNREADABLE_RECORD') || isAdtallyError(error, 'UNKNOWN_SCHEMA');
    if (!known) throw error;
    return unreadableRow(source, error.code, error.message);
  }
  const table = plans.get(decoded.name);
  const belongs = (topicRecords[source.topic] as readonly RecordName[]).includes(decoded.name);
  if (!table || !belongs) return unreadableRow(source, 'UNREADABLE_RECORD', `${decoded.name} in topic ${source.topic}`);
  return { table, cells: [...position(source), ...table.read.map((cell) => cell(decoded.value))] };
}

/** A time in the form that the warehouse reads exactly; what lies outside 1970–2299 (only nonsense does) is moved to the border. */
export function timeCell(ms: number): string {
  return new Date(Math.min(Math.max(ms, 0), lastMs)).toISOString().slice(0, 23).replace('T', ' ');
}

function position(source: LogRecord): Cell[] {
  return [source.topic, source.shard, source.offset, timeCell(source.appendedAt)];
}

function unreadableRow(source: LogRecord, code: string, reason: string): SinkRow {
  const digest = createHash('sha256').update(source.value).digest('hex');
  return { table: unreadable, cells: [...position(source), code, reason, source.value.length, digest] };
}

function plan(name: SunkName): Plan {
  const { table, columns } = warehouseTables[name];
  return {
    name: table,
    columns: [...positionColumns, ...columns.map(([column]) => column)],
    read: columns.map(([, as, path]) => reader(path.split('.'), as)),
  };
}

function reader(path: readonly string[], as: 'value' | 'time' | 'json'): (record: AnyRecord['value']) => Cell {
  return (record) => {
    let value: unknown = record;
    for (const field of path) {
      if (value === null || value === undefined) return null;
      value = (value as Readonly<Record<string, unknown>>)[field];
    }
    if (value === null || value === undefined) return null;
    if (as === 'time') return timeCell(value as number);
    return as === 'json' ? JSON.stringify(value) : (value as Cell);
  };
}
