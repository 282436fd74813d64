import { beforeEach, describe, expect, it } from 'vitest';
import { AdtallyError } from '../../domain/errors.ts';
import { createSimulatedClock, type SimulatedClock } from '../simulated/clock.ts';
import { defaultGroupTimes, GroupMember } from './group-member.ts';
import { emptyRoster, type Roster, removeMembers } from './group-roster.ts';

describe('A member of a group', () => {
  let clock: SimulatedClock;
  let roster: Roster;
  let reachable: boolean;
  let gone: Set<string>;
  let failures: unknown[];
  const store = {
    read: async () => {
      if (!reachable) throw new AdtallyError('LOG_UNAVAILABLE', 'outage');
      return roster;
    },
    update: async (_group: string, change: (roster: Roster) => Roster) => {
      roster = change(await store.read());
      return roster;
    },
  };
  beforeEach(() => {
    clock = createSimulatedClock();
    roster = emptyRoster;
    reachable = true;
    gone = new Set();
    failures = [];
  });

  const join = async (memberId: string, onRevoked: (shards: readonly number[]) => Promise<void> = async () => {}) => {
    const calls: string[] = [];
    const member = new GroupMember({
      group: 'g',
      memberId,
      process: `process of ${memberId}`,
      shards: 4,
      store,
      clock,
      times: defaultGroupTimes,
      callbacks: {
        onAssigned: async (shards) => void calls.push(`assigned ${shards.join()}`),
        onRevoked: async (shards) => {
          calls.push(`revoked ${shards.join()}`);
          await onRevoked(shards);
        },
      },
      isProcessGone: (process) => gone.has(process),
      onFailure: (error) => failures.push(error),
    });
    await member.join();
    return { member, calls };
  };

  it('takes over at its next step from a process that certainly has ended', async () => {
    const dying = await join('a');
    const living = await join('b');
    await clock.advance(300);
    expect(living.member.owned()).toEqual([2, 3]);
    dying.member.abandon();
    gone.add('process of a');
    await clock.advance(100);
    expect(living.member.owned()).toEqual([0, 1, 2, 3]);
  });

  it('has everything at once if it joins after the only other process has ended', async () => {
    (await join('a')).member.abandon();
    gone.add('process of a');
    expect((await join('a again')).member.owned()).toEqual([0, 1, 2, 3]);
  });

  it('is given up on after a session without a sign of life', async () => {
    const silent = await join('a');
    const living = await join('b');
    silent.member.abandon();
    await clock.advance(4000);
    expect(living.member.owned()).toEqual([]);
    await clock.advance(200);
    expect(living.member.owned()).toEqual([0, 1, 2, 3]);
  });

  it('keeps its shards as long as it gives signs of life, even while a callback takes long', async () => {
    const slow = await join('a', () => clock.sleep(4500));
    const other = await join('b');
    await clock.advance(4000);
    expect(roster.members.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(other.member.owned()).toEqual([]);
    expect(slow.member.owned()).toEqual([0, 1, 2, 3]);
    await clock.advance(1000);
    expect(other.member.owned()).toEqual([2, 3]);
  });

  it('loses a shard after five seconds whose onRevoked does not end', async () => {
    await join('a', () => new Promise(() => {}));
    const other = await join('b');
    await clock.advance(4900);
    expect(other.member.owned()).toEqual([]);
    await clock.advance(500);
    expect(other.member.owned()).toEqual([2, 3]);
  });

  it('gives everything up when it was struck off, and joins again', async () => {
    const zombie = await join('a');
    roster = removeMembers(roster, new Set(['a']));
    roster = { ...roster, owners: new Map([[0, 'b']]), members: [{ id: 'b', beat: 0, process: 'process of b' }] };
    await clock.advance(100);
    expect(zombie.calls).toEqual(['assigned 0,1,2,3', 'revoked 0,1,2,3', 'assigned ', 'assigned 2,3']);
  });

  it('goes on after the roster was out of reach', async () => {
    const { member, calls } = await join('a');
    reachable = false;
    await clock.advance(3000);
    reachable = true;
    await clock.advance(2000);
    expect([member.owned(), calls, failures]).toEqual([[0, 1, 2, 3], ['assigned 0,1,2,3'], []]);
  });

  it('works again on what it let go of, if the one that it was for is gone before the roster could be told', async () => {
    const { member, calls } = await join('a', async () => void (reachable = false));
    const other = await join('b');
    await clock.advance(200);
    expect([reachable, member.owned()]).toEqual([false, [0, 1]]);
    other.member.abandon();
    gone.add('process of b');
    reachable = true;
    await clock.advance(200);
    expect([member.owned(), calls]).toEqual([
      [0, 1, 2, 3],
      ['assigned 0,1,2,3', 'revoked 2,3', 'assigned 0,1,2,3'],
    ]);
  });

  it('lets go once, however often the roster has to be told', async () => {
    const { calls } = await join('a', async () => void (reachable = false));
    const other = await join('b');
    await clock.advance(300);
    reachable = true;
    await clock.advance(300);
    expect([calls, other.member.owned()]).toEqual([
      ['assigned 0,1,2,3', 'revoked 2,3', 'assigned 0,1'],
      [2, 3],
    ]);
  });

  it('stops and says so when a callback fails', async () => {
    const failure = new Error('cannot let go');
    await join('a', () => Promise.reject(failure));
    const other = await join('b');
    await clock.advance(200);
    expect(failures).toEqual([failure]);
    await clock.advance(5000);
    expect(other.member.owned()).toEqual([0, 1, 2, 3]);
  });

  it('leaves nothing behind when it leaves, even if it cannot let go', async () => {
    const failure = new Error('cannot let go');
    const { member } = await join('a', () => Promise.reject(failure));
    await expect(member.leave()).rejects.toBe(failure);
    expect([roster.members, roster.owners.size, clock.pending()]).toEqual([[], 0, 0]);
  });
});
