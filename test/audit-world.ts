import { join } from 'node:path';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { openEmbeddedEventLog } from '../adapters/embedded/event-log.ts';
import { openEmbeddedLedgerStore } from '../adapters/embedded/ledger-store.ts';
import { openEmbeddedStateStore } from '../adapters/embedded/state-store.ts';
import { openClickhouseWarehouse } from '../adapters/clickhouse/warehouse.ts';
import { prepareWarehouse } from '../dashboards/warehouse/prepare.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog } from '../ports/event-log.ts';
import { ledgerStream, readBatch } from '../ledger/batch.ts';
import { createWarehouseSink } from '../streams/processors/warehouse-sink.ts';
import { SpendShard } from '../streams/runtime/spend-shard.ts';
import { type Cast, type ScriptedRecord, scriptShards, writeScript } from './audit-script.ts';
import { definitions } from './reporting/reporting-platform.ts';
import { topicShards } from './topic-shards.ts';

const registry = openFileSchemaRegistry();

/** The system's clock with a wall clock that is set, and goes on from there: what is written at scripted times bears them. */
class ScriptClock {
  readonly #system = createSystemClock();
  #aheadMs = 0;

  readonly clock: Clock = {
    now: () => this.#system.now() + this.#aheadMs,
    monotonicUs: () => this.#system.monotonicUs(),
    after: (delayMs, run) => this.#system.after(delayMs, run),
    sleep: (delayMs, signal) => this.#system.sleep(delayMs, signal),
  };

  set(wallMs: number): void {
    this.#aheadMs = wallMs - this.#system.now();
  }
}

/** Opens the engines of a data directory, without its warehouse. */
export async function openData(folder: string, clock: Clock = createSystemClock()) {
  const log = await openEmbeddedEventLog({ folder: join(folder, 'log'), shards: topicShards(scriptShards), clock });
  const ledger = await openEmbeddedLedgerStore({ folder: join(folder, 'ledger'), clock });
  const close = () => Promise.all([log.close(), ledger.close()]);
  return { log, ledger, registry, clock, close };
}

type Data = Awaited<ReturnType<typeof openData>>;

/** Makes a data directory in which the script was played through the real folds, ledgers and sink. */
export async function buildAuditData(folder: string): Promise<Cast> {
  const { script, cast } = writeScript();
  const time = new ScriptClock();
  const data = await openData(folder, time.clock);
  await play(script.records, data.log, time);
  await foldToEnd(data, join(folder, 'state'));
  await sinkToEnd(data.log, join(folder, 'warehouse'), time.clock);
  await data.close();
  return cast;
}

/** Appends in the order of time; at one time in the order of the script, ticks last. */
async function play(records: readonly ScriptedRecord[], log: EventLog, time: ScriptClock): Promise<void> {
  const isTick = ({ key }: ScriptedRecord): number => (key === 'tick' ? 1 : 0);
  for (const scripted of [...records].sort((a, b) => a.at - b.at || isTick(a) - isTick(b))) {
    time.set(scripted.at);
    const { name, value } = typeof scripted.record === 'function' ? scripted.record() : scripted.record;
    const { topic, shard, key } = scripted;
    [scripted.offset = -1] = await log.append(topic, [{ shard, key, value: registry.encode(name, value) }]);
  }
}

/** Runs the writers of both ledgers of every shard, in small batches, until they stand at the end of `spend` and have told pacing of it. */
export async function foldToEnd({ log, ledger, clock }: Data, stateFolder: string): Promise<void> {
  const states = await openEmbeddedStateStore({ folder: stateFolder, clock });
  const stop = new AbortController();
  const shards = Array.from(
    { length: scriptShards },
    (_, shard) =>
      new SpendShard({
        shard,
        log,
        registry,
        ledger,
        states,
        clock,
        random: createSeededRandom(shard),
        pacingEveryMs: 1,
        batchRecords: 20,
        checkpointEveryMs: 10,
      }),
  );
  const running = shards.map((shard) => shard.run(stop.signal));
  while (!(await standsAtEnd({ log, ledger }))) {
    const failed = shards.find((shard) => shard.health().status === 'failed');
    if (failed !== undefined) throw new Error(failed.health().reason);
    await new Promise((settle) => setTimeout(settle, 20));
  }
  stop.abort();
  await Promise.all(running);
  await states.close();
}

/** True once every ledger stream covers all of its shard of `spend`. */
async function standsAtEnd({ log, ledger }: Pick<Data, 'log' | 'ledger'>): Promise<boolean> {
  for (let shard = 0; shard < scriptShards; shard += 1) {
    const { next } = await log.bounds('spend', shard);
    for (const truth of ['tentative', 'final'] as const) {
      const tail = await ledger.tail(ledgerStream(truth, shard));
      if (tail === null || readBatch(tail, registry).next.offset < next) return false;
    }
  }
  return true;
}

async function sinkToEnd(log: EventLog, path: string, clock: Clock): Promise<void> {
  const warehouse = await openClickhouseWarehouse({ path, clock });
  await prepareWarehouse(warehouse, definitions);
  const raise = (error: unknown): never => {
    throw error;
  };
  const sink = createWarehouseSink({ log, registry, warehouse, clock, gatherMs: 1, onFailure: raise });
  await sink.start();
  await sink.catchUp();
  await sink.stop();
  await warehouse.close();
}
