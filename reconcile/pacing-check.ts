import type { AnyRecord, Lease, SpendDelta } from '../domain/records.ts';
import { type Break, sumKeys } from './breaks.ts';
import type { Placed } from './log-reading.ts';
import { refText } from './log-reading.ts';
import type { Movement } from './outcome.ts';
import type { Timeline } from './timeline.ts';

/** Movements of one selection with the lease that its money was drawn on. */
export interface DrawnMovements {
  readonly campaignId: string;
  readonly shard: number;
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

function leaseText(lease: Lease): string {
  return `${lease.node}/${lease.boot}/${lease.day}`;
}

/** The newest row of each (campaign, shard, lease or day): the highest source offset wins. */
export function newestDeltas(records: readonly Placed<AnyRecord>[]): Placed<SpendDelta>[] {
  const rows = new Map<string, Placed<SpendDelta>>();
  for (const { topic, shard, offset, value } of records) {
    if (value.name !== 'SpendDelta') continue;
    const delta = value.value;
    const key = `${delta.campaign_id}|${delta.shard}|${delta.lease === null ? `day/${delta.day}` : leaseText(delta.lease)}`;
    const known = rows.get(key);
    if (known === undefined || delta.source_offset >= known.value.source_offset)
      rows.set(key, { topic, shard, offset, value: delta });
  }
  return [...rows.values()];
}

interface LeaseMovement {
  readonly lease: Lease;
  readonly movement: Movement;
}

/** Movements by campaign and shard, each with its lease; absorbed money has none and is not pacing's affair. */
function byCampaignAndShard(selections: Iterable<DrawnMovements>): Map<string, LeaseMovement[]> {
  const groups = new Map<string, LeaseMovement[]>();
  for (const { campaignId, shard, lease: own, movements } of selections) {
    const key = `${campaignId}|${shard}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    for (const movement of movements) {
      const lease = movement.surplus === true || movement.lease === null ? (movement.lease ?? null) : own;
      if (lease !== null && movement.kind !== 'absorb' && movement.kind !== 'absorb_void')
        group.push({ lease, movement });
    }
  }
  return groups;
}

/** Pacing is told of movements at least so soon, in ms of fold time. */
const toleranceMs = 10_000;

/**
 * Compares each row of pacing with the recount at the row's own source offset: a lease's row with the movements on that lease, a day's row with those
 * on all leases of the day that were fenced before it. And what pacing should have heard of by now, it must have heard of.
 */
export function checkPacing(
  deltas: readonly Placed<SpendDelta>[],
  selections: Iterable<DrawnMovements>,
  timelines: ReadonlyMap<number, Timeline>,
): Break[] {
  const groups = byCampaignAndShard(selections);
  const rows = new PacingRows(deltas, timelines);
  return [
    ...deltas.flatMap((at) => {
      const { campaign_id, shard, source_offset } = at.value;
      const group = groups.get(`${campaign_id}|${shard}`) ?? [];
      const expected = sum(group.filter((m) => m.movement.offset < source_offset && rows.counts(at.value, m.lease)));
      return deltaBreak(at, expected);
    }),
    ...[...groups].flatMap(([key, group]) => {
      const [campaignId = '', shardText = ''] = key.split('|');
      return untoldBreak({ campaignId, shard: Number(shardText) }, group, rows, timelines);
    }),
  ];
}

/** The newest rows, and which of them a lease counts in. */
class PacingRows {
  private readonly byKey = new Map<string, SpendDelta>();
  private readonly timelines: ReadonlyMap<number, Timeline>;

  constructor(deltas: readonly Placed<SpendDelta>[], timelines: ReadonlyMap<number, Timeline>) {
    this.timelines = timelines;
    for (const { value } of deltas)
      this.byKey.set(rowKey(value.campaign_id, value.shard, value.lease ?? value.day), value);
  }

  private fencedBefore(shard: number, { node, boot }: Lease, offset: number): boolean {
    return (this.timelines.get(shard)?.fenceOffset(node, boot) ?? Number.POSITIVE_INFINITY) < offset;
  }

  /** True if what is drawn on a lease counts in a row: its own, or that of its day once it was fenced before the row was written. */
  counts(row: SpendDelta, lease: Lease): boolean {
    if (row.lease !== null) return leaseText(row.lease) === leaseText(lease);
    return row.day === lease.day && this.fencedBefore(row.shard, lease, row.source_offset);
  }

  /** Source offset before which pacing was told of everything on a lease. */
  toldBefore(campaignId: string, shard: number, lease: Lease): number {
    const day = this.byKey.get(rowKey(campaignId, shard, lease.day));
    if (day !== undefined && this.fencedBefore(shard, lease, day.source_offset)) return day.source_offset;
    return this.byKey.get(rowKey(campaignId, shard, lease))?.source_offset ?? 0;
  }

  /** False for a lease's row whose sums have gone into the row of its day. */
  isLive(row: SpendDelta): boolean {
    return row.lease === null || this.toldBefore(row.campaign_id, row.shard, row.lease) === row.source_offset;
  }
}

function rowKey(campaignId: string, shard: number, of: Lease | string): string {
  return `${campaignId}|${shard}|${typeof of === 'string' ? `day/${of}` : leaseText(of)}`;
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
  group: readonly LeaseMovement[],
  rows: PacingRows,
  timelines: ReadonlyMap<number, Timeline>,
): Break[] {
  const timeline = timelines.get(of.shard);
  const untold = group.filter(
    ({ lease, movement }) =>
      movement.offset >= rows.toldBefore(of.campaignId, of.shard, lease) &&
      timeline !== undefined &&
      timeline.lastTime() - timeline.timeAt(movement.offset + 1) > toleranceMs,
  );
  if (untold.length === 0) return [];
  const refs = untold.slice(0, 5).map(({ movement }) => `spend/${of.shard}@${movement.offset}`);
  const how = { code: 'pacing_behind', refs, place: `${untold.length} movements that pacing was never told of` };
  return sumsBreak(of, how, { expected: sum(untold), actual: sum([]) });
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

function sum(movements: readonly LeaseMovement[]): Sums {
  const sums: Sums = { drawn: 0, released: 0, incurred: 0, suspended: 0, voided: 0, certified: 0, reversed: 0 };
  for (const { movement } of movements) {
    const amount = movement.amountMicros;
    if (movement.kind === 'draw') sums.drawn += amount;
    else if (movement.kind === 'release') sums.released += amount;
    else if (movement.kind === 'incur') sums.incurred += amount;
    else if (movement.kind === 'suspend') sums.suspended += amount;
    else if (movement.kind === 'void') sums.voided += amount;
    else if (movement.kind === 'certify') sums.certified += amount;
    else if (movement.kind === 'reverse' || movement.kind === 'adjust') sums.reversed += amount;
    if (movement.fromSuspense === true) sums.suspended -= amount;
  }
  return sums;
}

/** What pacing believes of each campaign, over all shards and days: the sums of the rows that count. Micros as decimal strings. */
export function pacingByCampaign(
  deltas: readonly Placed<SpendDelta>[],
  timelines: ReadonlyMap<number, Timeline>,
): readonly Readonly<Record<string, string>>[] {
  const rows = new PacingRows(deltas, timelines);
  const campaigns = new Map<string, Record<keyof Sums, bigint>>();
  for (const { value } of deltas) {
    if (!rows.isLive(value)) continue;
    const total =
      campaigns.get(value.campaign_id) ??
      (Object.fromEntries(figures.map((figure) => [figure, 0n])) as Record<keyof Sums, bigint>);
    campaigns.set(value.campaign_id, total);
    const own = figuresOf(value);
    for (const figure of figures) total[figure] += BigInt(own[figure]);
  }
  return [...campaigns]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([campaign_id, total]) => ({
      campaign_id,
      ...Object.fromEntries(figures.map((figure) => [`${figure}_micros`, String(total[figure])])),
    }));
}
