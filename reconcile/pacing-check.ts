import type { Lease, SpendDelta } from '../domain/records.ts';
import { type Break, sumKeys } from './breaks.ts';
import { type Placed, refText } from './log-reading.ts';
import type { Movement } from './outcome.ts';
import { leaseText, rowKey } from './pacing-book.ts';
import type { Timeline } from './timeline.ts';

/** Movements of one selection with the lease that its money was drawn on. */
export interface DrawnMovements {
  readonly campaignId: string;
  readonly lease: Lease | null;
  readonly movements: readonly Movement[];
}

interface Sums {
  drawn: number;
  released: number;
  incurred: number;
  suspended: number;
  voided: number;
  certified: number;
  reversed: number;
}

const figures = ['drawn', 'released', 'incurred', 'suspended', 'voided', 'certified', 'reversed'] as const;

function figuresOf(delta: SpendDelta): Sums {
  return {
    drawn: delta.drawn_micros,
    released: delta.released_micros,
    incurred: delta.incurred_micros,
    suspended: delta.suspended_micros,
    voided: delta.voided_micros,
    certified: delta.certified_micros,
    reversed: delta.reversed_micros,
  };
}

/** Pacing is told of movements at least so soon, in ms of fold time. */
const toleranceMs = 10_000;

/** Movements that pacing should have heard of, and did not. */
interface Untold {
  count: number;
  /** Offsets of the first few. */
  readonly offsets: number[];
  readonly sums: Sums;
}

const shownOffsets = 5;

/**
 * Compares each row of pacing that one shard told with the recount at the row's own source offset: a lease's row with the movements on that lease, a day's
 * row with those on all leases of the day that were fenced before it. And what pacing should have heard of by now, it must have heard of.
 */
export class PacingCheck {
  private readonly shard: number;
  private readonly timeline: Timeline;
  private readonly rows = new Map<string, { readonly at: Placed<SpendDelta>; readonly expected: Sums }>();
  private readonly untold = new Map<string, Untold>();

  constructor(shard: number, deltas: readonly Placed<SpendDelta>[], timeline: Timeline) {
    this.shard = shard;
    this.timeline = timeline;
    for (const at of deltas) {
      const { campaign_id, lease, day } = at.value;
      this.rows.set(rowKey(campaign_id, lease ?? day), { at, expected: noSums() });
    }
  }

  /** Counts what became of one selection of the shard. Absorbed money has no lease and is not pacing's affair. */
  add({ campaignId, lease: own, movements }: DrawnMovements): void {
    for (const movement of movements) {
      const lease = movement.surplus === true || movement.lease === null ? (movement.lease ?? null) : own;
      if (lease === null || movement.kind === 'absorb' || movement.kind === 'absorb_void') continue;
      this.count(campaignId, lease, movement);
    }
  }

  private count(campaignId: string, lease: Lease, movement: Movement): void {
    const ofLease = this.rows.get(rowKey(campaignId, lease));
    const ofDay = this.rows.get(rowKey(campaignId, lease.day));
    if (ofLease !== undefined && movement.offset < ofLease.at.value.source_offset) addTo(ofLease.expected, movement);
    const isInDay = ofDay !== undefined && this.fencedBefore(lease, ofDay.at.value.source_offset);
    if (isInDay && movement.offset < ofDay.at.value.source_offset) addTo(ofDay.expected, movement);
    const waitedMs = this.timeline.lastTime() - this.timeline.timeAt(movement.offset + 1);
    if (movement.offset < this.toldBefore(campaignId, lease) || waitedMs <= toleranceMs) return;
    const untold = this.untold.get(campaignId) ?? { count: 0, offsets: [], sums: noSums() };
    this.untold.set(campaignId, untold);
    untold.count += 1;
    if (untold.offsets.length < shownOffsets) untold.offsets.push(movement.offset);
    addTo(untold.sums, movement);
  }

  breaks(): Break[] {
    const { shard } = this;
    return [
      ...[...this.rows.values()].flatMap(({ at, expected }) => deltaBreak(at, expected)),
      ...[...this.untold].flatMap(([campaignId, untold]) => untoldBreak({ campaignId, shard }, untold)),
    ];
  }

  /** Adds what pacing believes of each campaign, by the rows that count: not those of leases whose sums have gone into the row of their day. */
  believed(campaigns: PacingSums): void {
    for (const { at } of this.rows.values()) {
      const { campaign_id, lease, source_offset } = at.value;
      if (lease === null || this.toldBefore(campaign_id, lease) === source_offset) campaigns.add(at.value);
    }
  }

  private fencedBefore({ node, boot }: Lease, offset: number): boolean {
    return this.timeline.fenceOffset(node, boot) < offset;
  }

  /** Source offset before which pacing was told of everything on a lease. */
  private toldBefore(campaignId: string, lease: Lease): number {
    const day = this.rows.get(rowKey(campaignId, lease.day))?.at.value;
    if (day !== undefined && this.fencedBefore(lease, day.source_offset)) return day.source_offset;
    return this.rows.get(rowKey(campaignId, lease))?.at.value.source_offset ?? 0;
  }
}

function deltaBreak(at: Placed<SpendDelta>, expected: Sums): Break[] {
  const { shard, lease, day, source_offset } = at.value;
  const actual = figuresOf(at.value);
  const place = `at spend/${shard}@${source_offset}, ${lease === null ? `day ${day}` : `lease ${leaseText(lease)}`}`;
  return sumsBreak(
    { campaignId: at.value.campaign_id, shard },
    { code: 'pacing_delta', refs: [refText(at)], place },
    { expected, actual },
  );
}

function untoldBreak(
  of: { readonly campaignId: string; readonly shard: number },
  { count, offsets, sums }: Untold,
): Break[] {
  const refs = offsets.map((offset) => `spend/${of.shard}@${offset}`);
  const how = { code: 'pacing_behind', refs, place: `${count} movements that pacing was never told of` };
  return sumsBreak(of, how, { expected: sums, actual: noSums() });
}

function sumsBreak(
  of: { readonly campaignId: string; readonly shard: number },
  how: { readonly code: string; readonly refs: readonly string[]; readonly place: string },
  { expected, actual }: { readonly expected: Sums; readonly actual: Sums },
): Break[] {
  const wrong = figures.filter((figure) => expected[figure] !== actual[figure]);
  if (wrong.length === 0) return [];
  const gap = (figure: keyof Sums): number => Math.abs(expected[figure] - actual[figure]);
  const worst = wrong.reduce((a, b) => (gap(a) >= gap(b) ? a : b));
  return [
    {
      code: how.code,
      truth: 'pacing' as const,
      selectionId: '',
      campaignId: of.campaignId,
      expectedMicros: expected[worst],
      actualMicros: actual[worst],
      differenceMicros: gap(worst),
      refs: how.refs,
      detail: `${how.place}: ${wrong.map((f) => `${f} ${actual[f]}, recounted ${expected[f]}`).join('; ')}`,
      sumOver: sumKeys({ ...of, advertiserId: '' }).pacing,
    },
  ];
}

function noSums(): Sums {
  return { drawn: 0, released: 0, incurred: 0, suspended: 0, voided: 0, certified: 0, reversed: 0 };
}

function addTo(sums: Sums, { kind, amountMicros, fromSuspense }: Movement): void {
  if (kind === 'draw') sums.drawn += amountMicros;
  else if (kind === 'release') sums.released += amountMicros;
  else if (kind === 'incur') sums.incurred += amountMicros;
  else if (kind === 'suspend') sums.suspended += amountMicros;
  else if (kind === 'void') sums.voided += amountMicros;
  else if (kind === 'certify') sums.certified += amountMicros;
  else if (kind === 'reverse' || kind === 'adjust') sums.reversed += amountMicros;
  if (fromSuspense === true) sums.suspended -= amountMicros;
}

/** What pacing believes of each campaign, over all shards and days. */
export class PacingSums {
  private readonly campaigns = new Map<string, Record<keyof Sums, bigint>>();

  add(delta: SpendDelta): void {
    const total =
      this.campaigns.get(delta.campaign_id) ??
      (Object.fromEntries(figures.map((figure) => [figure, 0n])) as Record<keyof Sums, bigint>);
    this.campaigns.set(delta.campaign_id, total);
    const own = figuresOf(delta);
    for (const figure of figures) total[figure] += BigInt(own[figure]);
  }

  /** Micros as decimal strings. */
  rows(): readonly Readonly<Record<string, string>>[] {
    return [...this.campaigns]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([campaign_id, total]) => ({
        campaign_id,
        ...Object.fromEntries(figures.map((figure) => [`${figure}_micros`, String(total[figure])])),
      }));
  }
}
