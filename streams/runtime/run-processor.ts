import type { EventLog } from '../../ports/event-log.ts';
import type { StateStore } from '../../ports/state-store.ts';
import type { OwnedShard, ShardLag } from './lag.ts';
import type { OutputPorts } from './outputs.ts';
import type { Processor } from './processor.ts';
import { ProcessorShard } from './processor-shard.ts';
import { runShards } from './shard-group.ts';

export interface RunProcessorOptions<State> extends OutputPorts {
  readonly processor: Processor<State>;
  readonly log: EventLog;
  readonly states: StateStore;
  /** Consumer group; the members of one group divide the shards. */
  readonly group: string;
  /** Name of this process in health and metrics. */
  readonly member: string;
  readonly batchRecords?: number;
  readonly checkpointEveryMs?: number;
}

/** A processor, or a ledger writer, at work in this process. */
export interface ProcessorHandle {
  readonly name: string;
  readonly member: string;
  /** Ends after the last checkpoint and leaves the group. */
  stop(): Promise<void>;
  lag(): readonly ShardLag[];
  /** One for each shard that this process owns; `failed` means stopped for a reason that someone has to look at. */
  health(): readonly OwnedShard[];
}

/** Runs a processor on the shards that this process owns, until `stop`. */
export async function runProcessor<State>(options: RunProcessorOptions<State>): Promise<ProcessorHandle> {
  const { processor, log, clock, group, member } = options;
  const shards = await runShards({
    log,
    clock,
    group,
    topics: processor.topics,
    task: (shard) => new ProcessorShard({ ...options, shard }),
  });
  return { name: processor.name, member, ...shards };
}
