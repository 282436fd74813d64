import { AdtallyError } from '../../domain/errors.ts';
import type { Bounds, LogRecord, TopicShard } from '../../ports/event-log.ts';
import type { Cluster, FetchedShard, FetchRequest, KafkaMessage } from './protocol.ts';
import { readUncommitted } from './protocol.ts';

export interface FetchPlace extends TopicShard {
  readonly offset: number;
}

export interface Fetched extends FetchPlace {
  /** From `offset` on, without gaps. */
  readonly records: readonly LogRecord[];
  /** The offset that the next record will get, as far as the broker knows. */
  readonly end: number;
}

export interface FetchLimits {
  /** Of one shard; a batch that is larger comes whole. */
  readonly shardBytes: number;
  /** How long the broker waits for a first record. */
  readonly waitMs: number;
}

/**
 * Fetches from several shards, each from the offset given. Errors: Kafka's `OFFSET_OUT_OF_RANGE` (an offset is never exchanged for another), and
 * `OFFSET_GONE` if there is a hole.
 */
export async function fetchShards(
  cluster: Cluster,
  {
    places,
    names,
    limits,
  }: { places: readonly FetchPlace[]; names: (place: TopicShard) => string; limits: FetchLimits },
): Promise<readonly Fetched[]> {
  const byLeader = new Map<string, FetchPlace[]>();
  for (const place of places) {
    const [leader = 'nobody'] = Object.keys(cluster.findLeaderForPartitions(names(place), [place.shard]));
    byLeader.set(leader, [...(byLeader.get(leader) ?? []), place]);
  }
  const answers = [...byLeader].map(async ([nodeId, led]) => {
    const broker = await cluster.findBroker({ nodeId });
    const { responses } = await broker.fetch(requestOf(led, names, limits));
    const found = new Map(
      responses.flatMap(({ topicName, partitions }) => partitions.map((one) => [`${topicName}/${one.partition}`, one])),
    );
    return led.flatMap((place) => {
      const answer = found.get(`${names(place)}/${place.shard}`);
      return answer ? [fetchedOf(place, answer)] : [];
    });
  });
  return (await Promise.all(answers)).flat();
}

/** First and next offset of a shard. The first is asked first: it is never beyond the next. */
export async function fetchBounds(cluster: Cluster, topic: string, shard: number): Promise<Bounds> {
  const ask = async (fromBeginning: boolean) => {
    const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition: shard }], fromBeginning }]);
    const offset = found?.partitions[0]?.offset;
    if (offset === undefined) throw new AdtallyError('LOG_UNAVAILABLE', `Kafka: nobody leads ${topic}/${shard}`);
    return Number(offset);
  };
  return { first: await ask(true), next: await ask(false) };
}

function requestOf(
  places: readonly FetchPlace[],
  names: (place: TopicShard) => string,
  { shardBytes, waitMs }: FetchLimits,
): FetchRequest {
  const topics = new Map<string, FetchRequest['topics'][number]['partitions'][number][]>();
  for (const place of places) {
    const partitions = topics.get(names(place)) ?? [];
    partitions.push({ partition: place.shard, fetchOffset: String(place.offset), maxBytes: shardBytes });
    topics.set(names(place), partitions);
  }
  return {
    isolationLevel: readUncommitted,
    maxWaitTime: waitMs,
    minBytes: 1,
    maxBytes: shardBytes * Math.min(places.length, 16),
    topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
  };
}

function fetchedOf(place: FetchPlace, { highWatermark, messages }: FetchedShard): Fetched {
  const records: LogRecord[] = [];
  for (const message of messages) {
    const offset = Number(message.offset);
    // A batch comes whole, also what lies before the offset. Marks of somebody's transactions are no records: they show as a hole.
    if (offset < place.offset || message.isControlRecord) continue;
    const expected = place.offset + records.length;
    if (offset !== expected)
      throw new AdtallyError('OFFSET_GONE', `${place.topic}/${place.shard}: after ${expected - 1} comes ${offset}`);
    records.push(recordOf(place, offset, message));
  }
  return { ...place, records, end: Number(highWatermark) };
}

function recordOf({ topic, shard }: TopicShard, offset: number, message: KafkaMessage): LogRecord {
  const { key, value, timestamp } = message;
  const traceparent = message.headers?.['traceparent'];
  return {
    topic,
    shard,
    offset,
    key: key?.toString('utf8') ?? '',
    value: value ?? new Uint8Array(),
    appendedAt: Number(timestamp),
    ...(Buffer.isBuffer(traceparent) && { traceparent: traceparent.toString('latin1') }),
  };
}
