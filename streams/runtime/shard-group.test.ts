import { expect, it } from 'vitest';
import type { EventLog, GroupOptions } from '../../ports/event-log.ts';
import { runShards, type ShardTask } from './shard-group.ts';

/** A group whose changes a test makes, and tasks that end when it lets them. */
function groupOf() {
  let callbacks: Pick<GroupOptions, 'onAssigned' | 'onRevoked'> | null = null;
  const log = {
    join: async (_group: string, options: GroupOptions) => {
      callbacks = options;
      return { memberId: 'm', owned: () => [], leave: async () => undefined };
    },
  } as unknown as EventLog;
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const task = (shard: number): ShardTask => {
    begun.push(shard);
    return {
      run: () => new Promise((resolve) => ends.push(resolve)),
      lag: () => ({ shard, offsets: 0, ms: 0, p95Ms: 0, processed: 0, checkpoints: 0 }),
      health: () => ({ shard, status: 'running', code: '', reason: '' }),
    };
  };
  let nowMs = 0;
  const clock = { now: () => (nowMs += 1) };
  const group = runShards({ log, clock, group: 'g', topics: ['nodes'], task });
  const now = () => {
    if (callbacks === null) throw new Error('nobody has joined');
    return callbacks;
  };
  return { group, begun, ends, now };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

it('works on a shard again that left and came back while its task was still ending', async () => {
  const { group, begun, ends, now } = groupOf();
  const handle = await group;
  await now().onAssigned([0, 1]);
  const revoked = now().onRevoked([1]); // takes longer than the group waits
  await now().onAssigned([0]);
  await now().onAssigned([0, 1]);
  expect(begun).toEqual([0, 1]);
  ends[1]?.();
  await revoked;
  expect(begun).toEqual([0, 1, 1]);
  const since = handle.health().map(({ shard, takenAt }) => [shard, takenAt]);
  expect(since, 'held since it came back, the other since ever').toEqual([
    [0, 1],
    [1, 3],
  ]);
});

it('begins nothing anew once it is told to stop', async () => {
  const { group, begun, ends, now } = groupOf();
  const handle = await group;
  await now().onAssigned([0]);
  const stopped = handle.stop();
  await settled();
  ends[0]?.();
  await stopped;
  expect(begun).toEqual([0]);
  expect(handle.health()).toEqual([]);
});
