import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { OwnedShard, ShardHealth, ShardLag } from './lag.ts';

/** The work on one shard for as long as this process owns it. */
export interface ShardTask {
  /** Works until the signal; resolves after its last checkpoint. Never rejects: a failure ends it and shows in `health`. */
  run(signal: AbortSignal): Promise<void>;
  lag(): ShardLag;
  health(): ShardHealth;
}

export interface ShardGroupOptions {
  readonly log: EventLog;
  readonly clock: Pick<Clock, 'now'>;
  readonly group: string;
  readonly topics: readonly Topic[];
  readonly task: (shard: number) => ShardTask;
  /** Told what this process owns whenever that changes. */
  readonly onOwned?: ((shards: readonly number[]) => void) | undefined;
}

interface Running {
  readonly task: ShardTask;
  readonly takenAt: number;
  readonly stop: () => Promise<void>;
}

/** What a process sees of a group that it is a member of. */
export interface GroupHandle {
  /** Ends all tasks after their last checkpoint and leaves the group. */
  stop(): Promise<void>;
  lag(): readonly ShardLag[];
  health(): readonly OwnedShard[];
}

/** Joins a group and runs one task for each shard that this process owns. */
export async function runShards(options: ShardGroupOptions): Promise<GroupHandle> {
  const running = new Map<number, Running>();
  let owned: ReadonlySet<number> = new Set();
  const tell = () => options.onOwned?.([...running.keys()].toSorted((a, b) => a - b));
  const begin = (shards: readonly number[]): void => {
    const gained = shards.filter((shard) => !running.has(shard));
    for (const shard of gained) running.set(shard, start(options.task(shard), options.clock.now()));
    if (gained.length > 0) tell();
  };
  const stop = async (shard: number): Promise<void> => {
    const one = running.get(shard);
    await one?.stop();
    if (one === undefined || running.get(shard) !== one) return;
    running.delete(shard);
    // A slow task is not waited for: its shard may have left and come back meanwhile, and only now can be begun anew.
    if (owned.has(shard)) begin([shard]);
  };
  const membership = await options.log.join(options.group, {
    topics: options.topics,
    onAssigned: async (shards) => {
      owned = new Set(shards);
      begin(shards);
    },
    onRevoked: async (shards) => {
      owned = owned.difference(new Set(shards));
      await Promise.all(shards.map(stop));
      tell();
    },
  });
  return {
    stop: async () => {
      owned = new Set();
      await Promise.all([...running.keys()].map(stop));
      await membership.leave();
    },
    lag: () => [...running.values()].map(({ task }) => task.lag()),
    health: () => [...running.values()].map(({ task, takenAt }) => ({ ...task.health(), takenAt })),
  };
}

function start(task: ShardTask, takenAt: number): Running {
  const controller = new AbortController();
  const done = task.run(controller.signal);
  return {
    task,
    takenAt,
    stop: async () => {
      controller.abort();
      await done;
    },
  };
}
