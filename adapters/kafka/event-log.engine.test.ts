import { randomUUID } from 'node:crypto';
import { type Admin, Kafka } from 'kafkajs';
import { expect } from 'vitest';
import type { Topic } from '../../domain/records.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { describeEventLogContract } from '../../ports/event-log.contract.ts';
import { kafkaEngine } from '../../scripts/engines/kafka.ts';
import { describeEngine, engineForTests } from '../../test/engines.ts';
import { asMember, asWriter, type LogMessage, type LogTask } from '../../test/processes/log-tasks.ts';
import { type RemoteProcess, startProcess } from '../../test/processes/remote-process.ts';
import { topicShards } from '../../test/topic-shards.ts';
import { createSystemClock } from '../system/clock.ts';
import { openKafkaEventLog } from './event-log.ts';
import { quietly } from './protocol.ts';

const clock = createSystemClock();
const all = topicShards(4);
/** Only the topics that are used: making forty shards for every test takes longer than the tests. */
const shards = { spend: all.spend, click: all.click, catalog: all.catalog } as Record<Topic, number>;
const sessionMs = 2000;

describeEngine(kafkaEngine, await engineForTests(kafkaEngine), (url) => {
  const brokers = [new URL(url).host];
  const admin = async () => {
    const client = new Kafka({ brokers, clientId: 'test', ...quietly }).admin();
    await client.connect();
    return client;
  };

  describeEventLogContract('Kafka', async () => {
    const prefix = `t${randomUUID().slice(0, 8)}`;
    const groupTimes = { sessionMs, heartbeatMs: 150 };
    const options = { brokers, prefix, shards, replication: 1, groupTimes };
    const handles: EventLog[] = [];
    const processes: RemoteProcess<LogMessage>[] = [];
    const another = async () => {
      const handle = await openKafkaEventLog({ ...options, clock });
      handles.push(handle);
      return handle;
    };
    const start = (task: LogTask) => {
      const remote = startProcess<LogMessage>('kafka-log.ts', { log: options, task });
      processes.push(remote);
      return remote;
    };
    const engine = await another();
    return {
      engine,
      another,
      reopen: async () => {
        await engine.close();
        return another();
      },
      trim: async ({ topic, shard, first }) => {
        const client = await admin();
        await trimShard(client, { topic: `${prefix}.${topic}`, shard, first });
        await client.disconnect();
      },
      startWriter: async ({ name, batch }) => asWriter(start({ kind: 'write', name, batch })),
      startMember: async (group) => {
        const member = start({ kind: 'join', group });
        await member.next();
        return asMember(member);
      },
      // Its session has to end, and the others have to hear of it.
      takeOverMs: sessionMs + 3000,
      close: async () => {
        await Promise.all(processes.map((remote) => remote.kill()));
        await Promise.all(handles.map((handle) => handle.close()));
        const client = await admin();
        await client.deleteTopics({ topics: [...Object.keys(shards), 'notes'].map((topic) => `${prefix}.${topic}`) });
        await client.disconnect();
      },
    };
  });
});

async function trimShard(
  client: Admin,
  { topic, shard, first }: { readonly topic: string; readonly shard: number; readonly first: number },
): Promise<void> {
  // kafkajs finds no leader unless it has met the topic before, and a leader that has just been chosen may not know it yet.
  await expect.poll(() => client.fetchTopicOffsets(topic).catch(() => null), { timeout: 15_000 }).not.toBeNull();
  await client.deleteTopicRecords({ topic, partitions: [{ partition: shard, offset: String(first) }] });
}
