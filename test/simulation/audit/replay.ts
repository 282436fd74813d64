import { genesis } from '../../../ledger/chain.ts';
import { classify } from '../../../streams/runtime/failure.ts';
import { SpendFold } from '../../../streams/runtime/spend-fold.ts';
import { requireSpend } from '../../../streams/runtime/spend-shard.ts';
import { registry } from '../releases.ts';
import type { World } from '../world.ts';

/** Folds every shard of `spend` once more, cold and in one go, and says where the ledgers hold something else. */
export async function replayDiffers({ engines, time, books, plan }: World): Promise<readonly string[]> {
  const log = engines.log.open({ clock: time, name: 'replay' });
  const problems: string[] = [];
  for (let shard = 0; shard < plan.shards; shard += 1) {
    const end = books.ledgers.streams.get(`tentative-${shard}`)?.next.offset ?? 0;
    const tail = () => ({ next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 });
    const fold = new SpendFold({ shard, tails: { tentative: tail(), final: tail() }, maxAppendBytes: 1_000_000 });
    for (const { value } of await log.read('spend', shard, 0, end)) {
      try {
        fold.fold(requireSpend(registry.decode(value)));
      } catch (error) {
        if (classify(error) !== 'quarantine') throw error;
        fold.skip();
      }
    }
    for (const truth of ['tentative', 'final'] as const) {
      const live = books.ledgers.streams.get(`${truth}-${shard}`);
      const cold = fold.take(truth, true).at(-1);
      const coldHead = cold === undefined ? '' : Buffer.from(cold.chain_head).toString('hex');
      if (live?.next.offset !== end)
        problems.push(`the ledgers of shard ${shard} stand at ${end} and ${live?.next.offset}`);
      else if (live.count !== cold?.entry_count || live.chainHead !== coldHead) {
        problems.push(
          `replay of ${truth}-${shard} has ${cold?.entry_count} entries, head ${coldHead.slice(0, 8)}; live ${live.count}, ${live.chainHead.slice(0, 8)}`,
        );
      }
    }
  }
  return problems;
}
