import { isAdtallyError } from '../domain/errors.ts';
import type { AnyRecord, RecordName, RecordTypes, Topic } from '../domain/records.ts';
import type { EventLog, LogRecord, TopicShard } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';

/** The place of a record in the log: what every cause and every break names. */
export interface RecordRef {
  readonly topic: Topic;
  readonly shard: number;
  readonly offset: number;
}

/** A record with its place. */
export interface Placed<T> extends RecordRef {
  readonly value: T;
}

/** First offset and the offset after the last one that a run looks at. */
export interface Range {
  readonly first: number;
  readonly next: number;
}

/** A place of the log where no record can be read. */
export interface Damage extends RecordRef {
  readonly code: 'unreadable_record' | 'missing_record';
  /** Key of the record; empty if it is missing. */
  readonly key: string;
  readonly detail: string;
}

export interface LogSources {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
}

const pageRecords = 2_000;

/** Text of a place, as reports show it. */
export function refText(ref: RecordRef): string {
  return `${ref.topic}/${ref.shard}@${ref.offset}`;
}

/** True for a placed record of that name; narrows it. */
export function isNamed<N extends RecordName>(
  placed: Placed<AnyRecord>,
  name: N,
): placed is Placed<Extract<AnyRecord, { name: N }>> {
  return placed.value.name === name;
}

/** The value inside a named record, with its place. */
export function inner<N extends RecordName>(
  placed: Placed<{ name: N; value: RecordTypes[N] }>,
): Placed<RecordTypes[N]> {
  return { topic: placed.topic, shard: placed.shard, offset: placed.offset, value: placed.value.value };
}

/**
 * Reads a range of a shard in order. What can't be decoded, and what is not there, is handed to `onDamage` and left out: the recount says of
 * it that it is damaged, never what it might have been.
 */
export async function* readShard(
  { log, registry }: LogSources,
  place: TopicShard,
  range: Range,
  onDamage: (damage: Damage) => void,
): AsyncGenerator<Placed<AnyRecord>> {
  for (let from = range.first; from < range.next; from += pageRecords) {
    const slots = await readSlots(log, place, { first: from, next: Math.min(from + pageRecords, range.next) });
    for (const [index, record] of slots.entries()) {
      const ref = { ...place, offset: from + index };
      if (record === null) onDamage({ ...ref, code: 'missing_record', key: '', detail: 'is not in the log' });
      else {
        const onUnreadable = (detail: string) =>
          onDamage({ ...ref, code: 'unreadable_record', key: record.key, detail });
        const value = decode(registry, record, onUnreadable);
        if (value !== null) yield { ...ref, value };
      }
    }
  }
}

/** Every offset of a range, with a null where the log has lost a record. Looks for the place of a loss by halves. */
export async function readSlots(
  log: EventLog,
  place: TopicShard,
  range: Range,
): Promise<readonly (LogRecord | null)[]> {
  const { first, next } = range;
  if (next <= first) return [];
  try {
    const page = await log.read(place.topic, place.shard, first, next - first);
    if (page.length === next - first) return page;
  } catch (error) {
    if (!isAdtallyError(error, 'OFFSET_GONE')) throw error;
  }
  if (next - first === 1) return [null];
  const middle = first + Math.floor((next - first) / 2);
  return [
    ...(await readSlots(log, place, { first, next: middle })),
    ...(await readSlots(log, place, { first: middle, next })),
  ];
}

/** The record at a place, with its key, or null if there is none that can be read. */
export async function recordAt(
  { log, registry }: LogSources,
  { topic, shard, offset }: RecordRef,
): Promise<{ readonly key: string; readonly record: AnyRecord | null } | null> {
  const [slot = null] = await readSlots(log, { topic, shard }, { first: offset, next: offset + 1 });
  return slot === null ? null : { key: slot.key, record: decode(registry, slot, () => {}) };
}

function decode(
  registry: SchemaRegistry,
  { value }: LogRecord,
  onUnreadable: (detail: string) => void,
): AnyRecord | null {
  try {
    return registry.decode(value);
  } catch (error) {
    if (!isAdtallyError(error, 'UNREADABLE_RECORD') && !isAdtallyError(error, 'UNKNOWN_SCHEMA')) throw error;
    onUnreadable(error.message);
    return null;
  }
}
