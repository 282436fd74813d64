import { leaseKey } from '../../domain/billing.ts';
import type {
  BudgetApplied,
  BudgetSet,
  FencePassed,
  Lease,
  LeaseGranted,
  LeaseReturned,
  SpendDelta,
} from '../../domain/records.ts';
import type { SourceRecord } from '../runtime/processor.ts';

/** Sums of one (campaign, spend shard, lease) or of a (campaign, spend shard, day), as a SpendDelta said them. Micros and counts. */
export interface Row {
  /** Spend offset up to which (exclusive) it counts; the highest wins. */
  readonly sourceOffset: number;
  readonly drawn: number;
  readonly released: number;
  readonly incurred: number;
  readonly suspended: number;
  readonly voided: number;
  readonly certified: number;
  readonly reversed: number;
  readonly selections: number;
  readonly billableEvents: number;
}

/** What rows add up to: of a campaign, or of one budget day of it. */
export interface Sums {
  drawn: bigint;
  released: bigint;
  incurred: bigint;
  suspended: bigint;
  voided: bigint;
  certified: bigint;
  reversed: bigint;
  selections: bigint;
  billableEvents: bigint;
}

export interface LeaseState {
  readonly lease: Lease;
  granted: bigint;
  returned: bigint;
  /** By spend shard that has not passed the fence of the boot. */
  readonly rows: Map<number, Row>;
  /** What was drawn in shards that have passed it: their rows are part of the day by now. */
  foldedDrawn: bigint;
}

/** Where the plan of a campaign starts: the position at which its budget last changed. Micros committed by then, in all and on that day. */
export interface Anchor {
  readonly key: string;
  readonly at: number;
  readonly committed: bigint;
  readonly committedByDay: ReadonlyMap<string, bigint>;
}

export interface CampaignPacing {
  readonly campaignId: string;
  /** The highest revision of what the console wants. */
  wanted: BudgetSet | null;
  /** The budget in effect. */
  applied: BudgetApplied | null;
  anchor: Anchor | null;
  /** Last number that held. */
  lastNumber: number;
  /** Who wrote that number. */
  lastAllocator: string;
  readonly leases: Map<string, LeaseState>;
  /** By `${day}/${shard}`. */
  readonly dayRows: Map<string, Row>;
  readonly sums: Sums;
  readonly daySums: Map<string, Sums>;
}

/** The fold of one shard of `pacing`. */
export interface PacingLedger {
  readonly shard: number;
  readonly spendShards: number;
  nextOffset: number;
  readonly campaigns: Map<string, CampaignPacing>;
  /** Spend shards that have passed the fence of a boot, by `${node}/${boot}`. */
  readonly fences: Map<string, Set<number>>;
}

export function emptySums(): Sums {
  return {
    drawn: 0n,
    released: 0n,
    incurred: 0n,
    suspended: 0n,
    voided: 0n,
    certified: 0n,
    reversed: 0n,
    selections: 0n,
    billableEvents: 0n,
  };
}

export function emptyPacingLedger(shard: number, spendShards: number): PacingLedger {
  return { shard, spendShards, nextOffset: 0, campaigns: new Map(), fences: new Map() };
}

/** Open + pending + suspended + certified − reversed. */
export function committedMicros(sums: Sums): bigint {
  return sums.drawn - sums.released - sums.voided - sums.reversed;
}

/** True once every spend shard has passed the fence of the boot: its leases cover nothing any more. */
export function isClosed(ledger: PacingLedger, lease: Lease): boolean {
  return ledger.fences.get(`${lease.node}/${lease.boot}`)?.size === ledger.spendShards;
}

/** What the node may still draw on it, as far as the shards have told: never below the truth. */
export function leaseOutstandingMicros(state: LeaseState): bigint {
  const left = state.granted - state.returned - leaseDrawnMicros(state);
  return left > 0n ? left : 0n;
}

export function leaseDrawnMicros(state: LeaseState): bigint {
  let drawn = state.foldedDrawn;
  for (const row of state.rows.values()) drawn += BigInt(row.drawn);
  return drawn;
}

/** What all leases of the campaign, or those of one budget day, may still draw. */
export function outstandingMicros(campaign: CampaignPacing, day?: string): bigint {
  let total = 0n;
  for (const state of campaign.leases.values()) {
    if (day === undefined || state.lease.day === day) total += leaseOutstandingMicros(state);
  }
  return total;
}

/** Outstanding and committed: what counts against the budget of the campaign, or of one budget day. */
export function claimedMicros(campaign: CampaignPacing, day?: string): bigint {
  const sums = day === undefined ? campaign.sums : campaign.daySums.get(day);
  return outstandingMicros(campaign, day) + (sums === undefined ? 0n : committedMicros(sums));
}

/**
 * Folds one record of `pacing`. What is numbered holds only if it is the last number plus one; cumulative amounts hold if they are newer;
 * everything else, and every record seen before, changes nothing. Returns the campaign that changed, 'all' after a fence, or null.
 */
export function foldPacing(ledger: PacingLedger, source: SourceRecord): CampaignPacing | 'all' | null {
  if (source.offset < ledger.nextOffset) return null;
  ledger.nextOffset = source.offset + 1;
  const { record } = source;
  switch (record.name) {
    case 'BudgetSet':
      return setBudget(ledger, record.value);
    case 'BudgetApplied':
      return applyBudget(ledger, record.value);
    case 'LeaseGranted':
      return grantLease(ledger, record.value);
    case 'LeaseReturned':
      return returnLease(ledger, record.value);
    case 'SpendDelta':
      return foldDelta(ledger, record.value);
    case 'FencePassed':
      return passFence(ledger, record.value) ? 'all' : null;
    default:
      return null; // no other record belongs to this topic
  }
}

function campaignOf(ledger: PacingLedger, campaignId: string): CampaignPacing {
  const known = ledger.campaigns.get(campaignId);
  if (known !== undefined) return known;
  const campaign: CampaignPacing = {
    campaignId,
    wanted: null,
    applied: null,
    anchor: null,
    lastNumber: 0,
    lastAllocator: '',
    leases: new Map(),
    dayRows: new Map(),
    sums: emptySums(),
    daySums: new Map(),
  };
  ledger.campaigns.set(campaignId, campaign);
  return campaign;
}

function setBudget(ledger: PacingLedger, value: BudgetSet): CampaignPacing | null {
  const campaign = campaignOf(ledger, value.campaign_id);
  if (campaign.wanted !== null && campaign.wanted.revision >= value.revision) return null;
  campaign.wanted = value;
  return campaign;
}

/** Two allocators in a rebalance can't both hold a number, and a record sent twice holds once. */
function takeNumber(campaign: CampaignPacing, number: number, allocator: string): boolean {
  if (number !== campaign.lastNumber + 1) return false;
  campaign.lastNumber = number;
  campaign.lastAllocator = allocator;
  return true;
}

function applyBudget(ledger: PacingLedger, value: BudgetApplied): CampaignPacing | null {
  const campaign = campaignOf(ledger, value.campaign_id);
  if (!takeNumber(campaign, value.number, value.allocator)) return null;
  campaign.applied = value;
  const key = planKey(campaign.wanted);
  if (campaign.anchor?.key !== key) campaign.anchor = anchorAt(campaign, key, value.applied_at);
  return campaign;
}

/** What the plan depends on: a change of anything else must not start it anew, which would forgive what it is behind. */
function planKey(wanted: BudgetSet | null): string {
  if (wanted === null) return '';
  const { total_micros, daily_micros, flight, pacing, time_zone } = wanted;
  return [total_micros, daily_micros, flight.starts_at, flight.ends_at, pacing, time_zone].join('/');
}

function anchorAt(campaign: CampaignPacing, key: string, at: number): Anchor {
  const committedByDay = new Map([...campaign.daySums].map(([day, sums]) => [day, committedMicros(sums)] as const));
  return { key, at, committed: committedMicros(campaign.sums), committedByDay };
}

function leaseOf(campaign: CampaignPacing, lease: Lease): LeaseState {
  const key = leaseKey(lease);
  const known = campaign.leases.get(key);
  if (known !== undefined) return known;
  const state: LeaseState = { lease, granted: 0n, returned: 0n, rows: new Map(), foldedDrawn: 0n };
  campaign.leases.set(key, state);
  return state;
}

function grantLease(ledger: PacingLedger, value: LeaseGranted): CampaignPacing | null {
  const campaign = campaignOf(ledger, value.campaign_id);
  if (!takeNumber(campaign, value.number, value.allocator)) return null;
  // A grant to a boot whose fence is behind us covers nothing in any shard: counting it would lose the amount for ever.
  if (!isClosed(ledger, value.lease)) leaseOf(campaign, value.lease).granted += BigInt(value.amount_micros);
  return campaign;
}

function returnLease(ledger: PacingLedger, value: LeaseReturned): CampaignPacing | null {
  const campaign = campaignOf(ledger, value.campaign_id);
  const state = campaign.leases.get(leaseKey(value.lease));
  const returned = BigInt(value.returned_micros);
  if (state === undefined || state.returned >= returned) return null; // closed, never granted, or older
  state.returned = returned;
  return campaign;
}

function foldDelta(ledger: PacingLedger, value: SpendDelta): CampaignPacing | null {
  const campaign = campaignOf(ledger, value.campaign_id);
  const row = rowOf(value);
  if (value.lease === null) return replaceDayRow(campaign, value.day, value.shard, row) ? campaign : null;
  // After the fence the row is part of the day; a delta of before it can only be a repetition.
  if (ledger.fences.get(`${value.lease.node}/${value.lease.boot}`)?.has(value.shard)) return null;
  const state = leaseOf(campaign, value.lease);
  const before = state.rows.get(value.shard);
  if (before !== undefined && before.sourceOffset >= row.sourceOffset) return null;
  state.rows.set(value.shard, row);
  account(campaign, value.lease.day, before, row);
  return campaign;
}

function rowOf(value: SpendDelta): Row {
  return {
    sourceOffset: value.source_offset,
    drawn: value.drawn_micros,
    released: value.released_micros,
    incurred: value.incurred_micros,
    suspended: value.suspended_micros,
    voided: value.voided_micros,
    certified: value.certified_micros,
    reversed: value.reversed_micros,
    selections: value.selections,
    billableEvents: value.billable_events,
  };
}

function replaceDayRow(campaign: CampaignPacing, day: string, shard: number, row: Row): boolean {
  const key = `${day}/${shard}`;
  const before = campaign.dayRows.get(key);
  if (before !== undefined && before.sourceOffset >= row.sourceOffset) return false;
  campaign.dayRows.set(key, row);
  account(campaign, day, before, row);
  return true;
}

/** Keeps the sums in step with a row that is replaced. */
function account(campaign: CampaignPacing, day: string, before: Row | undefined, after: Row): void {
  let daySums = campaign.daySums.get(day);
  if (daySums === undefined) {
    daySums = emptySums();
    campaign.daySums.set(day, daySums);
  }
  for (const sums of [campaign.sums, daySums]) {
    if (before !== undefined) add(sums, before, -1n);
    add(sums, after, 1n);
  }
}

function add(sums: Sums, row: Row, sign: bigint): void {
  sums.drawn += sign * BigInt(row.drawn);
  sums.released += sign * BigInt(row.released);
  sums.incurred += sign * BigInt(row.incurred);
  sums.suspended += sign * BigInt(row.suspended);
  sums.voided += sign * BigInt(row.voided);
  sums.certified += sign * BigInt(row.certified);
  sums.reversed += sign * BigInt(row.reversed);
  sums.selections += sign * BigInt(row.selections);
  sums.billableEvents += sign * BigInt(row.billableEvents);
}

/** In this shard the leases of that boot are part of their days from here on; after the last shard what they have not drawn is free. */
function passFence(ledger: PacingLedger, value: FencePassed): boolean {
  const boot = `${value.node}/${value.boot}`;
  const passed = ledger.fences.get(boot) ?? new Set<number>();
  if (passed.has(value.shard)) return false;
  passed.add(value.shard);
  ledger.fences.set(boot, passed);
  for (const campaign of ledger.campaigns.values()) {
    for (const [key, state] of campaign.leases) {
      if (state.lease.node !== value.node || state.lease.boot !== value.boot) continue;
      foldIntoDay(campaign, state, value);
      if (passed.size === ledger.spendShards) campaign.leases.delete(key);
    }
  }
  return true;
}

/**
 * A day row that counts beyond the fence holds the lease already. Otherwise the lease is added, and the row counts up to the fence: a
 * day row sent again from before it does not know the lease and must not replace this one.
 */
function foldIntoDay(campaign: CampaignPacing, state: LeaseState, fence: FencePassed): void {
  const row = state.rows.get(fence.shard);
  if (row === undefined) return;
  state.rows.delete(fence.shard);
  state.foldedDrawn += BigInt(row.drawn);
  const { day } = state.lease;
  const key = `${day}/${fence.shard}`;
  const before = campaign.dayRows.get(key);
  if (before !== undefined && before.sourceOffset > fence.source_offset) {
    account(campaign, day, row, noRow); // the day row counts it: take the lease's own row out
    return;
  }
  campaign.dayRows.set(key, sumOfRows(before ?? noRow, row, fence.source_offset));
}

const noRow: Row = {
  sourceOffset: -1,
  drawn: 0,
  released: 0,
  incurred: 0,
  suspended: 0,
  voided: 0,
  certified: 0,
  reversed: 0,
  selections: 0,
  billableEvents: 0,
};

function sumOfRows(a: Row, b: Row, sourceOffset: number): Row {
  return {
    sourceOffset,
    drawn: a.drawn + b.drawn,
    released: a.released + b.released,
    incurred: a.incurred + b.incurred,
    suspended: a.suspended + b.suspended,
    voided: a.voided + b.voided,
    certified: a.certified + b.certified,
    reversed: a.reversed + b.reversed,
    selections: a.selections + b.selections,
    billableEvents: a.billableEvents + b.billableEvents,
  };
}
