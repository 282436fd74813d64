import { isAdtallyError } from '../domain/errors.ts';
import type { AnyRecord, RecordName, RecordTypes, Topic } from '../domain/records.ts';
import type { EventLog, TopicShard } from '../ports/event-log.ts';
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
 * Reads a shard from its first record up to `range.next`. What can't be decoded is handed to `onUnreadable` and left out: the recount says of
 * it that it is unreadable, never what it might have been.
 */
export async function* readShard(
  sources: { readonly log: EventLog; readonly registry: SchemaRegistry },
  { topic, shard }: TopicShard,
  range: Range,
  onUnreadable: (ref: RecordRef) => void,
): AsyncGenerator<Placed<AnyRecord>> {
  for (let from = range.first; from < range.next; ) {
    const page = await sources.log.read(topic, shard, from, Math.min(pageRecords, range.next - from));
    if (page.length === 0) return;
    for (const record of page) {
      const ref = { topic, shard, offset: record.offset };
      const value = decodeOrNull(sources.registry, record.value);
      if (value === null) onUnreadable(ref);
      else yield { ...ref, value };
    }
    from = (page.at(-1)?.offset ?? from) + 1;
  }
}

function decodeOrNull(registry: SchemaRegistry, bytes: Uint8Array): AnyRecord | null {
  try {
    return registry.decode(bytes);
  } catch (error) {
    if (isAdtallyError(error, 'UNREADABLE_RECORD')) return null;
    throw error;
  }
}
