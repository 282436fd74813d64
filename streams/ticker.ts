import type { AnyRecord } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { StateStore } from '../ports/state-store.ts';
import {
  type DecidedFence,
  decodeNodeWatch,
  emptyNodeWatch,
  encodeNodeWatch,
  foldNodeWatch,
  lowWater,
  type NodeWatch,
  type WatchedBoot,
} from './processors/node-watch.ts';
import { classify, describe } from './runtime/failure.ts';
import type { OwnedShard, ShardHealth, ShardLag } from './runtime/lag.ts';
import type { ProcessorHandle } from './runtime/run-processor.ts';
import { TopicFollower } from './topic-follower.ts';

export interface TickerOptions {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly states: StateStore;
  readonly clock: Clock;
  /** Name of this process; any number of tickers may run. */
  readonly member: string;
  /** Time advances by at least so much at once, and is looked at so often, ms. */
  readonly tickMs: number;
  /** D: a boot that holds time back for longer is fenced, ms. */
  readonly fenceTimeoutMs: number;
}

/** What one round did. */
export interface TickRound {
  /** Time that was written to every spend shard, or null. */
  readonly ticked: number | null;
  /** Fences that were written. */
  readonly fenced: number;
  /** How far the lowest mark is behind the clock, ms. */
  readonly heldBackMs: number;
}

export interface Ticker extends ProcessorHandle {
  /** Begins to tick; `stop` ends it. */
  start(): void;
  /** One round. Errors: what cannot be read or written, `LOG_UNAVAILABLE` above all; the next round starts where this one failed. */
  round(): Promise<TickRound>;
}

const name = 'ticker';
const saveEveryMs = 10_000;

/**
 * Makes time for the folds (architecture §3). Each round takes the clock, *then* reads `nodes` to its end, then ticks with the lower of that clock
 * and the marks of all unfenced boots. In this order a boot that the round has not read of started after the clock was taken and takes nothing
 * from before the tick; so any number of tickers is safe, and one that sleeps in the middle of a round ticks a time that is merely old.
 */
export function createTicker(options: TickerOptions): Ticker {
  return new LogTicker(options);
}

class LogTicker implements Ticker {
  readonly name = name;
  readonly member: string;
  readonly #options: TickerOptions;
  readonly #patience: Patience;
  #watch: NodeWatch = emptyNodeWatch();
  #reader: TopicFollower | null = null;
  /** Decisions below it have been written to every spend shard, by some ticker. */
  #fencedBelow = 0;
  #committed = -1;
  #hasPolicies = false;
  #ticked = Number.NEGATIVE_INFINITY;
  #statedAtUs = Number.NEGATIVE_INFINITY;
  #savedAt = Number.NEGATIVE_INFINITY;
  #heldBackMs = 0;
  #health: ShardHealth = { shard: 0, status: 'starting', code: '', reason: '' };
  #running: { readonly controller: AbortController; readonly done: Promise<void> } | null = null;
  #startedAt = 0;

  constructor(options: TickerOptions) {
    this.#options = options;
    this.member = options.member;
    this.#patience = new Patience(options.fenceTimeoutMs, Math.max(4 * options.tickMs, 2_000));
  }

  start(): void {
    const controller = new AbortController();
    if (this.#running === null) this.#startedAt = this.#options.clock.now();
    this.#running ??= { controller, done: this.#run(controller.signal) };
  }

  async stop(): Promise<void> {
    this.#running?.controller.abort();
    await this.#running?.done;
  }

  lag(): readonly ShardLag[] {
    return [{ shard: 0, offsets: 0, ms: this.#heldBackMs, p95Ms: 0, processed: 0, checkpoints: 0 }];
  }

  health(): readonly OwnedShard[] {
    return [{ ...this.#health, takenAt: this.#startedAt }];
  }

  async round(): Promise<TickRound> {
    const { clock, log } = this.#options;
    const now = clock.now();
    await this.#read();
    if (!(await this.#isReady(log))) return { ticked: null, fenced: 0, heldBackMs: 0 };
    const overdue = this.#patience.overdue(this.#watch.boots.values(), now, clock.monotonicUs());
    if (overdue.length > 0) await this.#decide(overdue, now);
    const fenced = await this.#writeFences();
    const limit = lowWater(this.#watch, now);
    const ticked = await this.#tick(limit);
    this.#heldBackMs = now - limit;
    await this.#commit(now);
    this.#patience.succeeded(clock.now(), clock.monotonicUs(), this.#watch.boots.keys());
    return { ticked, fenced, heldBackMs: this.#heldBackMs };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, tickMs } = this.#options;
    while (!signal.aborted) {
      try {
        await this.round();
        this.#show('running');
      } catch (error) {
        this.#patience.failed();
        if (classify(error) !== 'retry') return this.#show('failed', error);
        this.#show('retrying', error);
      }
      await clock.sleep(tickMs, signal);
    }
    this.#show('stopped');
  }

  /** The first record of every spend shard is its PolicySet: before it there is no time. */
  async #isReady(log: EventLog): Promise<boolean> {
    if (this.#hasPolicies) return true;
    for (let shard = 0; shard < log.shards('spend'); shard += 1) {
      if ((await log.bounds('spend', shard)).next === 0) return false;
    }
    this.#hasPolicies = true;
    return true;
  }

  async #read(): Promise<void> {
    this.#reader ??= await this.#restore();
    await this.#reader.readToEnd(({ record, offset }) => foldNodeWatch(this.#watch, record, offset));
  }

  async #restore(): Promise<TopicFollower> {
    const { states, log } = this.#options;
    const bytes = (await states.position(name)) === null ? null : states.get(name, 'nodes');
    if (bytes !== null) this.#watch = decodeNodeWatch(bytes);
    this.#fencedBelow = (await log.committed(name, 'nodes', 0)) ?? 0;
    const from = this.#watch.nextOffset;
    return new TopicFollower({ ...this.#options, reader: name, topic: 'nodes', shard: 0, from });
  }

  /** Decides, then reads which decision is the first: another ticker or the boot's successor may have been faster. */
  async #decide(overdue: readonly WatchedBoot[], now: number): Promise<void> {
    const { log, registry, member } = this.#options;
    const records = overdue.map(({ node, boot }) => {
      const value = { node, boot, reason: 'timed_out', decided_by: member, decided_at: now };
      return { shard: 0, key: node, value: registry.encode('NodeFenceDecided', value) };
    });
    await log.append('nodes', records);
    await this.#read();
  }

  /** Every fence goes to every spend shard before the first tick past its boot's mark, which therefore comes in a later append. */
  async #writeFences(): Promise<number> {
    const pending = [...this.#watch.fences.entries()];
    const unwritten = pending.filter(([, { offset }]) => offset >= this.#fencedBelow);
    for (const [, fence] of unwritten) await this.#toEveryShard(fence.node, fenceRecord(fence));
    for (const [key] of pending) this.#watch.fences.delete(key);
    return unwritten.length;
  }

  /**
   * Ticks if time has advanced enough. While time is held back the last tick is said again now and then: whoever holds it back is judged only
   * while the log takes appends, and this shows whether it does.
   */
  async #tick(limit: number): Promise<number | null> {
    const { clock, tickMs, fenceTimeoutMs, member } = this.#options;
    const advances = limit >= this.#ticked + tickMs;
    const silentMs = (clock.monotonicUs() - this.#statedAtUs) / 1000;
    if (!advances && silentMs < Math.max(tickMs, fenceTimeoutMs / 10)) return null;
    const time = advances ? limit : Math.max(limit, this.#ticked);
    await this.#toEveryShard(member, { name: 'TimeAdvanced', value: { advanced_to: time, ticker: member } });
    this.#ticked = time;
    this.#statedAtUs = clock.monotonicUs();
    return advances ? time : null;
  }

  async #toEveryShard(key: string, record: AnyRecord): Promise<void> {
    const { log, registry } = this.#options;
    const value = registry.encode(record.name, record.value);
    const shards = Array.from({ length: log.shards('spend') }, (_, shard) => ({ shard, key, value }));
    await log.append('spend', shards);
  }

  /** Told to all tickers only after the fences below were written; a new one does not write them again. */
  async #commit(now: number): Promise<void> {
    const { log, states } = this.#options;
    const { nextOffset } = this.#watch;
    const isFresh = now - this.#savedAt < saveEveryMs;
    if (isFresh || nextOffset === this.#committed) return;
    await log.commit(name, 'nodes', 0, nextOffset);
    await states.commit(name, {
      position: String(nextOffset),
      puts: [['nodes', encodeNodeWatch(this.#watch)]],
      deletes: [],
    });
    this.#committed = nextOffset;
    this.#savedAt = now;
  }

  #show(status: ShardHealth['status'], error?: unknown): void {
    const { code, reason } = error === undefined ? { code: '', reason: '' } : describe(error);
    this.#health = { shard: 0, status, code, reason };
  }
}

function fenceRecord({ node, boot, decidedAt }: DecidedFence): AnyRecord {
  return { name: 'NodeFenced', value: { node, boot, fenced_at: decidedAt } };
}

/**
 * How long a boot may hold time back: D, counted only while our own rounds succeed without a gap (an outage of the log, or a machine that slept, is
 * not the boot's fault) and from when we first saw it.
 */
class Patience {
  readonly #timeoutMs: number;
  readonly #longestGapMs: number;
  #last: { readonly wallMs: number; readonly us: number } | null = null;
  /** By boot: how long the log was seen to work since the boot was first seen, or since it last recovered; ms. */
  readonly #watchedMs = new Map<string, number>();

  constructor(timeoutMs: number, longestGapMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#longestGapMs = longestGapMs;
  }

  overdue(boots: Iterable<WatchedBoot>, wallMs: number, us: number): readonly WatchedBoot[] {
    if (this.#gapMs(wallMs, us) > this.#longestGapMs) this.failed();
    return [...boots].filter(({ node, boot, mark }) => {
      const watchedMs = this.#watchedMs.get(`${node}/${boot}`) ?? 0;
      return Math.min(wallMs - mark, watchedMs) > this.#timeoutMs;
    });
  }

  failed(): void {
    this.#last = null;
    this.#watchedMs.clear();
  }

  succeeded(wallMs: number, us: number, boots: Iterable<string>): void {
    const passedMs = this.#last === null ? 0 : Math.max(0, (us - this.#last.us) / 1000);
    this.#last = { wallMs, us };
    const seen = new Set(boots);
    for (const boot of this.#watchedMs.keys()) if (!seen.has(boot)) this.#watchedMs.delete(boot);
    for (const boot of seen) {
      const known = this.#watchedMs.get(boot);
      this.#watchedMs.set(boot, known === undefined ? 0 : known + passedMs);
    }
  }

  /** By the clock that shows more: a machine that sleeps may stop its monotonic clock, a stopped process sees both go on. */
  #gapMs(wallMs: number, us: number): number {
    if (this.#last === null) return 0;
    return Math.max(wallMs - this.#last.wallMs, (us - this.#last.us) / 1000);
  }
}
