import type { Topic } from '../../domain/records.ts';
import type { LogRecord } from '../../ports/event-log.ts';
import type { StateStore } from '../../ports/state-store.ts';
import { checkpoint, restore } from './checkpoint.ts';
import { classify, describe, retrying, Stopped } from './failure.ts';
import { LagMeter, type ShardHealth, type ShardLag } from './lag.ts';
import { type OutputPorts, Outputs } from './outputs.ts';
import type { Processor } from './processor.ts';
import type { ShardTask } from './shard-group.ts';
import { decodeBatch, type Positions, readNext, refoldingOffset, startingOffset } from './source.ts';
import { type StoppedAt, stoppedAt } from './stopped-at.ts';

export interface ProcessorShardOptions<State> extends OutputPorts {
  readonly processor: Processor<State>;
  /** Under whose name the log keeps up to where a shard was put out. */
  readonly group: string;
  readonly shard: number;
  readonly states: StateStore;
  /** Records of one topic that are processed before outputs are written. */
  readonly batchRecords?: number;
  /** Least time between two checkpoints, ms. */
  readonly checkpointEveryMs?: number;
}

const idleMs = 250;

/** One shard of a processor: read, process, write the outputs, checkpoint; until told to stop or until something unknown happens. */
export class ProcessorShard<State> implements ShardTask {
  readonly #options: ProcessorShardOptions<State>;
  readonly #meter: LagMeter;
  #health: ShardHealth;
  #stoppedAt: StoppedAt | null = null;
  #state: State;
  #positions: Positions = new Map();
  /** What the log keeps of them; null: nothing. */
  readonly #told = new Map<Topic, number | null>();
  #signal: AbortSignal = new AbortController().signal;
  #flushedAt = 0;
  #checkpointedAt = 0;
  /** Records were processed since the last flush. */
  #unflushed = false;
  /** The log said a moment ago that there is nothing to read. */
  #quiet = false;
  /** Something changed since the last checkpoint. */
  #dirty = false;

  constructor(options: ProcessorShardOptions<State>) {
    this.#options = options;
    this.#meter = new LagMeter(options.clock);
    this.#state = options.processor.initial(options.shard);
    this.#health = { shard: options.shard, status: 'starting', code: '', reason: '' };
  }

  lag(): ShardLag {
    return this.#meter.read(this.#options.shard);
  }

  health(): ShardHealth {
    return this.#health;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    try {
      await this.#retrying(() => this.#restore());
      this.#show('running');
      while (!signal.aborted) await this.#turn();
      await this.#checkpoint();
      this.#show('stopped');
    } catch (error) {
      if (error instanceof Stopped) this.#show('stopped');
      else this.#show('failed', error);
    }
  }

  async #restore(): Promise<void> {
    const { log, processor, shard, states, clock } = this.#options;
    const { state, positions, putOut, unreadable } = await restore(states, processor, shard);
    this.#state = state;
    this.#positions = positions;
    for (const [topic, offset] of putOut) {
      this.#told.set(topic, processor.repeatable ? null : await log.committed(this.#options.group, topic, shard));
      putOut.set(topic, await startingOffset(log, topic, shard, Math.max(offset, this.#told.get(topic) ?? 0)));
    }
    for (const [topic, offset] of positions) {
      const from =
        unreadable === null
          ? startingOffset(log, topic, shard, offset)
          : refoldingOffset(log, topic, shard, unreadable);
      positions.set(topic, await from);
    }
    this.#flushedAt = clock.now();
    this.#checkpointedAt = clock.now();
    const isBehind = [...putOut].some(([topic, end]) => (positions.get(topic) ?? 0) < end);
    if (isBehind) await this.#refold(putOut, unreadable);
  }

  /**
   * Folds the log up to where the shard was put out, by an earlier version of the code or by another owner, and puts nothing out: some of it (a key that is
   * deleted, a verdict by other thresholds) must not be done again. Nothing is kept before the end, so that a fold that is broken off begins anew.
   */
  async #refold(until: Positions, unreadable: string | null): Promise<void> {
    const { log, processor, shard, batchRecords = 1_000 } = this.#options;
    const [code, because] =
      unreadable === null ? ['STATE_BEHIND', 'the shard was elsewhere meanwhile'] : ['STATE_FORMAT', unreadable];
    this.#health = { ...this.#health, code, reason: `${because}: the log is folded again` };
    const read = { max: batchRecords, timeTopic: processor.timeTopic, until };
    while ([...until].some(([topic, end]) => (this.#positions.get(topic) ?? 0) < end)) {
      if (this.#signal.aborted) throw new Stopped();
      const batches = await readNext(log, shard, this.#positions, read);
      const silent = new Outputs({ ...this.#options, tracer: null }, processor.name);
      for (const batch of batches) await this.#process(batch, silent);
    }
    await this.#keep();
  }

  async #turn(): Promise<void> {
    const { log, shard, processor, batchRecords = 1_000 } = this.#options;
    const read = { max: batchRecords, timeTopic: processor.timeTopic };
    const batches = this.#quiet ? [] : await this.#retrying(() => readNext(log, shard, this.#positions, read));
    const outputs = new Outputs(this.#options, this.#options.processor.name);
    for (const batch of batches) await this.#process(batch, outputs);
    this.#flushIfDue(outputs);
    if (!outputs.isEmpty) await this.#retrying(() => outputs.write());
    for (const batch of batches) this.#meter.processed(batch);
    await this.#checkpointIfDue();
    if (batches.length > 0) await this.#retrying(() => this.#meter.look(log, shard, this.#positions));
    else this.#quiet = !(await this.#wait());
  }

  async #process(batch: readonly LogRecord[], outputs: Outputs): Promise<void> {
    const decoded = await this.#retrying(() => decodeBatch(this.#options.registry, batch));
    decoded.forEach((one, index) => {
      const source = batch[index] as LogRecord;
      try {
        if ('error' in one) throw one.error;
        const { topic, shard, offset, key } = source;
        outputs.add(
          this.#options.processor.process(this.#state, { topic, shard, offset, key, record: one.record }),
          source,
        );
      } catch (error) {
        if (classify(error) !== 'quarantine') {
          this.#stoppedAt = stoppedAt(source, 'record' in one ? one.record : null);
          throw error;
        }
        const { code, reason } = describe(error);
        outputs.quarantine(source, code, reason);
      }
      this.#positions.set(source.topic, source.offset + 1);
    });
    this.#unflushed = this.#options.processor.flush !== undefined;
    this.#dirty = true;
  }

  #flushIfDue(outputs: Outputs): void {
    const { processor, clock } = this.#options;
    if (!this.#unflushed || processor.flush === undefined) return;
    const now = clock.now();
    if (now - this.#flushedAt < (processor.flushEveryMs ?? 0)) return;
    outputs.add(processor.flush(this.#state), null);
    this.#flushedAt = now;
    this.#unflushed = false;
  }

  async #checkpointIfDue(): Promise<void> {
    const { clock, checkpointEveryMs = 1_000 } = this.#options;
    if (clock.now() - this.#checkpointedAt >= checkpointEveryMs) await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    if (!this.#dirty) return;
    await this.#retrying(() => this.#keep());
    this.#checkpointedAt = this.#options.clock.now();
    this.#meter.checkpointed();
    this.#dirty = false;
  }

  /** Here what a successor in this place begins with; in the log, for one elsewhere, up to where everything was put out. */
  async #keep(): Promise<void> {
    const { states, processor, shard, log, group } = this.#options;
    await checkpoint(states, processor, shard, { state: this.#state, positions: this.#positions });
    if (processor.repeatable) return;
    for (const [topic, next] of this.#positions) {
      if (this.#told.get(topic) === next) continue;
      await log.commit(group, topic, shard, next);
      this.#told.set(topic, next);
    }
  }

  /** Until there are new records (true) or a flush falls due; short enough that a stop is seen soon. */
  async #wait(): Promise<boolean> {
    const { log, shard, processor } = this.#options;
    const from = [...this.#positions].map(([topic, offset]) => ({ topic, shard, offset }));
    const timeoutMs = this.#unflushed ? Math.min(idleMs, Math.max(1, processor.flushEveryMs ?? 0)) : idleMs;
    return this.#retrying(() => log.wait(from, timeoutMs));
  }

  async #retrying<T>(step: () => Promise<T>): Promise<T> {
    const { clock, random } = this.#options;
    const onRetry = (error: unknown): void => this.#show('retrying', error);
    const result = await retrying(step, { clock, random, signal: this.#signal, onRetry });
    if (this.#health.status === 'retrying') this.#show('running');
    return result;
  }

  #show(status: ShardHealth['status'], error?: unknown): void {
    const { code, reason } = error === undefined ? { code: '', reason: '' } : describe(error);
    const about = status === 'failed' && this.#stoppedAt !== null ? { about: this.#stoppedAt } : {};
    this.#health = { shard: this.#options.shard, status, code, reason, ...about };
  }
}
