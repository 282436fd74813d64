import { randomUUID } from 'node:crypto';
import { AdtallyError } from '../../domain/errors.ts';
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
} from '../../ports/event-log.ts';
import { GroupFile } from './group-file.ts';
import { defaultGroupTimes, GroupMember, type GroupTimes } from './group-member.ts';
import { LogNotes } from './log-notes.ts';
import { LogTopic } from './log-topic.ts';
import { type AwaitedOffsets, LogWaiters } from './log-waiters.ts';
import { isProcessGone, processName } from './process-liveness.ts';

export interface EmbeddedEventLogOptions {
  /** One file for each topic is kept here. */
  readonly folder: string;
  /** Shards of every topic; immutable once the folder was made. */
  readonly shards: Readonly<Record<Topic, number>>;
  readonly clock: Clock;
  /** Topics that forget; omitted: none does. */
  readonly retentionMs?: Readonly<Partial<Record<Topic, number>>>;
  readonly groupTimes?: Partial<GroupTimes>;
  /** A group's callback rejected; unless given, the error is raised as uncaught and ends the process. */
  readonly onGroupFailure?: (error: unknown) => void;
}

export interface EmbeddedEventLog extends EventLog {
  /** Forgets all records below an offset, as retention does. */
  trim(topic: Topic, shard: number, first: number): Promise<void>;
}

/** Opens or creates the log of one machine; any number of processes may have it open. Error: `SHARDS_CHANGED`. */
export async function openEmbeddedEventLog(options: EmbeddedEventLogOptions): Promise<EmbeddedEventLog> {
  const topics = new Map<Topic, LogTopic>();
  try {
    for (const [topic, shards] of Object.entries(options.shards) as [Topic, number][]) {
      const { folder, clock } = options;
      const retentionMs = options.retentionMs?.[topic];
      topics.set(topic, await LogTopic.open({ folder, topic, shards, clock, ...(retentionMs && { retentionMs }) }));
    }
    const notes = await LogNotes.open(options.folder, options.clock);
    return new SqliteEventLog(options, { topics, notes, groups: await GroupFile.open(options.folder, options.clock) });
  } catch (error) {
    for (const topic of topics.values()) topic.close();
    throw error;
  }
}

interface LogFiles {
  readonly topics: ReadonlyMap<Topic, LogTopic>;
  readonly groups: GroupFile;
  readonly notes: LogNotes;
}

class SqliteEventLog implements EmbeddedEventLog {
  readonly #options: EmbeddedEventLogOptions;
  readonly #topics: ReadonlyMap<Topic, LogTopic>;
  readonly #groups: GroupFile;
  readonly #notes: LogNotes;
  readonly #waiters: LogWaiters;
  readonly #members = new Set<GroupMember>();
  readonly #process = processName();

  constructor(options: EmbeddedEventLogOptions, { topics, groups, notes }: LogFiles) {
    this.#options = options;
    this.#topics = topics;
    this.#groups = groups;
    this.#notes = notes;
    this.#waiters = new LogWaiters(options.clock, {
      hasRecord: async ({ topic, shard, offset }) => (await this.bounds(topic, shard)).next > offset,
      dataVersion: (topic) => this.#topic(topic).dataVersion(),
    });
  }

  shards(topic: Topic): number {
    return this.#topic(topic).shards;
  }

  async append(topic: Topic, records: readonly NewRecord[]): Promise<readonly number[]> {
    const offsets = await this.#topic(topic).append(records);
    this.#waiters.notify(topic);
    return offsets;
  }

  async read(topic: Topic, shard: number, from: number, max: number): Promise<readonly LogRecord[]> {
    return this.#topic(topic).read(shard, from, max);
  }

  async bounds(topic: Topic, shard: number): Promise<Bounds> {
    return this.#topic(topic).bounds(shard);
  }

  beginAt(topic: Topic, shard: number, first: number): Promise<void> {
    return this.#topic(topic).beginAt(shard, first);
  }

  note(notes: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    return this.#notes.add(notes);
  }

  wait(from: AwaitedOffsets, timeoutMs: number): Promise<boolean> {
    return this.#waiters.wait(from, timeoutMs);
  }

  committed(group: string, topic: Topic, shard: number): Promise<number | null> {
    return this.#groups.committed(group, topic, shard);
  }

  commit(group: string, topic: Topic, shard: number, next: number): Promise<void> {
    return this.#groups.commit(group, topic, shard, next);
  }

  commits(): Promise<readonly Commit[]> {
    return this.#groups.commits();
  }

  async join(group: string, { topics, ...callbacks }: GroupOptions): Promise<Membership> {
    const member = new GroupMember({
      group,
      memberId: randomUUID(),
      process: this.#process,
      shards: Math.max(...topics.map((topic) => this.shards(topic))),
      store: this.#groups,
      clock: this.#options.clock,
      times: { ...defaultGroupTimes, ...this.#options.groupTimes },
      callbacks,
      isProcessGone,
      onFailure: this.#options.onGroupFailure ?? raiseUncaught,
    });
    this.#members.add(member);
    await member.join();
    return member;
  }

  trim(topic: Topic, shard: number, first: number): Promise<void> {
    return this.#topic(topic).trim(shard, first);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.leave()));
    this.#waiters.close();
    for (const topic of this.#topics.values()) topic.close();
    this.#groups.close();
    this.#notes.close();
  }

  #topic(topic: Topic): LogTopic {
    const found = this.#topics.get(topic);
    if (found === undefined) throw new AdtallyError('UNKNOWN_SHARD', `the log has no topic ${topic}`);
    return found;
  }
}

function raiseUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
