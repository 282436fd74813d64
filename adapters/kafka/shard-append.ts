import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { NewRecord } from '../../ports/event-log.ts';
import type { KafkaConnection } from './connection.ts';
import { kafkaType } from './failures.ts';
import type { Cluster, ProduceRequest } from './protocol.ts';

/** What goes to one shard in one request: places in the caller's batch. */
type Round = ReadonlyMap<number, readonly number[]>;
type ShardMessages = ProduceRequest['topicData'][number]['partitions'][number];

/** A broker takes batches up to 1 MiB; a record adds some bytes of its own to its key and value. */
const roundBytes = 700_000;
const recordOverheadBytes = 24;
/** Name and lengths of a header. */
const headerOverheadBytes = 16;
const allReplicas = -1;

export interface AppendTarget {
  readonly connection: KafkaConnection;
  readonly clock: Clock;
  /** Kafka's name. */
  readonly topic: string;
  readonly compression: number;
  readonly requestMs: number;
}

/**
 * Appends in the order given; resolves with the offsets. One round at a time for a topic (the connection's rule), acknowledged by all
 * replicas in sync, and not with kafkajs's idempotent mode, which can acknowledge what it never wrote. After an unknown outcome the same round
 * goes again before anything else does, so a shard's order of first occurrences is the callers' order. Errors: `LOG_UNAVAILABLE`,
 * `APPEND_TOO_LARGE` (a record that no batch can hold).
 */
export async function appendToShards(target: AppendTarget, records: readonly NewRecord[]): Promise<readonly number[]> {
  const offsets = Array.from(records, () => Number.NaN);
  const keys = records.map(({ key }) => Buffer.from(key, 'utf8'));
  for (const round of planRounds(records, keys)) {
    const partitions = [...round].map(([partition, places]) => ({
      partition,
      messages: places.map((place) =>
        messageOf(keys[place], records[place], records[place]?.appendedAt ?? target.clock.now()),
      ),
    }));
    const bases = await produce(target, partitions);
    for (const [partition, places] of round) {
      const base = bases.get(partition) ?? Number.NaN;
      for (const [i, place] of places.entries()) offsets[place] = base + i;
    }
  }
  return offsets;
}

/** Every round takes of every shard the next records that fit into a batch. */
export function planRounds(records: readonly NewRecord[], keys: readonly Buffer[]): readonly Round[] {
  const rounds: Map<number, number[]>[] = [];
  const filled = new Map<number, { round: number; bytes: number }>();
  for (const [place, { shard, value, traceparent }] of records.entries()) {
    const headerBytes = traceparent === undefined ? 0 : traceparent.length + headerOverheadBytes;
    const bytes = (keys[place]?.length ?? 0) + value.length + recordOverheadBytes + headerBytes;
    const at = filled.get(shard) ?? { round: 0, bytes: 0 };
    const isFull = at.bytes > 0 && at.bytes + bytes > roundBytes;
    const next = isFull ? { round: at.round + 1, bytes } : { round: at.round, bytes: at.bytes + bytes };
    filled.set(shard, next);
    const round = (rounds[next.round] ??= new Map());
    const places = round.get(shard);
    if (places) places.push(place);
    else round.set(shard, [place]);
  }
  return rounds;
}

function messageOf(key: Buffer | undefined, record: NewRecord | undefined, timestamp: number) {
  const { buffer, byteOffset, byteLength } = record?.value ?? new Uint8Array();
  const message = { key: key ?? Buffer.alloc(0), value: Buffer.from(buffer, byteOffset, byteLength), timestamp };
  return record?.traceparent === undefined ? message : { ...message, headers: { traceparent: record.traceparent } };
}

/**
 * A request for each shard: in one for all, the refusal of one (its leader is just changing) would leave the outcome of the others unknown, and they would be
 * written twice. What was acknowledged is not sent again.
 * @returns partition → offset of its first record
 */
async function produce(
  { connection, topic, compression, requestMs }: AppendTarget,
  partitions: readonly ShardMessages[],
): Promise<ReadonlyMap<number, number>> {
  const bases = new Map<number, number>();
  const send = async (cluster: Cluster, one: ShardMessages) => {
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [one.partition]));
    if (nodeId === undefined) throw new AdtallyError('LOG_UNAVAILABLE', `nobody leads ${topic}/${one.partition}`);
    const broker = await cluster.findBroker({ nodeId });
    const topicData = [{ topic, partitions: [one] }];
    const { topics } = await broker.produce({ acks: allReplicas, timeout: requestMs, compression, topicData });
    for (const { partitions: written } of topics) {
      for (const { partition, baseOffset } of written) bases.set(partition, Number(baseOffset));
    }
  };
  const ask = async (cluster: Cluster) => {
    const left = partitions.filter(({ partition }) => !bases.has(partition));
    // All have ended before any is tried again.
    for (const outcome of await Promise.allSettled(left.map((one) => send(cluster, one)))) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
    return bases;
  };
  try {
    return await connection.run(ask);
  } catch (error) {
    const isTooLarge = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].includes(kafkaType(error) ?? '');
    if (!isTooLarge) throw error;
    throw new AdtallyError('APPEND_TOO_LARGE', `topic ${topic} takes no record that large`, { cause: error });
  }
}
