import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { AnyRecord, Topic } from '../../domain/records.ts';
import type { EventLog, LogRecord } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

/** Next offset to be read, by topic. */
export type Positions = Map<Topic, number>;

/** Topics whose records are forgotten after a while by design (architecture §3); everywhere else a missing offset is lost evidence. */
const forgetting: readonly Topic[] = ['persons'];

/**
 * Where reading may start in a shard: the checkpoint, if the log still reaches it. Errors: `OFFSET_GONE` if evidence beyond the
 * checkpoint is gone, or if the log ends before it (another log than the one that was folded).
 */
export async function startingOffset(log: EventLog, topic: Topic, shard: number, checkpoint: number): Promise<number> {
  const { first, next } = await log.bounds(topic, shard);
  if (checkpoint > next) {
    throw new AdtallyError('OFFSET_GONE', `${topic}/${shard} ends at ${next}, but it was read to ${checkpoint} before`);
  }
  if (first <= checkpoint) return checkpoint;
  if (forgetting.includes(topic)) return first;
  throw new AdtallyError('OFFSET_GONE', `${topic}/${shard} begins at ${first}; the checkpoint is ${checkpoint}`);
}

/**
 * Where a fold begins that has to read the log again, since its state can't be read. Error: `STATE_FORMAT` if the evidence from there on is not in the
 * log any more.
 */
export async function refoldingOffset(log: EventLog, topic: Topic, shard: number, because: string): Promise<number> {
  try {
    return await startingOffset(log, topic, shard, 0);
  } catch (cause) {
    if (!isAdtallyError(cause, 'OFFSET_GONE')) throw cause;
    const remedy = 'start the version that wrote it, or put the archived offsets back';
    throw new AdtallyError('STATE_FORMAT', `${because}, and it can't be folded again: ${cause.message}; ${remedy}`, {
      cause,
    });
  }
}

/** How a shard is read. */
export interface ReadOptions {
  /** Records of a topic. */
  readonly max: number;
  readonly timeTopic: Topic | undefined;
  /** Nothing from these offsets on, as if the log ended there; omitted: to its end. */
  readonly until?: Positions;
}

/**
 * Up to `max` records of each topic, by topic; a topic at its end is left out. With a `timeTopic`, a batch of it is read first and comes last, and only
 * if the other batches reach to where their topics ended after that: whoever processes a record of it has processed whatever was in the others
 * when it was read.
 */
export async function readNext(
  log: EventLog,
  shard: number,
  positions: Positions,
  { max, timeTopic, until }: ReadOptions,
): Promise<readonly (readonly LogRecord[])[]> {
  const limitOf = (topic: Topic) => until?.get(topic) ?? Number.POSITIVE_INFINITY;
  const readTopic = async ([topic, offset]: readonly [Topic, number]): Promise<readonly LogRecord[]> => {
    const count = Math.min(max, limitOf(topic) - offset);
    return count <= 0 ? [] : log.read(topic, shard, offset, count);
  };
  const others = [...positions].filter(([topic]) => topic !== timeTopic);
  if (timeTopic === undefined) return (await Promise.all(others.map(readTopic))).filter(isNotEmpty);
  const ofTime = await readTopic([timeTopic, positions.get(timeTopic) ?? 0]);
  const endOf = async (topic: Topic) => Math.min((await log.bounds(topic, shard)).next, limitOf(topic));
  const ends = await Promise.all(others.map(([topic]) => endOf(topic)));
  const batches = await Promise.all(others.map(readTopic));
  const isReached = others.every(([, offset], index) => offset + (batches[index]?.length ?? 0) >= (ends[index] ?? 0));
  return (isReached ? [...batches, ofTime] : batches).filter(isNotEmpty);
}

function isNotEmpty(batch: readonly LogRecord[]): boolean {
  return batch.length > 0;
}

/** A record, or the error of its bytes. */
export type Decoded = { readonly record: AnyRecord } | { readonly error: unknown };

/**
 * Decodes a batch, asking the registry for newer schemas where one is unknown. An answer per record, up to the first of unknown schema, which is
 * the last answer then: old code must not put aside what new code understands.
 */
export async function decodeBatch(registry: SchemaRegistry, batch: readonly LogRecord[]): Promise<readonly Decoded[]> {
  const decoded: Decoded[] = [];
  for (const { value } of batch) {
    let one = decode(registry, value);
    if (isUnknownSchema(one) && (await registry.refresh())) one = decode(registry, value);
    decoded.push(one);
    if (isUnknownSchema(one)) break;
  }
  return decoded;
}

function decode(registry: SchemaRegistry, value: Uint8Array): Decoded {
  try {
    return { record: registry.decode(value) };
  } catch (error) {
    return { error };
  }
}

function isUnknownSchema(decoded: Decoded): boolean {
  return 'error' in decoded && isAdtallyError(decoded.error, 'UNKNOWN_SCHEMA');
}
