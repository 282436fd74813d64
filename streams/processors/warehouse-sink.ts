import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LogRecord, TopicShard } from '../../ports/event-log.ts';
import { checkWarehouse, type ShardCheck } from './warehouse-check.ts';
import { firstKept } from './warehouse-kept.ts';
import { dropDamagedParts, insertRows, type Repair, type RepairParts, repairWarehouse } from './warehouse-repair.ts';
import { rowOf, type SinkRow, unreadable } from './warehouse-rows.ts';

export interface WarehouseSinkOptions extends RepairParts {
  readonly clock: Clock;
  /** Something that can't pass: the sink has stopped. Called once. */
  readonly onFailure: (error: unknown) => void;
  /** Whether start and repair read all tables against their checksums (default true); a server has its own ways. */
  readonly checkParts?: boolean;
  /** How long rows are kept from when their record was appended, ms, as the tables were told; a topic that is not named keeps all. */
  readonly keepMs?: ReadonlyMap<Topic, number>;
  /** How long records are gathered before they are inserted, ms (default 500). */
  readonly gatherMs?: number;
  /** Rows that are inserted without gathering further (default 2500). */
  readonly fullBatch?: number;
}

/** How far the sink is behind in one topic. */
export interface TopicLag {
  readonly topic: Topic;
  /** Records in the log that are not in the warehouse. */
  readonly offsets: number;
  /** Age of the oldest of them, ms; 0 if there is none. */
  readonly ms: number;
}

export interface WarehouseSink {
  /** Checks the warehouse against the log, sinks what is missing and starts. Errors: `OFFSET_GONE` if log and warehouse don't belong together. */
  start(): Promise<Repair>;
  /** Inserts what was gathered and stops. */
  stop(): Promise<void>;
  /** Resolves once everything that is in the log now is in the warehouse. Rejects if the sink fails or stops before. */
  catchUp(): Promise<void>;
  /** Next offset to be sunk, by topic and shard. */
  positions(): readonly (TopicShard & { readonly offset: number })[];
  lag(): Promise<readonly TopicLag[]>;
  verify(): Promise<readonly ShardCheck[]>;
  /** Runs something that must not see half a batch; the sink waits for it. */
  quietly<T>(work: () => Promise<T>): Promise<T>;
  /** Checks, drops what is damaged, sinks gaps again and merges copies of rows away. */
  repair(): Promise<Repair>;
}

/** Longest wait for records before the sink looks whether it is to stop, ms. */
const idleMs = 1000;
const firstRetryMs = 100;
const longestRetryMs = 5000;
const pageRecords = 1000;
/** The one topic that forgets: its start may lie beyond what was sunk. */
const forgets: Topic = 'persons';

/**
 * Copies every topic of the log into the warehouse. It keeps no position of its own: where it goes on follows from the rows that are there, so a
 * crash between two inserts leaves at worst gaps and copies, which `start` finds by counting.
 */
export function createWarehouseSink(options: WarehouseSinkOptions): WarehouseSink {
  return new Sink(options);
}

class Sink implements WarehouseSink {
  readonly #options: WarehouseSinkOptions;
  /** Names inserts apart from those of every other sink. */
  readonly #life: string;
  #batches = 0;
  readonly #next = new Map<Topic, number[]>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #turn: Promise<void> = Promise.resolve();
  #failure: unknown = null;
  #afterWrite: (() => void)[] = [];

  constructor(options: WarehouseSinkOptions) {
    this.#options = options;
    this.#life = String(options.clock.now());
  }

  async start(): Promise<Repair> {
    const repair = await this.#alone(() => this.#repair((check) => this.#begin(check)));
    this.#running = this.#run().catch((error: unknown) => this.#ended(error));
    return repair;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#wake();
  }

  async catchUp(): Promise<void> {
    const targets = await Promise.all(
      this.positions().map(async (at) => ({
        ...at,
        offset: (await this.#options.log.bounds(at.topic, at.shard)).next,
      })),
    );
    while (targets.some(({ topic, shard, offset }) => this.#at(topic, shard) < offset)) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#stopping.signal.aborted || this.#running === null) {
        throw new AdtallyError('NOT_READY', 'the warehouse sink is not running');
      }
      await new Promise<void>((resolve) => this.#afterWrite.push(resolve));
    }
  }

  positions(): readonly (TopicShard & { readonly offset: number })[] {
    return [...this.#next].flatMap(([topic, offsets]) => offsets.map((offset, shard) => ({ topic, shard, offset })));
  }

  async lag(): Promise<readonly TopicLag[]> {
    const lags = new Map<Topic, TopicLag>();
    for (const { topic, shard, offset } of this.positions()) {
      const sum = lags.get(topic) ?? { topic, offsets: 0, ms: 0 };
      const behind = Math.max(0, (await this.#options.log.bounds(topic, shard)).next - offset);
      const ms = behind === 0 ? 0 : await this.#age(topic, shard, offset);
      lags.set(topic, { topic, offsets: sum.offsets + behind, ms: Math.max(sum.ms, ms) });
    }
    return [...lags.values()];
  }

  verify(): Promise<readonly ShardCheck[]> {
    return this.#alone(() => this.#check());
  }

  quietly<T>(work: () => Promise<T>): Promise<T> {
    return this.#alone(work);
  }

  repair(): Promise<Repair> {
    return this.#alone(() => this.#repair(() => {}));
  }

  async #repair(see: (check: ShardCheck) => void): Promise<Repair> {
    const { warehouse, checkParts = true } = this.#options;
    const dropped = checkParts ? await dropDamagedParts(warehouse) : [];
    const checks = await this.#check();
    checks.forEach(see);
    return { ...(await repairWarehouse(this.#options, checks)), dropped };
  }

  #check(): Promise<readonly ShardCheck[]> {
    const { log, warehouse, clock, keepMs = new Map() } = this.#options;
    const parts = { log, warehouse, firstKept: firstKept({ log, clock, keepMs }) };
    return checkWarehouse(parts, (topic, shard) => this.#at(topic, shard));
  }

  /** A check must not see half a batch: it has the warehouse to itself. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    // Whoever comes next waits for the end of this turn, not for its success.
    this.#turn = turn.then(
      () => {},
      () => {},
    );
    return turn;
  }

  #ended(error: unknown): void {
    // A stop ends retries; what was not inserted is sunk by the next start.
    const cutShort = this.#stopping.signal.aborted && isAdtallyError(error) && error.retriable;
    if (!cutShort) {
      this.#failure = error;
      this.#options.onFailure(error);
    }
    this.#wake();
  }

  #begin(check: ShardCheck): void {
    if (check.beyond > 0) {
      const detail = `the warehouse holds ${check.topic}/${check.shard} up to ${check.next - 1}, the log ends at ${check.log.next}`;
      throw new AdtallyError('OFFSET_GONE', detail);
    }
    if (check.reached < check.log.first && check.topic !== forgets) {
      const detail = `${check.topic}/${check.shard} begins at ${check.log.first}; from ${check.reached} on it was not sunk and is gone`;
      throw new AdtallyError('OFFSET_GONE', detail);
    }
    const offsets = this.#next.get(check.topic) ?? [];
    offsets[check.shard] = check.next;
    this.#next.set(check.topic, offsets);
  }

  async #run(): Promise<void> {
    const { clock, log, gatherMs = 500, fullBatch = 2500 } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      const batch: LogRecord[] = [];
      await this.#retrying(() => this.#gather(batch, fullBatch));
      if (batch.length === 0) {
        if (signal.aborted) return;
        await this.#retrying(() => log.wait(this.positions(), idleMs));
        continue;
      }
      if (batch.length < fullBatch && !signal.aborted) {
        await clock.sleep(gatherMs, signal);
        await this.#retrying(() => this.#gather(batch, fullBatch));
      }
      await this.#sink(batch);
      if (signal.aborted) return;
    }
  }

  /** Adds what lies beyond the position and beyond the batch, up to `full` records. */
  async #gather(batch: LogRecord[], full: number): Promise<void> {
    const from = new Map(this.positions().map(({ topic, shard, offset }) => [`${topic}/${shard}`, offset]));
    for (const { topic, shard, offset } of batch) from.set(`${topic}/${shard}`, offset + 1);
    for (const { topic, shard } of this.positions()) {
      let next = from.get(`${topic}/${shard}`) ?? 0;
      while (batch.length < full) {
        const records = await this.#read(topic, shard, next, pageRecords);
        batch.push(...records);
        next = (records.at(-1)?.offset ?? next) + 1;
        if (records.length < pageRecords) break;
      }
    }
  }

  async #read(topic: Topic, shard: number, from: number, max: number): Promise<readonly LogRecord[]> {
    const { log } = this.#options;
    if (topic !== forgets) return log.read(topic, shard, from, max);
    const { first } = await log.bounds(topic, shard);
    return log.read(topic, shard, Math.max(from, first), max);
  }

  async #sink(batch: readonly LogRecord[]): Promise<void> {
    const rows: SinkRow[] = await this.#rows(batch);
    const name = `${this.#life}-${this.#batches++}`;
    await this.#alone(() => this.#retrying(() => insertRows(this.#options.warehouse, rows, name)));
    for (const { topic, shard, offset } of batch) {
      const offsets = this.#next.get(topic) ?? [];
      offsets[shard] = offset + 1;
    }
    this.#wake();
  }

  /** Decodes; schemas registered since the start are asked for once a batch. */
  async #rows(batch: readonly LogRecord[]): Promise<SinkRow[]> {
    const { registry } = this.#options;
    const rows = batch.map((record) => rowOf(record, registry));
    const unknown = rows.some(({ table, cells }) => table === unreadable && cells.includes('UNKNOWN_SCHEMA'));
    return unknown && (await registry.refresh()) ? batch.map((record) => rowOf(record, registry)) : rows;
  }

  /** Repeats what may pass. Where a repeated insert leaves copies, reads don't count them and `repair` merges them away. */
  async #retrying<T>(step: () => Promise<T>): Promise<T> {
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(2 * delayMs, longestRetryMs)) {
      try {
        return await step();
      } catch (error) {
        if (!isAdtallyError(error) || !error.retriable || this.#stopping.signal.aborted) throw error;
      }
      await this.#options.clock.sleep(delayMs, this.#stopping.signal);
    }
  }

  async #age(topic: Topic, shard: number, offset: number): Promise<number> {
    const [oldest] = await this.#read(topic, shard, offset, 1);
    return oldest === undefined ? 0 : Math.max(0, this.#options.clock.now() - oldest.appendedAt);
  }

  #at(topic: Topic, shard: number): number {
    return this.#next.get(topic)?.[shard] ?? 0;
  }

  #wake(): void {
    const waiting = this.#afterWrite;
    this.#afterWrite = [];
    for (const resolve of waiting) resolve();
  }
}
