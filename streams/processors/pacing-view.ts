import type { PacingLease, PacingSpend, PacingView, PacingWindowView } from '../../domain/pacing-view.ts';
import { availableMicros } from './pacing-allocator.ts';
import {
  type CampaignPacing,
  committedMicros,
  emptySums,
  type LeaseState,
  leaseDrawnMicros,
  leaseOutstandingMicros,
  outstandingMicros,
  type PacingLedger,
  type Sums,
} from './pacing-ledger.ts';
import {
  type DayBook,
  type PacingWindow,
  planOf,
  plannedMicros,
  type Steering,
  standingMicros,
  windowMs,
} from './pacing-steering.ts';

export interface ViewedAt {
  readonly now: number;
  readonly days: DayBook;
  readonly reservationMs: number;
}

/** What the console shows of a campaign; null before its first BudgetSet. */
export function pacingView(
  ledger: PacingLedger,
  campaign: CampaignPacing,
  steering: Steering,
  { now, days, reservationMs }: ViewedAt,
): PacingView | null {
  const { wanted, applied } = campaign;
  if (wanted === null) return null;
  const today = days.at(now, wanted.time_zone);
  const plan = planOf(campaign, today, reservationMs);
  return {
    campaign_id: campaign.campaignId,
    advertiser_id: wanted.advertiser_id,
    currency: wanted.currency,
    time_zone: wanted.time_zone,
    pacing: wanted.pacing,
    active: wanted.active,
    flight: wanted.flight,
    at: now,
    position: { shard: ledger.shard, next_offset: ledger.nextOffset },
    budget: {
      revision: wanted.revision,
      wanted_micros: String(wanted.total_micros),
      effective_micros: applied === null ? null : String(applied.total_micros),
      daily_micros: wanted.daily_micros === null ? null : String(wanted.daily_micros),
    },
    spend: spendOf(campaign.sums, outstandingMicros(campaign)),
    today: {
      day: today.day,
      ...spendOf(campaign.daySums.get(today.day) ?? emptySums(), outstandingMicros(campaign, today.day)),
    },
    available_micros: String(Math.max(0, availableMicros(campaign, today.day))),
    target_micros: plan === null ? null : text(plannedMicros(plan, now)),
    actual_micros: String(standingMicros(campaign.sums)),
    rate_micros: Number.isFinite(steering.rate) ? text(steering.rate) : null,
    render_ppm: Math.round(steering.render * 1_000_000),
    throttle: steering.limitedBy,
    leases: [...campaign.leases.values()].map(leaseView),
    windows: steering.windows.map((window) => windowView(window, plan !== null)),
  };
}

function spendOf(sums: Sums, outstanding: bigint): PacingSpend {
  return {
    drawn_micros: String(sums.drawn),
    open_micros: String(sums.drawn - sums.released - sums.incurred),
    pending_micros: String(sums.incurred - sums.suspended - sums.voided - sums.certified),
    suspended_micros: String(sums.suspended),
    certified_micros: String(sums.certified),
    reversed_micros: String(sums.reversed),
    voided_micros: String(sums.voided),
    committed_micros: String(committedMicros(sums)),
    outstanding_micros: String(outstanding),
  };
}

function leaseView(state: LeaseState): PacingLease {
  const { node, boot, day } = state.lease;
  return {
    node,
    boot,
    day,
    granted_micros: String(state.granted),
    returned_micros: String(state.returned),
    drawn_micros: String(leaseDrawnMicros(state)),
    outstanding_micros: String(leaseOutstandingMicros(state)),
  };
}

function windowView(window: PacingWindow, isPlanned: boolean): PacingWindowView {
  const target = isPlanned ? window.planned - window.plannedFrom : 0;
  const actual = window.actual - window.actualFrom;
  return {
    from: window.from,
    to: window.from + windowMs,
    target_micros: text(target),
    actual_micros: text(actual),
    error_ppm: target > 0 ? Math.round(((actual - target) / target) * 1_000_000) : null,
  };
}

function text(micros: number): string {
  return String(Math.round(micros));
}
