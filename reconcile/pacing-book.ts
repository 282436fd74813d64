import type { AnyRecord, Lease, SpendDelta } from '../domain/records.ts';
import type { Placed } from './log-reading.ts';

export function leaseText(lease: Lease): string {
  return `${lease.node}/${lease.boot}/${lease.day}`;
}

/** What is kept of `pacing`: the newest row of each (campaign, shard, lease or day), and the highest budget of each campaign that took effect. */
export class PacingBook {
  /** Micros by campaign. */
  readonly budgets = new Map<string, number>();
  private readonly shards = new Map<number, Map<string, Placed<SpendDelta>>>();

  add({ topic, shard, offset, value: { name, value } }: Placed<AnyRecord>): void {
    if (name === 'SpendDelta') this.addDelta({ topic, shard, offset, value });
    if (name !== 'BudgetApplied') return;
    this.budgets.set(value.campaign_id, Math.max(this.budgets.get(value.campaign_id) ?? 0, value.total_micros));
  }

  /** The newest rows of what one shard of `spend` told. */
  deltas(shard: number): readonly Placed<SpendDelta>[] {
    return [...(this.shards.get(shard)?.values() ?? [])];
  }

  /** Highest offset of a shard of `spend` that pacing was told of. */
  heardOf(shard: number): number {
    return this.deltas(shard).reduce((highest, { value }) => Math.max(highest, value.source_offset), 0);
  }

  /** The highest source offset wins. */
  private addDelta(placed: Placed<SpendDelta>): void {
    const { campaign_id, shard, lease, day, source_offset } = placed.value;
    const rows = this.shards.get(shard) ?? new Map<string, Placed<SpendDelta>>();
    this.shards.set(shard, rows);
    const key = rowKey(campaign_id, lease ?? day);
    const known = rows.get(key);
    if (known === undefined || source_offset >= known.value.source_offset) rows.set(key, placed);
  }
}

/** Key of a row of one shard: of a lease, or of a day. */
export function rowKey(campaignId: string, of: Lease | string): string {
  return `${campaignId}|${typeof of === 'string' ? `day/${of}` : leaseText(of)}`;
}
