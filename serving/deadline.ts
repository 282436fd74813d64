import {
  fullPlan,
  type LoadZone,
  loadZones,
  type Skip,
  type Stage,
  stages,
  type Tier,
  type TierPolicy,
  tiers,
} from '../domain/deadline-policy.ts';
import type { Degradation, DegradationPlan, StageTime } from '../domain/records.ts';

export type { Stage } from '../domain/deadline-policy.ts';

export interface DeadlineOptions {
  readonly totalUs: number;
  /** Of the tier of the request. */
  readonly policy: TierPolicy;
  /** Monotonic time at which the request came in, microseconds. */
  readonly startedUs: number;
  /** Ads asked for: stages that are gone through for each divide their share among them. */
  readonly ads: number;
  /** Load of the process when the request came in. Default: calm. */
  readonly zone?: LoadZone;
}

/** Gone through for each ad; all others once a request. */
const adStages: readonly Stage[] = ['targeting', 'pacing', 'bidding', 'auction'];

/** What one ad took, microseconds by stage, and what was done without for it. */
export interface AdTimes extends Readonly<Partial<Record<Stage, number>>> {
  /** Name of the plan that was followed. */
  readonly plan: string;
  readonly skipped: readonly Degradation[];
}

/**
 * The time of one request, divided by stage. A stage may use its own share and, if that is overdrawn, the slack of its tier; a later stage's share is
 * not touched: once the slack is used up, what can be skipped is skipped, by a plan that has a name. A plan only ever gives way to one that
 * does without more.
 */
export class Deadline {
  readonly totalUs: number;
  readonly #options: DeadlineOptions;
  readonly #endsUs: number;
  readonly #tookUs: Record<Stage, number>;
  #stage: Stage = 'ingress';
  #sinceUs: number;
  /** Place of the plan in the policy; -1: the full one. */
  #plan = -1;
  #why: 'load' | 'no_time' = 'load';
  /** Ads that are not yet chosen, the present one among them. */
  #adsLeft: number;
  /** What was done without for all ads of the request. */
  readonly #ofRequest: Degradation[] = [];
  #ofAd: Degradation[] = [];
  /** Everything that was done without so far, for the metrics. */
  readonly skipped: Degradation[] = [];

  constructor(options: DeadlineOptions) {
    this.totalUs = options.totalUs;
    this.#options = options;
    this.#endsUs = options.startedUs + options.totalUs;
    this.#sinceUs = options.startedUs;
    this.#adsLeft = options.ads;
    this.#tookUs = {
      ingress: 0,
      enrichment: 0,
      bidders: 0,
      targeting: 0,
      pacing: 0,
      bidding: 0,
      auction: 0,
      response: 0,
    };
  }

  /** The plan that is followed now. */
  get plan(): DegradationPlan {
    return this.#options.policy.plans[this.#plan] ?? fullPlan;
  }

  /** Follows the last plan that holds at the load of the request and with the time that is left. */
  choosePlan(nowUs: number): void {
    const { policy, zone = 'calm' } = this.#options;
    const leftPercent = (100 * (this.#endsUs - nowUs)) / this.totalUs;
    for (let index = policy.plans.length - 1; index > this.#plan; index -= 1) {
      const plan = policy.plans[index] as DegradationPlan;
      const byLoad = plan.zone !== '' && loadZones.indexOf(zone) >= loadZones.indexOf(plan.zone as LoadZone);
      if (!byLoad && leftPercent >= plan.time_left) continue;
      this.#plan = index;
      this.#why = byLoad ? 'load' : 'no_time';
      return;
    }
  }

  /** True if the plan does without something. */
  without(skip: Skip): boolean {
    return this.#plan >= 0 && this.plan.skips.includes(skip);
  }

  /** Notes that something is done without because the plan says so. */
  skip(what: Skip, stage: Stage): void {
    this.#note(what, stage, `${what}_${this.#why}`);
  }

  /** Something has to be done without, whatever the plan said: from here on the mildest plan that does without it is followed. */
  fallBack(what: Skip, stage: Stage, reason: string): void {
    const { plans } = this.#options.policy;
    const first = plans.findIndex(({ skips }) => skips.includes(what));
    if (first > this.#plan) {
      this.#plan = first;
      this.#why = 'no_time';
    }
    this.#note(what, stage, reason);
  }

  #note(what: Skip, stage: Stage, reason: string): void {
    const degradation = { stage, reason, cost_micros: 0 };
    (what === 'person' || what === 'bidders' ? this.#ofRequest : this.#ofAd).push(degradation);
    this.skipped.push(degradation);
  }

  /** What a stage is given, microseconds. */
  shareUs(stage: Stage): number {
    const { policy, ads } = this.#options;
    const ofRequest = Math.floor((this.totalUs * policy.shares[stage]) / 100);
    return ads > 1 && adStages.includes(stage) ? Math.floor(ofRequest / ads) : ofRequest;
  }

  /** Ends the stage before, begins this one. */
  enter(stage: Stage, nowUs: number): void {
    this.#tookUs[this.#stage] += nowUs - this.#sinceUs;
    this.#stage = stage;
    this.#sinceUs = nowUs;
  }

  /** What the ad that was just worked on took; counts anew for the next. */
  takeAdTimes(): AdTimes {
    const { targeting, pacing, bidding, auction } = this.#tookUs;
    for (const stage of adStages) this.#tookUs[stage] = 0;
    const skipped = this.#ofAd;
    this.#ofAd = [];
    this.#adsLeft = Math.max(1, this.#adsLeft - 1);
    return { targeting, pacing, bidding, auction, plan: this.plan.name, skipped };
  }

  /** Time that a stage which can be skipped has now: its share, less what earlier stages took beyond theirs and beyond the slack. */
  allowanceUs(stage: Stage, nowUs: number): number {
    return Math.min(this.shareUs(stage), this.withSlackUs(stage, nowUs));
  }

  /** The same with what earlier stages left of their shares, and all the slack: everything but the shares of later stages. */
  withSlackUs(stage: Stage, nowUs: number): number {
    let later = 0;
    for (const other of stages.slice(stages.indexOf(stage) + 1)) {
      later += Math.floor((this.totalUs * this.#options.policy.shares[other]) / 100);
    }
    return this.#endsUs - nowUs - later;
  }

  /**
   * True while the walk over line items may go on: there is its share or slack left, beside what is set aside for bids, auction and answer, and for the
   * ads to come.
   */
  mayWalkOn(nowUs: number): boolean {
    let aside = this.shareUs('response') + this.#restUs('bidding') + this.#restUs('auction');
    if (this.#adsLeft > 1) for (const stage of adStages) aside += (this.#adsLeft - 1) * this.shareUs(stage);
    return nowUs + aside < this.#endsUs;
  }

  #restUs(stage: Stage): number {
    return Math.max(0, this.shareUs(stage) - this.#tookUs[stage]);
  }

  /** True if what is left is not even enough to answer. */
  isOver(nowUs: number): boolean {
    return nowUs + this.shareUs('response') > this.#endsUs;
  }

  /** Share and time of every stage, for the record of one ad. */
  stageTimes(ad: AdTimes): StageTime[] {
    return stages.map((stage) => ({ stage, share_us: this.shareUs(stage), took_us: this.#took(stage, ad) }));
  }

  /**
   * Everything that was done without for an ad, and the stages that took longer than they were given.
   * @param costMicros what the ad lost by the plan, as estimated; stands at the first thing that was done without
   */
  degradations(ad: AdTimes, costMicros = 0): Degradation[] {
    const skipped = [...this.#ofRequest, ...ad.skipped].map((one, index) =>
      index === 0 ? { ...one, cost_micros: costMicros } : one,
    );
    const late = stages.filter((stage) => this.#took(stage, ad) > this.shareUs(stage));
    return [...skipped, ...late.map((stage) => ({ stage, reason: 'overran', cost_micros: 0 }))];
  }

  #took(stage: Stage, ad: AdTimes): number {
    return Math.round(ad[stage] ?? this.#tookUs[stage]);
  }
}

/** The first of the tiers present decides the policy of a request. */
export function bestTier(present: readonly string[]): Tier {
  return tiers.find((tier) => present.includes(tier)) ?? 'remnant';
}
