import type { KafkaConnection } from './connection.ts';

export interface GroupPlace {
  readonly group: string;
  /** Kafka's name. */
  readonly topic: string;
  readonly shard: number;
}

const noMember = { memberId: '', groupGenerationId: -1 };
const brokersDefault = -1;

/** The next offset that a group reads, or null. The group of offsets has no members (those have a group of their own), so anybody may commit. */
export async function fetchCommitted(
  connection: KafkaConnection,
  { group, topic, shard }: GroupPlace,
): Promise<number | null> {
  const { responses } = await connection.run(async (cluster) => {
    const broker = await cluster.findGroupCoordinator({ groupId: group });
    return broker.offsetFetch({ groupId: group, topics: [{ topic, partitions: [{ partition: shard }] }] });
  });
  const offset = Number(responses[0]?.partitions[0]?.offset ?? -1);
  return offset < 0 ? null : offset;
}

export async function commitOffset(
  connection: KafkaConnection,
  { group, topic, shard }: GroupPlace,
  next: number,
): Promise<void> {
  const topics = [{ topic, partitions: [{ partition: shard, offset: String(next) }] }];
  await connection.run(async (cluster) => {
    const broker = await cluster.findGroupCoordinator({ groupId: group });
    await broker.offsetCommit({ groupId: group, ...noMember, retentionTime: brokersDefault, topics });
  });
}
