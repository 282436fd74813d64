import { describe, expect, it, vi } from 'vitest';
import type { EventLog, Membership } from './event-log.ts';

/** What the promises about groups need: other members, near and far, that can die. */
export interface GroupHarness {
  readonly engine: EventLog;
  /** A further connection to the same log, as another process has it. */
  another(): Promise<EventLog>;
  /** A member of a group over topic `spend`, in a process of its own. */
  startMember(group: string): Promise<RemoteMember>;
  /** How soon after its death the shards of a member must have new owners. */
  readonly takeOverMs: number;
  close(): Promise<void>;
}

export interface RemoteMember {
  /** What it was assigned last. */
  owned(): readonly number[];
  /** All shards that `onRevoked` was called with. */
  revoked(): readonly number[];
  /** Stops the process without ending it (SIGSTOP), and lets it go on. */
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
}

interface Member {
  readonly membership: Membership;
  readonly assigned: readonly number[][];
  readonly revoked: readonly number[][];
}

const soonMs = 30_000;

export function describeGroupContract(harness: () => GroupHarness): void {
  describe('groups', () => {
    it('gives all shards to the only member, before join resolves', async () => {
      const { assigned, membership } = await join(harness().engine, 'g');
      expect(assigned).toEqual([[0, 1, 2, 3]]);
      expect(membership.owned()).toEqual([0, 1, 2, 3]);
    });

    it('divides the shards evenly when a second member comes, and moves no more than it must', async () => {
      const first = await join(harness().engine, 'g');
      const second = await join(await harness().another(), 'g');
      await eventually(() => expect(second.membership.owned()).toHaveLength(2));
      expect(first.membership.owned()).toHaveLength(2);
      expect(ascending([...first.membership.owned(), ...second.membership.owned()])).toEqual([0, 1, 2, 3]);
      expect(ascending(first.revoked.flat())).toEqual(second.membership.owned());
      expect(second.revoked).toEqual([]);
      expect(first.assigned.at(-1)).toEqual(first.membership.owned());
    });

    it('gives a shard to nobody before its owner has finished onRevoked', async () => {
      const gate = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      const onRevoked = () => {
        asked.resolve();
        return gate.promise;
      };
      await join(harness().engine, 'g', onRevoked);
      const second = join(await harness().another(), 'g');
      await asked.promise;
      await harness().engine.wait([{ topic: 'spend', shard: 0, offset: 0 }], 400);
      const other = await second;
      expect(other.membership.owned()).toEqual([]);
      gate.resolve();
      await eventually(() => expect(other.membership.owned()).toHaveLength(2));
    });

    it('asks a member that leaves to give up its shards, and gives them to those who stay', async () => {
      const first = await join(harness().engine, 'g');
      const second = await join(await harness().another(), 'g');
      await eventually(() => expect(second.membership.owned()).toHaveLength(2));
      const had = first.membership.owned();
      await first.membership.leave();
      expect(first.revoked.at(-1)).toEqual(had);
      await eventually(() => expect(second.membership.owned()).toEqual([0, 1, 2, 3]));
    });

    it('keeps spare members without shards', async () => {
      const members: Member[] = [];
      for (let i = 0; i < 5; i++) members.push(await join(i === 0 ? harness().engine : await harness().another(), 'g'));
      const counts = () => ascending(members.map(({ membership }) => membership.owned().length));
      await eventually(() => expect(counts()).toEqual([0, 1, 1, 1, 1]));
      expect(ascending(members.flatMap(({ membership }) => membership.owned()))).toEqual([0, 1, 2, 3]);
    });

    it('knows no relation between groups', async () => {
      const first = await join(harness().engine, 'g');
      const second = await join(await harness().another(), 'h');
      expect(first.membership.owned()).toEqual([0, 1, 2, 3]);
      expect(second.membership.owned()).toEqual([0, 1, 2, 3]);
    });

    it('gives co-keyed topics of one group to one owner, and a topic of one shard to the owner of shard 0', async () => {
      const { membership } = await join(harness().engine, 'g', async () => {}, ['spend', 'click', 'catalog']);
      expect(membership.owned()).toEqual([0, 1, 2, 3]);
    });

    it('frees the shards of a member whose process is killed', async () => {
      const remote = await harness().startMember('g');
      const near = await join(harness().engine, 'g');
      await eventually(() => expect([near.membership.owned().length, remote.owned().length]).toEqual([2, 2]));
      await remote.kill();
      const options = { timeout: 10 * harness().takeOverMs, interval: 20 };
      await vi.waitFor(() => expect(near.membership.owned()).toEqual([0, 1, 2, 3]), options);
    });

    it('takes the shards from a member that stands still, which learns it when it goes on, and takes it in again', async () => {
      const remote = await harness().startMember('g');
      const near = await join(harness().engine, 'g');
      await eventually(() => expect([near.membership.owned().length, remote.owned().length]).toEqual([2, 2]));
      const lost = remote.owned();
      const before = remote.revoked().length;
      remote.pause();
      await eventually(() => expect(near.membership.owned()).toEqual([0, 1, 2, 3]), 60_000);
      remote.resume();
      await eventually(() => expect(remote.revoked().slice(before)).toEqual(lost), 60_000);
      await eventually(() => expect([near.membership.owned().length, remote.owned().length]).toEqual([2, 2]), 60_000);
    });
  });
}

async function join(
  log: EventLog,
  group: string,
  onRevoked: () => Promise<void> = async () => {},
  topics: readonly ('spend' | 'click' | 'catalog')[] = ['spend'],
): Promise<Member> {
  const assigned: number[][] = [];
  const revoked: number[][] = [];
  const membership = await log.join(group, {
    topics,
    onAssigned: async (shards) => void assigned.push([...shards]),
    onRevoked: async (shards) => {
      await onRevoked();
      revoked.push([...shards]);
    },
  });
  return { membership, assigned, revoked };
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

function eventually(check: () => void, timeout = soonMs): Promise<void> {
  return vi.waitFor(check, { timeout, interval: 20 });
}
