import type { AnyRecord } from '../domain/records.ts';
import { formatTime } from '../domain/time-text.ts';

/** Fields that hold a time in ms besides those that end in `_at`. */
const times: ReadonlySet<string> = new Set(['advanced_to', 'effective_from']);

/** The last ms that has a date (ECMA-262 §21.4.1.1). */
const latestTime = 8.64e15;

/** A record of the log as JSON shows it: amounts as decimal strings, times in RFC 3339, bytes in hexadecimal, all else as it stands. */
export function recordJson({ value }: AnyRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shown(name, part)]));
}

function shown(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return shownNumber(name, value);
  if (Array.isArray(value)) return value.map((part: unknown) => shown(name, part));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([inner, part]) => [inner, shown(inner, part)]));
}

function shownNumber(name: string, value: number): unknown {
  if (name.endsWith('_micros')) return String(value);
  const isTime = name.endsWith('_at') || times.has(name);
  return isTime && Math.abs(value) <= latestTime ? formatTime(value) : value;
}
