import type { Topic } from '../../domain/records.ts';
import type { NewRecord } from '../../ports/event-log.ts';
import type { LogReader } from './log-reader.ts';
import { notesTopic } from './topic-checks.ts';

/** Read as a shard of the log is, though no topic of the log's. */
const place = { topic: notesTopic as unknown as Topic, shard: 0 };

export interface LogNotesPorts {
  readonly reader: LogReader;
  readonly append: (records: readonly NewRecord[]) => Promise<unknown>;
}

/** Notes about a log: records of a topic of their own, of which the first of a name counts. Adds those that are missing; resolves with all. */
export async function addNotes(
  { reader, append }: LogNotesPorts,
  notes: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const there = await readNotes(reader);
  const missing = [...notes].filter(([name]) => !there.has(name));
  if (missing.length === 0) return there;
  await append(missing.map(([name, text]) => ({ shard: place.shard, key: name, value: Buffer.from(text) })));
  return readNotes(reader);
}

async function readNotes(reader: LogReader): Promise<Map<string, string>> {
  const { first, next } = await reader.bounds(place);
  const notes = new Map<string, string>();
  for (const { key, value } of await reader.read(place, first, next - first)) {
    if (!notes.has(key)) notes.set(key, Buffer.from(value).toString());
  }
  return notes;
}
