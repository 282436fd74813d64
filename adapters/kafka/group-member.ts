import { isAdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GroupOptions, Membership } from '../../ports/event-log.ts';
import type { KafkaConnection } from './connection.ts';
import { kafkaType } from './failures.ts';
import { GroupSession } from './group-session.ts';

export interface GroupTimes {
  readonly heartbeatMs: number;
  /** A member that gave no sign of life for so long has lost its shards. Brokers refuse less than 6 s unless told otherwise. */
  readonly sessionMs: number;
  /** How long the others wait for a member to join again when somebody comes or goes. */
  readonly rebalanceMs: number;
  /** How long `onRevoked` of a living member is waited for. */
  readonly revokeMs: number;
}

export const defaultGroupTimes: GroupTimes = { heartbeatMs: 500, sessionMs: 6000, rebalanceMs: 10_000, revokeMs: 5000 };

export interface GroupMemberOptions {
  readonly groupId: string;
  /** Kafka's name → number of shards. */
  readonly topics: ReadonlyMap<string, number>;
  /** Opens a connection that is the member's own: joining keeps it busy for as long as the others take. */
  readonly connect: () => KafkaConnection;
  readonly clock: Clock;
  readonly times: GroupTimes;
  readonly callbacks: Pick<GroupOptions, 'onAssigned' | 'onRevoked'>;
  /** A callback rejected, or the group failed for good. The member has stopped and will be taken for dead. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * One member of a group of Kafka, cooperative: it keeps working on what it has while the group is divided anew, gives up what its assignment
 * lacks (after `onRevoked`), and joins again, so that the others may have it. Its signs of life do not wait for its callbacks. A member
 * that finds itself struck off gives up everything and joins again; while Kafka is away it keeps what it has, since nobody else gets it.
 */
export class GroupMember implements Membership {
  readonly #options: GroupMemberOptions;
  readonly #connection: KafkaConnection;
  readonly #session: GroupSession;
  #owned: readonly number[] = [];
  /** What the current assignment says. Never more than what it said while joining: what is not claimed by then may be another's. */
  #assigned: readonly number[] = [];
  #stopped = false;
  #wake = new AbortController();
  #mustRejoin = false;
  #settling: Promise<void> = Promise.resolve();
  #living: Promise<void> = Promise.resolve();

  constructor(options: GroupMemberOptions) {
    this.#options = options;
    this.#connection = options.connect();
    const { groupId, topics, times } = options;
    const { sessionMs, rebalanceMs } = times;
    this.#session = new GroupSession({ connection: this.#connection, groupId, topics, sessionMs, rebalanceMs });
  }

  get memberId(): string {
    return this.#session.memberId;
  }

  /** Joins; resolves after the first `onAssigned`. */
  async join(): Promise<void> {
    try {
      await this.#joinOnce();
      await this.#own(this.#assigned);
    } catch (error) {
      this.#stop();
      throw error;
    }
    this.#living = this.#live();
  }

  owned(): readonly number[] {
    return this.#owned;
  }

  async leave(): Promise<void> {
    if (this.#stopped) return;
    this.#stop();
    await this.#living;
    await this.#settling;
    const farewell = this.#options.connect();
    try {
      await this.#revoke(this.#owned);
    } finally {
      this.#owned = [];
      // If nobody hears it, the end of the session says the same.
      await this.#session.leave(farewell).catch(ignoreRetriable);
      farewell.close();
    }
  }

  #stop(): void {
    this.#stopped = true;
    this.#wake.abort();
    this.#connection.close();
  }

  async #live(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#beatUntilRejoin();
        if (this.#stopped) return;
        await this.#joinOnce();
        this.#settle();
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  async #joinOnce(): Promise<void> {
    this.#mustRejoin = false;
    this.#assigned = this.#assigned.filter((shard) => this.#owned.includes(shard));
    for (;;) {
      try {
        this.#assigned = await this.#session.join(this.#owned);
        return;
      } catch (error) {
        if (kafkaType(error) !== 'REBALANCE_IN_PROGRESS') throw error;
      }
    }
  }

  /** Gives signs of life until the group, or a shard given up, asks for another round. */
  async #beatUntilRejoin(): Promise<void> {
    const { clock, times } = this.#options;
    while (!this.#mustRejoin) {
      this.#wake = new AbortController();
      await clock.sleep(times.heartbeatMs, this.#wake.signal);
      if (this.#stopped || this.#mustRejoin) return;
      try {
        await this.#session.heartbeat();
      } catch (error) {
        if (kafkaType(error) === 'REBALANCE_IN_PROGRESS') return;
        throw error;
      }
    }
  }

  async #recover(error: unknown): Promise<void> {
    if (this.#stopped) return;
    const isStruckOff = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'].includes(kafkaType(error) ?? '');
    if (isStruckOff) {
      this.#session.forget();
      this.#assigned = [];
      this.#settle();
      await this.#settling;
      this.#mustRejoin = true;
    } else if (isAdtallyError(error) && error.retriable) {
      this.#mustRejoin = true;
      await this.#options.clock.sleep(this.#options.times.heartbeatMs);
    } else this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#stop();
    this.#options.onFailure(error);
  }

  /** Brings what it owns to what is assigned; one such work at a time. */
  #settle(): void {
    this.#settling = this.#settling.then(async () => {
      try {
        await this.#follow();
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  async #follow(): Promise<void> {
    if (this.#stopped) return;
    const claimed = this.#assigned.filter((shard) => !this.#owned.includes(shard));
    if (claimed.length > 0) await this.#own([...this.#owned, ...claimed]);
    const released = this.#owned.filter((shard) => !this.#assigned.includes(shard));
    if (released.length === 0) return;
    await this.#revoke(released);
    await this.#own(this.#owned.filter((shard) => !released.includes(shard)));
    this.#mustRejoin = true;
    this.#wake.abort();
  }

  async #own(shards: readonly number[]): Promise<void> {
    this.#owned = shards.toSorted((a, b) => a - b);
    await this.#options.callbacks.onAssigned(this.#owned);
  }

  async #revoke(shards: readonly number[]): Promise<void> {
    if (shards.length === 0) return;
    const { clock, callbacks, times } = this.#options;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(times.revokeMs, resolve);
    await Promise.race([callbacks.onRevoked(shards), late]).finally(() => timer.cancel());
  }
}

function ignoreRetriable(error: unknown): void {
  if (!isAdtallyError(error) || !error.retriable) throw error;
}
