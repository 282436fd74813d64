import { asLogFailure } from './failures.ts';
import type { BrokerAccess } from './protocol.ts';
import { adminOf } from './topic-checks.ts';

/** Forgets the records of a shard below an offset, at once. `topic` is Kafka's name. Error: `LOG_UNAVAILABLE`. */
export async function deleteBelow(
  access: BrokerAccess,
  { topic, shard, first }: { readonly topic: string; readonly shard: number; readonly first: number },
): Promise<void> {
  const admin = adminOf(access);
  try {
    await admin.connect();
    // kafkajs finds no leader unless it has met the topic before.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: shard, offset: String(first) }] });
  } catch (error) {
    throw asLogFailure(error);
  } finally {
    await admin.disconnect();
  }
}
