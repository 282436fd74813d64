import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSimulatedLedger, type SimulatedLedger } from '../adapters/simulated/ledger-store.ts';
import { createSimulatedLog, type SimulatedLog, type SimulatedLogHandle } from '../adapters/simulated/event-log.ts';
import { createSimulatedStates, type SimulatedStates } from '../adapters/simulated/state-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import type { AnyRecord, EntriesBooked, Topic } from '../domain/records.ts';
import { readBatch } from '../ledger/batch.ts';
import type { EventLog } from '../ports/event-log.ts';
import { type LedgerTruth, ledgerTruths } from '../ports/ledger-index.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { SpendRecord } from '../streams/processors/spend-lifecycle.ts';
import { SpendShard, type SpendShardOptions } from '../streams/runtime/spend-shard.ts';
import { topicShards } from './topic-shards.ts';

/** One life of a writer of shard 0. */
export interface WriterLife {
  readonly batchRecords: number;
  /** The process dies at the write of this number, before it or after it took effect (of an append to the log, half of it); null: never. */
  readonly diesAt: number | null;
  readonly diesAfter: boolean;
  /** Its states are lost before it starts. */
  readonly cold: boolean;
  /** Tells pacing at every turn, not only at a checkpoint. */
  readonly eager: boolean;
  /** Reads of the log after which it is told to stop; null: once it has written everything. */
  readonly stopsAfterReads: number | null;
}

export const steadyLife: WriterLife = {
  batchRecords: 1_000,
  diesAt: null,
  diesAfter: false,
  cold: false,
  eager: true,
  stopsAfterReads: null,
};

/** The engines in memory under one spend shard, which outlive its writers. */
export class SpendPlatform {
  readonly registry: SchemaRegistry = openFileSchemaRegistry();
  readonly ledger: SimulatedLedger = createSimulatedLedger();
  readonly states: SimulatedStates = createSimulatedStates();
  readonly #clock = createSystemClock();
  readonly logs: SimulatedLog = createSimulatedLog({ shards: topicShards(2) });
  readonly log: SimulatedLogHandle = this.logs.open({ clock: this.#clock, name: 'test' });

  async append(records: readonly (SpendRecord | Uint8Array)[]): Promise<void> {
    const values = records.map((one) => (one instanceof Uint8Array ? one : this.registry.encode(one.name, one.value)));
    await this.log.append(
      'spend',
      values.map((value) => ({ shard: 0, key: 'k', value })),
    );
  }

  /** Runs a writer to its end, whichever comes first, and returns what it says of itself then. */
  async live(life: WriterLife, options: Partial<SpendShardOptions> = {}) {
    if (life.cold) await this.states.open().drop('spend/0');
    const controller = new AbortController();
    const death = new Death(life);
    const shard = new SpendShard({
      shard: 0,
      log: this.#watched(death, life, controller),
      ledger: mortal(this.ledger.open(), death, 'append'),
      states: mortal(this.states.open(), death, 'commit'),
      registry: this.registry,
      clock: this.#clock,
      random: createSystemRandom(),
      batchRecords: life.batchRecords,
      checkpointEveryMs: 0,
      pacingEveryMs: life.eager ? 0 : 1_000_000,
      ...options,
    });
    await shard.run(controller.signal);
    return shard.health();
  }

  async batches(truth: LedgerTruth): Promise<readonly EntriesBooked[]> {
    const events = await this.ledger.open().readForwards(`${truth}-0`, 0, 1_000_000);
    return events.map((event) => readBatch(event, this.registry));
  }

  /** What the platform's outputs say, however they were batched and repeated. */
  async outcome() {
    const streams = Object.fromEntries(
      await Promise.all(
        ledgerTruths.map(async (truth) => {
          const batches = await this.batches(truth);
          const entries = batches.flatMap((batch) => [...batch.entries]);
          const ticks = batches.flatMap((batch) => [...batch.ticks]);
          const closes = batches.flatMap((batch) => [...batch.closes]);
          const { next, chain_head, entry_count } = batches.at(-1) ?? { next: null, chain_head: null, entry_count: 0 };
          return [truth, { entries, ticks, closes, next, chain_head, entry_count }];
        }),
      ),
    ) as Record<LedgerTruth, unknown>;
    return {
      streams,
      journal: await this.#journal(),
      pacing: await this.#pacing(),
      quarantine: await this.#quarantine(),
    };
  }

  async records(topic: Topic, shard: number): Promise<readonly AnyRecord[]> {
    const { next } = await this.log.bounds(topic, shard);
    return (await this.log.read(topic, shard, 0, next)).map(({ value }) => this.registry.decode(value));
  }

  /** Every mirrored entry once, by its identity. */
  async #journal(): Promise<readonly string[]> {
    const keys = (await this.records('journal', 0)).map(({ name, value }) =>
      name === 'EntryBooked'
        ? `${value.truth}/${value.entry.source_offset}/${value.entry.ordinal}/${Buffer.from(value.entry.chain_hash).toString('hex')}`
        : name,
    );
    return [...new Set(keys)].sort();
  }

  /** Sums as a consumer holds them: the delta of the highest source offset wins, a passed fence folds leases into their day. */
  async #pacing(): Promise<readonly string[]> {
    const rows = new Map<string, { offset: number; sums: Record<string, number> }>();
    const fenced = new Set<string>();
    const records = [...(await this.records('pacing', 0)), ...(await this.records('pacing', 1))];
    for (const { name, value } of records) {
      if (name === 'FencePassed') foldFence(rows, fenced, `${value.node}/${value.boot}`);
      if (name !== 'SpendDelta') continue;
      const { campaign_id, lease, day, source_offset, shard: _, emitted_at: __, ...sums } = value;
      if (lease !== null && fenced.has(`${lease.node}/${lease.boot}@${campaign_id}`)) continue;
      const key = `${campaign_id}|${day}|${lease === null ? '' : `${lease.node}/${lease.boot}`}`;
      if ((rows.get(key)?.offset ?? -1) <= source_offset) rows.set(key, { offset: source_offset, sums });
    }
    return [...rows].map(([key, { sums }]) => `${key} ${JSON.stringify(sums)}`).sort();
  }

  async #quarantine(): Promise<readonly string[]> {
    const refused = (await this.records('quarantine', 0)).map(({ name, value }) =>
      name === 'Quarantined'
        ? `${value.source_topic}/${value.source_shard}/${value.source_offset} ${value.code}`
        : name,
    );
    return [...new Set(refused)].sort();
  }

  /** The log as a writer sees it: it dies with its process, and says when the writer has come to the end. */
  #watched(death: Death, life: WriterLife, controller: AbortController): EventLog {
    const { log } = this;
    let reads = 0;
    return {
      ...bound<EventLog>(log),
      append: (topic, records) =>
        death.write(
          () => log.append(topic, records),
          () => log.append(topic, records.slice(0, Math.ceil(records.length / 2))),
        ),
      read: (topic, shard, from, max) => {
        if (topic === 'spend') reads += 1;
        if (life.stopsAfterReads !== null && reads >= life.stopsAfterReads) controller.abort();
        return log.read(topic, shard, from, max);
      },
      wait: async () => {
        controller.abort();
        return false;
      },
    };
  }
}

function foldFence(
  rows: Map<string, { offset: number; sums: Record<string, number> }>,
  fenced: Set<string>,
  boot: string,
): void {
  for (const [key, row] of rows) {
    const [campaign, day, of] = key.split('|');
    if (of !== boot) continue;
    fenced.add(`${boot}@${campaign}`);
    const ofDay = rows.get(`${campaign}|${day}|`) ?? { offset: -1, sums: {} };
    const sums = Object.fromEntries(
      Object.entries(row.sums).map(([name, sum]) => [name, sum + (ofDay.sums[name] ?? 0)]),
    );
    rows.set(`${campaign}|${day}|`, { offset: Math.max(row.offset, ofDay.offset), sums });
    rows.delete(key);
  }
}

/** Ends a process at its nth write. */
class Death {
  readonly #life: WriterLife;
  #writes = 0;

  constructor(life: WriterLife) {
    this.#life = life;
  }

  /** `last` is what of the fatal write takes effect, if any of it does. */
  async write<T>(run: () => Promise<T>, last: () => Promise<unknown> = run): Promise<T> {
    const { diesAt, diesAfter } = this.#life;
    this.#writes += 1;
    if (diesAt === null || this.#writes < diesAt) return run();
    if (this.#writes === diesAt && diesAfter) await last();
    throw new Error('the process dies');
  }
}

/** The port, with one of its methods counted as a write of a mortal process. */
function mortal<P extends EventLog | LedgerStore | StateStore, M extends keyof P>(port: P, death: Death, method: M): P {
  const run = (port[method] as (...given: unknown[]) => Promise<unknown>).bind(port);
  return { ...bound(port), [method]: (...given: unknown[]) => death.write(() => run(...given)) };
}

function bound<P extends object>(port: P): P {
  const methods = new Map<string, unknown>();
  for (
    let of: object | null = port;
    of !== null && of !== Object.prototype;
    of = Object.getPrototypeOf(of) as object | null
  ) {
    for (const name of Object.getOwnPropertyNames(of)) {
      const value = (port as Record<string, unknown>)[name];
      if (!methods.has(name)) methods.set(name, typeof value === 'function' ? value.bind(port) : value);
    }
  }
  return Object.fromEntries(methods) as P;
}
