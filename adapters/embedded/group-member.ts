import { isAdtallyError } from '../../domain/errors.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { GroupOptions, Membership } from '../../ports/event-log.ts';
import {
  addMember,
  beat,
  claimShards,
  planFor,
  releaseShards,
  removeMembers,
  type Plan,
  type Roster,
  type RosterStore,
} from './group-roster.ts';

export interface GroupTimes {
  readonly stepMs: number;
  readonly heartbeatMs: number;
  /** A member that gave no sign of life for so long has lost its shards. */
  readonly sessionMs: number;
  /** How long `onRevoked` of a living member is waited for. */
  readonly revokeMs: number;
}

export const defaultGroupTimes: GroupTimes = { stepMs: 100, heartbeatMs: 1000, sessionMs: 4000, revokeMs: 5000 };

export interface GroupMemberOptions {
  readonly group: string;
  readonly memberId: string;
  /** Names the process, for `isProcessGone`. */
  readonly process: string;
  readonly shards: number;
  readonly store: RosterStore;
  readonly clock: Clock;
  readonly times: GroupTimes;
  readonly callbacks: Pick<GroupOptions, 'onAssigned' | 'onRevoked'>;
  /** True only if that process certainly has ended. */
  readonly isProcessGone: (process: string) => boolean;
  /** A callback rejected, or the roster failed for good. The member has stopped and will be taken for dead. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * One member of a group. There is no leader: every member looks at the shared roster often, comes to the same division, gives up what is
 * no longer its own (after `onRevoked`), and claims what is free. A member that finds itself struck off (it was asleep for longer
 * than a session) gives up everything and joins again.
 */
export class GroupMember implements Membership {
  readonly memberId: string;
  readonly #options: GroupMemberOptions;
  readonly #beats = new Map<string, { beat: number; seenUs: number }>();
  #owned: readonly number[] = [];
  #stopped = false;
  #timers: { step?: Timer; heartbeat?: Timer } = {};
  #step: Promise<void> = Promise.resolve();

  constructor(options: GroupMemberOptions) {
    this.memberId = options.memberId;
    this.#options = options;
  }

  /** Joins; resolves after the first `onAssigned`. */
  async join(): Promise<void> {
    await this.#update((roster) => addMember(this.#withoutDead(roster), this.#newMember()));
    await this.#reconcile();
    this.#scheduleHeartbeat();
    this.#scheduleStep();
  }

  owned(): readonly number[] {
    return this.#owned;
  }

  async leave(): Promise<void> {
    if (this.#stopped) return;
    this.#stop();
    await this.#step;
    try {
      await this.#revoke(this.#owned);
    } finally {
      await this.#update((roster) => removeMembers(roster, new Set([this.memberId])));
    }
  }

  /** Stops without a word, as a process does that is killed. */
  abandon(): void {
    this.#stop();
  }

  #stop(): void {
    this.#stopped = true;
    this.#timers.step?.cancel();
    this.#timers.heartbeat?.cancel();
  }

  #scheduleStep(): void {
    if (this.#stopped) return;
    this.#timers.step = this.#options.clock.after(this.#options.times.stepMs, () => {
      this.#step = this.#guard(() => this.#reconcile()).then(() => this.#scheduleStep());
    });
  }

  /** On a timer of its own, so that a slow callback does not look like death. */
  #scheduleHeartbeat(): void {
    if (this.#stopped) return;
    this.#timers.heartbeat = this.#options.clock.after(this.#options.times.heartbeatMs, () => {
      const signOfLife = async () => void (await this.#update((roster) => beat(roster, this.memberId)));
      void this.#guard(signOfLife).then(() => this.#scheduleHeartbeat());
    });
  }

  /** A roster that cannot be reached now may be reached at the next step; if it takes too long, the others take over. */
  async #guard(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (isAdtallyError(error) && error.retriable) return;
      if (this.#stopped) return;
      this.#stop();
      this.#options.onFailure(error);
    }
  }

  async #reconcile(): Promise<void> {
    const seen = await this.#options.store.read(this.#options.group);
    await this.#giveUpLost(seen);
    if (!this.#hasWork(seen)) return;
    let plan: Plan = { claim: [], release: [] };
    const roster = await this.#update((last) => {
      const joined = this.#isIn(last) ? last : addMember(last, this.#newMember());
      const living = this.#withoutDead(joined);
      plan = planFor(this.memberId, living, this.#options.shards);
      return claimShards(living, this.memberId, plan.claim);
    });
    const gained = this.#idle(roster).filter((shard) => !plan.release.includes(shard));
    if (gained.length > 0) await this.#own([...this.#owned, ...gained]);
    if (plan.release.length > 0) await this.#release(plan.release);
  }

  /** Gives up nothing twice: where the roster can't be told now, the next step tells it, or works on them again. */
  async #release(shards: readonly number[]): Promise<void> {
    await this.#revoke(this.#owned.filter((shard) => shards.includes(shard)));
    this.#owned = this.#owned.filter((shard) => !shards.includes(shard));
    await this.#update((roster) => releaseShards(roster, this.memberId, shards));
    await this.#own(this.#owned);
  }

  /** Shards that are this member's by the roster, and that it does not work on: claimed just now, or let go of without the roster's knowledge. */
  #idle({ owners }: Roster): number[] {
    const own = [...owners].filter(([, owner]) => owner === this.memberId).map(([shard]) => shard);
    return own.filter((shard) => !this.#owned.includes(shard));
  }

  /** Shards that others took while this member was taken for dead. */
  async #giveUpLost(roster: Roster): Promise<void> {
    const lost = this.#owned.filter((shard) => roster.owners.get(shard) !== this.memberId);
    if (lost.length === 0) return;
    await this.#revoke(lost);
    await this.#own(this.#owned.filter((shard) => !lost.includes(shard)));
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

  #hasWork(roster: Roster): boolean {
    if (!this.#isIn(roster) || this.#dead(roster).size > 0) return true;
    const { claim, release } = planFor(this.memberId, roster, this.#options.shards);
    return claim.length > 0 || release.length > 0 || this.#idle(roster).length > 0;
  }

  #isIn(roster: Roster): boolean {
    return roster.members.some(({ id }) => id === this.memberId);
  }

  #withoutDead(roster: Roster): Roster {
    return removeMembers(roster, this.#dead(roster));
  }

  #dead(roster: Roster): ReadonlySet<string> {
    const { clock, times, isProcessGone } = this.#options;
    const nowUs = clock.monotonicUs();
    const dead = new Set<string>();
    for (const { id, beat: current, process } of roster.members) {
      if (id === this.memberId) continue;
      const known = this.#beats.get(id);
      if (known?.beat !== current) this.#beats.set(id, { beat: current, seenUs: nowUs });
      else if (nowUs - known.seenUs > times.sessionMs * 1000) dead.add(id);
      if (isProcessGone(process)) dead.add(id);
    }
    return dead;
  }

  #newMember() {
    return { id: this.memberId, beat: 0, process: this.#options.process };
  }

  #update(change: (roster: Roster) => Roster): Promise<Roster> {
    return this.#options.store.update(this.#options.group, change);
  }
}
