import type { Category, EvidenceRef, PricingModel } from '../../../domain/records.ts';

/** One arrival as the rules see it. Times in ms of the taking node's clock. */
export interface Arrival {
  readonly ref: EvidenceRef;
  readonly kind: string;
  readonly receivedAt: number;
  readonly network: string;
  readonly userAgent: string;
}

/** What is known of one selection: only arrivals in time, and only up to the moment it is judged by. */
export interface Case {
  readonly pricingModel: PricingModel;
  /** ms. */
  readonly selectedAt: number;
  /** Arrivals of the billable kind, in order of time, then place. Never empty. */
  readonly billable: readonly Arrival[];
  /** First arrival of an impression; null if there is none. */
  readonly impression: Arrival | null;
}

/** A rule's finding: the sentence, and the records it rests on. */
export interface Finding {
  readonly reason: string;
  readonly evidence: readonly EvidenceRef[];
}

/** A rule that judges one selection by its own evidence. */
export interface Rule {
  /** Stable code; part of the id of the verdict. */
  readonly code: string;
  readonly category: Category;
  /** Fold time to wait after the first billable arrival, ms, for evidence that may still come. */
  readonly delayMs: number;
  judge(of: Case): Finding | null;
}

/** Bounds of the rules. Times in ms. */
export interface QualityParameters {
  /** How long an impression may be overtaken by its click before the click counts as one without. */
  readonly clickWithoutImpressionMs: number;
  /** Faster than this nobody sees an ad and clicks on it. */
  readonly fastestClickMs: number;
  /** From so many different networks one token is not sent by one person. */
  readonly replayNetworks: number;
  /** Truncated networks of data centres, as in Beacon.network. */
  readonly listedNetworks: ReadonlySet<string>;
  /** Clicks of one network within the window that make it a farm … */
  readonly farmClicks: number;
  /** … if at least so many of its hundred impressions were clicked. */
  readonly farmClickPercent: number;
  readonly farmWindowMs: number;
  /** How long after the expiry of its last token a selection is remembered, so that an arrival that drains late finds its case. */
  readonly keepMs: number;
}

export const defaultQuality: QualityParameters = {
  clickWithoutImpressionMs: 60_000,
  fastestClickMs: 200,
  replayNetworks: 3,
  listedNetworks: new Set(),
  farmClicks: 25,
  farmClickPercent: 60,
  farmWindowMs: 600_000,
  keepMs: 3_600_000,
};
