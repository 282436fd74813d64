import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import { type AnyRecord, type EntriesBooked, topicRecords } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog, LogRecord } from '../../ports/event-log.ts';
import { type LedgerTruth, ledgerTruths } from '../../ports/ledger-index.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { Random } from '../../ports/random.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { StateStore } from '../../ports/state-store.ts';
import type { Tracer } from '../../ports/tracer.ts';
import type { SpendRecord } from '../processors/spend-lifecycle.ts';
import { classify, describe, retrying, Stopped } from './failure.ts';
import { JournalMirror } from './journal-mirror.ts';
import { LagMeter, type ShardHealth, type ShardLag } from './lag.ts';
import { LedgerTracer } from './ledger-trace.ts';
import { LedgerWriter } from './ledger-writer.ts';
import type { ShardTask } from './shard-group.ts';
import { decodeBatch, startingOffset } from './source.ts';
import { SpendFold } from './spend-fold.ts';
import { pacingRecords, type RefusedSpend, refusedRecords } from './spend-outputs.ts';
import { SpendSnapshots } from './spend-snapshots.ts';
import { type StoppedAt, stoppedAt } from './stopped-at.ts';

export interface SpendShardOptions {
  readonly shard: number;
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly ledger: LedgerStore;
  readonly states: StateStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Records that are folded before anything is written. */
  readonly batchRecords?: number;
  /** Least time between two checkpoints: quiet ledgers, snapshot. ms */
  readonly checkpointEveryMs?: number;
  /** Least time between two rounds of pacing deltas, ms. */
  readonly pacingEveryMs?: number;
  /** Fold time that a settled selection stays in memory, ms. */
  readonly keepMs?: number;
  /** Null: nothing is traced. */
  readonly tracer?: Tracer | null;
}

/** What one life of the fold works with, from one reading of the tails to the next. */
interface Life {
  readonly fold: SpendFold;
  readonly writers: Readonly<Record<LedgerTruth, LedgerWriter>>;
  readonly snapshots: SpendSnapshots;
  readonly mirror: JournalMirror;
}

const idleMs = 250;
/** A share of the time that may go into snapshots: 1 in so many. */
const snapshotShare = 10;
/** After these the fold's state may not be what the ledgers hold: it is dropped and built anew from their tails. */
const startsAnew: readonly string[] = [
  'WRONG_EXPECTED_REVISION',
  'LEDGER_UNAVAILABLE',
  'STATE_CONFLICT',
  'STATE_UNAVAILABLE',
];

/**
 * The writer of one shard's two ledgers. It reads `spend`, folds once, and writes, in this order: refusals, ledger entries, their mirror,
 * pacing deltas, snapshot. Each is at least once by itself and idempotent by identity; a snapshot comes last, so that whatever it leaves
 * behind was written.
 */
export class SpendShard implements ShardTask {
  readonly #options: SpendShardOptions;
  readonly #batchRecords: number;
  readonly #meter: LagMeter;
  readonly #tracer: LedgerTracer | null;
  #health: ShardHealth;
  #stoppedAt: StoppedAt | null = null;
  #signal: AbortSignal = new AbortController().signal;
  #checkpointedAt = 0;
  #savedAt = 0;
  #savingTookMs = 0;
  #pacedAt = 0;
  /** The log said a moment ago that there is nothing to read. */
  #quiet = false;

  constructor(options: SpendShardOptions) {
    this.#options = options;
    this.#batchRecords = options.batchRecords ?? 2_000;
    this.#meter = new LagMeter(options.clock);
    this.#tracer = options.tracer ? new LedgerTracer(options.tracer, options.clock) : null;
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
      while (!signal.aborted) await this.#retrying(() => this.#live());
      this.#show('stopped');
    } catch (error) {
      if (error instanceof Stopped) this.#show('stopped');
      else this.#show('failed', error);
    }
  }

  /** One life: from the tails to a stop. What makes the state doubtful ends it as something that can be tried again. */
  async #live(): Promise<void> {
    this.#stoppedAt = null;
    try {
      const life = await this.#open();
      this.#show('running');
      while (!this.#signal.aborted) await this.#turn(life);
      await this.#checkpoint(life);
    } catch (error) {
      if (isAdtallyError(error) && startsAnew.includes(error.code)) {
        throw new AdtallyError('LEDGER_UNAVAILABLE', `starts anew: ${error.message}`, { cause: error });
      }
      throw error;
    }
  }

  /** Reads both tails and builds a fold that stands at or before them. */
  async #open(): Promise<Life> {
    const { shard, ledger, states, log, registry, clock } = this.#options;
    const writers = {
      tentative: await LedgerWriter.open('tentative', shard, this.#options),
      final: await LedgerWriter.open('final', shard, this.#options),
    };
    if (this.#tracer !== null) await this.#traceFound(this.#tracer, writers);
    const tails = { tentative: writers.tentative.tail, final: writers.final.tail };
    const snapshots = new SpendSnapshots(states, shard);
    const found = await snapshots.position();
    let isUsable = found !== null && found <= Math.min(tails.tentative.next.offset, tails.final.next.offset);
    const { keepMs } = this.#options;
    const fresh = (): SpendFold =>
      new SpendFold({
        shard,
        tails,
        maxAppendBytes: ledger.maxAppendBytes,
        archive: snapshots.archive(() => fold),
        ...(keepMs === undefined ? {} : { keepMs }),
      });
    let fold = fresh();
    if (isUsable && !snapshots.restore(fold)) {
      isUsable = false;
      fold = fresh();
    }
    if (!isUsable) await snapshots.drop();
    await this.#retrying(() => startingOffset(log, 'spend', shard, fold.next));
    const mirror = new JournalMirror({ log, registry, ledger, shard, batchRecords: this.#batchRecords });
    await this.#retrying(() => mirror.catchUp(writers, isUsable ? found : null));
    this.#checkpointedAt = clock.now();
    this.#savedAt = clock.now();
    return { fold, writers, snapshots, mirror };
  }

  async #turn(life: Life): Promise<void> {
    const { log, shard } = this.#options;
    const { fold } = life;
    const read = () => log.read('spend', shard, fold.next, this.#batchRecords);
    const batch = this.#quiet ? [] : await this.#retrying(read);
    const { refused, fatal } = await this.#fold(fold, batch);
    await this.#quarantine(refused);
    await this.#append(life, false);
    this.#meter.processed(batch);
    if (fatal !== null) {
      this.#stoppedAt = fatal.at;
      throw fatal.error;
    }
    await this.#paceIfDue(fold);
    await this.#checkpointIfDue(life);
    const positions = new Map([['spend', fold.next] as const]);
    if (batch.length > 0) return this.#retrying(() => this.#meter.look(log, shard, positions));
    const next = [{ topic: 'spend', shard, offset: fold.next }] as const;
    this.#quiet = !(await this.#retrying(() => log.wait(next, this.#waitMs(fold))));
  }

  /** Folds a batch up to the first record that stops the writer, if there is one. */
  async #fold(fold: SpendFold, batch: readonly LogRecord[]) {
    const refused: RefusedSpend[] = [];
    const decoded = await this.#retrying(() => decodeBatch(this.#options.registry, batch));
    for (const [index, one] of decoded.entries()) {
      const source = batch[index] as LogRecord;
      try {
        requireNext(fold, source);
        if ('error' in one) throw one.error;
        const record = requireSpend(one.record);
        const refusal = fold.fold(record);
        this.#tracer?.folded(source, record);
        if (refusal !== null) refused.push({ source, ...refusal });
      } catch (error) {
        if (classify(error) !== 'quarantine') {
          const at = stoppedAt(source, 'record' in one ? one.record : null);
          return { refused, fatal: { error: this.#located(error, source), at } };
        }
        if (!fold.isReported(source.offset)) refused.push({ source, ...describe(error) });
        fold.skip();
      }
    }
    return { refused, fatal: null };
  }

  /** The same error with the place where the writer stopped. */
  #located(error: unknown, { topic, shard, offset }: LogRecord): unknown {
    if (!isAdtallyError(error)) return error;
    return new AdtallyError(error.code, `stopped at ${topic}/${shard}/${offset}: ${error.message}`, { cause: error });
  }

  async #quarantine(refused: readonly RefusedSpend[]): Promise<void> {
    if (refused.length === 0) return;
    const { log, registry, clock } = this.#options;
    const records = refusedRecords(refused, registry, clock.now());
    await this.#retrying(() => log.append('quarantine', records));
  }

  /** Appends to both ledgers at once, then mirrors. Without entries only if `checkpoint`. */
  async #append({ fold, writers, mirror }: Life, checkpoint: boolean): Promise<void> {
    const taken = ledgerTruths.map((truth) => ({ writer: writers[truth], batches: fold.take(truth, checkpoint) }));
    this.#tracer?.appending(taken.flatMap(({ batches }) => batches));
    const onAppended = this.#tracer === null ? undefined : this.#traceAppends(this.#tracer);
    const outcomes = await Promise.allSettled(taken.map(({ writer, batches }) => writer.append(batches, onAppended)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    this.#tracer?.settled();
    await this.#retrying(() => mirror.mirror(taken.flatMap(({ batches }) => batches)));
  }

  #traceAppends(tracer: LedgerTracer) {
    const { clock } = this.#options;
    const startMs = clock.now();
    return (batch: EntriesBooked, revision: number): void =>
      tracer.appended({ batch, revision, startMs, endMs: clock.now() });
  }

  /** Who wrote the last batches may have died before it told of them: told again, it is the same. */
  async #traceFound(tracer: LedgerTracer, writers: Life['writers']): Promise<void> {
    const { log, shard, registry, clock } = this.#options;
    tracer.settled();
    for (const { found: batch, revision } of Object.values(writers)) {
      if (batch === null || !tracer.tracesAny(batch)) continue;
      const [from, through] = [batch.first.offset, batch.next.offset];
      if ((await this.#retrying(() => log.bounds('spend', shard))).first > from) continue;
      const sources = await this.#retrying(() => log.read('spend', shard, from, through - from + 1));
      const decoded = await this.#retrying(() => decodeBatch(registry, sources));
      for (const [index, one] of decoded.entries()) {
        if ('record' in one && isSpend(one.record)) tracer.folded(sources[index] as LogRecord, one.record);
      }
      tracer.appending([batch]);
      const now = clock.now();
      tracer.appended({ batch, revision, startMs: now, endMs: now });
      tracer.settled();
    }
  }

  async #paceIfDue(fold: SpendFold): Promise<void> {
    const { clock, pacingEveryMs = 200 } = this.#options;
    if (fold.hasReachedTails && clock.now() - this.#pacedAt >= pacingEveryMs) await this.#pace(fold);
  }

  async #pace(fold: SpendFold): Promise<void> {
    this.#pacedAt = this.#options.clock.now();
    if (!fold.pacing.hasUnsent) return;
    const { log, registry } = this.#options;
    const records = pacingRecords(fold.pacing.take(fold.next, fold.state.foldTime), log, registry);
    await this.#retrying(() => log.append('pacing', records));
  }

  /** Where the ledgers stand is said every time; a snapshot, which a slow machine takes long for, waits its share of the time. */
  async #checkpointIfDue(life: Life): Promise<void> {
    const { clock, checkpointEveryMs = 1_000 } = this.#options;
    const now = clock.now();
    if (now - this.#checkpointedAt < checkpointEveryMs) return;
    if (now - this.#savedAt >= this.#savingTookMs * snapshotShare) return this.#checkpoint(life);
    this.#checkpointedAt = now;
    await this.#append(life, true);
  }

  /** Brings everything to the position of the fold, the snapshot last. */
  async #checkpoint(life: Life): Promise<void> {
    const { clock } = this.#options;
    const { fold, snapshots } = life;
    this.#checkpointedAt = clock.now();
    if (fold.next === snapshots.savedAt) return;
    await this.#append(life, true);
    await this.#pace(fold);
    fold.forgetPacing();
    const startedAt = clock.now();
    await snapshots.save(fold);
    this.#meter.checkpointed();
    this.#savedAt = clock.now();
    this.#savingTookMs = this.#savedAt - startedAt;
  }

  #waitMs(fold: SpendFold): number {
    const { pacingEveryMs = 200 } = this.#options;
    return fold.pacing.hasUnsent ? Math.min(idleMs, Math.max(1, pacingEveryMs)) : idleMs;
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

/** A fold that misses a record books what never was. Error: `OFFSET_GONE`. */
export function requireNext(fold: SpendFold, { offset }: LogRecord): void {
  if (offset === fold.next) return;
  throw new AdtallyError('OFFSET_GONE', `the log gave offset ${offset} where ${fold.next} was to come`);
}

function isSpend(record: AnyRecord): record is SpendRecord {
  return (topicRecords.spend as readonly string[]).includes(record.name);
}

/** Error: `UNREADABLE_RECORD` for a record that belongs to another topic. */
export function requireSpend(record: AnyRecord): SpendRecord {
  if (isSpend(record)) return record;
  throw new AdtallyError('UNREADABLE_RECORD', `a ${record.name} does not belong to spend`);
}
