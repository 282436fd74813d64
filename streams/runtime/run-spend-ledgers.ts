import type { ProcessorHandle } from './run-processor.ts';
import { runShards } from './shard-group.ts';
import { SpendShard, type SpendShardOptions } from './spend-shard.ts';

export interface RunSpendLedgersOptions extends Omit<SpendShardOptions, 'shard'> {
  /** Consumer group; the members of one group divide the shards. */
  readonly group: string;
  /** Name of this process in health and metrics. */
  readonly member: string;
  /** Told whose ledgers this process writes whenever that changes. */
  readonly onOwned?: (shards: readonly number[]) => void;
}

/** Writes the ledgers of the spend shards that this process owns, until `stop`. */
export async function runSpendLedgers(options: RunSpendLedgersOptions): Promise<ProcessorHandle> {
  const { log, clock, group, member, onOwned } = options;
  const shards = await runShards({
    log,
    clock,
    group,
    topics: ['spend'],
    onOwned,
    task: (shard) => new SpendShard({ ...options, shard }),
  });
  return { name: 'spend-lifecycle', member, ...shards };
}
