import { randomUUID } from 'node:crypto';
import kafkajs, { type Admin } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Topic } from '../../domain/records.ts';
import { kafkaEngine } from '../../scripts/engines/kafka.ts';
import { describeEngine, engineForTests } from '../../test/engines.ts';
import { createSystemClock } from '../system/clock.ts';
import { openKafkaEventLog } from './event-log.ts';
import { quietly } from './protocol.ts';

const clock = createSystemClock();
const shards = { spend: 4, persons: 2 } as Record<Topic, number>;
const dayMs = 86_400_000;

describeEngine(kafkaEngine, await engineForTests(kafkaEngine), (url) => {
  describe('The topics of a log', () => {
    const brokers = [new URL(url).host];
    let prefix: string;
    let admin: Admin;
    beforeEach(async () => {
      prefix = `t${randomUUID().slice(0, 8)}`;
      admin = new kafkajs.Kafka({ brokers, clientId: 'test', ...quietly }).admin();
      await admin.connect();
    });
    afterEach(async () => {
      const mine = (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`));
      if (mine.length > 0) await admin.deleteTopics({ topics: mine });
      await admin.disconnect();
    });
    const open = async (changed: object = {}) => {
      const options = { brokers, prefix, shards, replication: 1, retentionMs: { persons: dayMs }, clock, ...changed };
      await (await openKafkaEventLog(options)).close();
    };
    /** Changes one setting of a topic and leaves the others: Kafka's request replaces them all. */
    const configure = async (topic: Topic, name: string, value: string) => {
      const place = { type: kafkajs.ConfigResourceTypes.TOPIC, name: `${prefix}.${topic}` };
      const described = await admin.describeConfigs({ resources: [place], includeSynonyms: false });
      const kept =
        described.resources[0]?.configEntries.filter((one) => !one.isDefault && one.configName !== name) ?? [];
      const configEntries = [...kept.map((one) => ({ name: one.configName, value: one.configValue })), { name, value }];
      await admin.alterConfigs({ validateOnly: false, resources: [{ ...place, configEntries }] });
      // A broker learns it a moment later.
      await vi.waitFor(async () => {
        const known = await admin.describeConfigs({ resources: [place], includeSynonyms: false });
        expect(known.resources[0]?.configEntries).toContainEqual(
          expect.objectContaining({ configName: name, configValue: value }),
        );
      }, 60_000);
      await clock.sleep(300);
    };

    it('are made once and opened again as they are, by any number of processes at a time', async () => {
      await Promise.all([open(), open(), open()]);
      await open();
      const { topics } = await admin.fetchTopicMetadata({ topics: [`${prefix}.spend`, `${prefix}.persons`] });
      expect(new Map(topics.map(({ name, partitions }) => [name, partitions.length]))).toEqual(
        new Map([
          [`${prefix}.spend`, 4],
          [`${prefix}.persons`, 2],
        ]),
      );
    });

    it('must have the shards that the log has', async () => {
      await open();
      await expect(open({ shards: { spend: 8, persons: 2 } })).rejects.toMatchObject({
        code: 'SHARDS_CHANGED',
        message: expect.stringMatching(/spend has 4 partitions, not 8/),
      });
    });

    it.each<[Topic, string, string, string]>([
      ['spend', 'retention.ms', '604800000', '-1'],
      ['spend', 'retention.bytes', '1073741824', '-1'],
      ['spend', 'cleanup.policy', 'compact', 'delete'],
      ['persons', 'retention.ms', '-1', String(dayMs)],
      ['spend', 'unclean.leader.election.enable', 'true', 'false'],
      ['spend', 'max.message.bytes', '1000', '1048588 or more'],
    ])('must not let %s have %s = %s', async (topic, name, found, expected) => {
      await open();
      await configure(topic, name, found);
      await expect(open()).rejects.toMatchObject({
        code: 'TOPIC_MISCONFIGURED',
        message: `topic ${prefix}.${topic}: ${name} is ${found}, expected ${expected}`,
      });
    });

    it('must have as many copies as the log is to have', async () => {
      await open();
      await expect(open({ replication: 3 })).rejects.toMatchObject({
        code: 'TOPIC_MISCONFIGURED',
        message: expect.stringContaining('replication is 1, expected 3 or more'),
      });
    });

    it('are not made where there are too few brokers for the copies', async () => {
      await expect(open({ replication: 3 })).rejects.toMatchObject({
        code: 'BAD_SETTING',
        message: expect.stringContaining('INVALID_REPLICATION_FACTOR'),
      });
    });

    it('into which somebody else wrote a transaction have a hole, which is fatal and not skipped', async () => {
      const log = await openKafkaEventLog({
        brokers,
        prefix,
        shards,
        replication: 1,
        clock,
        retentionMs: { persons: dayMs },
      });
      const client = new kafkajs.Kafka({ brokers, clientId: 'stranger', ...quietly });
      const stranger = client.producer({ transactionalId: prefix, maxInFlightRequests: 1, idempotent: true });
      await stranger.connect();
      const transaction = await stranger.transaction();
      await transaction.send({ topic: `${prefix}.spend`, messages: [{ partition: 0, key: 'k', value: 'v' }] });
      await transaction.commit();
      await stranger.disconnect();
      // The mark of the commit comes after its acknowledgement.
      await vi.waitFor(async () => expect((await log.bounds('spend', 0)).next).toBe(2), 60_000);
      await log.append('spend', [{ shard: 0, key: 'after', value: new Uint8Array(1) }]);
      expect(await log.bounds('spend', 0)).toEqual({ first: 0, next: 3 });
      await expect(log.read('spend', 0, 0, 10)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
      await expect(log.read('spend', 0, 1, 10)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
      expect((await log.read('spend', 0, 2, 10)).map(({ key }) => key)).toEqual(['after']);
      await log.close();
    });

    it('that retention shortened are fatal for a reader below, never a jump', async () => {
      const options = { brokers, prefix, shards, replication: 1, retentionMs: { persons: dayMs }, clock };
      const log = await openKafkaEventLog(options);
      const value = new Uint8Array(600);
      await log.append('persons', [
        { shard: 0, key: 'a', value },
        { shard: 0, key: 'b', value },
      ]);
      await configure('persons', 'retention.ms', '1');
      await vi.waitFor(async () => expect(await log.bounds('persons', 0)).toEqual({ first: 2, next: 2 }), {
        timeout: 60_000,
        interval: 200,
      });
      expect(await log.wait([{ topic: 'persons', shard: 0, offset: 0 }], 5000)).toBe(true);
      await expect(log.read('persons', 0, 0, 10)).rejects.toMatchObject({
        code: 'OFFSET_GONE',
        message: expect.stringContaining('offset 0 is outside 2..2'),
      });
      expect(await log.read('persons', 0, 2, 10)).toEqual([]);
      await log.close();
    });
  });
});
