import type { AnyRecord, Lease, SpendDelta } from '../domain/records.ts';
import type { Break } from './breaks.ts';
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
      const lease = movement.surplus === true ? (movement.lease ?? null) : own;
      if (lease !== null && movement.kind !== 'absorb' && movement.kind !== 'absorb_void')
        group.push({ lease, movement });
    }
  }
  return groups;
}

/**
 * Compares each row of pacing with the recount at the row's own source offset: a lease's row with the movements on that lease, a day's row with those
 * on all leases of the day that were fenced before it.
 */
export function checkPacing(
  deltas: readonly Placed<SpendDelta>[],
  selections: Iterable<DrawnMovements>,
  timelines: ReadonlyMap<number, Timeline>,
): Break[] {
  const groups = byCampaignAndShard(selections);
  return deltas.flatMap((at) => {
    const { campaign_id, shard, lease, day, source_offset } = at.value;
    const timeline = timelines.get(shard);
    const inRow = (candidate: Lease): boolean =>
      lease === null
        ? candidate.day === day &&
          (timeline?.fenceOffset(candidate.node, candidate.boot) ?? Number.POSITIVE_INFINITY) < source_offset
        : leaseText(candidate) === leaseText(lease);
    const expected = sum(
      (groups.get(`${campaign_id}|${shard}`) ?? []).filter((m) => inRow(m.lease) && m.movement.offset < source_offset),
    );
    const actual = figuresOf(at.value);
    const wrong = figures.filter((figure) => expected[figure] !== actual[figure]);
    if (wrong.length === 0) return [];
    const worst = wrong.reduce((a, b) =>
      Math.abs(expected[a] - actual[a]) >= Math.abs(expected[b] - actual[b]) ? a : b,
    );
    return [
      {
        code: 'pacing_delta',
        truth: 'pacing' as const,
        selectionId: '',
        campaignId: campaign_id,
        expectedMicros: expected[worst],
        actualMicros: actual[worst],
        differenceMicros: Math.abs(expected[worst] - actual[worst]),
        refs: [refText(at)],
        detail: `at spend/${shard}@${source_offset}, ${lease === null ? `day ${day}` : `lease ${leaseText(lease)}`}: ${wrong.map((f) => `${f} ${actual[f]}, recounted ${expected[f]}`).join('; ')}`,
      },
    ];
  });
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
