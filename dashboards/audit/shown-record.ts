import { isAdtallyError } from '../../domain/errors.ts';
import type { LogRecord } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { formatTime } from '../../domain/time-text.ts';

/** A record of the log as an auditor sees it: decoded if it can be, and in any case its bytes' length and what was wrong with them. */
export interface ShownRecord {
  readonly topic: string;
  readonly shard: number;
  readonly offset: number;
  readonly key: string;
  /** Clock of whoever appended it. */
  readonly appended_at: string;
  readonly name: string | null;
  /** Fields as the record's schema names them; amounts as decimal strings, bytes in hexadecimal. */
  readonly value: unknown;
  readonly bytes: number;
  /** Why it could not be decoded; null if it could. */
  readonly unreadable: string | null;
}

export function showRecord(registry: SchemaRegistry, record: LogRecord): ShownRecord {
  const { topic, shard, offset, key, value, appendedAt } = record;
  const place = { topic, shard, offset, key, appended_at: formatTime(appendedAt) };
  try {
    const decoded = registry.decode(value);
    return { ...place, name: decoded.name, value: showValue('', decoded.value), bytes: value.length, unreadable: null };
  } catch (error) {
    if (!isAdtallyError(error, 'UNREADABLE_RECORD') && !isAdtallyError(error, 'UNKNOWN_SCHEMA')) throw error;
    return { ...place, name: null, value: null, bytes: value.length, unreadable: `${error.code}: ${error.message}` };
  }
}

/** Values of a record as JSON: every `…_micros` a decimal string, every moment in RFC 3339 beside its ms. */
function showValue(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'number' && name.endsWith('_micros')) return String(value);
  if (Array.isArray(value)) return value.map((item) => showValue(name, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, part]) => [field, showValue(field, part)]));
}

export const shownRecordSchema = {
  title: 'record',
  type: 'object',
  properties: {
    topic: { type: 'string' },
    shard: { type: 'integer' },
    offset: { type: 'integer' },
    key: { type: 'string' },
    appended_at: { type: 'string', format: 'date-time' },
    name: { type: ['string', 'null'], description: 'Name of the record; null if it could not be decoded.' },
    value: { type: ['object', 'null'], additionalProperties: true },
    bytes: { type: 'integer' },
    unreadable: { type: ['string', 'null'] },
  },
} as const;
