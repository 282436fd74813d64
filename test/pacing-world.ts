import { leaseKey } from '../domain/billing.ts';
import type { AnyRecord, BudgetSet, Lease, SpendDelta } from '../domain/records.ts';
import type { SourceRecord } from '../streams/runtime/processor.ts';

/** What happened to one selection's money in one spend shard. `fence`: the leases of a boot cover nothing from here on. */
export type SpendOp =
  | { readonly kind: 'draw'; readonly selection: number; readonly lease: Lease; readonly amount: number }
  | { readonly kind: 'release' | 'incur' | 'void' | 'certify' | 'reverse'; readonly selection: number }
  | { readonly kind: 'fence'; readonly node: string; readonly boot: string };

type Phase = 'open' | 'pending' | 'final' | 'done';

interface Sums {
  drawn: number;
  released: number;
  incurred: number;
  voided: number;
  certified: number;
  reversed: number;
}

function noSums(): Sums {
  return { drawn: 0, released: 0, incurred: 0, voided: 0, certified: 0, reversed: 0 };
}

/** A plain model of what the fold of one spend shard knows for pacing: sums by lease, folded into days by fences. */
export class SpendModel {
  readonly leases = new Map<string, { lease: Lease; sums: Sums }>();
  readonly days = new Map<string, Sums>();
  readonly fenced = new Set<string>();
  readonly phases = new Map<number, { phase: Phase; lease: Lease; amount: number }>();
  /** Ever drawn, by lease. */
  readonly drawn = new Map<string, number>();

  /** The row that changed, or null if the operation does nothing. */
  apply(op: Exclude<SpendOp, { kind: 'fence' }>): { readonly lease: Lease; readonly folded: boolean } | null {
    const known = this.phases.get(op.selection);
    if (op.kind === 'draw') {
      if (known !== undefined || this.fenced.has(op.lease.boot)) return null;
      this.phases.set(op.selection, { phase: 'open', lease: op.lease, amount: op.amount });
      this.#row(op.lease).drawn += op.amount;
      this.drawn.set(leaseKey(op.lease), (this.drawn.get(leaseKey(op.lease)) ?? 0) + op.amount);
      return { lease: op.lease, folded: false };
    }
    const moves = {
      release: ['open', 'done', 'released'],
      incur: ['open', 'pending', 'incurred'],
      void: ['pending', 'done', 'voided'],
      certify: ['pending', 'final', 'certified'],
      reverse: ['final', 'done', 'reversed'],
    } as const;
    const [from, to, sum] = moves[op.kind];
    if (known?.phase !== from) return null;
    known.phase = to;
    this.#row(known.lease)[sum] += known.amount;
    return { lease: known.lease, folded: this.fenced.has(known.lease.boot) };
  }

  /** Leases of the boot, before they become part of their days. */
  fence(boot: string): void {
    this.fenced.add(boot);
    for (const [key, { lease, sums }] of this.leases) {
      if (lease.boot !== boot) continue;
      const day = this.day(lease.day);
      for (const name of Object.keys(sums) as (keyof Sums)[]) day[name] += sums[name];
      this.leases.delete(key);
    }
  }

  day(day: string): Sums {
    const known = this.days.get(day) ?? noSums();
    this.days.set(day, known);
    return known;
  }

  /** Drawn − released − voided − reversed over everything. */
  committed(): number {
    let total = 0;
    for (const { sums } of this.leases.values()) total += sums.drawn - sums.released - sums.voided - sums.reversed;
    for (const sums of this.days.values()) total += sums.drawn - sums.released - sums.voided - sums.reversed;
    return total;
  }

  incurred(): number {
    let total = 0;
    for (const { sums } of this.leases.values()) total += sums.incurred;
    for (const sums of this.days.values()) total += sums.incurred;
    return total;
  }

  #row(lease: Lease): Sums {
    if (this.fenced.has(lease.boot)) return this.day(lease.day);
    const known = this.leases.get(leaseKey(lease)) ?? { lease, sums: noSums() };
    this.leases.set(leaseKey(lease), known);
    return known.sums;
  }
}

/** A writer of deltas of one spend shard: folds its operations from a position of its own and tells what changed when asked. */
export class DeltaWriter {
  readonly #shard: number;
  readonly #campaign: string;
  #model = new SpendModel();
  #next = 0;
  readonly #dirtyLeases = new Map<string, Lease>();
  readonly #dirtyDays = new Set<string>();

  constructor(shard: number, campaign: string) {
    this.#shard = shard;
    this.#campaign = campaign;
  }

  get next(): number {
    return this.#next;
  }

  /** Folds at most `count` operations; the records of fences within them, preceded by what changed before. */
  fold(ops: readonly SpendOp[], count: number): readonly AnyRecord[] {
    const out: AnyRecord[] = [];
    for (const end = Math.min(ops.length, this.#next + count); this.#next < end; this.#next += 1) {
      const op = ops[this.#next] as SpendOp;
      if (op.kind === 'fence') out.push(...this.#fence(op));
      else {
        const changed = this.#model.apply(op);
        if (changed?.folded === true) this.#dirtyDays.add(changed.lease.day);
        else if (changed !== null) this.#dirtyLeases.set(leaseKey(changed.lease), changed.lease);
      }
    }
    return out;
  }

  emit(): readonly AnyRecord[] {
    const out = [...this.#dirtyLeases.values()].map((lease) => this.#leaseDelta(lease, this.#next));
    for (const day of this.#dirtyDays) out.push(this.#delta(null, day, this.#model.day(day), this.#next));
    this.#dirtyLeases.clear();
    this.#dirtyDays.clear();
    return out;
  }

  #fence({ node, boot }: { readonly node: string; readonly boot: string }): readonly AnyRecord[] {
    if (this.#model.fenced.has(boot)) return [];
    const out: AnyRecord[] = [];
    for (const [key, lease] of this.#dirtyLeases) {
      if (lease.boot !== boot) continue;
      out.push(this.#leaseDelta(lease, this.#next));
      this.#dirtyLeases.delete(key);
    }
    for (const { lease } of this.#model.leases.values()) if (lease.boot === boot) this.#dirtyDays.add(lease.day);
    this.#model.fence(boot);
    out.push({ name: 'FencePassed', value: { node, boot, shard: this.#shard, source_offset: this.#next } });
    return out;
  }

  #leaseDelta(lease: Lease, offset: number): AnyRecord {
    return this.#delta(lease, lease.day, this.#model.leases.get(leaseKey(lease))?.sums ?? noSums(), offset);
  }

  #delta(lease: Lease | null, day: string, sums: Sums, sourceOffset: number): AnyRecord {
    const value: SpendDelta = {
      campaign_id: this.#campaign,
      shard: this.#shard,
      lease,
      day,
      source_offset: sourceOffset,
      drawn_micros: sums.drawn,
      released_micros: sums.released,
      incurred_micros: sums.incurred,
      suspended_micros: 0,
      voided_micros: sums.voided,
      certified_micros: sums.certified,
      reversed_micros: sums.reversed,
      selections: 0,
      billable_events: 0,
      emitted_at: 0,
    };
    return { name: 'SpendDelta', value };
  }
}

interface Held {
  readonly lease: Lease;
  granted: number;
  drawn: number;
  returned: number;
}

/** One boot of a serving node as pacing sees it: reads grants, draws no more than it was granted less what it returned. */
export class NodeModel {
  readonly node: string;
  readonly boot: string;
  readonly #campaign: string;
  #next = 0;
  #number = 0;
  readonly held = new Map<string, Held>();

  constructor(node: string, boot: string, campaign: string) {
    this.node = node;
    this.boot = boot;
    this.#campaign = campaign;
  }

  read(log: readonly SourceRecord[], count = Number.POSITIVE_INFINITY): void {
    for (const end = Math.min(log.length, this.#next + count); this.#next < end; this.#next += 1) {
      const { record } = log[this.#next] as SourceRecord;
      if (record.name !== 'LeaseGranted' && record.name !== 'BudgetApplied') continue;
      if (record.value.number !== this.#number + 1) continue;
      this.#number = record.value.number;
      if (record.name !== 'LeaseGranted' || record.value.lease.boot !== this.boot) continue;
      const { lease, amount_micros } = record.value;
      const known = this.held.get(lease.day) ?? { lease, granted: 0, drawn: 0, returned: 0 };
      known.granted += amount_micros;
      this.held.set(lease.day, known);
    }
  }

  left(day: string): number {
    const held = this.held.get(day);
    return held === undefined ? 0 : held.granted - held.drawn - held.returned;
  }

  draw(day: string, amount: number): Lease | null {
    const held = this.held.get(day);
    if (held === undefined || amount > this.left(day)) return null;
    held.drawn += amount;
    return held.lease;
  }

  giveBack(day: string, amount: number): AnyRecord | null {
    const held = this.held.get(day);
    if (held === undefined || amount <= 0 || amount > this.left(day)) return null;
    held.returned += amount;
    const value = { campaign_id: this.#campaign, lease: held.lease, returned_micros: held.returned, returned_at: 0 };
    return { name: 'LeaseReturned', value };
  }
}

/** A shard of `pacing` as a list. */
export function appendPacing(log: SourceRecord[], record: AnyRecord): SourceRecord {
  const source: SourceRecord = { topic: 'pacing', shard: 0, offset: log.length, key: 'cmp_1', record };
  log.push(source);
  return source;
}

export function budgetSet(over: Partial<BudgetSet> = {}): AnyRecord {
  const value: BudgetSet = {
    campaign_id: 'cmp_1',
    revision: 1,
    advertiser_id: 'adv_1',
    currency: 'EUR',
    time_zone: 'UTC',
    total_micros: 1_000_000,
    daily_micros: null,
    flight: { starts_at: 0, ends_at: 1_000_000_000 },
    pacing: 'asap',
    active: true,
    set_at: 0,
    ...over,
  };
  return { name: 'BudgetSet', value };
}

/** What holds by number, worked out from the records alone and without the ledger under test. */
export class HeldByNumber {
  #number = 0;
  total: number | null = null;
  readonly granted = new Map<string, { readonly lease: Lease; readonly amount: number }>();
  readonly returned = new Map<string, number>();

  add(record: AnyRecord): void {
    if (record.name === 'LeaseReturned') {
      const key = leaseKey(record.value.lease);
      this.returned.set(key, Math.max(this.returned.get(key) ?? 0, record.value.returned_micros));
    }
    if (record.name !== 'LeaseGranted' && record.name !== 'BudgetApplied') return;
    if (record.value.number !== this.#number + 1) return;
    this.#number += 1;
    if (record.name === 'BudgetApplied') this.total = record.value.total_micros;
    else {
      const { lease, amount_micros } = record.value;
      const amount = (this.granted.get(leaseKey(lease))?.amount ?? 0) + amount_micros;
      this.granted.set(leaseKey(lease), { lease, amount });
    }
  }
}

export function heldByNumber(log: readonly SourceRecord[]): HeldByNumber {
  const held = new HeldByNumber();
  for (const { record } of log) held.add(record);
  return held;
}
