import { leaseKey } from '../../domain/billing.ts';
import type { FencePassed, Lease, SpendDelta } from '../../domain/records.ts';
import type { Transition } from '../../domain/transitions.ts';
import { ExactSum } from './exact-sum.ts';
import type { SpendStep } from './spend-lifecycle-state.ts';

/** Cumulative sums of one campaign and lease in one shard; lease null: of a budget day, whose leases are behind their fences. Micros. */
export interface PacingRow {
  readonly campaignId: string;
  readonly lease: Lease | null;
  readonly day: string;
  readonly drawn: ExactSum;
  readonly released: ExactSum;
  readonly incurred: ExactSum;
  readonly suspended: ExactSum;
  readonly voided: ExactSum;
  readonly certified: ExactSum;
  readonly reversed: ExactSum;
  selections: number;
  billableEvents: number;
  /** Changed since the last delta; since the last snapshot. */
  isUnsent: boolean;
  isUnsaved: boolean;
}

/** What goes to `pacing`, in this order. FencePassed goes to every shard of it. */
export type PacingOutput =
  | { readonly name: 'SpendDelta'; readonly value: SpendDelta }
  | { readonly name: 'FencePassed'; readonly value: FencePassed };

const sums = ['drawn', 'released', 'incurred', 'suspended', 'voided', 'certified', 'reversed'] as const;
const dayMs = 86_400_000;
const rememberedLeases = 10_000;

/**
 * The pacing truth of one shard: sums by (campaign, lease), written as cumulative deltas. At the fence of a boot its leases are written for the last
 * time, then FencePassed; from then on they count in the row of their day. Absorbed money is nobody's budget and enters no row.
 */
export class PacingDeltas {
  readonly #shard: number;
  readonly #rows = new Map<string, PacingRow>();
  readonly #fenced = new Set<string>();
  /** Changed since the last delta. */
  readonly #unsent = new Set<PacingRow>();
  /** Changed since the last snapshot; and keys of rows removed since then. */
  readonly #unsaved = new Set<PacingRow>();
  readonly #removed = new Set<string>();
  /** Rows by the very lease object that the fold hands on from step to step, since making a key costs more than all the sums. */
  readonly #byLease = new Map<Lease, Map<string, PacingRow>>();
  #outputs: PacingOutput[] = [];

  constructor(shard: number) {
    this.#shard = shard;
  }

  /** Adds what a step did. */
  add(step: SpendStep): void {
    for (const transition of step.transitions) {
      if ('lease' in transition && transition.lease !== null) this.#move(transition, transition.lease);
    }
    if (step.mark?.kind === 'fenced') this.#fence(step.mark.node, step.mark.boot, step);
  }

  get hasUnsent(): boolean {
    return this.#unsent.size > 0 || this.#outputs.length > 0;
  }

  /** Takes out what is to be written: gathered at fences, then every changed row as of `next` (exclusive). */
  take(next: number, foldTime: number): readonly PacingOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    for (const row of this.#unsent) {
      row.isUnsent = false;
      outputs.push(this.#delta(row, next, foldTime));
    }
    this.#unsent.clear();
    return outputs;
  }

  /** Takes what changed since the last call, for a snapshot. */
  takeUnsaved(): {
    readonly rows: readonly (readonly [key: string, row: PacingRow])[];
    readonly removed: readonly string[];
  } {
    const rows = [...this.#unsaved].map((row) => [rowKey(row.campaignId, row.lease, row.day), row] as const);
    for (const [, row] of rows) row.isUnsaved = false;
    const removed = [...this.#removed];
    this.#unsaved.clear();
    this.#removed.clear();
    return { rows, removed };
  }

  /** Puts a row of a snapshot back. */
  restore(row: PacingRow): void {
    this.#rows.set(rowKey(row.campaignId, row.lease, row.day), row);
  }

  /** Told after a restart which boots are behind their fences. */
  restoreFence(node: string, boot: string): void {
    this.#fenced.add(bootKey(node, boot));
  }

  /** Forgets rows that nothing can change any more: nothing in flight, and the day further back than any horizon. */
  forget(foldTime: number, longestHorizonMs: number): void {
    for (const [key, row] of this.#rows) {
      const over = Date.parse(row.day) + longestHorizonMs + 3 * dayMs < foldTime;
      if (!over || row.isUnsent || isInFlight(row)) continue;
      this.#remove(key, row);
    }
  }

  #move(transition: Transition, lease: Lease): void {
    const row = this.#rowOf(transition.billing.campaign_id, lease);
    if (!row.isUnsent) this.#markUnsent(row);
    if (!row.isUnsaved) this.#markUnsaved(row);
    const { amountMicros } = transition;
    switch (transition.kind) {
      case 'drawn':
        row.drawn.add(amountMicros);
        row.selections += 1;
        break;
      case 'released':
        row.released.add(amountMicros);
        break;
      case 'incurred':
        row.incurred.add(amountMicros);
        row.billableEvents += 1;
        break;
      case 'suspended':
        row.suspended.add(amountMicros);
        break;
      case 'voided':
        row.voided.add(amountMicros);
        if (transition.fromSuspense) row.suspended.add(-amountMicros);
        break;
      case 'certified':
        row.certified.add(amountMicros);
        if (transition.fromSuspense) row.suspended.add(-amountMicros);
        break;
      case 'reversed':
        row.reversed.add(amountMicros);
        break;
      case 'absorbed':
      case 'absorbed_voided':
        break;
      default:
        transition satisfies never;
    }
  }

  #markUnsent(row: PacingRow): void {
    row.isUnsent = true;
    this.#unsent.add(row);
  }

  #markUnsaved(row: PacingRow): void {
    row.isUnsaved = true;
    this.#unsaved.add(row);
  }

  #rowOf(campaignId: string, lease: Lease): PacingRow {
    let ofLease = this.#byLease.get(lease);
    if (ofLease === undefined) {
      if (this.#byLease.size >= rememberedLeases) this.#byLease.clear();
      ofLease = new Map();
      this.#byLease.set(lease, ofLease);
    }
    const remembered = ofLease.get(campaignId);
    if (remembered !== undefined) return remembered;
    const behindFence = this.#fenced.has(bootKey(lease.node, lease.boot));
    const row = this.#findOrAdd(campaignId, behindFence ? null : lease, lease.day);
    ofLease.set(campaignId, row);
    return row;
  }

  #findOrAdd(campaignId: string, lease: Lease | null, day: string): PacingRow {
    const key = rowKey(campaignId, lease, day);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = emptyRow(campaignId, lease, day);
      this.#rows.set(key, row);
      this.#removed.delete(key);
    }
    return row;
  }

  #fence(node: string, boot: string, { offset, foldTime }: SpendStep): void {
    this.#fenced.add(bootKey(node, boot));
    for (const [key, row] of this.#rows) {
      if (row.lease === null || row.lease.node !== node || row.lease.boot !== boot) continue;
      if (row.isUnsent) this.#outputs.push(this.#delta(row, offset, foldTime));
      this.#foldIntoDay(row);
      this.#remove(key, row);
    }
    this.#outputs.push({ name: 'FencePassed', value: { node, boot, shard: this.#shard, source_offset: offset } });
  }

  /**
   * The consumer does the same at FencePassed, with the row of the day that it has by then, and from there on refuses older ones. Two writers that take
   * turns could refuse each other's last word in this way, so whoever writes FencePassed says the whole day once more.
   */
  #foldIntoDay(row: PacingRow): void {
    const ofDay = this.#findOrAdd(row.campaignId, null, row.day);
    for (const sum of sums) ofDay[sum].addAll(row[sum]);
    ofDay.selections += row.selections;
    ofDay.billableEvents += row.billableEvents;
    this.#markUnsaved(ofDay);
    this.#markUnsent(ofDay);
  }

  #remove(key: string, row: PacingRow): void {
    this.#rows.delete(key);
    this.#unsent.delete(row);
    this.#unsaved.delete(row);
    this.#removed.add(key);
    this.#byLease.clear();
  }

  #delta(row: PacingRow, next: number, foldTime: number): PacingOutput {
    return {
      name: 'SpendDelta',
      value: {
        campaign_id: row.campaignId,
        shard: this.#shard,
        lease: row.lease,
        day: row.day,
        source_offset: next,
        drawn_micros: micros(row.drawn.micros),
        released_micros: micros(row.released.micros),
        incurred_micros: micros(row.incurred.micros),
        suspended_micros: micros(row.suspended.micros),
        voided_micros: micros(row.voided.micros),
        certified_micros: micros(row.certified.micros),
        reversed_micros: micros(row.reversed.micros),
        selections: row.selections,
        billable_events: row.billableEvents,
        emitted_at: foldTime,
      },
    };
  }
}

/** As Avro's reader can hold it. A sum beyond 9 thousand million units is no budget; what is beyond counts as everything. */
function micros(sum: bigint): number {
  return Number(sum > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(Number.MAX_SAFE_INTEGER) : sum);
}

function rowKey(campaignId: string, lease: Lease | null, day: string): string {
  return `${campaignId}/${lease === null ? day : leaseKey(lease)}`;
}

function bootKey(node: string, boot: string): string {
  return `${node}/${boot}`;
}

function isInFlight({ drawn, released, voided, certified }: PacingRow): boolean {
  return drawn.micros !== released.micros + voided.micros + certified.micros;
}

function emptyRow(campaignId: string, lease: Lease | null, day: string): PacingRow {
  return {
    campaignId,
    lease,
    day,
    drawn: new ExactSum(),
    released: new ExactSum(),
    incurred: new ExactSum(),
    suspended: new ExactSum(),
    voided: new ExactSum(),
    certified: new ExactSum(),
    reversed: new ExactSum(),
    selections: 0,
    billableEvents: 0,
    isUnsent: false,
    isUnsaved: false,
  };
}
