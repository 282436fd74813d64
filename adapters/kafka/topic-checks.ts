import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import { AdtallyError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import { asLogFailure, kafkaType } from './failures.ts';
import { type BrokerAccess, quietly } from './protocol.ts';

export interface TopicPlan {
  /** Prefix of the names of all topics and groups: several logs may share brokers. */
  readonly prefix: string;
  readonly shards: Readonly<Record<Topic, number>>;
  /** Copies of every shard. */
  readonly replication: number;
  /** Topics that forget; the others keep everything for ever. */
  readonly retentionMs: Readonly<Partial<Record<Topic, number>>>;
  /** Nothing is made. */
  readonly onlyLook?: boolean;
}

interface Expected {
  readonly name: string;
  readonly shards: number;
  /** Set when the topic is made, and looked at whenever the log is opened. */
  readonly config: Readonly<Record<string, string>>;
}

/** Settings of which more is as good. */
const atLeast: ReadonlySet<string> = new Set(['min.insync.replicas', 'max.message.bytes']);
const settleMs = 15_000;

/** What is noted about the log as a whole lies in a topic of one shard beside its own. */
export const notesTopic = 'notes';

/** Kafka's name of a topic. */
export function topicName(prefix: string, topic: Topic | typeof notesTopic): string {
  return `${prefix}.${topic}`;
}

/**
 * Makes the topics that are missing and checks all of them. Errors: `SHARDS_CHANGED`; `TOPIC_MISCONFIGURED` (a retention, replication or
 * durability that would lose evidence), naming the topic, what is expected and what was found; `LOG_UNAVAILABLE`; `BAD_SETTING`; `NOT_FOUND` if one only
 * looks and there is no log yet.
 */
export async function prepareTopics(access: BrokerAccess, plan: TopicPlan, clock: Clock): Promise<void> {
  const admin = adminOf(access);
  try {
    await admin.connect();
    const expected = expectations(plan);
    if (plan.onlyLook !== true) await createMissing(admin, expected, plan.replication);
    else await requireTopics(admin, expected);
    const found = await settledMetadata(admin, expected, clock);
    const configs = await describe(admin, expected);
    for (const one of expected) {
      checkShards(one, found.get(one.name));
      checkReplication(one, found.get(one.name), plan.replication);
      checkConfig(one, configs.get(one.name) ?? new Map());
    }
  } catch (error) {
    throw asLogFailure(error);
  } finally {
    await admin.disconnect();
  }
}

/** The public client for what the brokers keep. Whoever connects it disconnects it. */
export function adminOf({ brokers, clientId, tls, sasl }: BrokerAccess): Admin {
  const retry = { retries: 3, initialRetryTime: 100, maxRetryTime: 1000 };
  const secured = { ...(tls && { ssl: tls }), ...(sasl && { sasl }) };
  return new kafkajs.Kafka({ brokers: [...brokers], clientId, ...secured, retry, ...quietly }).admin();
}

function expectations({ prefix, shards, replication, retentionMs }: TopicPlan): readonly Expected[] {
  const topics = [...(Object.entries(shards) as [Topic, number][]), [notesTopic, 1] as const];
  return topics.map(([topic, count]) => ({
    name: topicName(prefix, topic),
    shards: count,
    config: {
      'cleanup.policy': 'delete',
      'retention.bytes': '-1',
      'unclean.leader.election.enable': 'false',
      'min.insync.replicas': String(Math.max(1, replication - 1)),
      'max.message.bytes': '1048588',
      ...retention(topic === notesTopic ? undefined : retentionMs[topic]),
      // A single copy is acknowledged when it is on disk; several copies are, when they are in the memory of several machines.
      ...(replication === 1 && { 'flush.messages': '1' }),
    },
  }));
}

function retention(keptMs: number | undefined): Record<string, string> {
  if (keptMs === undefined) return { 'retention.ms': '-1' };
  // A segment goes as a whole, when its youngest record is old enough.
  return { 'retention.ms': String(keptMs), 'segment.ms': String(Math.ceil(keptMs / 4)) };
}

async function createMissing(admin: Admin, expected: readonly Expected[], replication: number): Promise<void> {
  const there = new Set(await admin.listTopics());
  const topics = expected
    .filter(({ name }) => !there.has(name))
    .map(({ name, shards, config }) => ({
      topic: name,
      numPartitions: shards,
      replicationFactor: replication,
      configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    }));
  // False if another process made them meanwhile: they are checked like any.
  if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: false });
}

async function requireTopics(admin: Admin, expected: readonly Expected[]): Promise<void> {
  const there = new Set(await admin.listTopics());
  const missing = expected.filter(({ name }) => !there.has(name)).map(({ name }) => name);
  if (missing.length === 0) return;
  const all = missing.length === expected.length;
  if (all) throw new AdtallyError('NOT_FOUND', `the brokers have no topic ${missing[0]}, and none beside it`);
  throw new AdtallyError('TOPIC_MISCONFIGURED', `topics are missing: ${missing.join(', ')}`);
}

/** A new topic is known to all brokers, with a leader for every shard, only after a moment. */
async function settledMetadata(
  admin: Admin,
  expected: readonly Expected[],
  clock: Clock,
): Promise<ReadonlyMap<string, ITopicMetadata>> {
  const transient = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);
  for (const untilUs = clock.monotonicUs() + settleMs * 1000; ; await clock.sleep(100)) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: expected.map(({ name }) => name) });
      return new Map(topics.map((one) => [one.name, one]));
    } catch (error) {
      if (!transient.has(kafkaType(error) ?? '') || clock.monotonicUs() > untilUs) throw error;
    }
  }
}

async function describe(
  admin: Admin,
  expected: readonly Expected[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const { resources } = await admin.describeConfigs({
    resources: expected.map(({ name, config }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: Object.keys(config),
    })),
    includeSynonyms: false,
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}

function checkShards({ name, shards }: Expected, found: ITopicMetadata | undefined): void {
  const count = found?.partitions.length ?? 0;
  if (count === shards) return;
  throw new AdtallyError(
    'SHARDS_CHANGED',
    `topic ${name} has ${count} partitions, not ${shards}: the number of shards can't be changed`,
  );
}

function checkReplication({ name }: Expected, found: ITopicMetadata | undefined, replication: number): void {
  const least = Math.min(...(found?.partitions ?? []).map(({ replicas }) => replicas.length));
  if (least >= replication) return;
  throw misconfigured(name, 'replication', `${replication} or more`, String(least));
}

function checkConfig({ name, config }: Expected, found: ReadonlyMap<string, string>): void {
  for (const [key, value] of Object.entries(config)) {
    const actual = found.get(key) ?? 'nothing';
    const isFine = atLeast.has(key) ? Number(actual) >= Number(value) : actual === value;
    if (!isFine) throw misconfigured(name, key, atLeast.has(key) ? `${value} or more` : value, actual);
  }
}

function misconfigured(name: string, key: string, expected: string, found: string): AdtallyError {
  return new AdtallyError('TOPIC_MISCONFIGURED', `topic ${name}: ${key} is ${found}, expected ${expected}`);
}
