import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyRecord, Lease, SpendDelta } from '../../domain/records.ts';
import {
  appendPacing,
  budgetSet,
  DeltaWriter,
  HeldByNumber,
  NodeModel,
  SpendModel,
  type SpendOp,
} from '../../test/pacing-world.ts';
import type { SourceRecord } from '../runtime/processor.ts';
import { type AllocationContext, availableMicros, nextRecord } from './pacing-allocator.ts';
import {
  type CampaignPacing,
  claimedMicros,
  committedMicros,
  emptyPacingLedger,
  foldPacing,
  outstandingMicros,
  type PacingLedger,
} from './pacing-ledger.ts';
import { DayBook, newSteering, type Steering } from './pacing-steering.ts';

const spendShards = 3;
const campaign = 'cmp_1';
const day = '1970-01-01';
const lease: Lease = { node: 'a', boot: 'a1', day };

function granted(number: number, amount: number, to: Lease = lease): AnyRecord {
  const value = { campaign_id: campaign, number, lease: to, amount_micros: amount, granted_at: 0, allocator: 'x' };
  return { name: 'LeaseGranted', value };
}

function applied(number: number, total: number): AnyRecord {
  const value = { campaign_id: campaign, number, revision: 1, total_micros: total, applied_at: 0 };
  return { name: 'BudgetApplied', value: { ...value, daily_micros: null, allocator: 'x' } };
}

function delta(sourceOffset: number, drawn: number, over: Partial<SpendDelta> = {}): AnyRecord {
  const value: SpendDelta = {
    campaign_id: campaign,
    shard: 0,
    lease,
    day,
    source_offset: sourceOffset,
    drawn_micros: drawn,
    released_micros: 0,
    incurred_micros: 0,
    suspended_micros: 0,
    voided_micros: 0,
    certified_micros: 0,
    reversed_micros: 0,
    selections: 0,
    billable_events: 0,
    emitted_at: 0,
    ...over,
  };
  return { name: 'SpendDelta', value };
}

function fencePassed(shard: number, sourceOffset = 100, boot = 'a1'): AnyRecord {
  return { name: 'FencePassed', value: { node: 'a', boot, shard, source_offset: sourceOffset } };
}

function ledgerOf(...records: AnyRecord[]): PacingLedger {
  const ledger = emptyPacingLedger(0, spendShards);
  const log: SourceRecord[] = [];
  for (const record of records) foldPacing(ledger, appendPacing(log, record));
  return ledger;
}

function campaignOf(ledger: PacingLedger): CampaignPacing {
  const known = ledger.campaigns.get(campaign);
  if (known === undefined) throw new Error('the campaign is not there');
  return known;
}

describe('the fold of pacing', () => {
  it('holds a number only if it is the last plus one, whoever writes it', () => {
    const state = campaignOf(
      ledgerOf(applied(1, 900), granted(2, 100), granted(2, 100), granted(4, 70), granted(3, 30)),
    );
    expect(state.lastNumber).toBe(3);
    expect(outstandingMicros(state)).toBe(130n);
  });

  it('counts outstanding as granted less returned less drawn in all shards', () => {
    const returned: AnyRecord = {
      name: 'LeaseReturned',
      value: { campaign_id: campaign, lease, returned_micros: 20, returned_at: 0 },
    };
    const state = campaignOf(
      ledgerOf(granted(1, 100), delta(5, 30), delta(4, 90), delta(7, 10, { shard: 1 }), returned, returned),
    );
    expect(outstandingMicros(state)).toBe(40n);
    expect(committedMicros(state.sums)).toBe(40n);
  });

  it('gives back what a boot has not drawn only after the last shard has passed its fence', () => {
    const before = ledgerOf(granted(1, 100), delta(5, 30), fencePassed(0), fencePassed(2), fencePassed(2));
    expect(claimedMicros(campaignOf(before))).toBe(100n);
    const after = ledgerOf(granted(1, 100), delta(5, 30), fencePassed(0), fencePassed(2), fencePassed(1));
    expect(claimedMicros(campaignOf(after))).toBe(30n);
  });

  it('lets a grant to a boot with its fences behind it consume a number and nothing else', () => {
    const ledger = ledgerOf(
      fencePassed(0),
      fencePassed(1),
      fencePassed(2),
      granted(1, 100),
      granted(2, 5, { ...lease, boot: 'a2' }),
    );
    expect(claimedMicros(campaignOf(ledger))).toBe(5n);
    expect(campaignOf(ledger).lastNumber).toBe(2);
  });

  it('takes a lease into its day at the fence, and then believes only day rows that know it', () => {
    const dayRow = (offset: number, drawn: number): AnyRecord => delta(offset, drawn, { lease: null });
    const folded = ledgerOf(
      granted(1, 100),
      dayRow(50, 7),
      delta(60, 30),
      fencePassed(0, 100),
      delta(60, 30),
      dayRow(90, 8),
    );
    expect(committedMicros(campaignOf(folded).sums)).toBe(37n);
    const newer = ledgerOf(granted(1, 100), delta(60, 30), fencePassed(0, 100), dayRow(101, 31));
    expect(committedMicros(campaignOf(newer).sums)).toBe(31n);
    const overtaken = ledgerOf(granted(1, 100), delta(60, 30), dayRow(101, 31), fencePassed(0, 100));
    expect(committedMicros(campaignOf(overtaken).sums)).toBe(31n);
  });

  it("believes the row that a writer says after its fence, where two writers in turn had theirs refused by the other's fence", () => {
    const released = (offset: number, drawn: number) => delta(offset, drawn, { lease: null, released_micros: 5 });
    const of = (boot: string): Lease => ({ ...lease, boot });
    const refused = [
      delta(1, 10, { lease: of('a2') }),
      delta(1, 10, { lease: of('a3') }),
      fencePassed(0, 19, 'a2'),
      released(17, 10), // of one writer, which knows a release that the other has not told yet
      fencePassed(0, 30, 'a3'), // of that one
      released(25, 20), // of the other
    ];
    expect(committedMicros(campaignOf(ledgerOf(...refused)).sums)).toBe(20n);
    expect(committedMicros(campaignOf(ledgerOf(...refused, released(31, 20))).sums)).toBe(15n);
  });

  it('changes nothing when records are folded again', () => {
    const ledger = emptyPacingLedger(0, spendShards);
    const log: SourceRecord[] = [];
    for (const record of [granted(1, 100), delta(5, 30), fencePassed(0)]) appendPacing(log, record);
    for (const source of [...log, ...log]) foldPacing(ledger, source);
    expect(claimedMicros(campaignOf(ledger))).toBe(100n);
  });
});

function atMost(what: string, amount: number, bound: number): void {
  if (amount > bound) throw new Error(`${what}: ${amount}, which is more than ${bound}`);
}

/** Everything that may happen around one campaign, in an order that fast-check chooses. */
class World {
  readonly log: SourceRecord[] = [];
  readonly ops: SpendOp[][] = Array.from({ length: spendShards }, () => []);
  readonly truth = Array.from({ length: spendShards }, () => new SpendModel());
  readonly writers: { shard: number; writer: DeltaWriter; queue: AnyRecord[] }[] = [];
  readonly allocators: { name: string; ledger: PacingLedger; steering: Steering; queue: AnyRecord[] }[] = [];
  nodes: { model: NodeModel; buffer: { shard: number; op: SpendOp }[]; live: boolean }[] = [];
  /** Boots whose fence was decided, with the shards that don't have it yet. */
  readonly fences: { node: string; boot: string; shards: number[]; drainedBefore: boolean }[] = [];
  readonly checker = emptyPacingLedger(0, spendShards);
  readonly held = new HeldByNumber();
  readonly days = new DayBook();
  selections = 0;
  boots = 0;
  revision = 0;
  now = 1_000;

  constructor() {
    for (let shard = 0; shard < spendShards; shard += 1) {
      for (let copy = 0; copy < 2; copy += 1)
        this.writers.push({ shard, writer: new DeltaWriter(shard, campaign), queue: [] });
    }
    for (const name of ['x', 'y']) {
      this.allocators.push({ name, ledger: emptyPacingLedger(0, spendShards), steering: newSteering(), queue: [] });
    }
    this.boot('a');
    this.boot('b');
  }

  boot(node: string): void {
    this.boots += 1;
    this.nodes.push({ model: new NodeModel(node, `${node}${this.boots}`, campaign), buffer: [], live: true });
  }

  append(record: AnyRecord): void {
    const before = this.checker.campaigns.get(campaign)?.lastNumber ?? 0;
    foldPacing(this.checker, appendPacing(this.log, record));
    this.held.add(record);
    this.check(record, before);
  }

  /** Invariant 7, once as the ledger sees it and once from what is true in the spend shards. */
  check(record: AnyRecord, numberBefore: number): void {
    const state = this.checker.campaigns.get(campaign);
    const total = this.held.total ?? 0;
    atMost('claimed by the ledger', state === undefined ? 0 : Number(claimedMicros(state)), total);
    atMost('truly claimed', this.trulyClaimed(), total);
    if (record.name !== 'LeaseGranted' || state === undefined || state.lastNumber === numberBefore) return;
    const daily = state.applied?.daily_micros ?? null;
    if (daily !== null) atMost('claimed of the day', Number(claimedMicros(state, record.value.lease.day)), daily);
  }

  trulyClaimed(): number {
    const { held } = this;
    let claimed = 0;
    for (const model of this.truth) claimed += model.committed();
    for (const [key, { lease: one, amount }] of held.granted) {
      if (this.truth.every((model) => model.fenced.has(one.boot))) continue;
      const drawn = this.truth.reduce((sum, model) => sum + (model.drawn.get(key) ?? 0), 0);
      claimed += Math.max(0, amount - (held.returned.get(key) ?? 0) - drawn);
    }
    return claimed;
  }

  spend(shard: number, op: SpendOp): void {
    (this.ops[shard] as SpendOp[]).push(op);
    const model = this.truth[shard] as SpendModel;
    if (op.kind === 'fence') model.fence(op.boot);
    else model.apply(op);
  }

  context(name: string): AllocationContext {
    return {
      now: this.now,
      live: this.nodes
        .filter(({ live }) => live)
        .map(({ model }) => ({ node: model.node, boot: model.boot, markedAt: this.now })),
      days: this.days,
      prices: () => ({ least: 1, most: 30 }),
      allocator: name,
      reservationMs: 1_000,
      grantEveryMs: 0,
    };
  }

  step(kind: number, a: number, b: number): void {
    this.now += 50;
    const among = kind === 6 ? this.nodes : this.nodes.filter(({ live }) => live);
    const node = among[a % among.length] as (typeof this.nodes)[number];
    const allocator = this.allocators[a % 2] as (typeof this.allocators)[number];
    const writer = this.writers[a % this.writers.length] as (typeof this.writers)[number];
    switch (kind) {
      case 0:
        return this.setBudget(a, b);
      case 1: // an allocator reads some way and works a record out, to be sent at some time
        for (const source of this.log.slice(allocator.ledger.nextOffset).slice(0, b % 7 === 0 ? 1 : undefined)) {
          foldPacing(allocator.ledger, source);
        }
        if (allocator.queue.length === 0 || b % 4 === 0) this.allocate(allocator);
        return;
      case 2: // what it worked out arrives, perhaps twice
        for (let copies = b % 5 === 0 ? 2 : 1; copies > 0 && allocator.queue[0] !== undefined; copies -= 1) {
          this.append(allocator.queue[0]);
        }
        allocator.queue.shift();
        return;
      case 3:
        return node.model.read(this.log, 1 + (b % 60));
      case 4:
        for (let times = 0; times <= b % 6; times += 1) this.draw(node, a + times, b + 7 * times);
        return;
      case 5: {
        if (!node.live) return;
        const record = node.model.giveBack(day, 1 + (b % Math.max(1, node.model.left(day))));
        if (record !== null) this.append(record);
        return;
      }
      case 6: // some of the buffer reaches spend, of a dead node's as well
        for (const { shard, op } of node.buffer.splice(0, 1 + (b % 5))) this.spend(shard, op);
        return;
      case 7:
        return this.move(a, b);
      case 8: {
        const records = writer.writer.fold(this.ops[writer.shard] as SpendOp[], 1 + (b % 6));
        writer.queue.push(...records, ...(b % 2 === 0 ? writer.writer.emit() : []));
        return;
      }
      case 9: // a batch is cut short and sent again whole
        for (const record of writer.queue.slice(0, b % (writer.queue.length + 1))) this.append(record);
        for (const record of writer.queue.splice(0)) this.append(record);
        return;
      case 10:
        if (b % 4 !== 0) return;
        writer.writer = new DeltaWriter(writer.shard, campaign);
        writer.queue.length = 0;
        return;
      case 11:
        if (node.live && b % 4 === 0) this.kill(node);
        return;
      default:
        return this.fence(b);
    }
  }

  setBudget(a: number, b: number): void {
    this.revision += 1;
    const daily = b % 3 === 0 ? 50 + (b % 200) : null;
    const wanted = {
      total_micros: 10 + ((a * 37 + b) % 400),
      active: b % 9 !== 0,
      pacing: b % 4 === 0 ? 'even' : 'asap',
    };
    this.append(
      budgetSet({ ...wanted, revision: this.revision, daily_micros: daily, flight: { starts_at: 0, ends_at: 60_000 } }),
    );
  }

  allocate(allocator: (typeof this.allocators)[number]): void {
    const state = allocator.ledger.campaigns.get(campaign);
    if (state === undefined) return;
    const record = nextRecord(state, allocator.steering, this.context(allocator.name));
    if (record !== null) allocator.queue.push(record);
  }

  draw(node: (typeof this.nodes)[number], a: number, b: number): void {
    if (!node.live) return;
    const amount = 1 + (b % 30);
    const drawn = node.model.draw(day, amount);
    if (drawn === null) return;
    this.selections += 1;
    node.buffer.push({
      shard: a % spendShards,
      op: { kind: 'draw', selection: this.selections, lease: drawn, amount },
    });
  }

  move(a: number, b: number): void {
    const kinds = ['release', 'incur', 'incur', 'certify', 'certify', 'void', 'reverse'] as const;
    const shard = a % spendShards;
    const known = [...(this.truth[shard] as SpendModel).phases.keys()];
    const selection = known[b % Math.max(1, known.length)];
    if (selection !== undefined) this.spend(shard, { kind: kinds[(a + b) % 7] as 'release', selection });
  }

  kill(node: (typeof this.nodes)[number]): void {
    node.live = false;
    const { node: name, boot } = node.model;
    this.fences.push({ node: name, boot, shards: [0, 1, 2], drainedBefore: false });
    this.boot(name);
  }

  fence(b: number): void {
    const fence = this.fences[b % Math.max(1, this.fences.length)];
    const shard = fence?.shards.shift();
    if (fence !== undefined && shard !== undefined)
      this.spend(shard, { kind: 'fence', node: fence.node, boot: fence.boot });
  }

  /** Every boot ends, every buffer is drained, every fence written, every delta sent and read. */
  heal(): void {
    for (const node of this.nodes.filter(({ live }) => live)) this.kill(node);
    for (const { buffer } of this.nodes) for (const { shard, op } of buffer.splice(0)) this.spend(shard, op);
    for (const { node, boot, shards } of this.fences) {
      for (const shard of shards.splice(0)) this.spend(shard, { kind: 'fence', node, boot });
    }
    for (const { shard, writer, queue } of this.writers) {
      queue.push(...writer.fold(this.ops[shard] as SpendOp[], Number.POSITIVE_INFINITY), ...writer.emit());
      for (const record of queue.splice(0)) this.append(record);
    }
    for (const { queue } of this.allocators) queue.length = 0;
    for (let round = 0; round < 3; round += 1) {
      this.now += 2_000;
      for (const allocator of this.allocators) {
        for (const source of this.log.slice(allocator.ledger.nextOffset)) foldPacing(allocator.ledger, source);
        this.nodes = this.nodes.filter(({ live }) => !live);
        this.allocate(allocator);
        for (const record of allocator.queue.splice(0)) if (record.name === 'BudgetApplied') this.append(record);
      }
    }
  }
}

describe('invariants 7 and 8', () => {
  /** Kinds of steps as often as it takes for money to go all the way round many times in a walk. */
  const weighted = [
    [0, 1],
    [1, 14],
    [2, 14],
    [3, 12],
    [4, 24],
    [5, 3],
    [6, 10],
    [7, 12],
    [8, 10],
    [9, 8],
    [10, 1],
    [11, 2],
    [12, 4],
  ] as const;
  const kind = fc.oneof(...weighted.map(([value, weight]) => ({ arbitrary: fc.constant(value), weight })));
  const steps = fc.array(fc.tuple(kind, fc.nat(1_000), fc.nat(1_000)), { minLength: 100, maxLength: 700, size: 'max' });

  it('never claims more than the effective budget at any position, and loses nothing for ever, whatever races, repeats or dies', () => {
    let grants = 0;
    let draws = 0;
    let fences = 0;
    fc.assert(
      fc.property(steps, (commands) => {
        const world = new World();
        world.setBudget(9, 1);
        for (const [kind, a, b] of commands) world.step(kind, a, b);
        world.heal();
        const state = campaignOf(world.checker);
        const committed = world.truth.reduce((sum, model) => sum + model.committed(), 0);
        expect(outstandingMicros(state)).toBe(0n);
        expect(Number(committedMicros(state.sums))).toBe(committed);
        const { total_micros, daily_micros } = state.wanted as NonNullable<typeof state.wanted>;
        expect(state.applied).toMatchObject({ total_micros: Math.max(total_micros, committed), daily_micros });
        const left = Math.min(total_micros - committed, (daily_micros ?? Infinity) - committed);
        expect(availableMicros(state, day)).toBe(left);
        grants += world.log.filter(({ record }) => record.name === 'LeaseGranted').length;
        draws += world.selections;
        fences += world.fences.length;
      }),
      { numRuns: 200 },
    );
    // the walk really granted, drew and died
    expect(grants).toBeGreaterThan(1_000);
    expect(draws).toBeGreaterThan(1_500);
    expect(fences).toBeGreaterThan(300);
  });
});
