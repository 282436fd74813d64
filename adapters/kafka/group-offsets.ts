import type { KafkaConnection } from './connection.ts';
import { asLogFailure } from './failures.ts';
import type { BrokerAccess } from './protocol.ts';
import { adminOf } from './topic-checks.ts';

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

/** All that groups of a prefix have committed. Names of the groups are without it; `topic` is Kafka's name. */
export async function fetchAllCommitted(
  access: BrokerAccess,
  prefix: string,
): Promise<readonly (GroupPlace & { readonly next: number })[]> {
  const admin = adminOf(access);
  try {
    await admin.connect();
    const { groups } = await admin.listGroups();
    const found = [];
    for (const { groupId } of groups) {
      if (!groupId.startsWith(prefix)) continue;
      for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
        for (const { partition: shard, offset } of partitions) {
          if (Number(offset) >= 0)
            found.push({ group: groupId.slice(prefix.length), topic, shard, next: Number(offset) });
        }
      }
    }
    return found;
  } catch (error) {
    throw asLogFailure(error);
  } finally {
    await admin.disconnect();
  }
}
