import type { Degradation, StageTime } from '../domain/records.ts';

/** Stages of a decision, in order. */
export const stages = ['ingress', 'enrichment', 'targeting', 'pacing', 'bidding', 'auction', 'response'] as const;
export type Stage = (typeof stages)[number];

/** Inventory tiers, the most valuable first. */
export const tiers = ['premium', 'standard', 'remnant'] as const;
export type Tier = (typeof tiers)[number];

/** Share of the deadline by stage, in hundredths. What they leave of a hundred is slack, from which a late stage is paid first. */
export type StageShares = Readonly<Record<Stage, number>>;
export type DeadlinePolicy = Readonly<Record<Tier, StageShares>>;

/** The more an impression is worth, the more time the person and the bidders are given. */
export const defaultDeadlinePolicy: DeadlinePolicy = {
  premium: { ingress: 5, enrichment: 25, targeting: 10, pacing: 10, bidding: 25, auction: 5, response: 10 },
  standard: { ingress: 5, enrichment: 20, targeting: 10, pacing: 10, bidding: 20, auction: 5, response: 10 },
  remnant: { ingress: 5, enrichment: 10, targeting: 10, pacing: 10, bidding: 15, auction: 5, response: 10 },
};

export interface DeadlineOptions {
  readonly totalUs: number;
  readonly shares: StageShares;
  /** Monotonic time at which the request came in, microseconds. */
  readonly startedUs: number;
  /** Ads asked for: stages that are gone through for each divide their share among them. */
  readonly ads: number;
}

/** Gone through for each ad; all others once a request. */
const adStages: readonly Stage[] = ['targeting', 'pacing', 'bidding', 'auction'];

/** What the stages of one ad took, microseconds. */
export type AdTimes = Readonly<Partial<Record<Stage, number>>>;

/**
 * The time of one request, divided by stage. A stage may use its own share and, if that is overdrawn, slack; a later stage's share is touched only
 * when the slack is used up, and then the stage that can be skipped is skipped and the record says so.
 */
export class Deadline {
  readonly totalUs: number;
  readonly #options: DeadlineOptions;
  readonly #endsUs: number;
  readonly #tookUs: Record<Stage, number>;
  #stage: Stage = 'ingress';
  #sinceUs: number;
  /** What was skipped on purpose so far. */
  readonly skipped: Degradation[] = [];

  constructor(options: DeadlineOptions) {
    this.totalUs = options.totalUs;
    this.#options = options;
    this.#endsUs = options.startedUs + options.totalUs;
    this.#sinceUs = options.startedUs;
    this.#tookUs = { ingress: 0, enrichment: 0, targeting: 0, pacing: 0, bidding: 0, auction: 0, response: 0 };
  }

  /** What a stage is given, microseconds. */
  shareUs(stage: Stage): number {
    const { shares, ads } = this.#options;
    const ofRequest = Math.floor((this.totalUs * shares[stage]) / 100);
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
    return { targeting, pacing, bidding, auction };
  }

  /** Time that a stage which can be skipped has now: its share, less what earlier stages took beyond theirs and beyond the slack. */
  allowanceUs(stage: Stage, nowUs: number): number {
    let later = 0;
    for (const other of stages.slice(stages.indexOf(stage) + 1)) {
      later += Math.floor((this.totalUs * this.#options.shares[other]) / 100);
    }
    return Math.min(this.shareUs(stage), this.#endsUs - nowUs - later);
  }

  /** True if what is left is not even enough to answer. */
  isOver(nowUs: number): boolean {
    return nowUs + this.shareUs('response') > this.#endsUs;
  }

  /** Notes that a stage, or part of it, is skipped on purpose. */
  degrade(stage: Stage, reason: string): void {
    this.skipped.push({ stage, reason, cost_micros: 0 });
  }

  /** Share and time of every stage, for the record of one ad. */
  stageTimes(ad: AdTimes): StageTime[] {
    return stages.map((stage) => ({ stage, share_us: this.shareUs(stage), took_us: this.#took(stage, ad) }));
  }

  /** Everything skipped on purpose so far, and the stages that took longer than they were given. */
  degradations(ad: AdTimes): Degradation[] {
    const late = stages.filter((stage) => this.#took(stage, ad) > this.shareUs(stage));
    return [...this.skipped, ...late.map((stage) => ({ stage, reason: 'overran', cost_micros: 0 }))];
  }

  #took(stage: Stage, ad: AdTimes): number {
    return Math.round(ad[stage] ?? this.#tookUs[stage]);
  }
}

/** The first of the tiers present decides the plan of a request. */
export function bestTier(present: readonly string[]): Tier {
  return tiers.find((tier) => present.includes(tier)) ?? 'remnant';
}
