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
  TopicShard,
} from '../../ports/event-log.ts';
import { defaultGroupTimes, GroupMember, type GroupTimes } from '../embedded/group-member.ts';
import { emptyRoster, type Roster, type RosterStore } from '../embedded/group-roster.ts';

/** A log in memory that several simulated processes share, with faults on demand. */
export interface SimulatedLog {
  open(process: SimulatedProcess): SimulatedLogHandle;
  trim(topic: Topic, shard: number, first: number): void;
  /** While false, every operation rejects with `LOG_UNAVAILABLE`. */
  setAvailable(available: boolean): void;
  /** The next append writes only its first records (all of them: a lost acknowledgement) and then rejects. */
  failNextAppend(writtenRecords: number): void;
}

export interface SimulatedProcess {
  readonly clock: Clock;
  /** Names the process in member ids. */
  readonly name: string;
  readonly groupTimes?: Partial<GroupTimes>;
  /** Unless given, the error is raised as uncaught. */
  readonly onGroupFailure?: (error: unknown) => void;
  /** False while the network lies between the process and the log. */
  readonly isReachable?: () => boolean;
}

export interface SimulatedLogHandle extends EventLog {
  /** The process is killed: its memberships give no further sign of life, and the handle is dead. */
  crash(): void;
}

interface ShardContent {
  first: number;
  readonly records: LogRecord[];
}

interface Waiter {
  readonly from: readonly (TopicShard & { readonly offset: number })[];
  readonly resolve: (found: boolean) => void;
}

export interface SimulatedLogOptions {
  readonly shards: Readonly<Record<Topic, number>>;
  /** Told of every record as it is written. */
  readonly onWritten?: (record: LogRecord) => void;
}

export function createSimulatedLog(options: SimulatedLogOptions): SimulatedLog {
  return new MemoryLog(options);
}

class MemoryLog implements SimulatedLog, RosterStore {
  readonly #shards: Readonly<Record<Topic, number>>;
  readonly #content = new Map<Topic, ShardContent[]>();
  readonly #waiters = new Set<Waiter>();
  readonly #rosters = new Map<string, Roster>();
  readonly #offsets = new Map<string, number>();
  readonly notes = new Map<string, string>();
  #available = true;
  #nextAppendWrites = Number.POSITIVE_INFINITY;
  #memberCount = 0;

  readonly #onWritten: ((record: LogRecord) => void) | undefined;

  constructor({ shards, onWritten }: SimulatedLogOptions) {
    this.#shards = shards;
    this.#onWritten = onWritten;
  }

  open(process: SimulatedProcess): SimulatedLogHandle {
    return new MemoryLogHandle(this, process);
  }

  setAvailable(available: boolean): void {
    this.#available = available;
  }

  failNextAppend(writtenRecords: number): void {
    this.#nextAppendWrites = writtenRecords;
  }

  trim(topic: Topic, shard: number, first: number): void {
    const content = this.content(topic, shard);
    const gone = Math.min(Math.max(0, first - content.first), content.records.length);
    content.records.splice(0, gone);
    content.first += gone;
  }

  checkAvailable(): void {
    if (!this.#available) throw new AdtallyError('LOG_UNAVAILABLE', 'outage');
  }

  shards(topic: Topic): number {
    const shards = this.#shards[topic];
    if (shards === undefined) throw new AdtallyError('UNKNOWN_SHARD', `the log has no topic ${topic}`);
    return shards;
  }

  content(topic: Topic, shard: number): ShardContent {
    if (!(Number.isInteger(shard) && shard >= 0 && shard < this.shards(topic))) {
      throw new AdtallyError('UNKNOWN_SHARD', `topic ${topic} has ${this.shards(topic)} shards, no shard ${shard}`);
    }
    let ofTopic = this.#content.get(topic);
    if (ofTopic === undefined) {
      ofTopic = [];
      this.#content.set(topic, ofTopic);
    }
    return (ofTopic[shard] ??= { first: 0, records: [] });
  }

  append(topic: Topic, records: readonly NewRecord[], appendedAt: number): readonly number[] {
    for (const { shard } of records) this.content(topic, shard);
    const written = records.slice(0, this.#nextAppendWrites);
    const failed = this.#nextAppendWrites !== Number.POSITIVE_INFINITY;
    this.#nextAppendWrites = Number.POSITIVE_INFINITY;
    const offsets = written.map(({ shard, key, value, appendedAt: copied, traceparent }) => {
      const content = this.content(topic, shard);
      const offset = content.first + content.records.length;
      const header = traceparent === undefined ? {} : { traceparent };
      const record = { topic, shard, offset, key, value: value.slice(), appendedAt: copied ?? appendedAt, ...header };
      content.records.push(record);
      this.#onWritten?.(record);
      return offset;
    });
    this.#wake();
    if (failed) throw new AdtallyError('LOG_UNAVAILABLE', `the outcome of an append to ${topic} is unknown`);
    return offsets;
  }

  wait(waiter: Waiter): void {
    this.#waiters.add(waiter);
    if (waiter.from.some((place) => this.#isThere(place))) waiter.resolve(true);
  }

  forget(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  committed(group: string, topic: Topic, shard: number): number | null {
    return this.#offsets.get(JSON.stringify([group, topic, shard])) ?? null;
  }

  commit(group: string, { topic, shard }: TopicShard, next: number): void {
    this.#offsets.set(JSON.stringify([group, topic, shard]), next);
  }

  commits(): readonly Commit[] {
    return [...this.#offsets].map(([name, next]) => {
      const [group, topic, shard] = JSON.parse(name) as [string, Topic, number];
      return { group, topic, shard, next };
    });
  }

  nextMemberNumber(): number {
    return ++this.#memberCount;
  }

  async read(group: string): Promise<Roster> {
    this.checkAvailable();
    return this.#rosters.get(group) ?? emptyRoster;
  }

  async update(group: string, change: (roster: Roster) => Roster): Promise<Roster> {
    const roster = change(await this.read(group));
    this.#rosters.set(group, roster);
    return roster;
  }

  #wake(): void {
    for (const { from, resolve } of this.#waiters) if (from.some((place) => this.#isThere(place))) resolve(true);
  }

  #isThere({ topic, shard, offset }: TopicShard & { readonly offset: number }): boolean {
    const { first, records } = this.content(topic, shard);
    return first + records.length > offset;
  }
}

class MemoryLogHandle implements SimulatedLogHandle {
  readonly #log: MemoryLog;
  readonly #process: SimulatedProcess;
  readonly #members = new Set<GroupMember>();
  readonly #waiting = new Set<Waiter>();
  #closed = false;
  /** The roster as this process reaches it. */
  readonly #roster: RosterStore;

  constructor(log: MemoryLog, process: SimulatedProcess) {
    this.#log = log;
    this.#process = process;
    this.#roster = {
      read: async (group) => {
        this.#checkReachable();
        return log.read(group);
      },
      update: async (group, change) => {
        this.#checkReachable();
        return log.update(group, change);
      },
    };
  }

  shards(topic: Topic): number {
    return this.#log.shards(topic);
  }

  async append(topic: Topic, records: readonly NewRecord[]): Promise<readonly number[]> {
    this.#checkUsable();
    return this.#log.append(topic, records, this.#process.clock.now());
  }

  async read(topic: Topic, shard: number, from: number, max: number): Promise<readonly LogRecord[]> {
    this.#checkUsable();
    const { first, records } = this.#log.content(topic, shard);
    if (from >= first && from <= first + records.length) return records.slice(from - first, from - first + max);
    const bounds = `${first}..${first + records.length}`;
    throw new AdtallyError('OFFSET_GONE', `${topic}/${shard}: offset ${from} is outside ${bounds}`);
  }

  async bounds(topic: Topic, shard: number): Promise<Bounds> {
    this.#checkUsable();
    const { first, records } = this.#log.content(topic, shard);
    return { first, next: first + records.length };
  }

  async beginAt(topic: Topic, shard: number, first: number): Promise<void> {
    this.#checkUsable();
    const content = this.#log.content(topic, shard);
    const next = content.first + content.records.length;
    if (next > first)
      throw new AdtallyError('STATE_CONFLICT', `${topic}/${shard} can't begin at ${first}: it is at ${next}`);
    content.records.length = 0;
    content.first = first;
  }

  async note(notes: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    this.#checkUsable();
    for (const [name, text] of notes) if (!this.#log.notes.has(name)) this.#log.notes.set(name, text);
    return new Map(this.#log.notes);
  }

  async wait(from: Waiter['from'], timeoutMs: number): Promise<boolean> {
    this.#checkUsable();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        from,
        resolve: (found) => {
          timer.cancel();
          this.#log.forget(waiter);
          this.#waiting.delete(waiter);
          resolve(found);
        },
      };
      const timer = this.#process.clock.after(timeoutMs, () => waiter.resolve(false));
      this.#waiting.add(waiter);
      this.#log.wait(waiter);
    });
  }

  async committed(group: string, topic: Topic, shard: number): Promise<number | null> {
    this.#checkUsable();
    return this.#log.committed(group, topic, shard);
  }

  async commit(group: string, topic: Topic, shard: number, next: number): Promise<void> {
    this.#checkUsable();
    this.#log.commit(group, { topic, shard }, next);
  }

  async commits(): Promise<readonly Commit[]> {
    this.#checkUsable();
    return this.#log.commits();
  }

  async join(group: string, { topics, ...callbacks }: GroupOptions): Promise<Membership> {
    this.#checkUsable();
    const { clock, name, groupTimes, onGroupFailure } = this.#process;
    const member = new GroupMember({
      group,
      memberId: `${name}-${this.#log.nextMemberNumber()}`,
      process: name,
      shards: Math.max(...topics.map((topic) => this.shards(topic))),
      store: this.#roster,
      clock,
      times: { ...defaultGroupTimes, ...groupTimes },
      callbacks,
      isProcessGone: () => false,
      onFailure: onGroupFailure ?? raiseUncaught,
    });
    this.#members.add(member);
    await member.join();
    return member;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.leave()));
    this.#end();
  }

  crash(): void {
    for (const member of this.#members) member.abandon();
    this.#end();
  }

  #end(): void {
    this.#closed = true;
    for (const waiter of this.#waiting) waiter.resolve(false);
  }

  #checkUsable(): void {
    if (this.#closed) throw new AdtallyError('LOG_UNAVAILABLE', 'is closed');
    this.#checkReachable();
    this.#log.checkAvailable();
  }

  #checkReachable(): void {
    if (this.#process.isReachable?.() === false)
      throw new AdtallyError('LOG_UNAVAILABLE', 'no way through the network');
  }
}

function raiseUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
