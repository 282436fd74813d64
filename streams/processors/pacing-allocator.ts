import { leaseKey } from '../../domain/billing.ts';
import type { AnyRecord, Lease } from '../../domain/records.ts';
import { type CampaignPacing, claimedMicros, leaseOutstandingMicros } from './pacing-ledger.ts';
import type { LiveNode } from './pacing-nodes.ts';
import { type DayBook, isRunning, planOf, type Steering, steer } from './pacing-steering.ts';

/** Prices of one billable event over the line items of a campaign, micros. */
export interface PriceRange {
  readonly least: number;
  readonly most: number;
}

export interface AllocationContext {
  readonly now: number;
  /** Boots that may be granted leases. */
  readonly live: readonly LiveNode[];
  readonly days: DayBook;
  /** Null while no line item of the campaign is known. */
  readonly prices: (campaignId: string) => PriceRange | null;
  /** Who signs. */
  readonly allocator: string;
  readonly reservationMs: number;
  /** Least time between two grants to one node while its campaign is paced, ms. */
  readonly grantEveryMs: number;
}

/** A top-up covers what a node will draw until the next one arrives, with the way of its draws through spend and back. */
const lookAheadMs = 2_000;
const lowerEveryMs = 1_000;

/**
 * The next numbered record that a campaign needs, or null. At most one may be under way: a second one, worked out as if the first had held,
 * would hold by its number even if another allocator took the first's, and both allocators' grants together could pass the budget. So the
 * caller appends it and folds the log to its end before it asks again.
 */
export function nextRecord(campaign: CampaignPacing, steering: Steering, context: AllocationContext): AnyRecord | null {
  const budget = budgetRecord(campaign, steering, context);
  if (budget !== null) return budget;
  const { wanted } = campaign;
  if (wanted === null) return null;
  const today = context.days.at(context.now, wanted.time_zone);
  const unitMicros = unitOf(campaign, context).most;
  const plan = planOf(campaign, today, context.reservationMs);
  steer(campaign, steering, plan, { now: context.now, today: today.day, unitMicros, nodes: context.live.length });
  if (!isRunning(wanted, context.now)) return limited(steering, wanted.active ? 'flight' : 'inactive');
  return grantRecord(campaign, steering, context, today.day);
}

function limited(steering: Steering, reason: string): null {
  steering.limitedBy = reason;
  return null;
}

/** BudgetApplied: a new revision; or a step down, while more was claimed than is wanted and some of it came back. */
function budgetRecord(campaign: CampaignPacing, steering: Steering, context: AllocationContext): AnyRecord | null {
  const { wanted, applied } = campaign;
  if (wanted === null) return null;
  const claimed = claimedMicros(campaign);
  const total = claimed > BigInt(wanted.total_micros) ? Number(claimed) : wanted.total_micros;
  if (applied !== null && applied.revision >= wanted.revision) {
    if (total >= applied.total_micros) return null;
    if (total > wanted.total_micros && context.now - steering.loweredAt < lowerEveryMs) return null;
  }
  steering.loweredAt = context.now;
  return {
    name: 'BudgetApplied',
    value: {
      campaign_id: campaign.campaignId,
      number: campaign.lastNumber + 1,
      revision: wanted.revision,
      total_micros: total,
      daily_micros: wanted.daily_micros,
      applied_at: context.now,
      allocator: context.allocator,
    },
  };
}

function grantRecord(
  campaign: CampaignPacing,
  steering: Steering,
  context: AllocationContext,
  day: string,
): AnyRecord | null {
  if (context.live.length === 0) return limited(steering, 'no_node');
  const price = unitOf(campaign, context);
  const available = availableMicros(campaign, day);
  if (available < price.least) return limited(steering, isDayShort(campaign, day) ? 'daily_budget' : 'budget');
  const hungry = hungryNodes(campaign, steering, context, day);
  const first = hungry[0];
  if (first === undefined) return limited(steering, 'no_demand');
  const amount = amountFor(first, { available, price, hungry: hungry.length, steering, context });
  if (amount === 0) return limited(steering, 'plan');
  steering.allowance -= amount;
  steering.limitedBy = '';
  return {
    name: 'LeaseGranted',
    value: {
      campaign_id: campaign.campaignId,
      number: campaign.lastNumber + 1,
      lease: first.lease,
      amount_micros: amount,
      granted_at: context.now,
      allocator: context.allocator,
    },
  };
}

/**
 * What may be granted on a budget day: the least of what is left of the effective budget, of what the console wants now and of the day.
 * Below 0 where a budget was lowered under what is claimed.
 */
export function availableMicros(campaign: CampaignPacing, day: string): number {
  const { wanted, applied } = campaign;
  if (wanted === null || applied === null) return 0;
  const total = Math.min(applied.total_micros, wanted.total_micros);
  const left = BigInt(total) - claimedMicros(campaign);
  const leftOfDay = dayLeftMicros(campaign, day);
  return Number(leftOfDay !== null && leftOfDay < left ? leftOfDay : left);
}

function dayLeftMicros(campaign: CampaignPacing, day: string): bigint | null {
  const daily = Math.min(campaign.applied?.daily_micros ?? Infinity, campaign.wanted?.daily_micros ?? Infinity);
  return daily === Infinity ? null : BigInt(daily) - claimedMicros(campaign, day);
}

function isDayShort(campaign: CampaignPacing, day: string): boolean {
  const left = dayLeftMicros(campaign, day);
  return left !== null && Number(left) <= availableMicros(campaign, day);
}

interface Hungry {
  readonly lease: Lease;
  readonly outstanding: number;
  /** Up to where its lease may be filled. */
  readonly cap: number;
}

/** Live nodes whose lease runs low, the emptiest first. One that draws nothing is only kept able to start. */
function hungryNodes(
  campaign: CampaignPacing,
  steering: Steering,
  context: AllocationContext,
  day: string,
): readonly Hungry[] {
  const { most } = unitOf(campaign, context);
  const start = Math.max(2 * most, startMicros(campaign, steering, context));
  const hungry: Hungry[] = [];
  for (const { node, boot } of context.live) {
    const lease = { node, boot, day };
    const state = campaign.leases.get(leaseKey(lease));
    const outstanding = state === undefined ? 0 : Number(leaseOutstandingMicros(state));
    const drawRate = steering.demand.get(leaseKey(lease))?.rate ?? 0;
    const cap = Math.max(start, (2 * drawRate * lookAheadMs) / 1000);
    if (outstanding < (drawRate > 0 ? Math.max(most, cap / 2) : most)) hungry.push({ lease, outstanding, cap });
  }
  return hungry.sort((a, b) => a.outstanding / a.cap - b.outstanding / b.cap);
}

/** First filling of a lease, before demand is known: a second of the plan, or a five hundredth of the budget. */
function startMicros(campaign: CampaignPacing, steering: Steering, context: AllocationContext): number {
  const nodes = Math.max(1, context.live.length);
  if (Number.isFinite(steering.rate)) return steering.rate / steering.render / nodes;
  return (campaign.applied?.total_micros ?? 0) / 500 / nodes;
}

interface Amounts {
  readonly available: number;
  readonly price: PriceRange;
  readonly hungry: number;
  readonly steering: Steering;
  readonly context: AllocationContext;
}

/** Micros for one node now; 0 if it should wait. A grant buys at least one event at the highest price, or is all that is left. */
function amountFor(node: Hungry, { available, price, hungry, steering, context }: Amounts): number {
  const { most } = price;
  if (available < most) return steering.allowance >= available ? available : 0;
  const share = Math.max(steering.allowance / hungry, Math.min(most, steering.allowance));
  // The last of a budget goes out in halves, so that no node sits on what another one could spend.
  const portion = Math.max(most, available / (2 * Math.max(1, context.live.length)));
  const amount = Math.floor(Math.min(share, node.cap - node.outstanding, portion, available));
  const drawRate = steering.rate / steering.render;
  const worthwhile = Number.isFinite(drawRate) ? (drawRate * context.grantEveryMs) / 1000 / hungry : 0;
  const least = Math.max(most, Math.min(worthwhile, node.cap - node.outstanding, portion));
  return amount >= Math.floor(least) ? amount : 0;
}

/** Without a known price a thousandth of the budget stands for it, so that the first line item finds a lease. */
function unitOf(campaign: CampaignPacing, context: AllocationContext): PriceRange {
  const known = context.prices(campaign.campaignId);
  if (known !== null) return known;
  return { least: 1, most: Math.max(1, Math.floor((campaign.applied?.total_micros ?? 0) / 1000)) };
}
