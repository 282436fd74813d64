import kafkajs from 'kafkajs';
import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  Bounds,
  Commit,
  EventLog,
  GroupOptions,
  LogRecord,
  Membership,
  NewRecord,
  TopicShard,
} from '../../ports/event-log.ts';
import { type BrokerSecurity, brokerAccess } from './broker-access.ts';
import { type ConnectionTimes, defaultConnectionTimes, KafkaConnection } from './connection.ts';
import { defaultGroupTimes, GroupMember, type GroupTimes } from './group-member.ts';
import { commitOffset, fetchAllCommitted, fetchCommitted } from './group-offsets.ts';
import { addNotes } from './log-notes.ts';
import { LogReader } from './log-reader.ts';
import { LogWaiters } from './log-waiters.ts';
import type { BrokerAccess } from './protocol.ts';
import { ReadAhead } from './read-ahead.ts';
import { appendToShards } from './shard-append.ts';
import type { FetchPlace } from './shard-fetch.ts';
import { deleteBelow } from './shard-trim.ts';
import { notesTopic, prepareTopics, topicName } from './topic-checks.ts';

export interface KafkaEventLogOptions extends BrokerSecurity {
  /** Prefix of the names of all topics and groups. */
  readonly prefix: string;
  /** Shards of every topic; immutable once the topics were made. */
  readonly shards: Readonly<Record<Topic, number>>;
  /** Copies of every shard. 1: acknowledged when on disk. More: acknowledged when all but one have it, at least. */
  readonly replication: number;
  readonly clock: Clock;
  readonly compression?: 'none' | 'gzip';
  /** Makes no topic: a log that is not there is an error. */
  readonly onlyLook?: boolean;
  /** Topics that forget; omitted: none does. */
  readonly retentionMs?: Readonly<Partial<Record<Topic, number>>>;
  readonly times?: Partial<ConnectionTimes>;
  readonly groupTimes?: Partial<GroupTimes>;
  /** A group's callback rejected; unless given, the error is raised as uncaught and ends the process. */
  readonly onGroupFailure?: (error: unknown) => void;
}

/**
 * Opens the log on Kafka, makes its topics if they are missing, and checks them. Errors: `SHARDS_CHANGED`, `TOPIC_MISCONFIGURED`, `BAD_SETTING`
 * (refused by the brokers), `LOG_UNAVAILABLE`, `NOT_FOUND` if one only looks.
 */
export async function openKafkaEventLog(options: KafkaEventLogOptions): Promise<EventLog> {
  const { prefix, shards, replication, retentionMs = {}, onlyLook = false, clock } = options;
  const access = brokerAccess(options);
  await prepareTopics(access, { prefix, shards, replication, retentionMs, onlyLook }, clock);
  return new KafkaEventLog(options, access);
}

/** Empty records that are written at once where a shard is to begin later than at 0. */
const fillerBatch = 5_000;

class KafkaEventLog implements EventLog {
  readonly #options: KafkaEventLogOptions;
  readonly #access: BrokerAccess;
  readonly #times: ConnectionTimes;
  readonly #connections = new Map<string, KafkaConnection>();
  readonly #reader: LogReader;
  readonly #waiters: LogWaiters;
  readonly #members = new Set<GroupMember>();
  #closed = false;

  constructor(options: KafkaEventLogOptions, access: BrokerAccess) {
    this.#options = options;
    this.#access = access;
    this.#times = { ...defaultConnectionTimes, ...options.times };
    const ahead = new ReadAhead();
    const names = ({ topic }: TopicShard) => this.#name(topic);
    this.#reader = new LogReader({ connection: this.#connection('read'), ahead, names });
    this.#waiters = new LogWaiters({ connection: this.#connection('wait'), clock: options.clock, ahead, names });
  }

  shards(topic: Topic): number {
    const count = this.#options.shards[topic];
    if (count === undefined) throw new AdtallyError('UNKNOWN_SHARD', `the log has no topic ${topic}`);
    return count;
  }

  async append(topic: Topic, records: readonly NewRecord[]): Promise<readonly number[]> {
    this.#checkOpen();
    for (const { shard } of records) this.#checkShard(topic, shard);
    if (records.length === 0) return [];
    const offsets = await this.#appendTo(topic, records);
    for (const [i, { shard }] of records.entries())
      this.#waiters.notify({ topic, shard, offset: (offsets[i] ?? -1) + 1 });
    return offsets;
  }

  async read(topic: Topic, shard: number, from: number, max: number): Promise<readonly LogRecord[]> {
    this.#checkOpen();
    this.#checkShard(topic, shard);
    return this.#reader.read({ topic, shard }, from, max);
  }

  async bounds(topic: Topic, shard: number): Promise<Bounds> {
    this.#checkOpen();
    this.#checkShard(topic, shard);
    return this.#reader.bounds({ topic, shard });
  }

  /** What is to be missing is written, empty, and deleted: a shard of Kafka begins at 0. */
  async beginAt(topic: Topic, shard: number, first: number): Promise<void> {
    this.#checkOpen();
    this.#checkShard(topic, shard);
    const { clock } = this.#options;
    const filler = { shard, key: '', value: new Uint8Array() };
    for (const untilUs = clock.monotonicUs() + this.#times.requestMs * 1000; ; ) {
      const { first: begins, next } = await this.bounds(topic, shard);
      if (begins === first && next === first) return;
      if (next > first)
        throw new AdtallyError('STATE_CONFLICT', `${topic}/${shard} can't begin at ${first}: it is at ${next}`);
      if (next < first) {
        await this.append(
          topic,
          Array.from({ length: Math.min(fillerBatch, first - next) }, () => filler),
        );
        continue;
      }
      try {
        await deleteBelow(this.#access, { topic: this.#name(topic), shard, first });
      } catch (error) {
        // A leader that has just been chosen may not know it yet.
        if (!isAdtallyError(error, 'LOG_UNAVAILABLE') || clock.monotonicUs() > untilUs) throw error;
        await clock.sleep(200);
      }
    }
  }

  async note(notes: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    this.#checkOpen();
    const append = (records: readonly NewRecord[]) => this.#appendTo(notesTopic, records);
    return addNotes({ reader: this.#reader, append }, notes);
  }

  async wait(from: readonly FetchPlace[], timeoutMs: number): Promise<boolean> {
    this.#checkOpen();
    return this.#waiters.wait(from, timeoutMs);
  }

  async committed(group: string, topic: Topic, shard: number): Promise<number | null> {
    this.#checkOpen();
    return fetchCommitted(this.#connection('offsets'), { group: this.#group(group), topic: this.#name(topic), shard });
  }

  async commit(group: string, topic: Topic, shard: number, next: number): Promise<void> {
    this.#checkOpen();
    const place = { group: this.#group(group), topic: this.#name(topic), shard };
    await commitOffset(this.#connection('offsets'), place, next);
  }

  async commits(): Promise<readonly Commit[]> {
    this.#checkOpen();
    const found = await fetchAllCommitted(this.#access, `${this.#options.prefix}.`);
    return found.flatMap(({ group, topic: name, shard, next }) => {
      const topic = (Object.keys(this.#options.shards) as Topic[]).find((one) => this.#name(one) === name);
      return topic === undefined ? [] : [{ group, topic, shard, next }];
    });
  }

  async join(group: string, { topics, ...callbacks }: GroupOptions): Promise<Membership> {
    this.#checkOpen();
    const { clock, groupTimes, onGroupFailure } = this.#options;
    const member = new GroupMember({
      // Offsets have a group without members, in which anybody may commit.
      groupId: `${this.#group(group)}.members`,
      topics: new Map(topics.map((topic) => [this.#name(topic), this.shards(topic)])),
      connect: () => this.#newConnection(),
      clock,
      times: { ...defaultGroupTimes, ...groupTimes },
      callbacks,
      onFailure: onGroupFailure ?? raiseUncaught,
    });
    this.#members.add(member);
    await member.join();
    return member;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiters.close();
    await Promise.all([...this.#members].map((member) => member.leave()));
    for (const connection of this.#connections.values()) connection.close();
  }

  #appendTo(topic: Topic | typeof notesTopic, records: readonly NewRecord[]): Promise<readonly number[]> {
    const { clock, compression } = this.#options;
    const target = {
      // One for each topic: topics do not wait for each other.
      connection: this.#connection(`append ${topic}`),
      clock,
      topic: this.#name(topic),
      compression: compression === 'none' ? kafkajs.CompressionTypes.None : kafkajs.CompressionTypes.GZIP,
      requestMs: this.#times.requestMs,
    };
    return appendToShards(target, records);
  }

  #name(topic: Topic | typeof notesTopic): string {
    return topicName(this.#options.prefix, topic);
  }

  #group(group: string): string {
    return `${this.#options.prefix}.${group}`;
  }

  #connection(purpose: string): KafkaConnection {
    const found = this.#connections.get(purpose) ?? this.#newConnection();
    this.#connections.set(purpose, found);
    return found;
  }

  #newConnection(): KafkaConnection {
    const topics = [...Object.keys(this.#options.shards), notesTopic].map((topic) => this.#name(topic as Topic));
    return new KafkaConnection({ access: this.#access, topics, clock: this.#options.clock, times: this.#times });
  }

  #checkShard(topic: Topic, shard: number): void {
    const count = this.shards(topic);
    if (Number.isInteger(shard) && shard >= 0 && shard < count) return;
    throw new AdtallyError('UNKNOWN_SHARD', `topic ${topic} has shards 0..${count - 1}, not ${shard}`);
  }

  #checkOpen(): void {
    if (this.#closed) throw new AdtallyError('LOG_UNAVAILABLE', 'is closed');
  }
}

function raiseUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
