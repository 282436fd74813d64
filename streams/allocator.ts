import { encodePacingView, pacingViewKey } from '../domain/pacing-view.ts';
import type { AnyRecord } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog, NewRecord } from '../ports/event-log.ts';
import type { Random } from '../ports/random.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { AllocationSurroundings } from './allocation-surroundings.ts';
import { type AllocationContext, nextRecord } from './processors/pacing-allocator.ts';
import { type CampaignPacing, emptyPacingLedger, foldPacing, type PacingLedger } from './processors/pacing-ledger.ts';
import { decodePacingLedger, encodePacingLedger } from './processors/pacing-snapshot.ts';
import { DayBook, isRunning, newSteering, type Steering } from './processors/pacing-steering.ts';
import { pacingView } from './processors/pacing-view.ts';
import { describe, retrying, Stopped } from './runtime/failure.ts';
import { LagMeter, type ShardHealth, type ShardLag } from './runtime/lag.ts';
import type { ProcessorHandle } from './runtime/run-processor.ts';
import { runShards, type ShardTask } from './runtime/shard-group.ts';
import { TopicFollower } from './topic-follower.ts';

export interface AllocatorOptions {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly views: ViewStore;
  readonly states: StateStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Name of this process: signs what it grants. */
  readonly member: string;
  /** Life of a reservation, ms. */
  readonly reservationMs: number;
  /** Longest time between two rounds of granting, ms. */
  readonly allocateEveryMs?: number;
  readonly viewEveryMs?: number;
}

const name = 'pacing-allocator';
/** Numbers of one campaign go one by one; a round serves each campaign once. */
const roundsAtATime = 8;
const snapshotEveryMs = 10_000;
/** Deltas come in all the time; so often they are folded at most, ms. */
const leastPauseMs = 50;

/** Runs the allocator on the shards of `pacing` that this process owns. */
export async function runAllocator(options: AllocatorOptions): Promise<ProcessorHandle> {
  const surroundings = new AllocationSurroundings({ ...options, reader: name });
  const shards = await runShards({
    log: options.log,
    clock: options.clock,
    group: name,
    topics: ['pacing'],
    task: (shard) => new AllocatorShard(shard, options, surroundings),
  });
  return { name, member: options.member, ...shards };
}

/** The allocator of one shard: reads, grants, shows, until told to stop. */
class AllocatorShard implements ShardTask {
  readonly #shard: number;
  readonly #options: AllocatorOptions;
  readonly #surroundings: AllocationSurroundings;
  readonly #meter: LagMeter;
  readonly #days = new DayBook();
  readonly #steering = new Map<string, Steering>();
  readonly #changed = new Set<string>();
  #ledger: PacingLedger;
  #reader: TopicFollower | null = null;
  #health: ShardHealth;
  /** A budget was set since the last round of granting: a new campaign should not wait for the next one. */
  #urgent = false;
  #allocatedAt = Number.NEGATIVE_INFINITY;
  #viewedAt = Number.NEGATIVE_INFINITY;
  #savedAt: number;

  constructor(shard: number, options: AllocatorOptions, surroundings: AllocationSurroundings) {
    this.#shard = shard;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#meter = new LagMeter(options.clock);
    this.#ledger = emptyPacingLedger(shard, options.log.shards('spend'));
    this.#health = { shard, status: 'starting', code: '', reason: '' };
    this.#savedAt = options.clock.now();
  }

  lag(): ShardLag {
    return this.#meter.read(this.#shard);
  }

  health(): ShardHealth {
    return this.#health;
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) await this.#retrying(signal, () => this.#turn(signal));
      await this.#retrying(signal, () => this.#save());
      this.#show('stopped');
    } catch (error) {
      if (error instanceof Stopped) this.#show('stopped');
      else this.#show('failed', error);
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { log, clock, allocateEveryMs = 250, viewEveryMs = 1_000 } = this.#options;
    await this.#read();
    const now = clock.now();
    if (this.#urgent || now - this.#allocatedAt >= allocateEveryMs) await this.#allocate(now);
    this.#show('running');
    if (now - this.#viewedAt >= viewEveryMs) await this.#view(now);
    if (now - this.#savedAt >= snapshotEveryMs) await this.#save();
    const reader = await this.#following();
    await this.#meter.look(log, this.#shard, new Map([['pacing', reader.next]]));
    await clock.sleep(leastPauseMs, signal);
    if (signal.aborted) return;
    await log.wait([reader.position], Math.max(1, this.#allocatedAt + allocateEveryMs - clock.now()));
  }

  async #following(): Promise<TopicFollower> {
    if (this.#reader !== null) return this.#reader;
    const { states, log } = this.#options;
    const bytes = (await states.position(this.#fold)) === null ? null : states.get(this.#fold, 'ledger');
    const saved = bytes === null ? null : decodePacingLedger(bytes, this.#shard, log.shards('spend'));
    if (saved !== null) this.#ledger = saved;
    const from = this.#ledger.nextOffset;
    this.#reader = new TopicFollower({ ...this.#options, reader: name, topic: 'pacing', shard: this.#shard, from });
    return this.#reader;
  }

  async #read(): Promise<number> {
    const reader = await this.#following();
    return reader.readToEnd((source) => {
      const changed = foldPacing(this.#ledger, source);
      if (changed !== null && source.record.name === 'BudgetSet') this.#urgent = true;
      if (changed === 'all') for (const id of this.#ledger.campaigns.keys()) this.#changed.add(id);
      else if (changed !== null) this.#changed.add(changed.campaignId);
    });
  }

  /** One numbered record for each campaign, written and read back before its next one (see `nextRecord`). */
  async #allocate(now: number): Promise<void> {
    this.#allocatedAt = now;
    this.#urgent = false;
    await this.#surroundings.refresh();
    const context = this.#context(now);
    let asked: readonly CampaignPacing[] = [...this.#ledger.campaigns.values()];
    for (let round = 0; round < roundsAtATime && asked.length > 0; round += 1) {
      const records: NewRecord[] = [];
      asked = asked.filter((campaign) => {
        const record = nextRecord(campaign, this.#steeringOf(campaign.campaignId), context);
        if (record !== null) records.push(this.#encode(campaign.campaignId, record));
        return record !== null;
      });
      if (records.length > 0) await this.#options.log.append('pacing', records);
      await this.#read();
    }
  }

  #context(now: number): AllocationContext {
    return {
      now,
      live: this.#surroundings.live(now),
      days: this.#days,
      prices: (campaignId) => this.#surroundings.prices(campaignId),
      allocator: this.#options.member,
      reservationMs: this.#options.reservationMs,
      grantEveryMs: 1_000,
    };
  }

  #steeringOf(campaignId: string): Steering {
    const known = this.#steering.get(campaignId) ?? newSteering();
    this.#steering.set(campaignId, known);
    return known;
  }

  #encode(campaignId: string, record: AnyRecord): NewRecord {
    return {
      shard: this.#shard,
      key: campaignId,
      value: this.#options.registry.encode(record.name, record.value),
    };
  }

  async #view(now: number): Promise<void> {
    this.#viewedAt = now;
    const at = { now, days: this.#days, reservationMs: this.#options.reservationMs };
    const writes = [];
    for (const campaign of this.#ledger.campaigns.values()) {
      const { campaignId, wanted } = campaign;
      if (wanted === null || !(this.#changed.has(campaignId) || isRunning(wanted, now))) continue;
      const view = pacingView(this.#ledger, campaign, this.#steeringOf(campaignId), at);
      if (view === null) continue;
      writes.push({ key: pacingViewKey(campaignId), version: now, value: encodePacingView(view) });
    }
    if (writes.length > 0) await this.#options.views.putMany(writes);
    this.#changed.clear();
  }

  async #save(): Promise<void> {
    this.#savedAt = this.#options.clock.now();
    await this.#options.states.commit(this.#fold, {
      position: String(this.#ledger.nextOffset),
      puts: [['ledger', encodePacingLedger(this.#ledger)]],
      deletes: [],
    });
    this.#meter.checkpointed();
  }

  get #fold(): string {
    return `${name}/${this.#shard}`;
  }

  #retrying<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    const { clock, random } = this.#options;
    return retrying(step, { clock, random, signal, onRetry: (error) => this.#show('retrying', error) });
  }

  #show(status: ShardHealth['status'], error?: unknown): void {
    const { code, reason } = error === undefined ? { code: '', reason: '' } : describe(error);
    this.#health = { shard: this.#shard, status, code, reason };
  }
}
