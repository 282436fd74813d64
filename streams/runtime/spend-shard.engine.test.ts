import { afterEach, describe, expect, it } from 'vitest';
import { openEmbeddedEventLog } from '../../adapters/embedded/event-log.ts';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { openEmbeddedLedgerStore } from '../../adapters/embedded/ledger-store.ts';
import { openEmbeddedStateStore } from '../../adapters/embedded/state-store.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import type { AnyRecord } from '../../domain/records.ts';
import { readBatch } from '../../ledger/batch.ts';
import { genesis } from '../../ledger/chain.ts';
import { ledgerTruths } from '../../ports/ledger-index.ts';
import { manyRecords } from '../../test/spend-histories.ts';
import { noon, policy, tick } from '../../test/spend-story.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { topicShards } from '../../test/topic-shards.ts';
import { runSpendLedgers } from './run-spend-ledgers.ts';
import { SpendFold } from './spend-fold.ts';

const folder = makeTemporaryFolder();
afterEach(() => folder.remove());

const registry = openFileSchemaRegistry();
const start = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };

async function openEngines() {
  const clock = createSystemClock();
  const options = { folder: folder.path, clock };
  const [log, ledger, states] = await Promise.all([
    openEmbeddedEventLog({ ...options, shards: topicShards(1) }),
    openEmbeddedLedgerStore(options),
    openEmbeddedStateStore(options),
  ]);
  return {
    log,
    ledger,
    states,
    registry,
    clock,
    random: createSystemRandom(),
    group: 'spend-lifecycle',
    member: 'test',
  };
}

describe('the ledgers on the embedded engines', () => {
  it('are what one fold of the log gives, over restarts of their writer', async () => {
    const records = manyRecords(3_000);
    const engines = await openEngines();
    const third = Math.ceil(records.length / 3);
    for (let from = 0; from < records.length; from += third) {
      const values = records.slice(from, from + third).map((one) => registry.encode(one.name, one.value));
      const offsets = await engines.log.append(
        'spend',
        values.map((value) => ({ shard: 0, key: 'k', value })),
      );
      const writer = await runSpendLedgers({ ...engines, batchRecords: 500, checkpointEveryMs: 50, keepMs: 0 });
      const next = (offsets.at(-1) ?? 0) + 1;
      await expect
        .poll(async () => readTail(engines, 'final'), { timeout: 120_000 })
        .toMatchObject({ next: { offset: next, ordinal: 0 } });
      await writer.stop();
    }
    const fold = new SpendFold({ shard: 0, tails: { tentative: start, final: start }, maxAppendBytes: 1 << 24 });
    for (const record of records) fold.fold(record);
    for (const truth of ledgerTruths) {
      const expected = fold
        .take(truth, true)
        .flatMap((batch) => batch.entries.map((entry) => Buffer.from(entry.chain_hash)));
      const events = await engines.ledger.readForwards(`${truth}-0`, 0, 10_000);
      const booked = events.flatMap((event) =>
        readBatch(event, registry).entries.map((entry) => Buffer.from(entry.chain_hash)),
      );
      expect(expected.length).toBeGreaterThan(1_000);
      expect(booked).toEqual(expected);
    }
    expect((await engines.log.bounds('journal', 0)).next).toBeGreaterThan(0);
    await Promise.all([engines.log, engines.ledger, engines.states].map((engine) => engine.close()));
  });
});

describe('the writer of a quiet shard', () => {
  it('says where its ledgers stand although a slow disk gives it no time for snapshots', async () => {
    const engines = await openEngines();
    const slowMs = 3_000;
    let snapshots = 0;
    const states = {
      ...engines.states,
      position: (fold: string) => engines.states.position(fold),
      get: (fold: string, key: string) => engines.states.get(fold, key),
      entries: (fold: string, from?: string) => engines.states.entries(fold, from),
      drop: (fold: string) => engines.states.drop(fold),
      commit: async (...change: Parameters<typeof engines.states.commit>) => {
        snapshots += 1;
        await engines.clock.sleep(slowMs);
        await engines.states.commit(...change);
      },
    };
    const append = (record: AnyRecord) =>
      engines.log.append('spend', [{ shard: 0, key: 'k', value: registry.encode(record.name, record.value) }]);
    await append(policy());
    await append(tick(0));
    const writer = await runSpendLedgers({ ...engines, states, checkpointEveryMs: 20 });
    await expect.poll(() => snapshots).toBe(1);
    const startedAt = engines.clock.now();
    for (const at of [1_000, 2_000, 3_000]) {
      await append(tick(at));
      const stands = async () => (await readTail(engines, 'final'))?.fold_time;
      await expect.poll(stands).toBe(noon + at);
    }
    expect(engines.clock.now() - startedAt).toBeLessThan(10 * slowMs);
    expect(snapshots).toBe(1);
    await writer.stop();
    await Promise.all([engines.log, engines.ledger, engines.states].map((engine) => engine.close()));
  });
});

async function readTail({ ledger }: Awaited<ReturnType<typeof openEngines>>, truth: string) {
  const event = await ledger.tail(`${truth}-0`);
  return event === null ? null : readBatch(event, registry);
}
