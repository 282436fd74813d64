import { type Stage, stages } from '../domain/deadline-policy.ts';
import type { AdSelected, Degradation } from '../domain/records.ts';
import type { NoAdReason } from './slot.ts';

/** What one stage took so far. */
interface StageCount {
  tookUs: number;
  /** Ads for which it took longer than its share. */
  overShare: number;
}

/** What this process decided so far, in plain numbers; `/metrics` copies them. */
export class DecisionCounts {
  decisions = 0;
  ads = 0;
  /** Answers handed to a socket within the deadline of their request, and after it. */
  inTime = 0;
  late = 0;
  /** Requests without an answer, for a reason of ours: no room, or a defect. */
  failed = 0;
  /** Slots that stayed empty. */
  readonly noAd = new Map<NoAdReason, number>();
  /** What was done without, by stage and reason: `enrichment/person_timed_out`. */
  readonly degraded = new Map<string, number>();
  /** Ads by tier and plan: `standard/full`. */
  readonly plans = new Map<string, number>();
  /** Estimated loss by plan and currency: `no_person/EUR`, micros. */
  readonly lost = new Map<string, number>();
  readonly stages: Readonly<Record<Stage, StageCount>>;

  constructor() {
    const entries = stages.map((stage) => [stage, { tookUs: 0, overShare: 0 }]);
    this.stages = Object.fromEntries(entries) as Record<Stage, StageCount>;
  }

  /** Counts an answer. */
  answer(body: { readonly decisions: readonly unknown[]; readonly no_ad: readonly { readonly reason: NoAdReason }[] }) {
    this.decisions += 1;
    this.ads += body.decisions.length;
    for (const { reason } of body.no_ad) add(this.noAd, reason, 1);
  }

  /** Counts an answer that was handed to a socket. */
  returned(isInTime: boolean): void {
    if (isInTime) this.inTime += 1;
    else this.late += 1;
  }

  /** Counts what a request was decided without. */
  skipped(degradations: readonly Degradation[]): void {
    for (const { stage, reason } of degradations) add(this.degraded, `${stage}/${reason}`, 1);
  }

  /** Counts an ad by its record. */
  selected({ tier, plan, billing, degradations, stages: times }: AdSelected): void {
    add(this.plans, `${tier}/${plan}`, 1);
    for (const { cost_micros } of degradations) {
      if (cost_micros > 0) add(this.lost, `${plan}/${billing.currency}`, cost_micros);
    }
    for (const { stage, took_us, share_us } of times) {
      const count = this.stages[stage as Stage];
      count.tookUs += took_us;
      if (took_us > share_us) count.overShare += 1;
    }
  }
}

function add<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
