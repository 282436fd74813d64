/** Key of the view that the allocator writes about a campaign: what the console shows at `GET /v1/pacing/campaigns/{id}`, as JSON. */
export function pacingViewKey(campaignId: string): string {
  return `pacing:${campaignId}`;
}

/** Amounts are decimal strings of micros, times are ms. */
export interface PacingView {
  readonly campaign_id: string;
  readonly advertiser_id: string;
  readonly currency: string;
  readonly time_zone: string;
  /** even or asap. */
  readonly pacing: string;
  readonly active: boolean;
  readonly flight: { readonly starts_at: number; readonly ends_at: number };
  /** When this was worked out, and the offset in `pacing` up to which (exclusive) it counts. */
  readonly at: number;
  readonly position: { readonly shard: number; readonly next_offset: number };
  readonly budget: {
    readonly revision: number;
    /** What the console wants; what is in effect is above it while more was claimed. Null before the first BudgetApplied. */
    readonly wanted_micros: string;
    readonly effective_micros: string | null;
    readonly daily_micros: string | null;
  };
  readonly spend: PacingSpend;
  readonly today: PacingSpend & { readonly day: string };
  readonly available_micros: string;
  /** Where spending should be by the plan, and where it is; target null for asap. */
  readonly target_micros: string | null;
  readonly actual_micros: string;
  /** Planned micros per second; null for asap. */
  readonly rate_micros: string | null;
  /** Share of draws that is incurred, as estimated, parts per million. */
  readonly render_ppm: number;
  /** What holds grants back: inactive, flight, no_node, budget, daily_budget, plan, no_demand; empty: nothing. */
  readonly throttle: string;
  readonly leases: readonly PacingLease[];
  readonly windows: readonly PacingWindowView[];
}

export interface PacingSpend {
  readonly drawn_micros: string;
  readonly open_micros: string;
  readonly pending_micros: string;
  readonly suspended_micros: string;
  readonly certified_micros: string;
  readonly reversed_micros: string;
  readonly voided_micros: string;
  readonly committed_micros: string;
  readonly outstanding_micros: string;
}

export interface PacingLease {
  readonly node: string;
  readonly boot: string;
  readonly day: string;
  readonly granted_micros: string;
  readonly returned_micros: string;
  readonly drawn_micros: string;
  readonly outstanding_micros: string;
}

/** One window of 30 s; the last one still runs. */
export interface PacingWindowView {
  readonly from: number;
  readonly to: number;
  readonly target_micros: string;
  readonly actual_micros: string;
  /** (actual − target) ÷ target; null without a target. */
  readonly error_ppm: number | null;
}

export function encodePacingView(view: PacingView): Uint8Array {
  return Buffer.from(JSON.stringify(view));
}
