import { budgetDayBounds } from '../../domain/calendar.ts';
import type { BudgetSet } from '../../domain/records.ts';
import {
  type CampaignPacing,
  type LeaseState,
  leaseDrawnMicros,
  outstandingMicros,
  type Sums,
} from './pacing-ledger.ts';
import { type Line, lineOf, rateAt, renderRate, targetAt } from './pacing-plan.ts';

export const windowMs = 30_000;
const windowsKept = 20;
/** Of draws this old, what will be rendered soon has been rendered. */
const renderLagMs = 30_000;
const demandHalfLifeMs = 2_000;

/** Planned and actual spending of one window, cumulative at its start, and at its end once it is over; micros. */
export interface PacingWindow {
  readonly from: number;
  readonly plannedFrom: number;
  readonly actualFrom: number;
  planned: number;
  actual: number;
}

interface Demand {
  drawn: number;
  at: number;
  /** Micros per second drawn lately. */
  rate: number;
}

/** What an allocator remembers of a campaign besides the log: soft, lost with the process, and of no weight for what may be granted at most. */
export interface Steering {
  /** Micros that the plan lets go now. */
  allowance: number;
  at: number;
  /** Planned rate of spending, micros per second; infinite for `asap`. */
  rate: number;
  render: number;
  readonly demand: Map<string, Demand>;
  readonly samples: { readonly at: number; readonly drawn: number }[];
  readonly windows: PacingWindow[];
  loweredAt: number;
  /** Why nothing was granted when it was last asked; empty if something was. */
  limitedBy: string;
}

export function newSteering(): Steering {
  return {
    allowance: Number.POSITIVE_INFINITY,
    at: Number.NEGATIVE_INFINITY,
    rate: 0,
    render: 1,
    demand: new Map(),
    samples: [],
    windows: [],
    loweredAt: Number.NEGATIVE_INFINITY,
    limitedBy: '',
  };
}

export interface DayBounds {
  readonly day: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Budget days by zone, kept until they end: a wall time costs microseconds. */
export class DayBook {
  readonly #days = new Map<string, DayBounds>();

  at(now: number, zone: string): DayBounds {
    const known = this.#days.get(zone);
    if (known !== undefined && now >= known.startsAt && now < known.endsAt) return known;
    const bounds = budgetDayBounds(now, zone);
    this.#days.set(zone, bounds);
    return bounds;
  }
}

/** The lines that a campaign follows now; null for `asap` and before its budget is in effect. */
export interface Plan {
  readonly flight: Line;
  readonly day: Line | null;
}

export function planOf(campaign: CampaignPacing, today: DayBounds, reservationMs: number): Plan | null {
  const { wanted, applied, anchor } = campaign;
  if (wanted === null || applied === null || anchor === null || wanted.pacing !== 'even') return null;
  const begins = Math.max(wanted.flight.starts_at, anchor.at);
  const flight = lineOf({
    from: begins,
    to: wanted.flight.ends_at,
    base: Number(anchor.committed),
    goal: applied.total_micros,
    reservationMs,
  });
  if (applied.daily_micros === null) return { flight, day: null };
  const day = lineOf({
    from: Math.max(today.startsAt, begins),
    to: Math.min(today.endsAt, wanted.flight.ends_at),
    base: Number(anchor.committedByDay.get(today.day) ?? 0n),
    goal: applied.daily_micros,
    reservationMs,
  });
  return { flight, day };
}

/** What counts as spent for the plan: what was incurred and stands, and of what is open or on lease the share that will be rendered. */
export function expectedMicros(sums: Sums | undefined, outstanding: bigint, render: number): number {
  if (sums === undefined) return render * Number(outstanding);
  const stands = standingMicros(sums);
  const open = sums.drawn - sums.released - sums.incurred;
  return Number(stands) + render * Number(open + outstanding);
}

/** Incurred and not taken back. */
export function standingMicros(sums: Sums): bigint {
  return sums.incurred - sums.voided - sums.reversed;
}

/** Brings the steering of a campaign to `now`: render rate, demand of its leases, allowance by the plan, window of the plan. */
export function steer(campaign: CampaignPacing, steering: Steering, plan: Plan | null, at: SteerAt): void {
  const { now } = at;
  if (now <= steering.at) return;
  const elapsedMs = Number.isFinite(steering.at) ? now - steering.at : 0;
  steering.at = now;
  steering.render = observeRender(campaign, steering, now);
  for (const [key, state] of campaign.leases) observeDemand(steering, key, state, now);
  for (const key of steering.demand.keys()) if (!campaign.leases.has(key)) steering.demand.delete(key);
  steering.rate = plan === null ? Number.POSITIVE_INFINITY : plannedRate(campaign, plan, steering.render, at);
  accrue(steering, elapsedMs, at.unitMicros * Math.max(4, at.nodes));
  watchWindow(campaign, steering, plan, now);
}

export interface SteerAt {
  readonly now: number;
  readonly today: string;
  /** Highest price of one billable event of the campaign. */
  readonly unitMicros: number;
  /** Live nodes. */
  readonly nodes: number;
}

function plannedRate(campaign: CampaignPacing, plan: Plan, render: number, { now, today }: SteerAt): number {
  const rate = rateAt(plan.flight, now, expectedMicros(campaign.sums, outstandingMicros(campaign), render));
  if (plan.day === null) return rate;
  const spentToday = expectedMicros(campaign.daySums.get(today), outstandingMicros(campaign, today), render);
  return Math.min(rate, rateAt(plan.day, now, spentToday));
}

const burstMs = 2_000;

/** Draws that aren't rendered come back, so more than the planned spending is let go. What no node takes does not pile up. */
function accrue(steering: Steering, elapsedMs: number, leastBurstMicros: number): void {
  const drawRate = steering.rate / steering.render;
  const burst = Math.max((drawRate * burstMs) / 1000, steering.rate > 0 ? leastBurstMicros : 0);
  const accrued = elapsedMs > 0 ? (drawRate * elapsedMs) / 1000 : 0;
  steering.allowance = Math.min(steering.allowance + accrued, burst);
}

function observeRender(campaign: CampaignPacing, steering: Steering, now: number): number {
  const { samples } = steering;
  const drawn = Number(campaign.sums.drawn);
  if (now - (samples.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= 1_000) samples.push({ at: now, drawn });
  while ((samples[1]?.at ?? now) <= now - renderLagMs) samples.shift();
  const oldest = samples[0];
  const drawnBefore = oldest !== undefined && oldest.at <= now - renderLagMs ? oldest.drawn : drawn;
  const isEarly = oldest === undefined || oldest.at > now - renderLagMs;
  const released = Number(campaign.sums.released);
  const incurred = Number(campaign.sums.incurred);
  return renderRate({ drawn, released, incurred }, isEarly ? 0 : drawnBefore);
}

function observeDemand(steering: Steering, key: string, state: LeaseState, now: number): void {
  const drawn = Number(leaseDrawnMicros(state));
  const known = steering.demand.get(key);
  if (known === undefined) {
    steering.demand.set(key, { drawn, at: now, rate: 0 });
    return;
  }
  const elapsedMs = now - known.at;
  if (elapsedMs <= 0) return;
  const weight = 0.5 ** (elapsedMs / demandHalfLifeMs);
  known.rate = known.rate * weight + (((drawn - known.drawn) * 1000) / elapsedMs) * (1 - weight);
  known.drawn = drawn;
  known.at = now;
}

function watchWindow(campaign: CampaignPacing, steering: Steering, plan: Plan | null, now: number): void {
  const actual = Number(standingMicros(campaign.sums));
  const planned = plan === null ? 0 : plannedMicros(plan, now);
  const last = steering.windows.at(-1);
  if (last !== undefined) Object.assign(last, { planned, actual });
  const from = now - (now % windowMs);
  if (last !== undefined && last.from >= from) return;
  steering.windows.push({ from, plannedFrom: planned, actualFrom: actual, planned, actual });
  if (steering.windows.length > windowsKept) steering.windows.shift();
}

/** Where spending should be: by the line that allows less from here on. */
export function plannedMicros({ flight, day }: Plan, now: number): number {
  const planned = targetAt(flight, now);
  if (day === null || slope(flight) <= slope(day)) return planned;
  return targetAt(day, now);
}

function slope(line: Line): number {
  return line.reach > line.from ? (line.goal - line.base) / (line.reach - line.from) : Number.POSITIVE_INFINITY;
}

/** True while the flight runs and the console wants it to. */
export function isRunning(wanted: BudgetSet, now: number): boolean {
  return wanted.active && now >= wanted.flight.starts_at && now < wanted.flight.ends_at;
}
