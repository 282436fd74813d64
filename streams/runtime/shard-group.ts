import type { Topic } from '../../domain/records.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { ShardHealth, ShardLag } from './lag.ts';

/** The work on one shard for as long as this process owns it. */
export interface ShardTask {
  /** Works until the signal; resolves after its last checkpoint. Never rejects: a failure ends it and shows in `health`. */
  run(signal: AbortSignal): Promise<void>;
  lag(): ShardLag;
  health(): ShardHealth;
}

export interface ShardGroupOptions {
  readonly log: EventLog;
  readonly group: string;
  readonly topics: readonly Topic[];
  readonly task: (shard: number) => ShardTask;
  /** Told what this process owns whenever that changes. */
  readonly onOwned?: ((shards: readonly number[]) => void) | undefined;
}

interface Running {
  readonly task: ShardTask;
  readonly stop: () => Promise<void>;
}

/** What a process sees of a group that it is a member of. */
export interface GroupHandle {
  /** Ends all tasks after their last checkpoint and leaves the group. */
  stop(): Promise<void>;
  lag(): readonly ShardLag[];
  health(): readonly ShardHealth[];
}

/** Joins a group and runs one task for each shard that this process owns. */
export async function runShards(options: ShardGroupOptions): Promise<GroupHandle> {
  const running = new Map<number, Running>();
  const tell = () => options.onOwned?.([...running.keys()].toSorted((a, b) => a - b));
  const stop = async (shard: number): Promise<void> => {
    await running.get(shard)?.stop();
    running.delete(shard);
  };
  const membership = await options.log.join(options.group, {
    topics: options.topics,
    onAssigned: async (shards) => {
      const gained = shards.filter((shard) => !running.has(shard));
      for (const shard of gained) running.set(shard, start(options.task(shard)));
      if (gained.length > 0) tell();
    },
    onRevoked: async (shards) => {
      await Promise.all(shards.map(stop));
      tell();
    },
  });
  const tasks = (): readonly ShardTask[] => [...running.values()].map((one) => one.task);
  return {
    stop: async () => {
      await Promise.all([...running.keys()].map(stop));
      await membership.leave();
    },
    lag: () => tasks().map((task) => task.lag()),
    health: () => tasks().map((task) => task.health()),
  };
}

function start(task: ShardTask): Running {
  const controller = new AbortController();
  const done = task.run(controller.signal);
  return {
    task,
    stop: async () => {
      controller.abort();
      await done;
    },
  };
}
