import type { AnyRecord, Lease, SpendDelta } from '../../../domain/records.ts';
import type { Story } from '../story.ts';

interface HeldLease {
  readonly lease: Lease;
  granted: number;
  returned: number;
}

interface Row {
  readonly offset: number;
  readonly drawn: number;
  readonly committed: number;
}

interface Campaign {
  /** Partition of pacing in which all of it lies. */
  partition: number;
  number: number;
  total: number | null;
  daily: number | null;
  readonly leases: Map<string, HeldLease>;
  /** By shard, day and lease ('' for the day itself). */
  readonly rows: Map<string, Row>;
}

/**
 * `pacing` as an auditor reads it: what is out on leases and what stands against the budget never exceed it, at every record. Leases are closed by the
 * fences of all shards.
 */
export class BudgetBooks {
  readonly campaigns = new Map<string, Campaign>();
  /** Shards that passed the fence of a boot, as this partition of pacing was told. */
  readonly #passed = new Map<string, Set<string>>();
  readonly #shards: number;
  readonly #story: Story;
  readonly #onBudget: (campaignId: string, totalMicros: number) => void;

  constructor(options: { story: Story; shards: number; onBudget: (campaignId: string, totalMicros: number) => void }) {
    this.#story = options.story;
    this.#shards = options.shards;
    this.#onBudget = options.onBudget;
  }

  take({ name, value }: AnyRecord, where: string, partition: number): void {
    if (name === 'BudgetApplied') {
      const campaign = this.#campaign(value.campaign_id, partition);
      if (value.number !== campaign.number + 1) return;
      campaign.number += 1;
      campaign.total = value.total_micros;
      campaign.daily = value.daily_micros;
      this.#onBudget(value.campaign_id, value.total_micros);
      this.#check(value.campaign_id, where);
    } else if (name === 'LeaseGranted') {
      const campaign = this.#campaign(value.campaign_id, partition);
      if (value.number !== campaign.number + 1) return;
      campaign.number += 1;
      const held = this.#lease(campaign, value.lease);
      if (!this.isClosed(value.lease, partition)) held.granted += value.amount_micros;
      this.#check(value.campaign_id, where);
      this.#checkDay(value.campaign_id, value.lease.day, where);
    } else if (name === 'LeaseReturned') {
      const campaign = this.#campaign(value.campaign_id, partition);
      const held = this.#lease(campaign, value.lease);
      if (!this.isClosed(value.lease, partition)) held.returned = Math.max(held.returned, value.returned_micros);
      if (held.returned > held.granted)
        this.#story.complain(`${where}: more of a lease of ${value.campaign_id} comes back than was granted`);
    } else if (name === 'SpendDelta') this.#delta(value, where, partition);
    else if (name === 'FencePassed') this.#fence(`${value.node}/${value.boot}`, value.shard, partition);
  }

  /** True once every shard has passed the fence of the boot. */
  isClosed({ node, boot }: Pick<Lease, 'node' | 'boot'>, partition: number): boolean {
    return this.#passed.get(`${partition}|${node}/${boot}`)?.size === this.#shards;
  }

  committed(campaignId: string): number {
    let sum = 0;
    for (const row of this.#campaign(campaignId).rows.values()) sum += row.committed;
    return sum;
  }

  /** Out on leases, micros; by day if one is given. */
  outstanding(campaignId: string, day?: string): number {
    const { leases, rows, partition } = this.#campaign(campaignId);
    let sum = 0;
    for (const [key, { lease, granted, returned }] of leases) {
      if (this.isClosed(lease, partition) || (day !== undefined && lease.day !== day)) continue;
      let drawn = 0;
      for (const [name, row] of rows) if (name.endsWith(`|${key}`)) drawn += row.drawn;
      sum += Math.max(0, granted - returned - drawn - (this.#foldedDrawn.get(`${campaignId}|${key}`) ?? 0));
    }
    return sum;
  }

  /** Drawn on leases whose rows some shards have folded into the day already. */
  readonly #foldedDrawn = new Map<string, number>();
  #campaign(id: string, partition = 0): Campaign {
    const known = this.campaigns.get(id) ?? {
      partition,
      number: 0,
      total: null,
      daily: null,
      leases: new Map(),
      rows: new Map(),
    };
    this.campaigns.set(id, known);
    return known;
  }

  #lease(campaign: Campaign, lease: Lease): HeldLease {
    const key = keyOf(lease);
    const known = campaign.leases.get(key) ?? { lease, granted: 0, returned: 0 };
    campaign.leases.set(key, known);
    return known;
  }

  #delta(delta: SpendDelta, where: string, partition: number): void {
    const { campaign_id: id, shard, lease, day, source_offset: offset } = delta;
    const campaign = this.#campaign(id, partition);
    if (lease !== null && this.#passed.get(`${partition}|${lease.node}/${lease.boot}`)?.has(String(shard)) === true)
      return;
    const key = `${shard}|${day}|${lease === null ? '' : keyOf(lease)}`;
    if ((campaign.rows.get(key)?.offset ?? -1) >= offset) return;
    const { drawn_micros: drawn, released_micros: released, voided_micros: voided, reversed_micros: reversed } = delta;
    campaign.rows.set(key, { offset, drawn, committed: drawn - released - voided - reversed });
    this.#check(id, where);
  }

  /** The rows of the boot's leases in this shard become part of their days. */
  #fence(boot: string, shard: number, partition: number): void {
    const name = `${partition}|${boot}`;
    const passed = this.#passed.get(name) ?? new Set<string>();
    this.#passed.set(name, passed);
    if (passed.has(String(shard))) return;
    passed.add(String(shard));
    for (const [id, campaign] of this.campaigns) {
      for (const [key, row] of campaign.rows) {
        const [of = '', day = '', lease = ''] = key.split('|');
        if (Number(of) !== shard || !lease.startsWith(`${boot}/`) || campaign.partition !== partition) continue;
        const today = `${of}|${day}|`;
        const before = campaign.rows.get(today) ?? { offset: -1, drawn: 0, committed: 0 };
        campaign.rows.set(today, {
          offset: Math.max(before.offset, row.offset),
          drawn: before.drawn + row.drawn,
          committed: before.committed + row.committed,
        });
        campaign.rows.delete(key);
        const folded = `${id}|${lease}`;
        this.#foldedDrawn.set(folded, (this.#foldedDrawn.get(folded) ?? 0) + row.drawn);
      }
    }
  }

  #check(id: string, where: string): void {
    const { total } = this.#campaign(id);
    if (total === null) return;
    const [outstanding, committed] = [this.outstanding(id), this.committed(id)];
    if (outstanding + committed <= total) return;
    this.#story.complain(`${where}: ${outstanding} on leases and ${committed} spent of ${id}, its budget is ${total}`);
  }

  #checkDay(id: string, day: string, where: string): void {
    const { daily, rows } = this.#campaign(id);
    if (daily === null) return;
    let committed = 0;
    for (const [key, row] of rows) if (key.split('|')[1] === day) committed += row.committed;
    const sum = this.outstanding(id, day) + committed;
    if (sum > daily) this.#story.complain(`${where}: ${sum} of ${id} for ${day}, the day's budget is ${daily}`);
  }
}

function keyOf({ node, boot, day }: Lease): string {
  return `${node}/${boot}/${day}`;
}
