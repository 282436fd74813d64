import type { AnyRecord, BudgetSet, Lease } from '../domain/records.ts';
import { nextRecord } from '../streams/processors/pacing-allocator.ts';
import { claimedMicros, emptyPacingLedger, foldPacing } from '../streams/processors/pacing-ledger.ts';
import { DayBook, newSteering } from '../streams/processors/pacing-steering.ts';
import type { SourceRecord } from '../streams/runtime/processor.ts';
import { appendPacing, budgetSet, DeltaWriter, NodeModel, SpendModel, type SpendOp } from './pacing-world.ts';

export interface DeliveryOptions {
  readonly budget: Partial<BudgetSet>;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly reservationMs: number;
  readonly priceMicros: number;
  readonly renderRate: number;
  /** Requests per second and node at an instant. */
  readonly requestsPerSecond: (now: number, node: string) => number;
  /** Kill node `a` then; its successor comes up `restartMs` later, drains and fences it. */
  readonly killAt?: number;
  readonly restartMs?: number;
  readonly probeAt?: readonly number[];
  /** Length of a step of virtual time; 50 by default. Deltas and allocations come every 250 ms, or every step if that is longer. */
  readonly stepMs?: number;
}

export interface Delivered {
  readonly totalMicros: number;
  readonly deliveredMicros: number;
  /** Largest excess over the budget, of what was delivered, committed or claimed, at any step. */
  readonly overMicros: number;
  /** Largest of a budget day over its daily budget. */
  readonly overDailyMicros: number;
  readonly firstGrantMs: number;
  readonly grants: number;
  /** Incurred micros at the end of each tenth of the flight. */
  readonly curve: readonly number[];
  /** Incurred micros at instants asked for. */
  readonly probes: readonly number[];
  /** Incurred micros, by budget day of the draw. */
  readonly byDay: ReadonlyMap<string, number>;
  /** (actual − planned) ÷ planned of every 30 s after the first three reservation lives and until the line ends, parts of one, sorted by size. */
  readonly windowErrors: readonly number[];
}

interface Serving {
  readonly model: NodeModel;
  live: boolean;
  credit: number;
  readonly buffer: { shard: number; op: SpendOp }[];
}

const spendShards = 2;
const campaignId = 'cmp_1';

/** Plays a flight in virtual time: serving nodes, spend shards with their deltas, and the allocator under test. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #stepMs: number;
  readonly #everyMs: number;
  readonly #log: SourceRecord[] = [];
  readonly #ledger = emptyPacingLedger(0, spendShards);
  readonly #steering = newSteering();
  readonly #days = new DayBook();
  readonly #ops: SpendOp[][] = [[], []];
  readonly #truth = [new SpendModel(), new SpendModel()];
  readonly #writers = [new DeltaWriter(0, campaignId), new DeltaWriter(1, campaignId)];
  readonly #due = new Map<number, { shard: number; op: SpendOp }[]>();
  #nodes: Serving[] = [];
  #now: number;
  #selections = 0;
  #random = 12_345;
  #firstGrantAt = Number.NaN;
  #over = 0;
  #overDaily = 0;
  readonly #windows: { at: number; actual: number }[] = [];

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#stepMs = options.stepMs ?? 50;
    this.#everyMs = Math.max(250, this.#stepMs);
    this.#now = options.startsAt;
    this.#nodes = ['a', 'b'].map((node) => this.#boot(node, 1));
  }

  run(): Delivered {
    const { startsAt, endsAt, budget } = this.#options;
    this.#append(budgetSet({ ...budget, flight: { starts_at: startsAt, ends_at: endsAt }, set_at: startsAt }));
    const curve: number[] = [];
    const probes: number[] = [];
    const tenth = Math.floor((endsAt - startsAt) / 10 / this.#stepMs) * this.#stepMs;
    for (; this.#now < endsAt + 2_000; this.#now += this.#stepMs) {
      this.#step();
      if ((this.#now - startsAt) % tenth === 0 && this.#now > startsAt) curve.push(this.#incurred());
      if (this.#options.probeAt?.includes(this.#now) === true) probes.push(this.#incurred());
    }
    return {
      totalMicros: this.#total(),
      deliveredMicros: this.#incurred(),
      overMicros: this.#over,
      overDailyMicros: this.#overDaily,
      firstGrantMs: this.#firstGrantAt - startsAt,
      grants: this.#log.filter(({ record }) => record.name === 'LeaseGranted').length,
      curve,
      probes,
      byDay: this.#incurredByDay(),
      windowErrors: this.#errors(),
    };
  }

  #step(): void {
    const sinceStart = this.#now - this.#options.startsAt;
    this.#killAndRestart();
    for (const node of this.#nodes) if (node.live) this.#serve(node);
    for (const { shard, op } of this.#due.get(this.#now) ?? []) this.#spend(shard, op);
    this.#due.delete(this.#now);
    if (sinceStart % this.#everyMs === (this.#stepMs < 250 ? 100 : 0)) this.#emit();
    if (sinceStart % this.#everyMs === 0) this.#allocate();
    if (sinceStart % 30_000 === 0) this.#windows.push({ at: this.#now, actual: this.#incurred() });
    this.#check();
  }

  #serve(node: Serving): void {
    node.model.read(this.#log);
    const { priceMicros, reservationMs, requestsPerSecond, renderRate } = this.#options;
    node.credit += (requestsPerSecond(this.#now, node.model.node) * this.#stepMs) / 1000;
    const day = this.#day();
    for (; node.credit >= 1; node.credit -= 1) {
      const lease = node.model.draw(day, priceMicros);
      if (lease === null) continue;
      this.#selections += 1;
      const selection = this.#selections;
      const shard = selection % spendShards;
      node.buffer.push({ shard, op: { kind: 'draw', selection, lease, amount: priceMicros } });
      if (this.#chance() < renderRate)
        this.#later(1_000 + this.#chance() * 4_000, { shard, op: { kind: 'incur', selection } });
      else this.#later(reservationMs, { shard, op: { kind: 'release', selection } });
    }
    if (this.#now % Math.max(100, this.#stepMs) === 0)
      for (const { shard, op } of node.buffer.splice(0)) this.#spend(shard, op);
  }

  #later(delayMs: number, what: { shard: number; op: SpendOp }): void {
    const at = this.#now + Math.max(this.#stepMs, Math.ceil(delayMs / this.#stepMs) * this.#stepMs);
    this.#due.set(at, [...(this.#due.get(at) ?? []), what]);
  }

  #spend(shard: number, op: SpendOp): void {
    (this.#ops[shard] as SpendOp[]).push(op);
    const model = this.#truth[shard] as SpendModel;
    if (op.kind === 'fence') model.fence(op.boot);
    else model.apply(op);
  }

  #emit(): void {
    for (const [shard, writer] of this.#writers.entries()) {
      const records = writer.fold(this.#ops[shard] as SpendOp[], Number.POSITIVE_INFINITY);
      for (const record of [...records, ...writer.emit()]) this.#append(record);
    }
  }

  #allocate(): void {
    const state = this.#ledger.campaigns.get(campaignId);
    if (state === undefined) return;
    const live = this.#nodes
      .filter(({ live: is }) => is)
      .map(({ model }) => ({ node: model.node, boot: model.boot, markedAt: this.#now }));
    const { priceMicros, reservationMs } = this.#options;
    const prices = { least: priceMicros, most: priceMicros };
    for (let round = 0; round < 6; round += 1) {
      const record = nextRecord(state, this.#steering, {
        now: this.#now,
        live,
        days: this.#days,
        prices: () => prices,
        allocator: 'x',
        reservationMs,
        grantEveryMs: 1_000,
      });
      if (record === null) return;
      if (record.name === 'LeaseGranted' && Number.isNaN(this.#firstGrantAt)) this.#firstGrantAt = this.#now;
      this.#append(record);
    }
  }

  #append(record: AnyRecord): void {
    foldPacing(this.#ledger, appendPacing(this.#log, record));
  }

  #boot(node: string, number: number): Serving {
    return { model: new NodeModel(node, `${node}${number}`, campaignId), live: true, credit: 0, buffer: [] };
  }

  #killAndRestart(): void {
    const { killAt, restartMs = 5_000 } = this.#options;
    const node = this.#nodes[0] as Serving;
    if (this.#now === killAt) node.live = false;
    if (killAt === undefined || this.#now !== killAt + restartMs) return;
    for (const { shard, op } of node.buffer.splice(0)) this.#spend(shard, op);
    for (let shard = 0; shard < spendShards; shard += 1) this.#spend(shard, { kind: 'fence', node: 'a', boot: 'a1' });
    this.#nodes.push(this.#boot('a', 2));
  }

  #check(): void {
    const state = this.#ledger.campaigns.get(campaignId);
    const committed = this.#truth.reduce((sum, model) => sum + model.committed(), 0);
    const claimed = state === undefined ? 0 : Number(claimedMicros(state));
    this.#over = Math.max(
      this.#over,
      committed - this.#total(),
      claimed - this.#total(),
      this.#incurred() - this.#total(),
    );
    const daily = this.#options.budget.daily_micros ?? null;
    if (daily === null || state === undefined) return;
    this.#overDaily = Math.max(this.#overDaily, Number(claimedMicros(state, this.#day())) - daily);
  }

  #total(): number {
    return this.#options.budget.total_micros ?? 0;
  }

  #incurred(): number {
    return this.#truth.reduce((sum, model) => sum + model.incurred(), 0);
  }

  #incurredByDay(): Map<string, number> {
    const days = new Map<string, number>();
    const add = (day: string, amount: number): void => void days.set(day, (days.get(day) ?? 0) + amount);
    for (const model of this.#truth) {
      for (const { lease, sums } of model.leases.values()) add((lease as Lease).day, sums.incurred);
      for (const [day, sums] of model.days) add(day, sums.incurred);
    }
    return days;
  }

  #day(): string {
    return this.#days.at(this.#now, this.#options.budget.time_zone ?? 'UTC').day;
  }

  #errors(): readonly number[] {
    const { startsAt, endsAt, reservationMs } = this.#options;
    const reach = endsAt - 1.5 * reservationMs;
    const planned = (this.#total() / (reach - startsAt)) * 30_000;
    const errors: number[] = [];
    for (let index = 1; index < this.#windows.length; index += 1) {
      const [before, after] = [this.#windows[index - 1], this.#windows[index]];
      if (before === undefined || after === undefined) continue;
      if (before.at < startsAt + 3 * reservationMs || after.at > reach) continue;
      errors.push((after.actual - before.actual - planned) / planned);
    }
    return errors.sort((a, b) => Math.abs(a) - Math.abs(b));
  }

  #chance(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32;
  }
}
