import type { Reporting } from '../../../reconcile/reporting-reading.ts';
import type { ShardCheck } from '../../../streams/processors/warehouse-check.ts';
import type { WarehouseSink } from '../../../streams/processors/warehouse-sink.ts';
import type { World } from '../world.ts';

/** In so long the warehouse has all that the log has, ms. */
const boundMs = 40_000;

/** Waits until the warehouse has everything and every row once, and gives what reads it then; null if that takes too long. */
export async function reportingOf(world: World): Promise<Reporting | null> {
  const { console, engines, story } = world;
  let sink: WarehouseSink | null = null;
  let gaps: readonly string[] = [];
  const settle = async (of: WarehouseSink): Promise<void> => {
    await of.catchUp();
    gaps = gapsOf(await of.verify());
    await of.repair();
    sink = of;
  };
  let isTrying = false;
  await world.until(() => {
    const { process } = console;
    if (sink === null && !isTrying && process !== null) {
      isTrying = true;
      // Not running yet, or not any more: asked again.
      settle(process.sink)
        .catch(() => undefined)
        .finally(() => (isTrying = false));
    }
    return sink !== null;
  }, boundMs);
  const settled = sink as WarehouseSink | null;
  for (const gap of gaps) story.complain(gap);
  return settled === null ? null : (read) => settled.quietly(() => read(engines.warehouse.open()));
}

/** A sink that has caught up has left nothing out; copies are merged at leisure. */
function gapsOf(checks: readonly ShardCheck[]): readonly string[] {
  return checks
    .filter(({ missing, beyond }) => missing > 0 || beyond > 0)
    .map(
      ({ topic, shard, missing, beyond }) =>
        `the warehouse lacks ${missing} rows of ${topic}/${shard} and has ${beyond} too many`,
    );
}

/** Reports are the ledgers: in each shard, the same amounts moved between the same accounts, whatever was sunk how often. */
export async function reportsDiffer({ engines, books, plan }: World): Promise<readonly string[]> {
  const warehouse = engines.warehouse.open();
  const problems: string[] = [];
  for (let shard = 0; shard < plan.shards; shard += 1) {
    const reported = new Map<string, bigint>();
    const { rows } = await warehouse.query('SELECT selection_id, truth, kind, debit_account, credit_account, amount', {
      shard,
      next: Number.MAX_SAFE_INTEGER,
    });
    for (const row of rows) {
      const key = ['truth', 'kind', 'debit_account', 'credit_account'].map((name) => String(row[name])).join(' ');
      reported.set(key, (reported.get(key) ?? 0n) + BigInt(String(row['amount'])));
    }
    const booked = books.ledgers.totals.get(shard) ?? new Map<string, bigint>();
    for (const key of new Set([...reported.keys(), ...booked.keys()])) {
      const [says, holds] = [reported.get(key) ?? 0n, booked.get(key) ?? 0n];
      if (says !== holds) problems.push(`reports of shard ${shard} say ${says} of ${key}, the ledgers ${holds}`);
    }
  }
  return problems.slice(0, 5);
}
